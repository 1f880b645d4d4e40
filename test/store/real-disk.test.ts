// What the store asks of a real disk: who may read it, what it makes of a folder that is there, and whose a folder is.

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { hostFile } from '../../host/paths.ts'
import { realDisk } from '../../host/store/disk.ts'
import { Store } from '../../host/store/store.ts'
import { subjectFolder, tenantPattern } from '../../host/store/subject-folder.ts'
import { refusal } from '../support/refusal.ts'

const isWindows = process.platform === 'win32'
const contoso = { tenant: 'contoso' }
const by = { who: 'uid:1000' }

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-store-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

const path = (...names: string[]) => join(folder, ...names)
const mode = (...names: string[]) => (statSync(path(...names)).mode & 0o7777).toString(8)

describe('a store on a real disk', () => {
  it('is what it was when it is opened again', () => {
    const store = Store.open(path('store'))
    store.upload(contoso, { module: Buffer.from('a'), settings: { a: ['1'] }, vectors: '{}' }, by, 1)
    store.admitted(contoso, 1, { metered: Buffer.from('b'), rewriter: 'r', profile: 'p' }, 2)
    store.activate(contoso, 1, by, 3)
    const before = store.versions(contoso)
    store.close()
    const again = Store.open(path('store'))
    expect(again.versions(contoso)).toEqual(before)
    expect(again.readMetered(contoso, 1).toString()).toBe('b')
    again.close()
  })

  it('cuts off what a crash has left, and says so', () => {
    const store = Store.open(path('store'))
    store.upload(contoso, { module: Buffer.from('a') }, by, 1)
    store.close()
    const journal = path('store', 'tenants', 't-contoso', 'journal.jsonl')
    const whole = readFileSync(journal)
    writeFileSync(journal, Buffer.concat([whole, whole.subarray(0, 20)]))
    const again = Store.open(path('store'))
    expect(again.repairs).toEqual([{ subject: contoso, bytes: 20 }])
    expect(readFileSync(journal)).toEqual(whole)
    again.close()
  })

  it.skipIf(isWindows)('is closed to everybody else, also in a folder that was open', () => {
    mkdirSync(path('store'))
    chmodSync(path('store'), 0o755)
    const store = Store.open(path('store'))
    store.upload(contoso, { module: Buffer.from('a') }, by, 1)
    store.close()
    expect(mode('store')).toBe('700')
    expect(mode('store', 'tenants', 't-contoso', 'blobs')).toBe('700')
    expect(mode('store', 'tenants', 't-contoso', 'journal.jsonl')).toBe('600')
  })

  it('is made in a folder that is there, and is neither a file nor a link', () => {
    expect(refusal(() => Store.open(path('none', 'store')))).toMatchObject({
      code: 'ERR_STORE_WRITE',
      detail: `${path('none', 'store')}: it is not there`,
    })
    writeFileSync(path('file'), '')
    mkdirSync(path('folder'))
    if (!isWindows) symlinkSync(path('folder'), path('link'))
    for (const name of isWindows ? ['file'] : ['file', 'link'])
      expect(refusal(() => Store.open(path(name)))).toMatchObject({
        code: 'ERR_STORE_WRITE',
        detail: `${path(name)}: it is no folder`,
      })
  })

  it('gives its lock back, and takes it away, once', () => {
    const lock = realDisk.lock(path('lock'))
    expect(refusal(() => realDisk.lock(path('lock'))).code).toBe('ERR_FILE_LOCKED')
    lock.remove()
    lock.release()
    expect(realDisk.list(folder)).toEqual([])
    realDisk.lock(path('lock')).release()
  })
})

describe("a subject's folder", () => {
  it('knows the names that a configuration may have', () => {
    const schema = JSON.parse(readFileSync(hostFile('tenant', 'config.schema.json'), 'utf8'))
    expect(tenantPattern.source).toBe(schema.definitions.tenant.properties.name.pattern)
  })

  it('is never a name that Windows keeps for itself, nor one that differs in case alone', () => {
    const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i
    const names = ['con', 'prn', 'aux', 'nul', 'com0', 'com9', 'lpt1', 'a', 'a-', '-'.padStart(63, 'x')]
    const folders = names.map((tenant) => subjectFolder({ tenant }).at(-1) ?? '')
    expect(new Set(folders.map((name) => name.toLowerCase())).size).toBe(names.length)
    for (const name of folders) expect(name).not.toMatch(reserved)
    for (const name of folders) expect(name).not.toMatch(/[. ]$/)
    for (const tenant of ['', 'A', 'a.', '-a', 'a/b', '..', 'a'.repeat(64), 'a\n'])
      expect(refusal(() => subjectFolder({ tenant })).code).toBe('ERR_STORE_VALUE')
  })
})
