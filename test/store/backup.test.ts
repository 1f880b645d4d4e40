// A store is checked, copied and put back: while a host is at work on it, and whatever call the copy is ended at.

import { beforeEach, describe, expect, it } from 'vitest'

import { versionsKept } from '../../host/limits.ts'
import { backupStore, restoreStore } from '../../host/store/backup.ts'
import { digestOf } from '../../host/store/blobs.ts'
import { Store } from '../../host/store/store.ts'
import { verifyStore } from '../../host/store/verify.ts'
import { refusal } from '../support/refusal.ts'
import { MemoryDisk } from './memory-disk.ts'
import { isKilled, snapshot, worlds } from './worlds.ts'

const contoso = { tenant: 'contoso' }
const by = { who: 'uid:1000' }
const journalPath = '/store/tenants/t-contoso/journal.jsonl'
const counts = { subjects: 2, versions: 3, entries: 5, blobs: 5, bytes: 36 }

let disk: MemoryDisk
let store: Store

beforeEach(() => {
  disk = new MemoryDisk()
  store = Store.open('/store', disk)
  store.upload('guard', { module: Buffer.from('guard'), settings: { a: ['1'] } }, by, 1)
  for (const text of ['first', 'second']) store.upload(contoso, { module: Buffer.from(text) }, by, 1)
  store.admitted(contoso, 2, { metered: Buffer.from('metered..'), rewriter: 'r', profile: 'p' }, 2)
  store.activate(contoso, 2, by, 3)
})

function put(path: string, bytes: Buffer | string, on = disk): void {
  const handle = on.open(path, 'new')
  on.write(handle, Buffer.from(bytes))
  on.sync(handle)
  on.close(handle)
}

/** Does something between two readings of a journal. */
function betweenReadings(act: (reading: number) => void): MemoryDisk {
  let readings = 0
  const read = disk.read.bind(disk)
  disk.read = (path) => {
    const bytes = read(path)
    if (path === journalPath) act(++readings)
    return bytes
  }
  return disk
}

describe('verify', () => {
  it('counts what is there, and changes nothing', () => {
    const { length } = disk.calls
    expect(verifyStore('/store', disk)).toEqual({ ...counts, problems: [], notes: [] })
    expect(disk.calls).toHaveLength(length)
  })

  it('names every problem, with file, line and what to do', () => {
    const module = `/store/tenants/t-contoso/blobs/${digestOf(Buffer.from('second'))}`
    put(module, 'sacond')
    const guard = '/store/guard/journal.jsonl'
    put(guard, `${disk.read(guard)?.toString()}rubbish\n`)
    disk.makeFolder('/store/tenants/CONTOSO')
    const { problems } = verifyStore('/store', disk)
    expect(problems.map(({ code, file, line }) => [code, file, line])).toEqual([
      ['ERR_STORE_DAMAGED', '/store/tenants/CONTOSO', undefined],
      ['ERR_STORE_DAMAGED', guard, 2],
      ['ERR_STORE_DIGEST', module, undefined],
    ])
    expect(problems.map(({ what }) => what)).toEqual([
      "this is no tenant's folder",
      'it is not the line that was written there',
      'its 6 bytes are not those of its name (of version 2)',
    ])
    for (const { toDo } of problems) expect(toDo).toContain('put a backup in')
  })

  it('reads once more when a line is being written', () => {
    const whole = disk.read(journalPath) ?? Buffer.alloc(0)
    put(journalPath, whole.subarray(0, -20))
    betweenReadings((reading) => reading === 1 && put(journalPath, whole))
    expect(verifyStore('/store', disk)).toEqual({ ...counts, problems: [], notes: [] })
  })

  it('takes what a crash has left for what it is', () => {
    store.close()
    put(journalPath, `${disk.read(journalPath)?.toString()}{"format":1`)
    const half = `/store/tenants/t-contoso/blobs/${'ab'.repeat(32)}.new`
    const foreign = '/store/tenants/t-contoso/blobs/notes.txt'
    for (const path of [half, foreign]) put(path, 'half')
    const { problems, notes } = verifyStore('/store', disk)
    expect(problems).toEqual([])
    expect(notes).toEqual([
      `${journalPath}: 11 bytes of a line that was never finished; the next start cuts them off`,
      `${half}: no line names it; unless a host is about to, the next start takes it away`,
      `${foreign}: this is no file of the store; it may be taken away`,
    ])
    expect(Store.open('/store', disk).repairs).toEqual([{ subject: contoso, bytes: 11 }])
    expect(verifyStore('/store', disk).notes).toHaveLength(1)
  })

  it('does not miss what a host lets go of meanwhile', () => {
    for (let each = 3; each <= versionsKept; each++)
      store.upload(contoso, { module: Buffer.from(`${each}`) }, by, 1)
    betweenReadings(
      (reading) => reading === 1 && store.upload(contoso, { module: Buffer.from('new') }, by, 1),
    )
    expect(verifyStore('/store', disk)).toMatchObject({ versions: versionsKept + 2, problems: [] })
    expect(store.versions(contoso)[0]?.blobs).toBe(false)
  })

  it('says that there is no store', () => {
    expect(refusal(() => verifyStore('/none', disk)).code).toBe('ERR_STORE_FOLDER')
  })
})

