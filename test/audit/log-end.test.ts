// The end of a log on a disk in memory: what becomes of it when the process or the power ends at any call, when the disk refuses any
// call, when files are full, and when their time has come.

import { describe, expect, it } from 'vitest'

import { fileNumbers, filePath } from '../../host/audit/files.ts'
import { LogEnd } from '../../host/audit/log-end.ts'
import { NOT_CLOSED } from '../../host/audit/open-log.ts'
import { type Verified, verifyLog } from '../../host/audit/verify.ts'
import { worlds } from '../store/worlds.ts'
import { refusal } from '../support/refusal.ts'
import { type AuditMemoryDisk, LOG, newDisk, put, texts } from './worlds.ts'

const DAY_MS = 24 * 3_600_000

/** Some three records of the tests. */
const small = { fileBytes: 2_000 }

function linesIn(disk: AuditMemoryDisk): Record<string, unknown>[] {
  return (fileNumbers(disk, LOG) ?? []).flatMap((number) => {
    const text = disk.read(filePath(LOG, number))?.toString() ?? ''
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  })
}

function idsIn(disk: AuditMemoryDisk): number[] {
  return linesIn(disk).flatMap(({ type, id }) =>
    type === 'decision' ? [Number.parseInt(id as string, 16)] : [],
  )
}

function verified(disk: AuditMemoryDisk, ...expected: [{ head: string; sequence: number }?]): Verified {
  return verifyLog(LOG, expected[0], disk)
}

