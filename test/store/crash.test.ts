// The store is ended at every call that it makes to its disk, in every operation, and what remains in each world is opened again. It
// is what it was before, or after, and which of the two is known: the state after each line whose fsync had returned; where all
// that was issued is kept, also the one after a line that was written whole. Nothing else is ever there.

import { afterAll, describe, expect, it } from 'vitest'

import { versionsKept } from '../../host/limits.ts'
import { digestOf } from '../../host/store/blobs.ts'
import { Store } from '../../host/store/store.ts'
import { MemoryDisk } from './memory-disk.ts'
import { before, expectTidy, isKilled, linesOf, snapshot, worlds } from './worlds.ts'

const contoso = { tenant: 'contoso' }
const by = { who: 'uid:1000', why: 'ticket 12' }
const module = (text: string | number) => ({ module: Buffer.from(`module ${text}`) })
const admission = (text: string | number) => ({
  metered: Buffer.from(`metered ${text}`),
  rewriter: '0.1.0',
  profile: 'baseline',
})
const policy = digestOf(module('a').module)

interface Operation {
  readonly name: string
  readonly run: (store: Store) => unknown
  /** How many lines it writes. */
  readonly lines: number
}

const operations: readonly Operation[] = [
  { name: 'the first upload of the guard', run: (s) => s.upload('guard', module('g'), by, 1), lines: 1 },
  {
    name: 'the first upload of a tenant',
    run: (s) => s.upload(contoso, { ...module('a'), settings: { a: ['1'] }, vectors: '{}' }, by, 2),
    lines: 1,
  },
  { name: 'admitted', run: (s) => s.admitted(contoso, 1, admission('a'), 3), lines: 1 },
  { name: 'activate', run: (s) => s.activate(contoso, 1, by, 4), lines: 1 },
  { name: 'another upload', run: (s) => s.upload(contoso, module('b'), by, 5), lines: 1 },
  { name: 'the same upload', run: (s) => s.upload(contoso, module('b'), by, 5), lines: 0 },
  {
    name: 'refused',
    run: (s) => s.refused(contoso, 2, { code: 'ERR_MODULE_IMPORT', message: 'no' }, 6),
    lines: 1,
  },
  { name: 'admitted after all', run: (s) => s.admitted(contoso, 2, admission('b'), 7), lines: 1 },
  { name: 'admitted otherwise', run: (s) => s.admitted(contoso, 2, admission('c'), 8), lines: 1 },
  { name: 'activate for a time', run: (s) => s.activate(contoso, 2, by, 9, 99), lines: 1 },
  { name: 'confirm', run: (s) => s.confirm(contoso, by, 10), lines: 1 },
  { name: 'quarantine', run: (s) => s.quarantine(contoso, { policy, reason: 'deaths' }, 11), lines: 1 },
  { name: 'quarantine of another', run: (s) => s.quarantine('guard', { policy, reason: 'x' }, 11), lines: 1 },
  { name: 'lift', run: (s) => s.lift(contoso, by, 12), lines: 1 },
  { name: 'activate nothing', run: (s) => s.activate(contoso, null, by, 13), lines: 1 },
  {
    name: 'refused, with a module that goes',
    run: (s) => s.refused(contoso, 2, { code: 'E', message: '' }, 14),
    lines: 1,
  },
  // Until the store has as many as it keeps.
  ...Array.from({ length: versionsKept - 2 }, (_, index) => ({
    name: `the upload of version ${index + 3}`,
    run: (s: Store) => s.upload(contoso, { ...module('m'), vectors: `${index}` }, by, 15),
    lines: 1,
  })),
  { name: 'activate one of many', run: (s) => s.activate(contoso, 1, by, 16), lines: 1 },
  { name: 'an upload that lets go of another', run: (s) => s.upload(contoso, module('z'), by, 17), lines: 2 },
]

let points = 0
let reopenings = 0
const callsSeen = new Set<string>()

afterAll(() => console.log(`${points} points, ${reopenings} stores opened again`))

/** The states that an operation goes through, one after each line: what a store says that was ended right behind it. */
function statesOf(
  base: MemoryDisk,
  { run, lines }: Operation,
): { states: unknown[]; calls: MemoryDisk['calls'] } {
  const disk = base.remaining()
  const store = Store.open('/store', disk)
  const first = snapshot(store)
  const begun = disk.calls.length
  run(store)
  const calls = disk.calls.slice(begun)
  const { safe } = linesOf(calls)
  expect(safe).toHaveLength(lines)
  const between = safe.slice(0, -1).map((at) => {
    const ended = base.remaining()
    const other = Store.open('/store', ended)
    ended.killAt = ended.calls.length + at + 1
    expect(isKilled(() => run(other))).toBe(true)
    return snapshot(Store.open('/store', ended.remaining()))
  })
  const states = [first, ...between]
  if (lines > 0) states.push(snapshot(store))
  // Each is another: nothing below is true because all of them are the same.
  expect(new Set(states.map((state) => JSON.stringify(state))).size).toBe(lines + 1)
  return { states, calls }
}

