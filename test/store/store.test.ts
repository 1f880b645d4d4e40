// What the store keeps, and what it refuses: every method, on a disk in memory.

import { beforeEach, describe, expect, it } from 'vitest'

import { storeMessageUnitsMax, versionsKept } from '../../host/limits.ts'
import { digestOf } from '../../host/store/blobs.ts'
import { Store, type Subject } from '../../host/store/store.ts'
import { refusal } from '../support/refusal.ts'
import { MemoryDisk } from './memory-disk.ts'

const contoso = { tenant: 'contoso' }
const by = { who: 'uid:1000', why: 'ticket 12' }
const made = { metered: Buffer.from('metered'), rewriter: '0.1.0', profile: 'baseline' }
const module = (text: string | number) => ({ module: Buffer.from(`module ${text}`) })

let disk: MemoryDisk
let store: Store

beforeEach(() => {
  disk = new MemoryDisk()
  store = Store.open('/store', disk)
})

/** As the next process finds it. */
function reopened(): Store {
  store.close()
  disk = disk.remaining()
  store = Store.open('/store', disk)
  return store
}

function admit(subject: Subject, text: string | number): number {
  const { number } = store.upload(subject, module(text), by, 1)
  store.admitted(subject, number, { ...made, metered: Buffer.from(`metered ${text}`) }, 2)
  return number
}

describe('an upload', () => {
  it('gets the next number of its subject, and is what it was after the store was opened again', () => {
    const upload = { ...module('a'), settings: { b: ['2'], a: ['1', ''] }, vectors: '{}\n' }
    const first = store.upload(contoso, upload, by, 7)
    expect(first).toEqual({
      number: 1,
      policy: digestOf(upload.module),
      bytes: upload.module.length,
      settings: digestOf(Buffer.from('{"a":["1",""],"b":["2"]}')),
      vectors: digestOf(Buffer.from('{}\n')),
      state: 'uploaded',
      uploaded: { ...by, timeMs: 7 },
      blobs: true,
    })
    expect(store.upload(contoso, module('b'), { who: 'x' }, 8)).toMatchObject({
      number: 2,
      uploaded: { who: 'x', timeMs: 8 },
    })
    expect(store.upload('guard', module('b'), by, 9).number).toBe(1)
    const before = store.versions(contoso)
    reopened()
    expect(store.versions(contoso)).toEqual(before)
    expect(store.subjects()).toEqual(['guard', contoso])
    expect(store.readModule(contoso, 1)).toEqual(upload.module)
    expect(store.readSettings(contoso, 1)).toEqual(upload.settings)
    expect(store.readVectors(contoso, 1)).toBe('{}\n')
    expect(store.readSettings(contoso, 2)).toBeUndefined()
    expect(store.readVectors(contoso, 2)).toBeUndefined()
  })

  it('of the same module, settings and vectors is the version that is there, and writes nothing', () => {
    const upload = { ...module('a'), settings: { a: ['1'], b: [] }, vectors: 'x' }
    const first = store.upload(contoso, upload, by, 1)
    const lines = store.journal(contoso)
    const writes = disk.calls.filter(({ name }) => name === 'write').length
    expect(store.upload(contoso, { ...upload, settings: { b: [], a: ['1'] } }, by, 2)).toEqual(first)
    expect(disk.calls.filter(({ name }) => name === 'write')).toHaveLength(writes)
    expect(store.journal(contoso)).toEqual(lines)
    for (const other of [{ settings: { a: ['2'], b: [] } }, { vectors: 'y' }])
      expect(store.upload(contoso, { ...upload, ...other }, by, 3).state).toBe('uploaded')
    expect(store.versions(contoso)).toHaveLength(3)
  })

  it('of the same bytes mends a blob that was damaged', () => {
    const { policy } = store.upload(contoso, module('a'), by, 1)
    const handle = disk.open(`/store/tenants/t-contoso/blobs/${policy}`, 'new')
    disk.write(handle, Buffer.from('rubbish'))
    disk.close(handle)
    expect(refusal(() => store.readModule(contoso, 1)).code).toBe('ERR_STORE_DIGEST')
    expect(store.upload(contoso, module('a'), by, 2).number).toBe(1)
    expect(store.readModule(contoso, 1)).toEqual(module('a').module)
  })

  it.each([
    ['an empty module', { module: Buffer.alloc(0) }, 'ERR_STORE_VALUE'],
    ['a module that is too large', { module: Buffer.alloc(256 * 1024 + 1) }, 'ERR_STORE_VALUE'],
    ['vectors that are too large', { ...module('a'), vectors: 'x'.repeat(5e6) }, 'ERR_STORE_VALUE'],
    ['settings that are none', { ...module('a'), settings: { '1': ['x'] } }, 'ERR_SETTINGS_FILE'],
  ])('does not take %s', (_, upload, code) => {
    const { calls } = disk
    const before = calls.length
    expect(refusal(() => store.upload(contoso, upload, by, 1)).code).toBe(code)
    expect(calls).toHaveLength(before)
    expect(store.subjects()).toEqual([])
  })

  it('does not take texts that are too long, nor a name that no tenant has', () => {
    const long = { who: 'x'.repeat(257) }
    expect(refusal(() => store.upload(contoso, module('a'), long, 1)).code).toBe('ERR_STORE_VALUE')
    expect(refusal(() => store.upload({ tenant: '../x' }, module('a'), by, 1)).code).toBe('ERR_STORE_VALUE')
    expect(store.versions(contoso)).toEqual([])
    reopened()
    expect(store.subjects()).toEqual([])
  })
})

