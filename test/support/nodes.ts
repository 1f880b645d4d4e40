// The versions of Node that the engine is tried on: the one that runs the tests, and those of test/runtimes, which
// `npm run runtimes` installs. In CI they must be there.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { root } from '../../host/paths.ts'

export interface NodeVersion {
  readonly name: string
  readonly path: string
}

const folder = join(root, 'test/runtimes/node_modules')

function installed(): NodeVersion[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('node-')) : []
  return names.map((name) => ({ name, path: join(folder, name, 'bin', 'node') }))
}

export function nodeVersions(): NodeVersion[] {
  const others = installed()
  if (others.length === 0) {
    if (process.env.CI === 'true') throw new Error('no other Node is installed; run "npm run runtimes"')
    console.warn('no other Node is installed, so only this one is tried; "npm run runtimes" installs one')
  }
  return [{ name: `node ${process.version}`, path: process.execPath }, ...others]
}

/** How V8 is made to compile with one tier only, and as it would by itself. */
export const tiers = [
  ['the baseline tier', ['--liftoff-only']],
  ['the optimising tier', ['--no-liftoff']],
  ['all tiers', []],
] as const