/** Opens what is left, compares, and goes on working with it. */
function expectState(disk: MemoryDisk, expected: unknown, place: string): void {
  reopenings++
  const store = Store.open('/store', disk)
  expect(snapshot(store), place).toEqual(expected)
  expectTidy(store, disk)
  store.upload(contoso, module('probe'), by, 100)
  store.upload({ tenant: 'probe' }, module('probe'), by, 100)
  const probed = snapshot(store)
  const lost = disk.remaining({ keep: () => 0, rest: 'gone', names: 'safe' })
  expect(snapshot(Store.open('/store', lost)), `${place}, and once more`).toEqual(probed)
}

describe('whatever call it is ended at, an operation is either done or not begun', () => {
  const base = new MemoryDisk()
  Store.open('/store', base).close()

  for (const operation of operations) {
    it(operation.name, () => {
      const { states, calls } = statesOf(base, operation)
      const lines = linesOf(calls)
      for (let at = 0; at <= calls.length; at++) {
        points++
        const call = calls[at]
        if (call !== undefined) callsSeen.add(call.name)
        const isWrite = call?.name === 'write'
        const parts = isWrite ? [0, 1, (call.bytes?.length ?? 0) >> 1, (call.bytes?.length ?? 0) - 1] : [0]
        for (const part of parts) {
          const disk = base.remaining()
          const store = Store.open('/store', disk)
          disk.killAt = disk.calls.length + at
          disk.killKeeps = part
          expect(isKilled(() => operation.run(store))).toBe(at < calls.length)
          for (const { name, loss, keepsWhole } of worlds) {
            const reached = before(keepsWhole ? lines.written : lines.safe, at)
            const where =
              call === undefined ? 'after it returned' : `${call.name} ${call.path}, ${part} bytes of it`
            expectState(disk.remaining(loss), states[reached], `${where}: ${name}`)
          }
        }
      }
      // The next operation begins where this one ends, with whatever is not safe yet.
      const store = Store.open('/store', base)
      operation.run(store)
      store.close()
    })
  }

  it('the first opening', () => {
    const made = new MemoryDisk()
    Store.open('/store', made)
    for (let at = 0; at <= made.calls.length; at++) {
      points++
      for (const { name, loss } of worlds) {
        const disk = new MemoryDisk()
        disk.killAt = at
        expect(isKilled(() => Store.open('/store', disk))).toBe(at < made.calls.length)
        expectState(disk.remaining(loss), [], `call ${at}: ${name}`)
      }
    }
  })

  /** A store that was ended in an upload, at the given point. */
  function ended(find: (disk: MemoryDisk, from: number) => number, part: number): MemoryDisk {
    const whole = base.remaining()
    const store = Store.open('/store', whole)
    const from = whole.calls.length
    store.upload(contoso, module('last'), by, 50)
    const disk = base.remaining()
    const other = Store.open('/store', disk)
    disk.killAt = find(whole, from)
    disk.killKeeps = part
    expect(isKilled(() => other.upload(contoso, module('last'), by, 50))).toBe(true)
    return disk
  }

  const lineAt = (disk: MemoryDisk, from: number) =>
    from + (linesOf(disk.calls.slice(from)).written.at(-1) ?? Number.NaN)
  const halfBlob = (disk: MemoryDisk, from: number) =>
    disk.calls.findIndex(({ name, path }, at) => at >= from && name === 'rename' && path.includes('blobs'))

  it.each([
    ['half a line', () => ended(lineAt, 20).remaining()],
    [
      'half a line of zeros',
      () =>
        ended((d, f) => lineAt(d, f) + 1, 0).remaining({ keep: (n) => n >> 1, rest: 'zeros', names: 'seen' }),
    ],
    ['half a blob', () => ended(halfBlob, 0).remaining()],
    ['a blob that nothing names', () => ended(lineAt, 0).remaining()],
    ['a line that is not safe', () => ended((d, f) => lineAt(d, f) + 1, 0).remaining()],
  ])('opening again after %s', (_, leave) => {
    const left = leave()
    const expected = snapshot(Store.open('/store', left.remaining()))
    const lost = snapshot(
      Store.open('/store', left.remaining({ keep: () => 0, rest: 'gone', names: 'safe' })),
    )
    const whole = left.remaining()
    Store.open('/store', whole)
    for (const { name } of whole.calls) callsSeen.add(name)
    for (let at = 0; at <= whole.calls.length; at++) {
      points++
      for (const { name, loss, keepsWhole } of worlds) {
        const disk = left.remaining()
        disk.killAt = at
        expect(isKilled(() => Store.open('/store', disk))).toBe(at < whole.calls.length)
        const isSafe = whole.calls
          .slice(0, at)
          .some((call) => call.name === 'sync' && call.path.endsWith('t-contoso/journal.jsonl'))
        expectState(disk.remaining(loss), keepsWhole || isSafe ? expected : lost, `call ${at}: ${name}`)
      }
    }
  })

  it('and that were hundreds of points, at calls of every kind', () => {
    expect(points).toBeGreaterThan(300)
    expect(reopenings).toBeGreaterThan(4000)
    expect([...callsSeen].sort()).toEqual([
      'makeFolder',
      'open append',
      'open edit',
      'open new',
      'rename',
      'sync',
      'syncFolder',
      'truncate',
      'unlink',
      'write',
    ])
  })
})