describe('admission', () => {
  it('keeps the metered module', () => {
    expect(admit(contoso, 'a')).toBe(1)
    reopened()
    const [version] = store.versions(contoso)
    const metered = Buffer.from('metered a')
    const { rewriter, profile } = made
    expect(version?.state).toBe('admitted')
    expect(version?.admission).toEqual({ metered: digestOf(metered), rewriter, profile, timeMs: 2 })
    expect(store.readMetered(contoso, 1)).toEqual(metered)
  })

  it('again takes the place of the one before, whose metered module goes', () => {
    admit(contoso, 'a')
    store.admitted(contoso, 1, made, 5)
    expect(store.readMetered(contoso, 1)).toEqual(made.metered)
    const names = disk.list('/store/tenants/t-contoso/blobs')?.map(({ name }) => name)
    expect(names?.sort()).toEqual([digestOf(module('a').module), digestOf(made.metered)].sort())
  })

  it('that refuses says why, and may be asked again', () => {
    store.upload(contoso, module('a'), by, 1)
    const message = 'x'.repeat(storeMessageUnitsMax + 1)
    store.refused(contoso, 1, { code: 'ERR_MODULE_IMPORT', message }, 2)
    reopened()
    expect(store.versions(contoso)[0]).toMatchObject({
      state: 'refused',
      refusal: { code: 'ERR_MODULE_IMPORT', message: message.slice(1) },
    })
    expect(refusal(() => store.readMetered(contoso, 1)).code).toBe('ERR_VERSION_STATE')
    expect(refusal(() => store.activate(contoso, 1, by, 3))).toMatchObject({
      code: 'ERR_VERSION_STATE',
      detail: 'version 1 was refused (ERR_MODULE_IMPORT)',
    })
    store.admitted(contoso, 1, made, 4)
    expect(store.versions(contoso)[0]).not.toHaveProperty('refusal')
    expect(store.versions(contoso)[0]?.state).toBe('admitted')
  })

  it('cannot refuse what is active', () => {
    store.activate(contoso, admit(contoso, 'a'), by, 3)
    expect(refusal(() => store.refused(contoso, 1, { code: 'E', message: '' }, 4)).code).toBe(
      'ERR_VERSION_STATE',
    )
  })
})

