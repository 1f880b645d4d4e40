// What waits for the disk is bounded, and what has no room is counted to the last record.

import { describe, expect, it } from 'vitest'

import { Backlog, NO_ROOM } from '../../host/audit/backlog.ts'
import type { AuditAct } from '../../host/audit/format.ts'
import { casesOr, eachCase } from '../differential/chance.ts'
import { decisionRecord } from './worlds.ts'

const act: AuditAct = { command: 'push', via: 'endpoint', result: 'done', who: 'me' }

interface Taken {
  readonly type: string
  readonly lost?: number | 'unknown'
  readonly types?: Record<string, number>
  readonly cause?: string
  readonly fromMs?: number
}

/** All that can be taken, and how many batches that was. */
function takeAll(backlog: Backlog): { records: Taken[]; batches: number } {
  const records: Taken[] = []
  let batches = 0
  for (let texts = backlog.take(); texts !== undefined; texts = backlog.take()) {
    batches++
    records.push(...texts.split('\n').map((text) => JSON.parse(text)))
  }
  return { records, batches }
}

function decide(backlog: Backlog, count: number): void {
  for (let number = 1; number <= count; number++) {
    backlog.offer('decision', number, decisionRecord(number), 5)
  }
}

describe('the backlog', () => {
  it('keeps as many records as it has room for, and tells of the others when half of it is free', () => {
    const backlog = new Backlog({ records: 10, units: 1e9, reserve: 3 })
    decide(backlog, 25)
    expect([backlog.records, backlog.share]).toEqual([10, 1])
    expect([backlog.closeGap(6), backlog.gaps, backlog.lost]).toEqual([undefined, 1, 15])
    const { records, batches } = takeAll(backlog)
    expect(records).toHaveLength(10)
    backlog.settle(batches)
    expect(backlog.records).toBe(0)
    decide(backlog, 1)
    expect(backlog.records, 'before the gap is told, nothing comes after it').toBe(0)
    expect(backlog.closeGap(7)).toBe(16)
    decide(backlog, 1)
    const [gap, next] = takeAll(backlog).records
    expect(gap).toEqual({
      type: 'gap',
      timeMs: 7,
      cause: NO_ROOM,
      lost: 16,
      types: { decision: 16 },
      fromMs: 5,
    })
    expect(next?.type).toBe('decision')
  })

  it('bounds the units of its texts too', () => {
    const backlog = new Backlog({ records: 1e9, units: 5_000, reserve: 3 })
    decide(backlog, 1_000)
    const { records } = takeAll(backlog)
    expect(records.length).toBeLessThan(12)
    expect(records.length + (backlog.closeGap(6, true) ?? 0)).toBe(1_000)
  })

  it('has room left for acts when it has none for decisions', () => {
    const backlog = new Backlog({ records: 10, units: 1e9, reserve: 3 })
    decide(backlog, 12)
    for (let number = 0; number < 5; number++) backlog.offer('act', 1, act, 5)
    const { records } = takeAll(backlog)
    expect(records.filter(({ type }) => type === 'act')).toHaveLength(3)
    expect(backlog.closeGap(6, true)).toBe(4)
    expect(takeAll(backlog).records).toMatchObject([{ lost: 4, types: { decision: 2, act: 2 } }])
  })

  it('counts what a gap stands for that has no room itself', () => {
    const backlog = new Backlog({ records: 1, units: 1e9, reserve: 0 })
    decide(backlog, 1)
    backlog.offer('gap', 1, { cause: 'an evaluator ended', lost: 40, evaluator: 1 }, 5)
    backlog.offer('gap', 1, { cause: 'an evaluator ended', lost: 'unknown' }, 5)
    backlog.offer('gap', 1, { cause: NO_ROOM, lost: 5, types: { decision: 3, act: 2 } }, 5)
    takeAll(backlog)
    expect(backlog.closeGap(6, true)).toBe(45)
    expect(takeAll(backlog).records).toMatchObject([
      { lost: 45, types: { decision: 43, act: 2 } },
      { lost: 'unknown' },
    ])
    expect([backlog.gaps, backlog.lost]).toEqual([2, 45])
  })

  it('knows how long the oldest record has waited', () => {
    const backlog = new Backlog()
    expect(backlog.ageMs(100)).toBe(0)
    decide(backlog, 1)
    expect(backlog.ageMs(105)).toBe(100)
    const { batches } = takeAll(backlog)
    expect(backlog.ageMs(105)).toBe(100)
    backlog.settle(batches)
    expect(backlog.ageMs(105)).toBe(0)
  })

  it('loses nothing unnoticed, whatever comes in whatever order', () => {
    let log: string[] = []
    const cases = eachCase(
      casesOr(300),
      (chance) => {
        log = []
        const backlog = new Backlog({
          records: 1 + chance.below(20),
          units: 1 + chance.below(20_000),
          reserve: 2,
        })
        let offered = 0
        let kept = 0
        let told = 0
        let taken = 0
        const count = ({ type, lost }: Taken) => {
          if (type === 'gap') told += lost as number
          else kept++
        }
        const steps = [
          () => {
            offered++
            backlog.offer('decision', 1, decisionRecord(1), 1)
          },
          () => {
            offered++
            backlog.offer('act', 1, act, 1)
          },
          () => {
            const { records, batches } = takeAll(backlog)
            records.forEach(count)
            taken += batches
          },
          () => {
            const batches = chance.below(taken + 1)
            taken -= batches
            backlog.settle(batches)
          },
          () => backlog.closeGap(2),
        ]
        for (let step = 0; step < 200; step++) {
          const index = chance.below(steps.length)
          log.push(`${index}`)
          steps[index]?.()
        }
        backlog.closeGap(2, true)
        takeAll(backlog).records.forEach(count)
        expect(kept + told).toBe(offered)
        expect(backlog.lost).toBe(told)
      },
      () => log.join(' '),
    )
    expect(cases).toBe(casesOr(300))
  })
})
