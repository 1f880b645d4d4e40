// Of the real DLL at its entry points, what the contract's list has not: an endpoint's name as Windows has it, and that the
// driver, on which all of it rests, can fail.

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import {
  reasonToSkipWine,
  runWindows,
  startWine,
  windowsLibrary,
  windowsPath,
  wineAccount,
} from '../support/wine.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-windows-'))
const plugin = join(folder, 'portcullis.dll')
const skipped = reasonToSkipWine()

beforeAll(() => {
  if (skipped !== '') return
  startWine()
  copyFileSync(windowsLibrary('portcullis'), plugin)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(skipped !== '')(`the DLL under Wine${skipped}`, () => {
  it.each(['\\\\elsewhere\\pipe\\portcullis', '..\\portcullis', 'a/b'])(
    'takes no endpoint that is a path to something else: %s',
    async (path) => {
      writeFileSync(join(folder, 'portcullis.settings'), `endpoint = ${path}\nowner = ${wineAccount}\n`)
      const script =
        'startup A application="wsman/A"\nask A user sender=x mechanism=Negotiate expect=5 within=900\n'
      const ended = await runWindows('portcullis_driver', ['script', windowsPath(plugin), '-'], script)
      expect(ended).toMatchObject({ status: 0, stderr: '' })
    },
  )

  it('is looked at by a driver that fails when it is told to, so that a green run means something', async () => {
    expect(await runWindows('portcullis_driver', ['fail'])).toMatchObject({ status: 1 })
  })
})
