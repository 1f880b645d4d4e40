// What Windows may do to a file when it replaces it, played: the one failure after which the old file is gone.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'

const UNABLE_TO_MOVE_REPLACEMENT = 1176

const folder = mkdtempSync(join(tmpdir(), 'portcullis-replace-'))
const path = join(folder, 'web.config')

/** What ReplaceFile does; returns an error of Windows. */
const replace = vi.fn<(path: string, replacement: string) => number>()
vi.mock('../../host/files/native-files.ts', () => ({
  replace: (path: string, replacement: string) => replace(path, replacement),
}))

/** Whether somebody keeps a file from being given another name. */
const isHeld = vi.fn<() => boolean>()
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const renameSync: typeof fs.renameSync = (from, to) => {
    if (isHeld()) throw Object.assign(new Error('EACCES'), { code: 'EACCES' })
    fs.renameSync(from, to)
  }
  return { ...fs, renameSync }
})

/** The module asks once which system it is on. */
async function onWindows() {
  vi.resetModules()
  vi.spyOn(process, 'platform', 'get').mockReturnValue('win32')
  return (await import('../../host/files/replace-file.ts')).replaceFile
}

beforeEach(() => {
  writeFileSync(path, 'old')
  isHeld.mockReturnValue(false)
})
afterEach(() => vi.restoreAllMocks())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('puts the new file in its place when Windows has taken the old one away and stopped there', async () => {
  const replaceFile = await onWindows()
  replace.mockImplementation((path) => {
    rmSync(path)
    return UNABLE_TO_MOVE_REPLACEMENT
  })
  replaceFile(path, Buffer.from('new'))
  expect(readFileSync(path, 'utf8')).toBe('new')
  expect(readdirSync(folder)).toEqual(['web.config'])
})

it('keeps the new file, and says where, when it cannot be put there either', {
  timeout: 20_000,
}, async () => {
  const replaceFile = await onWindows()
  replace.mockImplementation((path) => {
    rmSync(path)
    return UNABLE_TO_MOVE_REPLACEMENT
  })
  isHeld.mockReturnValue(true)
  const left = `.web.config.${process.pid}.new`
  expect(() => replaceFile(path, Buffer.from('new'))).toThrow(`it was to become is in ${join(folder, left)}`)
  expect(readdirSync(folder)).toEqual([left])
  expect(readFileSync(join(folder, left), 'utf8')).toBe('new')
})