describe('a backup', () => {
  it('is the store, from which it can be put back', () => {
    expect(backupStore('/store', '/backup', disk)).toEqual({ ...counts, problems: [], notes: [] })
    expect(snapshot(Store.open('/backup', disk.remaining()))).toEqual(snapshot(store))
    const lost = disk.remaining({ keep: () => 0, rest: 'gone', names: 'safe' })
    expect(snapshot(Store.open('/backup', lost))).toEqual(snapshot(store))
    expect(restoreStore('/backup', '/other', disk)).toEqual({ ...counts, problems: [], notes: [] })
    expect(snapshot(Store.open('/other', disk))).toEqual(snapshot(store))
  })

  it('does not take along what no line names', () => {
    put(`/store/tenants/t-contoso/blobs/${'ab'.repeat(32)}`, 'rubbish')
    put(journalPath, `${disk.read(journalPath)?.toString()}{"format":1`)
    expect(backupStore('/store', '/backup', disk).notes).toEqual([])
  })

  it('is a state that the store had, whatever a host does meanwhile', () => {
    for (let each = 3; each <= versionsKept; each++)
      store.upload(contoso, { module: Buffer.from(`${each}`) }, by, 1)
    betweenReadings(
      (reading) => reading === 1 && store.upload(contoso, { module: Buffer.from('new') }, by, 1),
    )
    backupStore('/store', '/backup', disk)
    expect(snapshot(Store.open('/backup', disk))).toEqual(snapshot(store))
  })

  it('has nothing of what a host let go of after it was copied', () => {
    for (let each = 3; each <= versionsKept; each++)
      store.upload(contoso, { module: Buffer.from(`${each}`) }, by, 1)
    const read = disk.read.bind(disk)
    const second = digestOf(Buffer.from('3'))
    let isLetGo = false
    disk.read = (path) => {
      // The first version has been copied; now two are let go, of which the other has not.
      if (!isLetGo && path === `/store/tenants/t-contoso/blobs/${second}`) {
        isLetGo = true
        for (const text of ['new', 'newer']) store.upload(contoso, { module: Buffer.from(text) }, by, 1)
      }
      return read(path)
    }
    expect(backupStore('/store', '/backup', disk)).toMatchObject({ problems: [], notes: [] })
    expect(store.versions(contoso).filter(({ blobs }) => !blobs)).toHaveLength(2)
    expect(snapshot(Store.open('/backup', disk))).toEqual(snapshot(store))
  })

  it('that is not what was written is noticed, and nothing is left', () => {
    const write = disk.write.bind(disk)
    disk.write = (handle, bytes) => write(handle, bytes.toString() === 'first' ? Buffer.from('fist') : bytes)
    expect(refusal(() => backupStore('/store', '/backup', disk))).toMatchObject({
      code: 'ERR_STORE_DAMAGED',
      detail: expect.stringContaining('its 4 bytes are not those of its name (of version 1)'),
    })
    expect(disk.list('/')?.map(({ name }) => name)).toEqual(['store'])
  })

  it.each<[string, () => void, string]>([
    ['into a folder that is there', () => disk.makeFolder('/backup'), 'ERR_STORE_FOLDER'],
    ['of a damaged journal', () => put(journalPath, 'rubbish\n'), 'ERR_STORE_DAMAGED'],
    [
      'of a damaged blob',
      () => put(`/store/tenants/t-contoso/blobs/${digestOf(Buffer.from('first'))}`, 'fist'),
      'ERR_STORE_DIGEST',
    ],
    [
      'on a full disk',
      () => (disk.refuse = ({ name }) => (name === 'write' ? 'ENOSPC' : undefined)),
      'ERR_STORE_WRITE',
    ],
  ])('%s is refused, and nothing is left', (_, break_, code) => {
    break_()
    const names = disk.list('/')
    expect(refusal(() => backupStore('/store', '/backup', disk)).code).toBe(code)
    expect(disk.list('/')).toEqual(names)
  })

  it('of no store is refused', () => {
    expect(refusal(() => backupStore('/none', '/backup', disk)).code).toBe('ERR_STORE_FOLDER')
  })
})

