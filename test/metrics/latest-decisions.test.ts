// What a host remembers of its latest decisions: fair to every tenant, bounded, and with nothing missing that is not counted.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { DecisionRecord } from '../../host/control/messages.ts'
import {
  decisionBytes,
  decisionsReplyUnitsMax,
  decisionsTold,
  latestDecisionsBytesMax,
  latestDecisionsMax,
  operatorReplyBytesMax,
} from '../../host/limits.ts'
import { type DecisionsQuery, Latest, type LatestDecisions } from '../../host/supervisor/latest-decisions.ts'
import { refusal } from '../support/refusal.ts'

/** The n-th decision, by which it is known again. */
function record(n: number, tenant = 'a', more: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id: n.toString(16).padStart(32, '0'),
    attempt: 1,
    tenant,
    application: 'wsman/a',
    kind: 'user',
    sender: 'CONTOSO\\alice',
    outcome: 'allow',
    code: 0,
    fuelUsed: 10,
    generation: 1,
    timeMs: 0,
    microseconds: 100,
    ...more,
  }
}

function latestOf(tenants: readonly string[], bytesMax?: number): Latest {
  const latest = new Latest(bytesMax)
  latest.configured(tenants)
  return latest
}

const numbers = ({ decisions }: LatestDecisions) => decisions.map(({ id }) => Number.parseInt(id, 16))

/** Many texts, so that few fit: a kibibyte of an estimate each, and a bit. */
const long = { sender: 's'.repeat(200) }

