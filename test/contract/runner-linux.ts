// The contract's cases on Linux: build/native and build/host of this checkout.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { ServeProcess } from '../../host/cli/serve-process.ts'
import { root } from '../../host/paths.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import type { Build, Runner, Tables } from './runner.ts'

const native = join(root, 'build', 'native')

const builds: Readonly<Record<Build, string>> = {
  product: 'libportcullis.so',
  probed: 'libportcullis_probed.so',
}

/** Functions and data, without weak symbols: those of the C runtime. */
function symbols(file: string, which: '--defined-only' | '--undefined-only'): string[] {
  return execFileSync('nm', ['-D', which, file], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => / [TDBRU] /.test(line))
    .map((line) => (line.split(' ').at(-1) ?? '').replace(/@.*/, ''))
    .sort()
}

export const linux: Runner = {
  system: 'linux',
  winrmLibrary: 'libWsmSvc.so',
  handlesPerConnection: 1,
  account: ownAccount,

  makeEndpoint(folder) {
    const endpoint = join(folder, 'endpoint')
    mkdirSync(endpoint, { mode: 0o700 })
    return endpoint
  },

  installPlugin(folder, build) {
    const path = join(folder, 'libportcullis.so')
    copyFileSync(join(native, builds[build]), path)
    return path
  },

  startDriver(args) {
    return spawn(join(native, 'portcullis_driver'), args, { stdio: 'pipe' })
  },

  startHost(configPath) {
    return new ServeProcess(configPath, '--log-level', 'debug')
  },

  signal(pid, signal) {
    process.kill(pid, signal)
  },

  tables(library): Tables {
    const file = join(native, `lib${library}.so`)
    const dynamic = execFileSync('objdump', ['-p', file], { encoding: 'utf8' })
    return {
      exports: symbols(file, '--defined-only'),
      imports: symbols(file, '--undefined-only'),
      libraries: [...dynamic.matchAll(/NEEDED\s+(\S+)/g)].map(([, name]) => name ?? ''),
    }
  },

  compileTypes(pointerBytes) {
    const header = join(root, 'native', 'wsman', 'wsman_types.h')
    // Freestanding: a compiler for x64 has the headers of its own for pointers of four bytes, but no C library.
    const options = [
      '-std=c11',
      '-ffreestanding',
      '-fsyntax-only',
      `-m${8 * pointerBytes}`,
      '-x',
      'c',
      header,
    ]
    const { status, stderr } = spawnSync('cc', options, { encoding: 'utf8' })
    return status === 0 ? '' : stderr
  },
}
