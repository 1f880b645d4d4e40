// The command line as its caller meets it: the built program, in a folder of its own.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

import { root } from '../../host/paths.ts'

export interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

/** Runs a program of build/host/cli to its end, started in `folder`. */
export function runProgram(program: 'main' | 'rewrite', folder: string, ...args: string[]): Ended {
  const { INIT_CWD: _, ...env } = process.env
  const script = join(root, 'build', 'host', 'cli', `${program}.js`)
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}
