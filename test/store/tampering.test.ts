// Whatever is changed in a store by somebody else is noticed, with its place: at opening if it is a journal, when it is read if it
// is a blob. What a chain cannot see is said, too.

import { beforeAll, describe, expect, it } from 'vitest'

import { digestOf } from '../../host/store/blobs.ts'
import { type Entry, FORMAT } from '../../host/store/entry.ts'
import { firstChain, writeLine } from '../../host/store/journal.ts'
import { Store } from '../../host/store/store.ts'
import { refusal } from '../support/refusal.ts'
import { MemoryDisk } from './memory-disk.ts'

const contoso = { tenant: 'contoso' }
const by = { who: 'uid:1000', why: 'ticket "12"' }
const journalPath = '/store/tenants/t-contoso/journal.jsonl'
const blobPath = (digest: string) => `/store/tenants/t-contoso/blobs/${digest}`

const whole = new MemoryDisk()
let lines: string[]

beforeAll(() => {
  const store = Store.open('/store', whole)
  for (const tenant of ['contoso', 'fabrikam']) {
    store.upload({ tenant }, { module: Buffer.from('module'), settings: { a: ['1'] }, vectors: '{}' }, by, 1)
    store.admitted({ tenant }, 1, { metered: Buffer.from('metered'), rewriter: '1', profile: 'p' }, 2)
    store.activate({ tenant }, 1, by, 3, 9)
    store.quarantine({ tenant }, { policy: digestOf(Buffer.from('module')), reason: 'deaths' }, 4)
    store.confirm({ tenant }, by, 5)
  }
  store.close()
  lines = textOf(whole, journalPath).trimEnd().split('\n')
})

function textOf(disk: MemoryDisk, path: string): string {
  return disk.read(path)?.toString('latin1') ?? ''
}

/** A copy of the store with other bytes in one of its files. */
function changed(path: string, bytes: Uint8Array): MemoryDisk {
  const disk = whole.remaining()
  const handle = disk.open(path, 'new')
  disk.write(handle, Buffer.from(bytes))
  disk.sync(handle)
  disk.close(handle)
  return disk
}

/** What opening says, after having changed nothing. */
function refused(disk: MemoryDisk): { code: string; detail: string } {
  const { length } = disk.calls
  const { code, detail } = refusal(() => Store.open('/store', disk))
  // The folder is made, and its name made safe, before there is a lock to take.
  expect(disk.calls.slice(length).map(({ name }) => name)).toEqual(['makeFolder', 'syncFolder'])
  return { code, detail }
}

function withLines(...texts: string[]): MemoryDisk {
  return changed(journalPath, Buffer.from(texts.map((text) => `${text}\n`).join(''), 'latin1'))
}

/** Lines as the store would have written them, chain and all. */
function forged(...entries: object[]): MemoryDisk {
  let chain = firstChain(contoso)
  const texts = entries.map((entry, index) => {
    const written = writeLine({ format: FORMAT, sequence: index + 1, ...entry } as Entry, chain)
    chain = written.chain
    return written.line.toString().trimEnd()
  })
  return withLines(...texts)
}

