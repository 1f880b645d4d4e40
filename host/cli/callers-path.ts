/**
 * A path as the caller meant it. The scripts of this installation's package.json run in its folder, wherever npm was
 * called, and npm says in INIT_CWD where that was. In a script of any other package, such as a policy project's, paths
 * are meant from that package's folder, in which the script runs.
 */

import { join, resolve } from 'node:path'

import { root } from '../paths.ts'

export function callersPath(path: string): string {
  const { INIT_CWD: calledIn, npm_package_json: scripts } = process.env
  const isOurScript = scripts === undefined || scripts === join(root, 'package.json')
  return resolve(isOurScript && calledIn !== undefined ? calledIn : process.cwd(), path)
}
