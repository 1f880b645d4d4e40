// When the thread that writes makes safe, tries again, and looks for files whose time has come; by a clock that the test moves.

import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { fileNumbers } from '../../host/audit/files.ts'
import type { LogBounds } from '../../host/audit/log-end.ts'
import type { FromWriter } from '../../host/audit/messages.ts'
import { Writer } from '../../host/audit/writer.ts'
import {
  auditIdleMs,
  auditRetainMs,
  auditRetryMsMax,
  auditRetryMsMin,
  auditSyncMs,
} from '../../host/limits.ts'
import { type AuditMemoryDisk, LOG, newDisk, texts } from './worlds.ts'

let disk: AuditMemoryDisk
let said: FromWriter[]
let writer: Writer

const syncs = () => disk.calls.filter(({ name }) => name === 'sync').length
const batch = (number: number) => writer.told({ type: 'batch', texts: texts(number, 1).join('\n') })
const saidTypes = () => said.map(({ type }) => type)

function start(bounds: LogBounds = { fileBytes: 1e6 }): void {
  disk = newDisk()
  said = []
  writer = new Writer(disk, { folder: LOG, bounds }, (message) => said.push(message))
}

beforeEach(() => {
  vi.useFakeTimers()
  start()
})

afterEach(() => {
  writer.destroy()
  vi.useRealTimers()
})

it('makes safe what has come when nothing more comes', () => {
  const before = syncs()
  batch(1)
  batch(2)
  vi.advanceTimersByTime(auditIdleMs - 1)
  expect([syncs() - before, saidTypes()]).toEqual([0, ['opened']])
  vi.advanceTimersByTime(1)
  expect([syncs() - before, saidTypes()]).toEqual([1, ['opened', 'safe']])
  expect(said.at(-1)).toMatchObject({ progress: { batches: 2, sequence: 3 } })
  vi.advanceTimersByTime(10_000)
  expect(syncs() - before).toBe(1)
})

it('asks the disk once in a second while more and more comes', () => {
  const before = syncs()
  for (let number = 1; number <= 1_000; number++) {
    batch(number)
    vi.advanceTimersByTime(auditIdleMs / 2)
  }
  expect(syncs() - before).toBe((1_000 * auditIdleMs) / 2 / auditSyncMs)
  vi.advanceTimersByTime(auditIdleMs)
  expect(said.at(-1)).toMatchObject({ type: 'safe', progress: { batches: 1_000 } })
})

it('tries again after longer and longer, and says so once', () => {
  const attempts: number[] = []
  disk.refuse = ({ name }) => {
    if (name === 'write') attempts.push(Date.now())
    return name === 'write' ? 'ENOSPC' : undefined
  }
  batch(1)
  vi.advanceTimersByTime(60_000)
  const pauses = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0))
  expect(pauses.slice(0, 3)).toEqual([auditRetryMsMin, auditRetryMsMin * 2, auditRetryMsMin * 4])
  expect(new Set(pauses.slice(6))).toEqual(new Set([auditRetryMsMax]))
  batch(2)
  expect(saidTypes()).toEqual(['opened', 'failed'])
  disk.refuse = undefined
  vi.advanceTimersByTime(auditRetryMsMax)
  expect(saidTypes()).toEqual(['opened', 'failed', 'recovered', 'safe'])
  expect(said.at(-1)).toMatchObject({ progress: { batches: 2, sequence: 3 } })
})

it('looks once in an hour for files whose time has come', () => {
  start({ fileBytes: 1_000, keepDays: 1 })
  for (let number = 1; number <= 6; number++) batch(number)
  vi.advanceTimersByTime(auditIdleMs)
  expect(fileNumbers(disk, LOG)?.length).toBeGreaterThan(2)
  vi.advanceTimersByTime(24 * auditRetainMs)
  expect(fileNumbers(disk, LOG)?.length).toBeGreaterThan(2)
  vi.advanceTimersByTime(auditRetainMs + auditIdleMs)
  expect(fileNumbers(disk, LOG)).toHaveLength(1)
})

it('that is to end writes that a host stopped when all else is safe', () => {
  batch(1)
  writer.told({ type: 'close', text: '{"type":"stopped","timeMs":9}' })
  expect(saidTypes()).toEqual(['opened', 'safe', 'safe', 'closed'])
  expect(disk.calls.slice(-4).map(({ name }) => name)).toEqual(['write', 'sync', 'write', 'sync'])
  expect(disk.opened).toBe(0)
})

it('that is to end while the disk refuses ends when it does not any more', () => {
  disk.refuse = ({ name }) => (name === 'sync' ? 'EIO' : undefined)
  batch(1)
  writer.told({ type: 'close', text: '{"type":"stopped","timeMs":9}' })
  vi.advanceTimersByTime(1_000)
  expect(saidTypes()).toEqual(['opened', 'failed'])
  disk.refuse = undefined
  vi.advanceTimersByTime(auditRetryMsMax)
  expect(saidTypes()).toEqual(['opened', 'failed', 'recovered', 'safe', 'safe', 'closed'])
})
