// What the libraries for Windows export, import and say of themselves (cases A1, A3).

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { root } from '../../host/paths.ts'
import { readPe } from '../support/pe.ts'
import { reasonToSkipBuild, windowsLibrary, windowsProgram } from '../support/wine.ts'

const skipped = reasonToSkipBuild()

/** What every Windows has, and nothing that a compiler would bring. */
const systemLibraries = ['advapi32.dll', 'kernel32.dll', 'msvcrt.dll']

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const versionNumbers = [...version.split('.').map(Number), 0]

describe.skipIf(skipped !== '')(`portcullis.dll${skipped}`, () => {
  const library = () => readPe(windowsLibrary('portcullis'))

  it('exports the six names, undecorated, and nothing else', () => {
    expect([...library().exports].sort()).toEqual([
      'WSManPluginAuthzOperation',
      'WSManPluginAuthzQueryQuota',
      'WSManPluginAuthzReleaseContext',
      'WSManPluginAuthzUser',
      'WSManPluginShutdown',
      'WSManPluginStartup',
    ])
  })

  it('imports the three completions of WsmSvc.dll, and besides them only the system', () => {
    const { imports } = library()
    expect([...imports.keys()].sort()).toEqual([...systemLibraries, 'wsmsvc.dll'].sort())
    expect([...(imports.get('wsmsvc.dll') ?? [])].sort()).toEqual([
      'WSManPluginAuthzOperationComplete',
      'WSManPluginAuthzQueryQuotaComplete',
      'WSManPluginAuthzUserComplete',
    ])
  })

  it('cannot become anybody else, end or bound the process, or make a pipe', () => {
    const names = [...library().imports.values()].flat()
    const forbidden =
      /Impersonate|RevertToSelf|SetThreadToken|TerminateProcess|JobObject|SetTokenInformation|NamedPipe[AW]$/
    expect(names.filter((name) => forbidden.test(name))).toEqual([])
  })
})

for (const name of ['portcullis', 'portcullis_io'] as const) {
  describe.skipIf(skipped !== '')(`${name}.dll${skipped}`, () => {
    it('is for 64-bit Windows and is loaded anywhere, with data that is never run', () => {
      const expected = {
        isX64: true,
        highEntropy: true,
        dynamicBase: true,
        noExecute: true,
        hasRelocations: true,
      }
      expect(readPe(windowsLibrary(name))).toMatchObject(expected)
    })

    it("carries the package's version", () => {
      expect(readPe(windowsLibrary(name)).version).toEqual(versionNumbers)
    })
  })
}

describe.skipIf(skipped !== '')(`portcullis_io.dll${skipped}`, () => {
  it('exports pcio_ functions and nothing else, and imports only the system', () => {
    const { exports, imports } = readPe(windowsLibrary('portcullis_io'))
    expect(exports.filter((name) => !name.startsWith('pcio_'))).toEqual([])
    expect(exports.length).toBeGreaterThan(0)
    expect([...imports.keys()].sort()).toEqual(systemLibraries)
  })
})

describe.skipIf(skipped !== '')(`portcullis_service.exe${skipped}`, () => {
  const program = () => readPe(windowsProgram('portcullis_service'))

  it('imports only the system, is loaded anywhere, and carries the version', () => {
    const { imports, version } = program()
    expect([...imports.keys()].sort()).toEqual(systemLibraries)
    expect(program()).toMatchObject({ isX64: true, highEntropy: true, dynamicBase: true, noExecute: true })
    expect(version).toEqual(versionNumbers)
  })

  it('cannot become anybody else', () => {
    const names = [...program().imports.values()].flat()
    expect(names.filter((name) => /Impersonate|LogonUser|SetThreadToken|CreateProcessAs/.test(name))).toEqual(
      [],
    )
  })
})
