// The promises of native/port/port.h, checked by one program on each system that has an implementation.

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { root } from '../../host/paths.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import {
  type Ended,
  reasonToSkipWine,
  runWindows,
  startWine,
  windowsPath,
  wineAccount,
} from '../support/wine.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-port-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Everything that the program has checked, and that none of it failed. */
function expectAll({ status, stdout, stderr }: Ended): void {
  const lines = stdout.trim().split(/\r?\n/)
  expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(lines.length).toBeGreaterThan(40)
}

describe('on Linux', () => {
  it('the port keeps its promises', async () => {
    const endpoint = join(folder, 'endpoint')
    const files = join(folder, 'linux')
    mkdirSync(endpoint, { mode: 0o700 })
    mkdirSync(files)
    const program = join(root, 'build', 'native', 'portcullis_conformance')
    const ended = await new Promise<Ended>((resolve) => {
      execFile(program, [endpoint, ownAccount(), files], (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
      )
    })
    expectAll(ended)
  })
})

const skipped = reasonToSkipWine()

describe.skipIf(skipped !== '')(`on Windows (Wine)${skipped}`, () => {
  beforeAll(startWine)

  it('the port keeps its promises', async () => {
    const files = join(folder, 'windows')
    mkdirSync(files)
    const options = [`portcullis-port-${process.pid}`, wineAccount, windowsPath(files)]
    expectAll(await runWindows('portcullis_conformance', options))
  })
})