describe('activation', () => {
  it('makes one version the active one, and knows what was before', () => {
    expect(store.active(contoso)).toBeUndefined()
    for (const text of ['a', 'b']) store.activate(contoso, admit(contoso, text), by, 3)
    reopened()
    expect(store.active(contoso)).toEqual({ number: 2, previous: 1, since: { ...by, timeMs: 3 } })
    expect(store.versions(contoso).map(({ state }) => state)).toEqual(['retired', 'active'])
    expect(store.versions(contoso).map(({ activeSinceMs }) => activeSinceMs)).toEqual([undefined, 3])
    store.activate(contoso, 1, by, 4)
    expect(store.active(contoso)).toMatchObject({ number: 1, previous: 2 })
    store.activate(contoso, 1, by, 5)
    expect(store.active(contoso)).toMatchObject({ number: 1, previous: 2, since: { timeMs: 5 } })
  })

  it('that is provisional says until when, and is one for good when it is confirmed', () => {
    store.activate(contoso, admit(contoso, 'a'), by, 3, 60_000)
    reopened()
    expect(store.active(contoso)).toMatchObject({ number: 1, previous: null, confirmByMs: 60_000 })
    store.confirm(contoso, by, 4)
    reopened()
    expect(store.active(contoso)).toEqual({ number: 1, previous: null, since: { ...by, timeMs: 3 } })
    expect(refusal(() => store.confirm(contoso, by, 5)).code).toBe('ERR_VERSION_STATE')
  })

  it('of nothing is what a first provisional activation returns to', () => {
    store.activate(contoso, admit(contoso, 'a'), by, 3, 60_000)
    store.activate(contoso, null, by, 4)
    reopened()
    expect(store.active(contoso)).toEqual({ number: null, previous: null, since: { ...by, timeMs: 4 } })
    expect(store.versions(contoso)[0]?.state).toBe('retired')
  })

  it('over a provisional one returns to the last that was for good', () => {
    for (const text of ['a', 'b', 'c', 'd']) admit(contoso, text)
    store.activate(contoso, 4, by, 2)
    store.activate(contoso, 1, by, 3)
    store.activate(contoso, 2, by, 4, 100)
    store.activate(contoso, 3, by, 5, 100)
    expect(store.active(contoso)).toMatchObject({ number: 3, previous: 1 })
    store.activate(contoso, 1, by, 6)
    // And what is before that is what was: one that nobody has confirmed is not rolled back to.
    expect(store.active(contoso)).toMatchObject({ number: 1, previous: 4 })
  })

  it('is of a version that was admitted, and that there is', () => {
    expect(refusal(() => store.activate(contoso, 1, by, 1))).toMatchObject({
      code: 'ERR_VERSION_UNKNOWN',
      detail: '1; nothing has been uploaded',
    })
    store.upload(contoso, module('a'), by, 1)
    expect(refusal(() => store.activate(contoso, 1, by, 1)).detail).toBe(
      'version 1 has not been admitted yet',
    )
    expect(refusal(() => store.activate(contoso, 2, by, 1)).detail).toBe('2; there are 1 to 1')
  })
})

describe('quarantine', () => {
  it('is of a module, and outlives the process', () => {
    store.activate(contoso, admit(contoso, 'a'), by, 3)
    const policy = digestOf(module('a').module)
    store.quarantine(contoso, { policy, reason: 'deaths' }, 5)
    store.quarantine(contoso, { policy, reason: 'processor time' }, 6)
    reopened()
    expect(store.quarantined(contoso)).toEqual([{ policy, reason: 'deaths', sinceMs: 5 }])
    expect(store.versions(contoso)[0]).toMatchObject({ state: 'quarantined', activeSinceMs: 3 })
    expect(store.lift(contoso, by, 7)).toEqual([{ policy, reason: 'deaths', sinceMs: 5 }])
    reopened()
    expect(store.quarantined(contoso)).toEqual([])
    expect(store.versions(contoso)[0]?.state).toBe('active')
    const { length } = store.journal(contoso)
    expect(store.lift(contoso, by, 8)).toEqual([])
    expect(store.journal(contoso)).toHaveLength(length)
  })
})

describe('retention', () => {
  it('lets go of the oldest bytes, never of what is active or was before', () => {
    for (let each = 1; each <= versionsKept; each++) admit(contoso, each)
    store.activate(contoso, 1, by, 3)
    store.activate(contoso, 3, by, 3, 60_000)
    expect(store.versions(contoso).every(({ blobs }) => blobs)).toBe(true)
    for (let each = 1; each <= 3; each++) admit(contoso, versionsKept + each)
    reopened()
    const gone = store.versions(contoso).filter(({ blobs }) => !blobs)
    expect(gone.map(({ number }) => number)).toEqual([2, 4, 5])
    expect(store.versions(contoso)).toHaveLength(versionsKept + 3)
    expect(disk.list('/store/tenants/t-contoso/blobs')).toHaveLength(2 * versionsKept)
    for (const read of [
      () => store.readModule(contoso, 2),
      () => store.activate(contoso, 2, by, 9),
      () => store.admitted(contoso, 2, made, 9),
    ]) {
      expect(refusal(read)).toMatchObject({
        code: 'ERR_VERSION_STATE',
        detail: 'the bytes of version 2 have been let go; upload it again',
      })
    }
    expect(store.upload(contoso, module(2), by, 10).number).toBe(versionsKept + 4)
  })

  it('keeps a blob that a later version names too', () => {
    store.upload(contoso, module('a'), by, 1)
    for (let each = 2; each <= versionsKept + 1; each++)
      store.upload(contoso, { ...module('a'), vectors: `${each}` }, by, 1)
    expect(store.versions(contoso)[0]?.blobs).toBe(false)
    expect(store.readModule(contoso, 2)).toEqual(module('a').module)
  })
})

