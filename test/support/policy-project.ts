// A project that `portcullis new` has made, in a folder outside this repository. The SDK is the packed one that came with the
// project; the compiler and vitest are linked from this installation: a test must not depend on a registry.

import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { root } from '../../host/paths.ts'
import { type Ended, runProgram } from './command.ts'

const linked = ['assemblyscript', 'binaryen', 'long', 'vitest']

export class PolicyProject {
  /** With a space, because paths of users have them. */
  readonly folder: string
  /** What `portcullis new` said. */
  readonly made: Ended

  constructor(...options: string[]) {
    this.folder = join(mkdtempSync(join(tmpdir(), 'portcullis-project-')), 'My policy')
    this.made = runProgram('main', dirname(this.folder), 'new', 'My policy', ...options)
  }

  link(): this {
    const packages = join(this.folder, 'node_modules')
    mkdirSync(join(packages, 'portcullis'), { recursive: true })
    const packed = join(this.folder, 'vendor/portcullis.tgz')
    execFileSync('tar', ['-xzf', packed, '--strip-components=1', '-C', join(packages, 'portcullis')])
    for (const name of linked) symlinkSync(join(root, 'node_modules', name), join(packages, name))
    return this
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8')
  }

  write(file: string, content: string): void {
    writeFileSync(join(this.folder, file), content)
  }

  run(...args: string[]): Ended {
    return runProgram('main', this.folder, ...args)
  }

  /** One of the project's own scripts, from a folder inside it. */
  npm(script: string, from = '.'): Ended {
    // What a test runner and npm tell their children is not for these.
    const env = Object.entries(process.env).filter(
      ([name]) => !/^(INIT_CWD|npm_.*|VITEST.*|TEST|NODE_ENV)$/.test(name),
    )
    const { status, stdout, stderr } = spawnSync('npm', ['run', '-s', script], {
      cwd: join(this.folder, from),
      env: { ...Object.fromEntries(env), NO_COLOR: '1' },
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }

  /** Without waiting for its end. */
  start(...args: string[]): ChildProcessWithoutNullStreams {
    const { INIT_CWD: _, ...env } = process.env
    return spawn(process.execPath, [join(root, 'build/host/cli/main.js'), ...args], { cwd: this.folder, env })
  }

  remove(): void {
    rmSync(dirname(this.folder), { recursive: true })
  }
}