describe('latest decisions', () => {
  it('are told the newest first, and from a cursor on the oldest first', () => {
    const latest = latestOf(['a', 'b'])
    for (let n = 1; n <= 3; n++) latest.decided(record(n, n === 2 ? 'b' : 'a'), 0, n)
    const first = latest.ask({})
    expect(numbers(first)).toEqual([3, 2, 1])
    expect(first.omitted).toBe(0)
    expect(first.decisions[0]).toMatchObject({
      tenant: 'a',
      evaluator: 0,
      toldMs: 3,
      sender: 'CONTOSO\\alice',
    })
    latest.decided(record(4), undefined, 4)
    latest.decided(record(5), 1, 5)
    const since = latest.ask({ after: first.cursor })
    expect(numbers(since)).toEqual([4, 5])
    expect(since.decisions[0]).not.toHaveProperty('evaluator')
    expect(latest.ask({ after: since.cursor })).toEqual({ decisions: [], cursor: since.cursor, omitted: 0 })
    // Each has its own cursor: whoever was interrupted goes on behind the last that it has seen.
    expect(numbers(latest.ask({ after: since.decisions[0]?.cursor ?? '' }))).toEqual([5])
  })

  it('of one tenant have nothing of another, and a cursor that does not count others', () => {
    const latest = latestOf(['a', 'b'])
    latest.decided(record(1), 0, 1)
    const before = latest.ask({ tenant: 'a' })
    for (let n = 2; n < 50; n++) latest.decided(record(n, 'b'), 0, n)
    const { cursor, decisions } = latest.ask({ tenant: 'a' })
    expect([cursor, decisions.length]).toEqual([before.cursor, 1])
    expect(latest.ask({ tenant: 'a', after: cursor })).toEqual({ decisions: [], cursor, omitted: 0 })
    expect(numbers(latest.ask({ tenant: 'b', limit: 2 }))).toEqual([49, 48])
  })

  it('are filtered in every respect', () => {
    const latest = latestOf(['a'])
    latest.decided(record(1), 0, 1)
    latest.decided(record(2, 'a', { outcome: 'deny', code: 5, reason: 'no' }), 0, 2)
    latest.decided(record(3, 'a', { outcome: 'no-answer', code: 1359, error: 'ERR_POLICY_TRAP' }), 0, 3)
    latest.decided(record(4, 'a', { kind: 'operation', sender: 'FABRIKAM\\Böb' }), 0, 4)
    const cases: [DecisionsQuery, number[]][] = [
      [{ outcome: 'deny' }, [2]],
      [{ outcome: 'no-answer', error: 'ERR_POLICY_TRAP' }, [3]],
      [{ error: 'ERR_POLICY_FUEL' }, []],
      [{ kind: 'operation' }, [4]],
      [{ kind: 'user', outcome: 'allow' }, [1]],
      [{ sender: 'ALICE' }, [3, 2, 1]],
      [{ sender: 'bÖb' }, [4]],
      [{ id: '2'.padStart(32, '0') }, [2]],
    ]
    for (const [query, expected] of cases) {
      expect(numbers(latest.ask(query)), JSON.stringify(query)).toEqual(expected)
      expect(numbers(latest.ask({ tenant: 'a', ...query }))).toEqual(expected)
    }
  })

  it('have the watchdog’s among them, which has no sender to be found by', () => {
    const latest = latestOf(['a'])
    const decision = {
      id: 'f'.repeat(32),
      kind: 'user',
      attempt: 1,
      tenant: 'a',
      application: 'wsman/a',
      phase: 'tenant',
      outcome: 'no-answer',
      code: 1460,
      by: 'host',
      error: 'ERR_POLICY_TIME',
      detail: '100 ms of processor time in 120 ms',
    } as const
    latest.decided(decision, 0, 1)
    expect(latest.ask({ error: 'ERR_POLICY_TIME' }).decisions).toMatchObject([decision])
    expect(latest.ask({ sender: 'a' }).decisions).toEqual([])
  })

  it('come in pages, which end where they are full and go on there', () => {
    const latest = latestOf(['a', 'b'])
    const start = latest.ask({}).cursor
    for (let n = 1; n <= 250; n++) latest.decided(record(n, n % 3 === 0 ? 'b' : 'a'), 0, n)
    expect(latest.ask({}).decisions).toHaveLength(decisionsTold)
    const seen: number[] = []
    let after = start
    for (let page = 0; page < 3; page++) {
      const answer = latest.ask({ after })
      expect(answer.omitted).toBe(0)
      seen.push(...numbers(answer))
      after = answer.cursor
    }
    expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => index + 1))
    expect(latest.ask({ after }).decisions).toEqual([])
  })

  it('never make an answer longer than an operator takes', () => {
    const latest = latestOf(['a'])
    // Each unit takes six in JSON.
    const worst = '\u0001'.repeat(512)
    const texts = { sender: worst, action: worst, resourceUri: worst, reason: worst, detail: worst }
    const { cursor } = latest.ask({})
    for (let n = 1; n <= 500; n++) latest.decided(record(n, 'a', texts), 0, n)
    let after = cursor
    const seen: number[] = []
    while (seen.length < 500) {
      const answer = latest.ask({ after, limit: 500 })
      expect(JSON.stringify(answer).length).toBeLessThan(decisionsReplyUnitsMax + 100)
      seen.push(...numbers(answer))
      after = answer.cursor
    }
    expect(seen).toEqual(Array.from({ length: 500 }, (_, index) => index + 1))
    expect(decisionsReplyUnitsMax + 1000).toBeLessThan(operatorReplyBytesMax)
  })

  it('of a tenant that is not configured are an error, and are gone when it comes back', () => {
    const latest = latestOf(['a', 'b'])
    for (let n = 1; n <= 5; n++) latest.decided(record(n, 'b'), 0, n)
    const { cursor } = latest.ask({ tenant: 'b' })
    latest.configured(['a'])
    expect(refusal(() => latest.ask({ tenant: 'b' }))).toMatchObject({ code: 'ERR_VERSION_SUBJECT' })
    expect(latest.ask({}).decisions).toEqual([])
    // Nobody's by now: told of by an evaluator that had not heard yet.
    latest.decided(record(6, 'b'), 0, 6)
    latest.configured(['a', 'b'])
    latest.decided(record(7, 'b'), 0, 7)
    expect(numbers(latest.ask({ tenant: 'b' }))).toEqual([7])
    const since = latest.ask({ tenant: 'b', after: cursor })
    expect([numbers(since), since.restarted]).toEqual([[7], true])
  })

  it.each(['1-2', 'nonsense', '.', '', `${'x'.repeat(12)}.1`])(
    'after a cursor that is none of theirs (%j) begin with the oldest, and say so',
    (after) => {
      const latest = latestOf(['a'])
      latest.decided(record(1), 0, 1)
      latest.decided(record(2), 0, 2)
      const answer = latest.ask({ after })
      expect([numbers(answer), answer.omitted, answer.restarted]).toEqual([[1, 2], 0, true])
    },
  )

  it('are not taken for those that will come, by a cursor of the future', () => {
    const latest = latestOf(['a'])
    latest.decided(record(1), 0, 1)
    const [run] = latest.ask({}).cursor.split('.')
    expect(latest.ask({ after: `${run}.7` })).toMatchObject({ restarted: true, decisions: [{}] })
  })
})