describe('a journal', () => {
  it('with any byte changed is refused, with the line', () => {
    const bytes = whole.read(journalPath) ?? Buffer.alloc(0)
    let line = 1
    let tried = 0
    for (let at = 0; at < bytes.length; at++) {
      const original = bytes[at] ?? 0
      for (const value of new Set([original ^ 1, original ^ 0x20, original ^ 0x80, 0, 0x0a, 0x20])) {
        if (value === original) continue
        const other = Buffer.from(bytes)
        other[at] = value
        const { code, detail } = refused(changed(journalPath, other))
        expect(['ERR_STORE_DAMAGED', 'ERR_STORE_FORMAT'], `byte ${at}`).toContain(code)
        expect(detail.startsWith(`${journalPath}, line ${line}: `), `byte ${at} to ${value}: ${detail}`).toBe(
          true,
        )
        tried++
      }
      if (original === 0x0a) line++
    }
    expect(line).toBe(6)
    expect(tried).toBeGreaterThan(5 * 1000)
  })

  it.each([
    ['with two lines swapped', () => [lines[0], lines[2], lines[1], ...lines.slice(3)], 2],
    ['with a line removed in the middle', () => lines.toSpliced(1, 1), 2],
    ['with its first line removed', () => lines.slice(1), 1],
    ['with a line twice', () => [...lines.slice(0, 2), ...lines.slice(1)], 3],
    ['with its last line twice', () => [...lines, lines.at(-1)], 6],
    ['with an empty line', () => [...lines.slice(0, 2), '', ...lines.slice(2)], 3],
    ['with an empty line at the end', () => [...lines, ''], 6],
    ['with a line that is no line', () => [...lines, 'hello'], 6],
  ])('%s is refused', (_, texts, line) => {
    const { code, detail } = refused(withLines(...texts().map((text) => text ?? '')))
    expect(code).toBe('ERR_STORE_DAMAGED')
    expect(detail).toMatch(new RegExp(`^${journalPath}, line ${line}: .*; nothing was changed; put a backup`))
  })

  it('of another tenant is refused', () => {
    const other = whole.read('/store/tenants/t-fabrikam/journal.jsonl') ?? Buffer.alloc(0)
    expect(refused(changed(journalPath, other)).detail).toContain('line 1')
  })

  it('that is gone while its blobs are there is refused', () => {
    const disk = whole.remaining()
    disk.unlink(journalPath)
    expect(refused(disk)).toMatchObject({
      code: 'ERR_STORE_DAMAGED',
      detail: expect.stringContaining(`${journalPath}: it is not there, and versions are`),
    })
  })

  const uploaded = { type: 'uploaded', timeMs: 1, number: 1, policy: 'ab'.repeat(32), bytes: 1, who: 'x' }
  it.each<[string, object[], string, RegExp]>([
    ['an unknown type', [{ type: 'erased', timeMs: 1 }], 'ERR_STORE_DAMAGED', /line 1: .*type/],
    ['an unknown member', [{ ...uploaded, extra: 1 }], 'ERR_STORE_DAMAGED', /line 1: .*"extra"/],
    ['a member missing', [{ ...uploaded, who: undefined }], 'ERR_STORE_DAMAGED', /line 1: .*'who'/],
    ['a digest that is none', [{ ...uploaded, policy: '../../x' }], 'ERR_STORE_DAMAGED', /line 1: \/policy/],
    ['a wrong sequence', [{ ...uploaded, sequence: 2 }], 'ERR_STORE_DAMAGED', /line 1: .*it is line 2/],
    ['a number that is not the next', [uploaded, uploaded], 'ERR_STORE_DAMAGED', /line 2: .*2 is the next/],
    [
      'a version activated that is none',
      [uploaded, { type: 'activated', timeMs: 2, number: 7, who: 'x' }],
      'ERR_STORE_DAMAGED',
      /line 2: .*7; there are 1 to 1/,
    ],
    [
      'a format of tomorrow',
      [uploaded, { ...uploaded, format: 2 }],
      'ERR_STORE_FORMAT',
      /line 2: it has format 2, and this release knows 1; run the release that wrote it, or a newer one/,
    ],
  ])('that is chained, with %s, is refused', (_, entries, code, detail) => {
    const said = refused(forged(...entries))
    expect(said.code).toBe(code)
    expect(said.detail).toMatch(detail)
  })

  it('of a newer release is told from damage even if it is chained otherwise', () => {
    expect(refused(withLines('{"format":3,"chained":"otherwise"}')).code).toBe('ERR_STORE_FORMAT')
  })

  it('without its last lines is what it was before them: a chain cannot see that', () => {
    const store = Store.open('/store', withLines(...lines.slice(0, 3)))
    expect(store.journal(contoso)).toHaveLength(3)
    expect(store.quarantined(contoso)).toEqual([])
  })

  it('is checked again whenever it is shown', () => {
    const disk = whole.remaining()
    const store = Store.open('/store', disk)
    const handle = disk.open(journalPath, 'new')
    disk.write(handle, Buffer.from('rubbish\n'))
    disk.close(handle)
    expect(refusal(() => store.journal(contoso)).code).toBe('ERR_STORE_DAMAGED')
  })
})

describe('a blob', () => {
  const reads = {
    module: (store: Store) => store.readModule(contoso, 1),
    metered: (store: Store) => store.readMetered(contoso, 1),
    settings: (store: Store) => store.readSettings(contoso, 1),
    vectors: (store: Store) => store.readVectors(contoso, 1),
  }
  const contents = { module: 'module', metered: 'metered', settings: '{"a":["1"]}', vectors: '{}' }
  const kinds = Object.keys(reads) as (keyof typeof reads)[]

  it.each(kinds)('(%s) with any byte changed, added or gone, or another in its place, is refused', (kind) => {
    const bytes = Buffer.from(contents[kind])
    const path = blobPath(digestOf(bytes))
    const others = [bytes.subarray(1), bytes.subarray(0, -1), Buffer.concat([bytes, bytes])]
    for (const other of kinds) if (other !== kind) others.push(Buffer.from(contents[other]))
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const other = Buffer.from(bytes)
        other[at] = (other[at] ?? 0) ^ (1 << bit)
        others.push(other)
      }
    }
    expect(others.length).toBe(bytes.length * 8 + 6)
    for (const other of others) {
      const store = Store.open('/store', changed(path, other))
      const { code, detail } = refusal(() => reads[kind](store))
      expect(code).toBe('ERR_STORE_DIGEST')
      expect(detail).toContain(`${path}: its ${other.length} bytes are not those of its name`)
      for (const else_ of kinds) if (else_ !== kind) reads[else_](store)
    }
  })

  it.each(kinds)('(%s) that is gone is missed when it is read', (kind) => {
    const disk = whole.remaining()
    const path = blobPath(digestOf(Buffer.from(contents[kind])))
    disk.unlink(path)
    const store = Store.open('/store', disk)
    expect(refusal(() => reads[kind](store))).toMatchObject({
      code: 'ERR_STORE_DIGEST',
      detail: expect.stringContaining(`${path}: it is not there`),
    })
  })
})