describe('the store', () => {
  it('has one writer', () => {
    expect(refusal(() => Store.open('/store', disk)).code).toBe('ERR_FILE_LOCKED')
    store.close()
    store.close()
    const other = Store.open('/store', disk)
    expect(refusal(() => store.upload(contoso, module('a'), by, 1)).code).toBe('ERR_HOST_FAULT')
    other.close()
  })

  it('gives the lock back when it cannot be opened', () => {
    store.close()
    disk.makeFolder('/store/tenants')
    disk.makeFolder('/store/tenants/Contoso')
    expect(refusal(() => Store.open('/store', disk))).toMatchObject({ code: 'ERR_STORE_DAMAGED' })
    disk.removeFolder('/store/tenants/Contoso')
    Store.open('/store', disk).close()
  })

  it('leaves no file open', () => {
    for (const text of ['a', 'b']) store.activate(contoso, admit(contoso, text), by, 3)
    expect(disk.opened).toBe(0)
  })

  it('keeps tenants apart whose names mean something to Windows', () => {
    for (const tenant of ['con', 'nul', 'com1', 'a', 'a-', '0'.repeat(63)])
      store.upload({ tenant }, module(tenant), by, 1)
    reopened()
    expect(store.subjects()).toHaveLength(6)
    expect(store.readModule({ tenant: 'con' }, 1)).toEqual(module('con').module)
  })
})

describe('a disk that refuses', () => {
  it('leaves everything as it was, and the next try works', () => {
    admit(contoso, 'a')
    const before = store.versions(contoso)
    for (const name of ['open append', 'write', 'rename', 'syncFolder', 'open new']) {
      disk.refuse = (call) => (call.name === name ? 'ENOSPC' : undefined)
      const { code, detail } = refusal(() => store.upload(contoso, module(name), by, 1))
      expect([name, code]).toEqual([name, 'ERR_STORE_WRITE'])
      expect(detail).toContain('the disk is full')
      expect(store.versions(contoso)).toEqual(before)
      disk.refuse = undefined
      const next = Store.open('/store', disk.remaining())
      expect(next.versions(contoso)).toEqual(before)
    }
    expect(store.upload(contoso, module('b'), by, 1).number).toBe(2)
  })

  it('may refuse to open any file for a while', () => {
    admit(contoso, 'a')
    disk.refuse = ({ name }) => (name.startsWith('open') ? 'EMFILE' : undefined)
    expect(refusal(() => store.activate(contoso, 1, by, 3)).code).toBe('ERR_STORE_WRITE')
    disk.refuse = undefined
    store.activate(contoso, 1, by, 4)
    expect(store.active(contoso)?.number).toBe(1)
  })

  it('takes half a line back', () => {
    admit(contoso, 'a')
    let refused = 0
    disk.refuse = ({ name, path }) => {
      if (name !== 'sync' || !path.endsWith('.jsonl') || refused++ > 0) return undefined
      return 'EIO'
    }
    expect(refusal(() => store.activate(contoso, 1, by, 3)).code).toBe('ERR_STORE_WRITE')
    expect(store.active(contoso)).toBeUndefined()
    store.activate(contoso, 1, by, 4)
    reopened()
    expect(store.active(contoso)?.since.timeMs).toBe(4)
    expect(store.repairs).toEqual([])
  })

  it('that does not take it back either is not written to again', () => {
    admit(contoso, 'a')
    disk.refuse = ({ name, path }) => (name === 'sync' && path.endsWith('.jsonl') ? 'EIO' : undefined)
    expect(refusal(() => store.activate(contoso, 1, by, 3)).code).toBe('ERR_STORE_WRITE')
    disk.refuse = undefined
    expect(refusal(() => store.activate(contoso, 1, by, 4))).toMatchObject({
      code: 'ERR_STORE_WRITE',
      detail: expect.stringContaining('start the host again'),
    })
    expect(store.active(contoso)).toBeUndefined()
  })
})
