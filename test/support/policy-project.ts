// A project that `portcullis new` has made, in a folder outside this repository. Its packages are linked from this
// installation where an author runs "npm install": a test must not depend on a registry.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { root } from '../../host/paths.ts'
import { type Ended, runProgram } from './command.ts'

const packages = {
  assemblyscript: 'node_modules/assemblyscript',
  binaryen: 'node_modules/binaryen',
  long: 'node_modules/long',
  portcullis: 'policies/sdk',
}

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
    mkdirSync(join(this.folder, 'node_modules'))
    for (const [name, path] of Object.entries(packages)) {
      symlinkSync(join(root, path), join(this.folder, 'node_modules', name))
    }
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

  /** Without waiting for its end. */
  start(...args: string[]): ChildProcessWithoutNullStreams {
    const { INIT_CWD: _, ...env } = process.env
    return spawn(process.execPath, [join(root, 'build/host/cli/main.js'), ...args], { cwd: this.folder, env })
  }

  remove(): void {
    rmSync(dirname(this.folder), { recursive: true })
  }
}
