// What may be loaded as the plug-in: a library for x64 that exports what WinRM looks up. The file may be anything.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  checkPluginFile,
  entryPoints,
  libraryProblem,
  pluginFileProblem,
} from '../../host/iis/plugin-file.ts'
import { root } from '../../host/paths.ts'
import { readPe } from '../support/pe.ts'
import { refusal } from '../support/refusal.ts'
import { reasonToSkipBuild, windowsLibrary } from '../support/wine.ts'

const skipped = reasonToSkipBuild()

describe('a plug-in file', () => {
  it('exports what the build is told to export', () => {
    const definition = readFileSync(join(root, 'native/plugin/portcullis.def'), 'utf8')
    expect([...(definition.match(/WSManPlugin\w+/g) ?? [])].sort()).toEqual([...entryPoints].sort())
  })

  it.skipIf(skipped !== '')(`is taken as the build makes it${skipped}`, () => {
    const path = windowsLibrary('portcullis')
    expect(pluginFileProblem(path)).toBe(undefined)
    expect([...readPe(path).exports].sort()).toEqual([...entryPoints].sort())
  })

  it.skipIf(skipped !== '')(`is not another library of ours${skipped}`, () => {
    expect(refusal(() => checkPluginFile(windowsLibrary('WsmSvc')))).toMatchObject({
      code: 'ERR_IIS_PLUGIN_FILE',
      message: expect.stringMatching(
        /does not export WSManPluginAuthzOperation, .*; name the plug-in of an unpacked/,
      ),
    })
    expect(pluginFileProblem(windowsLibrary('portcullis_io'))).toMatch(/does not export/)
  })

  it.skipIf(skipped !== '')(`is for x64${skipped}`, () => {
    const bytes = readFileSync(windowsLibrary('portcullis'))
    for (const [machine, words] of [
      [0x14c, /for x86 \(32-bit\)/],
      [0xaa64, /for ARM64/],
      [1, /for machine 0x1/],
    ] as const) {
      bytes.writeUInt16LE(machine, bytes.readUInt32LE(0x3c) + 4)
      expect(libraryProblem(bytes)).toMatch(words)
    }
  })

  it.skipIf(skipped !== '')(`is refused in words, whatever is wrong with it${skipped}`, () => {
    const bytes = readFileSync(windowsLibrary('portcullis'))
    const change = fc.tuple(fc.nat(0x400), fc.nat(0xff))
    fc.assert(
      fc.property(fc.nat(bytes.length), fc.array(change, { maxLength: 4 }), (length, changes) => {
        const damaged = Buffer.from(bytes.subarray(0, length))
        for (const [at, value] of changes) if (at < length) damaged[at] = value
        expect(['string', 'undefined']).toContain(typeof libraryProblem(damaged))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is not a text, nothing, or a folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-plugin-'))
    const path = join(folder, 'portcullis.dll')
    expect(pluginFileProblem(path)).toBe('it is not there')
    expect(pluginFileProblem(folder)).toBe('it is a folder')
    writeFileSync(path, 'MZ')
    expect(pluginFileProblem(path)).toMatch(/damaged/)
    writeFileSync(path, '#!/bin/sh')
    expect(pluginFileProblem(path)).toMatch(/no library of Windows/)
    rmSync(folder, { recursive: true })
  })
})
