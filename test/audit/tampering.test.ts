// Whoever changes, removes, moves or adds something in a log is found out, with the line; who cuts its end off, by a head that was kept.
// PORTCULLIS_FUZZ sets the number of random mutations of each kind, PORTCULLIS_SEED repeats a run.

import { beforeAll, describe, expect, it } from 'vitest'

import { lineOf } from '../../host/audit/chain.ts'
import { fileNumbers, filePath } from '../../host/audit/files.ts'
import { textOf } from '../../host/audit/format.ts'
import { LogEnd } from '../../host/audit/log-end.ts'
import { type Expected, type Verified, verifyLog } from '../../host/audit/verify.ts'
import { auditToldMax } from '../../host/limits.ts'
import { type Chance, casesOr, eachCase } from '../differential/chance.ts'
import { refusal } from '../support/refusal.ts'
import { type AuditMemoryDisk, LOG, newDisk, put } from './worlds.ts'

const bounds = { fileBytes: 3_000 }

let whole: AuditMemoryDisk
let head: { head: string; sequence: number }
let files: readonly number[]

beforeAll(() => {
  whole = newDisk()
  const log = new LogEnd(whole, LOG, bounds, 1)
  for (let from = 1; from <= 20; from += 2) put(log, from, 2)
  log.add([
    textOf('gap', 5, { cause: 'a test', lost: 12 }),
    textOf('stopped', 6, { release: '1', processId: 1 }),
  ])
  log.write(6)
  log.sync()
  log.close()
  head = log.position
  files = fileNumbers(whole, LOG) ?? []
})

const copy = () => whole.remaining()
const bytesOf = (disk: AuditMemoryDisk, file: number) => disk.read(filePath(LOG, file)) ?? Buffer.alloc(0)
const linesOf = (file: number) =>
  bytesOf(whole, file)
    .toString()
    .split(/(?<=\n)/)

function withLines(file: number, lines: readonly string[]): AuditMemoryDisk {
  const disk = copy()
  disk.put(filePath(LOG, file), Buffer.from(lines.join('')))
  return disk
}

function verify(disk: AuditMemoryDisk, expected?: Expected): Verified {
  return verifyLog(LOG, expected, disk)
}

/** All lines of the log: the file of each, and its index there. */
function places(): { file: number; index: number }[] {
  return files.flatMap((file) => linesOf(file).map((_, index) => ({ file, index })))
}

it('a log that nobody touched is sound, also by a head of any of its records', () => {
  expect(verify(copy(), head)).toMatchObject({ problemCount: 0, notes: [], ...head, types: { decision: 20 } })
  expect(verify(copy()).gaps).toMatchObject({ count: 1, lost: 12, lostDecisions: 12, unknown: 0 })
  for (const file of files) {
    for (const line of linesOf(file)) {
      const { chain, sequence } = JSON.parse(line)
      expect(verify(copy(), { head: chain }).problemCount).toBe(0)
      expect(verify(copy(), { head: chain, sequence }).problemCount).toBe(0)
      expect(verify(copy(), { head: chain, sequence: sequence + 1 }).problemCount).toBe(1)
    }
  }
})

