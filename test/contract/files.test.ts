// What host/files promises, on both systems: the same list, in a process of Linux' Node and of Windows' Node under Wine.

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { replaceFile } from '../../host/files/replace-file.ts'
import { root } from '../../host/paths.ts'
import { install, installed, reasonToSkipWindowsHost, runOnWindowsNode } from '../support/windows-host.ts'
import { startWine, windowsPath } from '../support/wine.ts'

// Not in a folder for everybody, which could be changed through that.
const top = mkdtempSync(join(root, 'build', 'files-'))
const script = join(root, 'test', 'support', 'files-promises.mjs')

const kept = {
  'makes a file that was not there': 'one',
  'puts other bytes in its place, and leaves nothing else': 'next, file ü',
  'says so when the folder is not there': 'ERR_FILE_WRITE',
  'leaves the old file when the new one cannot take its place': 'ERR_FILE_WRITE, file ü, folder',
  'gives a lock once': 'ERR_FILE_LOCKED',
  'gives no lock that another process holds, and gives it when that process is killed':
    'ERR_FILE_LOCKED, done',
  'has no lock in a folder that is not there': 'ERR_FILE_WRITE',
  'knows that nobody else may change a file that is for its owner': [],
  'says so when a file whose writers are asked for is not there': 'ERR_FILE_READ',
}

function prepare(name: string): string {
  const folder = join(top, name)
  mkdirSync(join(folder, 'open'), { recursive: true })
  for (const file of ['for-everybody', 'for-its-owner', 'open/file']) writeFileSync(join(folder, file), '')
  chmodSync(join(folder, 'for-everybody'), 0o666)
  chmodSync(join(folder, 'for-its-owner'), 0o644)
  chmodSync(join(folder, 'open'), 0o777)
  return folder
}

const promises = (folder: string): object =>
  JSON.parse(readFileSync(join(folder, 'promises.json'), 'utf8')) as object

afterAll(() => rmSync(top, { recursive: true, force: true }))

describe('files on Linux', () => {
  it('keep what host/files promises', () => {
    const folder = prepare('linux')
    const { status, stderr } = spawnSync(process.execPath, [script, join(root, 'build', 'host'), folder], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(promises(folder)).toEqual({
      ...kept,
      'knows who may change a file that is for everybody to write': [['everyone', true]],
      'knows who may change a file through its folder': [['everyone', true]],
    })
  })

  it('keep their mode when they are replaced', () => {
    const path = join(prepare('mode'), 'for-its-owner')
    chmodSync(path, 0o640)
    replaceFile(path, Buffer.from('new'))
    expect(statSync(path).mode & 0o7777).toBe(0o640)
  })
})

const skipped = reasonToSkipWindowsHost()

describe.skipIf(skipped !== '')(`files on Windows${skipped}`, () => {
  it('keep what host/files promises', { timeout: 120_000 }, () => {
    startWine()
    install()
    const folder = prepare('windows')
    runOnWindowsNode(script, windowsPath(installed('build/host')), windowsPath(folder))
    // The account of everybody.
    expect(promises(folder)).toEqual({
      ...kept,
      'knows who may change a file that is for everybody to write': [['S-1-1-0', true]],
      'knows who may change a file through its folder': [['S-1-1-0', true]],
    })
  })
})