describe('a restore', () => {
  beforeEach(() => {
    backupStore('/store', '/backup', disk)
  })

  it('into a store that has something is refused', () => {
    store.close()
    expect(refusal(() => restoreStore('/backup', '/store', disk))).toMatchObject({
      code: 'ERR_STORE_FOLDER',
      detail: '/store is not empty; end the host, move the folder away, and try again',
    })
    expect(verifyStore('/store', disk)).toEqual({ ...counts, problems: [], notes: [] })
  })

  it('into an empty store that a host has open is refused', () => {
    const other = Store.open('/other', disk)
    expect(refusal(() => restoreStore('/backup', '/other', disk)).code).toBe('ERR_FILE_LOCKED')
    other.close()
    restoreStore('/backup', '/other', disk)
    expect(snapshot(Store.open('/other', disk))).toEqual(snapshot(store))
  })

  it('into a store that a host filled just before it could be locked is refused', () => {
    Store.open('/other', disk).close()
    const lock = disk.lock.bind(disk)
    disk.lock = (path) => {
      disk.makeFolder('/other/guard')
      return lock(path)
    }
    expect(refusal(() => restoreStore('/backup', '/other', disk)).code).toBe('ERR_STORE_FOLDER')
    disk.lock = lock
    Store.open('/other', disk).close()
  })

  it('of a damaged backup is refused, with every problem, and nothing is left', () => {
    for (const text of ['first', 'second'])
      put(`/backup/tenants/t-contoso/blobs/${digestOf(Buffer.from(text))}`, 'x')
    const names = disk.list('/')
    const { code, detail } = refusal(() => restoreStore('/backup', '/other', disk))
    expect(code).toBe('ERR_STORE_DAMAGED')
    expect(detail.split('\n')).toHaveLength(3)
    expect(disk.list('/')).toEqual(names)
  })

  it('of a folder without a store is refused', () => {
    disk.makeFolder('/empty')
    for (const folder of ['/empty', '/none'])
      expect(refusal(() => restoreStore(folder, '/other', disk)).code).toBe('ERR_STORE_FOLDER')
  })
})

describe('whatever call it is ended at, a copy is there whole or not at all', () => {
  const whole = (result: MemoryDisk, path: string) => snapshot(Store.open(path, result))

  function endedAtEach(path: string, copy: (on: MemoryDisk) => unknown): number {
    const expected = snapshot(store)
    const reference = disk.remaining()
    const begun = reference.calls.length
    copy(reference)
    const count = reference.calls.length - begun
    for (let at = 0; at <= count; at++) {
      for (const { name, loss } of worlds) {
        const ended = disk.remaining()
        ended.killAt = at
        expect(isKilled(() => copy(ended))).toBe(at < count)
        const left = ended.remaining(loss)
        const names = (left.list(path) ?? []).filter(({ name }) => name !== 'lock')
        const place = `call ${at}: ${name}`
        if (at === count || names.length > 0) expect(whole(left, path), place).toEqual(expected)
        else {
          // What was left half done is in nobody's way.
          copy(left)
          expect(whole(left, path), place).toEqual(expected)
        }
        expect(whole(left, '/store'), place).toEqual(expected)
      }
    }
    return count
  }

  it('a backup', () => {
    store.close()
    expect(endedAtEach('/backup', (on) => backupStore('/store', '/backup', on))).toBeGreaterThan(40)
  })

  it('a restore where there was nothing', () => {
    store.close()
    backupStore('/store', '/backup', disk)
    expect(endedAtEach('/other', (on) => restoreStore('/backup', '/other', on))).toBeGreaterThan(40)
  })

  it('a restore in the place of an empty store', () => {
    store.close()
    backupStore('/store', '/backup', disk)
    Store.open('/other', disk).close()
    disk.syncFolder('/other')
    expect(endedAtEach('/other', (on) => restoreStore('/backup', '/other', on))).toBeGreaterThan(40)
  })
})