function sound(disk: AuditMemoryDisk, ...expected: [{ head: string; sequence: number }?]): Verified {
  const result = verified(disk, ...expected)
  expect(result.problems).toEqual([])
  return result
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe('a log', () => {
  it('has every record once and in order, in files that follow each other', () => {
    const disk = newDisk()
    const log = new LogEnd(disk, LOG, small, 1)
    for (let from = 1; from <= 40; from += 4) put(log, from, 4)
    log.close()
    expect(idsIn(disk)).toEqual(upTo(40))
    const lines = linesIn(disk)
    expect(lines.map(({ sequence }) => sequence)).toEqual(upTo(lines.length))
    const files = fileNumbers(disk, LOG) ?? []
    expect(files.length).toBeGreaterThan(5)
    expect(lines.filter(({ type }) => type === 'opened').map(({ file }) => file)).toEqual(files)
    for (const number of files)
      expect(disk.read(filePath(LOG, number))?.length).toBeLessThan(3 * small.fileBytes)
    expect(sound(disk, log.position)).toMatchObject({
      ...log.position,
      files: files.length,
      records: lines.length,
    })
    expect(log.bytesWritten).toBe(
      files.reduce((sum, number) => sum + (disk.read(filePath(LOG, number))?.length ?? 0), 0),
    )
    expect(disk.opened).toBe(0)
  })

  it('goes on in the file in which it ended, and says when its host had not ended in order', () => {
    const disk = newDisk()
    let log = new LogEnd(disk, LOG, { fileBytes: 1e6 }, 1)
    put(log, 1, 1)
    log.close()
    log = new LogEnd(disk, LOG, { fileBytes: 1e6 }, 2)
    log.add(['{"type":"stopped","timeMs":3}'])
    log.write(3)
    log.sync()
    log.close()
    log = new LogEnd(disk, LOG, { fileBytes: 1e6 }, 4)
    log.close()
    expect(linesIn(disk).map(({ type }) => type)).toEqual(['opened', 'decision', 'gap', 'stopped'])
    expect(linesIn(disk)[2]).toMatchObject({ lost: 'unknown', cause: NOT_CLOSED, timeMs: 2 })
    expect(sound(disk, log.position).gaps).toMatchObject({ count: 1, lost: 0, unknown: 1 })
  })

  it('has nothing safe before the disk has said so', () => {
    const disk = newDisk()
    const log = new LogEnd(disk, LOG, { fileBytes: 1e6 }, 1)
    const before = log.position
    log.add(texts(1, 3))
    expect(log.batchesSafe).toBe(0)
    log.write(1)
    expect([log.batchesSafe, log.position]).toEqual([0, before])
    log.sync()
    expect([log.batchesSafe, log.position.sequence]).toEqual([1, before.sequence + 3])
  })
})

describe('files whose time has come', () => {
  it('go when they are too old, which the log says first', () => {
    const disk = newDisk()
    const log = new LogEnd(disk, LOG, { fileBytes: 1e6, keepDays: 10 }, 0)
    for (let day = 0; day < 30; day++) put(log, day + 1, 1, day * DAY_MS)
    const files = fileNumbers(disk, LOG) ?? []
    expect(files).toHaveLength(12)
    expect(log.filesRemoved).toBe((files[0] ?? 0) - 1)
    expect(idsIn(disk)[0]).toBeGreaterThan(15)
    expect(sound(disk, log.position).types.removed).toBeGreaterThan(5)
    log.retain(60 * DAY_MS)
    expect(fileNumbers(disk, LOG), 'before the record of it is safe, nothing goes').toEqual(files)
    log.sync()
    log.removeDoomed()
    expect(fileNumbers(disk, LOG)).toEqual([files.at(-1)])
    sound(disk, log.position)
  })

  it('go when they are too many', () => {
    const disk = newDisk()
    const log = new LogEnd(disk, LOG, { ...small, files: 3 }, 0)
    for (let from = 1; from <= 60; from += 2) put(log, from, 2)
    expect(fileNumbers(disk, LOG)).toHaveLength(3)
    expect(idsIn(disk).at(-1)).toBe(60)
    sound(disk, log.position)
  })

  it('go in a log that was opened with them, too', () => {
    const disk = newDisk()
    let log = new LogEnd(disk, LOG, small, 0)
    for (let from = 1; from <= 40; from += 2) put(log, from, 2)
    log.close()
    log = new LogEnd(disk, LOG, { ...small, files: 2 }, 0)
    log.removeDoomed()
    expect(fileNumbers(disk, LOG)?.length).toBeLessThanOrEqual(2)
    sound(disk, log.position)
  })

  it('are tried again if they cannot be taken away', () => {
    const disk = newDisk()
    const log = new LogEnd(disk, LOG, small, 0)
    for (let from = 1; from <= 20; from += 2) put(log, from, 2)
    log.bounds = { ...small, files: 2 }
    log.retain(1)
    log.sync()
    disk.refuse = ({ name }) => (name === 'unlink' ? 'EACCES' : undefined)
    expect(refusal(() => log.removeDoomed()).code).toBe('ERR_AUDIT_WRITE')
    expect(sound(disk).notes).toContainEqual(expect.stringContaining('still there, and recorded as removed'))
    disk.refuse = undefined
    log.removeDoomed()
    expect(fileNumbers(disk, LOG)).toHaveLength(2)
    sound(disk, log.position)
  })
})

/** What a host does with a log, some batches long, with files that fill up and go. `safe` hears of every head that is. */
function life(disk: AuditMemoryDisk, safe: (log: LogEnd, ids: number) => void): LogEnd {
  const log = new LogEnd(disk, LOG, { ...small, files: 3 }, 1)
  safe(log, 0)
  for (let from = 1; from <= 12; from += 3) {
    put(log, from, 3)
    safe(log, from + 2)
  }
  log.add(texts(13, 9))
  log.write(2)
  log.sync()
  log.removeDoomed()
  safe(log, 21)
  log.add(['{"type":"stopped","timeMs":3}'])
  log.write(3)
  log.sync()
  safe(log, 21)
  log.close()
  return log
}

const calls = (() => {
  const disk = newDisk()
  const before = disk.calls.length
  life(disk, () => {})
  return { before, after: disk.calls.length }
})()

describe('a process or a machine that stops', () => {
  it.each(worlds)('at any call, and $name, leaves what was safe, and a log that goes on', ({ loss }) => {
    let tornOnes = 0
    for (let at = calls.before; at < calls.after; at++) {
      for (const keeps of [0, 1, 700]) {
        const disk = newDisk()
        disk.killAt = at
        disk.killKeeps = keeps
        let acknowledged: { head: string; sequence: number } | undefined
        let ids = 0
        try {
          life(disk, (log, count) => {
            acknowledged = log.position
            ids = count
          })
        } catch (error) {
          if (!disk.isKilled) throw error
        }
        const left = disk.remaining(loss)
        const place = `call ${at}, ${keeps} bytes of it`
        if ((fileNumbers(left, LOG) ?? []).length > 0) {
          const found = verified(left, acknowledged)
          expect(found.problems, place).toEqual([])
          if (found.notes.some((note) => note.includes('never finished'))) tornOnes++
        } else expect(acknowledged).toBeUndefined()
        const log = new LogEnd(left, LOG, { ...small, files: 3 }, 5)
        const here = idsIn(left)
        const [first = 1] = here
        expect(here, place).toEqual(upTo(here.length).map((number) => number + first - 1))
        if (ids > 0) expect(here.at(-1), place).toBeGreaterThanOrEqual(ids)
        put(log, 100, 4)
        expect(idsIn(left).slice(-4), place).toEqual([100, 101, 102, 103])
        sound(left, log.position)
        if (acknowledged !== undefined && (fileNumbers(left, LOG) ?? [])[0] === 1) sound(left, acknowledged)
      }
    }
    if (loss === undefined) expect(tornOnes).toBeGreaterThan(5)
  })

  it('says how much of a line was cut off', () => {
    const disk = newDisk()
    const log = new LogEnd(disk, LOG, { fileBytes: 1e6 }, 1)
    put(log, 1, 2)
    const path = filePath(LOG, 1)
    const bytes = disk.read(path) ?? Buffer.alloc(0)
    disk.put(path, bytes.subarray(0, -100))
    new LogEnd(disk, LOG, { fileBytes: 1e6 }, 2)
    expect(linesIn(disk).at(-1)).toMatchObject({ type: 'gap', lost: 'unknown', cause: NOT_CLOSED })
    expect(linesIn(disk).at(-1)?.cutBytes).toBeGreaterThan(100)
  })
})

describe('a disk that refuses', () => {
  it('any call, once or for a while, has every record once and in order in the end', () => {
    let failures = 0
    for (let at = calls.before; at < calls.after; at++) {
      for (const times of [1, 4]) {
        const disk = newDisk()
        let refusals = 0
        let count = calls.before
        disk.refuse = () => {
          if (count++ < at || refusals >= times) return undefined
          refusals++
          return 'ENOSPC'
        }
        let log: LogEnd | undefined
        for (let attempt = 0; log === undefined; attempt++) {
          try {
            log = new LogEnd(disk, LOG, { ...small, files: 3 }, 1)
          } catch {
            failures++
            if (attempt > 9) throw new Error('it never opens')
          }
        }
        const again = (act: () => void) => {
          for (let attempt = 0; ; attempt++) {
            try {
              log.write(attempt)
              return act()
            } catch (error) {
              failures++
              if (attempt > 9) throw error
            }
          }
        }
        const safely = () => {
          log.sync()
          log.removeDoomed()
        }
        for (let from = 1; from <= 12; from += 3) {
          log.add(texts(from, 3))
          again(safely)
        }
        log.add(texts(13, 9))
        again(() => {})
        log.add(['{"type":"stopped","timeMs":3}'])
        again(safely)
        const ids = idsIn(disk)
        expect(ids).toEqual(upTo(21).slice(-ids.length))
        expect(log.filesRemoved).toBeGreaterThan(2)
        sound(disk, log.position)
        expect(disk.opened).toBeLessThanOrEqual(1)
      }
    }
    expect(failures).toBeGreaterThan(calls.after - calls.before)
  })

  it('loses no line that it had taken and then not kept: after a failed sync all is written again', () => {
    const disk = newDisk()
    const log = new LogEnd(disk, LOG, { fileBytes: 1e6 }, 1)
    put(log, 1, 1)
    log.add(texts(2, 2))
    log.write(1)
    disk.refuse = ({ name }) => (name === 'sync' ? 'EIO' : undefined)
    expect(() => log.sync()).toThrow('EIO')
    disk.refuse = undefined
    const left = disk.remaining({ keep: () => 0, rest: 'gone', names: 'seen' })
    expect(idsIn(left)).toEqual([1])
    const { length } = disk.calls
    log.write(2)
    log.sync()
    expect(disk.calls.slice(length).map(({ name }) => name)).toEqual([
      'open edit',
      'truncate',
      'open append',
      'write',
      'sync',
    ])
    expect(idsIn(disk)).toEqual([1, 2, 3])
  })

  it('does not have its log opened', () => {
    const disk = newDisk()
    disk.refuse = ({ name }) => (name === 'write' ? 'ENOSPC' : undefined)
    expect(refusal(() => new LogEnd(disk, LOG, small, 1))).toMatchObject({
      code: 'ERR_AUDIT_OPEN',
      detail: expect.stringContaining('the disk is full'),
    })
    expect(disk.opened).toBe(0)
  })
})