describe('found is', () => {
  it('any byte that is another one', () => {
    let tried = 0
    let at = ''
    eachCase(
      casesOr(400),
      (chance: Chance) => {
        const file = chance.pick(files)
        const bytes = Buffer.from(bytesOf(whole, file))
        const byte = chance.below(bytes.length)
        const original = bytes[byte] ?? 0
        const value = chance.pick([original ^ (1 << chance.below(8)), 0, 0x0a, 0x20, chance.below(256)])
        if (value === original) return
        bytes[byte] = value
        at = `byte ${byte} of file ${file} to ${value}`
        const disk = copy()
        disk.put(filePath(LOG, file), bytes)
        const { problems } = verify(disk)
        expect(problems.length).toBeGreaterThan(0)
        const line = bytesOf(whole, file).subarray(0, byte).toString('latin1').split('\n').length
        const [{ file: path, line: first } = { file: '', line: 0 }] = problems
        expect([path, line - (first ?? 0)]).toEqual([filePath(LOG, file), 0])
        tried++
      },
      () => at,
    )
    expect(tried).toBeGreaterThan(casesOr(400) / 2)
  })

  it('any line that is removed, but for the last', () => {
    const all = places().slice(0, -1)
    for (const { file, index } of all) {
      const { problems } = verify(withLines(file, linesOf(file).toSpliced(index, 1)))
      expect(problems.length, `line ${index + 1} of file ${file}`).toBeGreaterThan(0)
    }
    expect(all.length).toBeGreaterThan(25)
  })

  it('any two lines that have changed places, in a file or between two', () => {
    const all = places()
    for (const one of all) {
      for (const other of all) {
        if (one === other || (one.file === other.file && one.index > other.index)) continue
        const disk = copy()
        const lines = new Map(files.map((file) => [file, linesOf(file)]))
        const [first, second] = [lines.get(one.file) ?? [], lines.get(other.file) ?? []]
        const [a = '', b = ''] = [first[one.index], second[other.index]]
        first[one.index] = b
        second[other.index] = a
        for (const [file, texts] of lines) disk.put(filePath(LOG, file), Buffer.from(texts.join('')))
        expect(
          verify(disk).problemCount,
          `${one.file}:${one.index} and ${other.file}:${other.index}`,
        ).toBeGreaterThan(0)
      }
    }
  })

  it.each<[string, (lines: string[]) => string[]]>([
    ['twice', (lines) => [...lines.slice(0, 2), lines[1] ?? '', ...lines.slice(2)]],
    ['empty', (lines) => [...lines.slice(0, 2), '\n', ...lines.slice(2)]],
    ['no line at all', (lines) => [...lines.slice(0, 2), 'hello\n', ...lines.slice(2)]],
    [
      'forged with the chain that fits where it stands',
      (lines) => {
        const { chain, sequence } = JSON.parse(lines[1] ?? '')
        const { line } = lineOf('{"type":"decision","timeMs":1}', sequence + 1, chain)
        return [...lines.slice(0, 2), line, ...lines.slice(2)]
      },
    ],
    [
      'longer than any line',
      (lines) => [...lines.slice(0, 2), `${'x'.repeat(3_000_000)}\n`, ...lines.slice(2)],
    ],
  ])('a line that is put in: %s', (_, change) => {
    for (const file of files)
      expect(verify(withLines(file, change(linesOf(file)))).problemCount).toBeGreaterThan(0)
  })

  it('any file that is removed, emptied, another one, or cut, but for the end of the last', () => {
    for (const file of files.slice(0, -1)) {
      const without = copy()
      without.unlink(filePath(LOG, file))
      expect(verify(without).problems[0]?.what).toMatch(/^file \d+ is before it, and not there/)
      expect(verify(withLines(file, [])).problems[0]?.what).toBe('it is empty')
      expect(verify(withLines(file, linesOf(file + 1))).problemCount).toBeGreaterThan(0)
      expect(verify(withLines(file, linesOf(file).slice(0, -1))).problems[0]?.what).toMatch(/not there$/)
    }
  })

  it('a cut at any byte, by the head that was kept', () => {
    const [last = 1] = files.slice(-1)
    const bytes = bytesOf(whole, last)
    for (let length = 0; length < bytes.length; length++) {
      const disk = copy()
      disk.put(filePath(LOG, last), bytes.subarray(0, length))
      expect(verify(disk, head).problemCount, `${length} bytes`).toBe(1)
      expect(verify(disk, { head: head.head }).problemCount, `${length} bytes`).toBe(1)
    }
    const disk = copy()
    disk.unlink(filePath(LOG, last))
    expect(verify(disk).problemCount, 'without a head nobody can know').toBe(0)
    expect(verify(disk, head).problems[0]?.what).toMatch(
      /the log ends with record \d+, and record \d+ was there/,
    )
  })

  it('another log in the place of this one, by the head that was kept', () => {
    const disk = newDisk()
    const log = new LogEnd(disk, LOG, bounds, 2)
    put(log, 1, 60)
    expect(verify(disk).problemCount).toBe(0)
    expect(verify(disk, head).problems[0]?.what).toMatch(/^not record \d+ has the head/)
  })

  it('a log whose first files somebody has removed, as long as no host has written that it did', () => {
    const disk = copy()
    const log = new LogEnd(disk, LOG, { ...bounds, files: files.length - 2 }, 9)
    log.removeDoomed()
    put(log, 50, 1)
    const [first = 1] = fileNumbers(disk, LOG) ?? []
    expect(first).toBeGreaterThan(2)
    expect(verify(disk)).toMatchObject({ problemCount: 0, types: { removed: 1 } })
    const more = disk.remaining()
    more.unlink(filePath(LOG, first))
    expect(verify(more).problems).toMatchObject([
      { what: `file ${first} is before it, and not there, and no host has recorded that it removed them` },
    ])
    expect(verify(disk, { head: 'ab'.repeat(32), sequence: 1 }).problems[0]?.what).toMatch(
      /^record 1 is in files that are not there any more/,
    )
  })

  it('a first file whose beginning says that it follows another one', () => {
    const disk = copy()
    const log = new LogEnd(disk, LOG, { ...bounds, files: 2 }, 9)
    log.removeDoomed()
    const [first = 1] = fileNumbers(disk, LOG) ?? []
    const lines = bytesOf(disk, first)
      .toString()
      .split(/(?<=\n)/)
    const { sequence } = JSON.parse(lines[0] ?? '')
    const previous = 'cd'.repeat(32)
    const { line } = lineOf(textOf('opened', 1, { format: 1, file: first, previous }), sequence, previous)
    disk.put(filePath(LOG, first), Buffer.from([line, ...lines.slice(1)].join('')))
    expect(verify(disk).problems.map(({ line }) => line)).toEqual([2, 1])
  })
})