describe('where there is no room', () => {
  const bytesMax = 1000 * (decisionBytes + 500)

  it('a loud tenant loses its oldest, and a quiet one nothing', () => {
    const latest = latestOf(['loud', 'quiet'], bytesMax)
    for (let n = 1; n <= 300; n++) latest.decided(record(n, 'quiet', long), 0, n)
    const { cursor } = latest.ask({ tenant: 'loud' })
    for (let n = 301; n <= 20_000; n++) latest.decided(record(n, 'loud', long), 0, n)
    expect(numbers(latest.ask({ tenant: 'quiet', limit: 500 }))).toHaveLength(300)
    const { decisions, omitted } = latest.ask({ tenant: 'loud', after: cursor, limit: 500 })
    const oldest = Number.parseInt(decisions[0]?.id ?? '', 16)
    expect(omitted).toBe(oldest - 301)
    expect(decisions).toHaveLength(500)
    expect(numbers(latest.ask({ tenant: 'loud', limit: 1 }))).toEqual([20_000])
  })

  it('many of them share it', () => {
    const names = Array.from({ length: 50 }, (_, index) => `t${index}`)
    const latest = latestOf(names, bytesMax)
    for (let n = 1; n <= 10_000; n++) latest.decided(record(n, names[n % 50] as string, long), 0, n)
    const kept = names.map((tenant) => latest.ask({ tenant, limit: 500 }).decisions.length)
    expect(Math.min(...kept)).toBeGreaterThanOrEqual(Math.floor(1000 / 50) - 2)
    expect(Math.max(...kept)).toBeLessThanOrEqual(1000 / 50 + 20)
  })

  it('no more are kept than the bound, however short they are', () => {
    const latest = latestOf(['a'])
    const start = latest.ask({}).cursor
    const total = latestDecisionsMax + 20_000
    for (let n = 1; n <= total; n++) latest.decided(record(n), 0, n)
    const { omitted } = latest.ask({ after: start, limit: 1 })
    expect(total - omitted).toBeLessThanOrEqual(latestDecisionsMax)
    expect((total - omitted) * decisionBytes).toBeGreaterThan((latestDecisionsBytesMax * 3) / 4)
  })

  it('whatever happens, told and omitted together are all that there were, in their order', () => {
    const tenants = ['a', 'b', 'c']
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ tenant: fc.constantFrom(...tenants), times: fc.integer({ min: 1, max: 40 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          read: fc.constantFrom(undefined, ...tenants),
          limit: fc.integer({ min: 1, max: 50 }),
        }),
      },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const latest = latestOf(tenants, 30 * decisionBytes)
        const readers = [undefined, ...tenants].map((tenant) => ({
          query: tenant === undefined ? {} : { tenant },
          cursor: latest.ask(tenant === undefined ? {} : { tenant }).cursor,
          told: [] as number[],
          omitted: 0,
        }))
        const issued = new Map<string | undefined, number>()
        let n = 0
        const read = (reader: (typeof readers)[number] | undefined, limit: number) => {
          if (reader === undefined) return
          const answer = latest.ask({ ...reader.query, after: reader.cursor, limit })
          expect(answer.restarted).toBeUndefined()
          reader.cursor = answer.cursor
          reader.told.push(...numbers(answer))
          reader.omitted += answer.omitted
        }
        for (const one of steps) {
          if ('times' in one) {
            for (let i = 0; i < one.times; i++) latest.decided(record(++n, one.tenant), 0, n)
            for (const key of [undefined, one.tenant]) issued.set(key, (issued.get(key) ?? 0) + one.times)
          } else read(readers[[undefined, ...tenants].indexOf(one.read)], one.limit)
        }
        for (const [index, key] of [undefined, ...tenants].entries()) {
          const reader = readers[index]
          for (let page = 0; page < 100; page++) read(reader, 500)
          const told = reader?.told ?? []
          expect(told.length + (reader?.omitted ?? 0)).toBe(issued.get(key) ?? 0)
          expect(told).toEqual([...new Set(told)].sort((a, b) => a - b))
        }
      }),
      { numRuns: 200 },
    )
  })
})
