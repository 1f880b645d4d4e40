// The contract's cases on Windows: the DLL, the driver and the host on Windows' Node of this checkout, under Wine.

import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'

import { root } from '../../host/paths.ts'
import { readPe } from '../support/pe.ts'
import { runOnWindowsNode, WindowsHost } from '../support/windows-host.ts'
import { windowsLibrary, windowsPath, windowsProgram, wineAccount, wineEnvironment } from '../support/wine.ts'
import type { Build, Runner, Tables } from './runner.ts'

const builds: Readonly<Record<Build, 'portcullis' | 'portcullis_probed'>> = {
  product: 'portcullis',
  probed: 'portcullis_probed',
}

let endpoints = 0

export const windows: Runner = {
  system: 'windows',
  winrmLibrary: 'wsmsvc.dll', // names of libraries have no case
  handlesPerConnection: 4,
  account: () => wineAccount,

  makeEndpoint() {
    return `portcullis-contract-${process.pid}-${endpoints++}`
  },

  installPlugin(folder, build) {
    const path = join(folder, 'portcullis.dll')
    copyFileSync(windowsLibrary(builds[build]), path)
    return windowsPath(path)
  },

  startDriver(args) {
    return spawn('wine', [windowsProgram('portcullis_driver'), ...args], {
      env: wineEnvironment(),
      stdio: 'pipe',
    })
  },

  startHost(configPath) {
    return new WindowsHost(configPath, '--log-level', 'debug')
  },

  signal(pid, signal) {
    runOnWindowsNode(join(root, 'test/windows/signal.mjs'), String(pid), signal)
  },

  tables(library): Tables {
    const { exports, imports } = readPe(windowsLibrary(library))
    return {
      exports: [...exports].sort(),
      imports: [...imports.values()].flat().sort(),
      libraries: [...imports.keys()],
    }
  },

  compileTypes(pointerBytes) {
    const header = join(root, 'native', 'wsman', 'wsman_types.h')
    const options = [
      '-std=c11',
      '-fsyntax-only',
      `-m${8 * pointerBytes}`,
      `-I${join(root, 'native')}`,
      '-x',
      'c',
      header,
    ]
    const { status, stderr } = spawnSync('x86_64-w64-mingw32-gcc', options, { encoding: 'utf8' })
    return status === 0 ? '' : stderr
  },
}