describe('what is told', () => {
  it('of thousands of problems is the first of them, and how many', () => {
    const disk = newDisk()
    const log = new LogEnd(disk, LOG, { fileBytes: 1e9 }, 1)
    put(log, 1, 100)
    const path = filePath(LOG, 1)
    disk.put(path, Buffer.from((disk.read(path) ?? '').toString().replaceAll('CONTOSO', 'CONTOSA')))
    const { problems, problemCount, records } = verify(disk)
    expect([problems.length, problemCount, records]).toEqual([auditToldMax, 100, 1])
    expect(problems[0]).toMatchObject({ code: 'ERR_AUDIT_DAMAGED', file: path, line: 2 })
  })

  it('of one line that was changed is that line', () => {
    const [, , third = 3] = files
    const lines = linesOf(third)
    const disk = withLines(third, lines.with(1, (lines[1] ?? '').replace('CONTOSO', 'CONTOSA')))
    expect(verify(disk).problems).toEqual([
      {
        code: 'ERR_AUDIT_DAMAGED',
        file: filePath(LOG, third),
        line: 2,
        what: 'it, or the line before it, is not what was written there',
        toDo: expect.stringContaining('keep the folder as it is'),
      },
    ])
  })

  it('of a newer release’s log is that it is one', () => {
    const disk = newDisk()
    const { line } = lineOf('{"type":"opened","timeMs":1,"format":2,"file":1}', 1, 'ab'.repeat(32))
    disk.put(filePath(LOG, 1), Buffer.from(line))
    const { detail } = refusal(() => new LogEnd(disk, LOG, bounds, 1))
    expect(detail).toMatch(/it has format 2, and this release knows 1; run the release that wrote it/)
    expect(verify(disk).problems[0]?.what).toMatch(/format 2/)
  })

  it.each(['/nothing', '/'])('of %s is that there is no log', (folder) => {
    expect(refusal(() => verifyLog(folder, undefined, newDisk())).code).toBe('ERR_AUDIT_OPEN')
  })
})

describe('a host that is started', () => {
  const open = (disk: AuditMemoryDisk) => new LogEnd(disk, LOG, bounds, 7)

  it('adds nothing to a last file with any byte changed', () => {
    const [last = 1] = files.slice(-1)
    const original = bytesOf(whole, last)
    for (let at = 0; at < original.length; at++) {
      const bytes = Buffer.from(original)
      bytes[at] = (bytes[at] ?? 0) ^ 0x01
      const disk = copy()
      disk.put(filePath(LOG, last), bytes)
      const { length } = disk.calls
      const { code, detail } = refusal(() => open(disk))
      expect([at, code]).toEqual([at, 'ERR_AUDIT_DAMAGED'])
      expect(detail).toMatch(/audit-\d{8}\.jsonl, line \d+: .*; nothing was changed; move the folder away/)
      expect(disk.calls).toHaveLength(length)
    }
  })

  it('adds nothing where the file before is not there, cut off, or another one', () => {
    const [before = 1, last = 1] = files.slice(-2)
    for (const disk of [withLines(before, linesOf(before).slice(0, -1)), withLines(before, [])]) {
      expect(refusal(() => open(disk)).code).toBe('ERR_AUDIT_DAMAGED')
    }
    const alone = copy()
    for (const file of files.slice(0, -1)) alone.unlink(filePath(LOG, file))
    alone.put(filePath(LOG, last), Buffer.alloc(0))
    expect(refusal(() => open(alone)).code).toBe('ERR_AUDIT_DAMAGED')
  })
})
