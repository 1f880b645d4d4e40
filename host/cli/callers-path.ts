/**
 * A path as the caller meant it: npm runs a script in the package's folder and says in INIT_CWD where it was called.
 */

import { resolve } from 'node:path'

export function callersPath(path: string): string {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path)
}
