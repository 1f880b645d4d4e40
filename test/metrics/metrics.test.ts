// What a host counts of itself: every number is one that something happened as often as, in series that stay few.

import { describe, expect, it } from 'vitest'

import type { ConnectionRecord } from '../../host/control/messages.ts'
import { metricsHistogramsMax, metricsTenantsMax, operatorReplyBytesMax } from '../../host/limits.ts'
import {
  catalogue,
  durationBuckets,
  fuelBuckets,
  type MetricName,
  OTHER_TENANTS,
} from '../../host/metrics/catalogue.ts'
import { type Countable, Distribution } from '../../host/metrics/decision-counts.ts'
import { type Figures, Metrics } from '../../host/metrics/metrics.ts'
import { samplesOf } from './text.ts'

const figures: Figures = {
  isRunning: true,
  generation: 3,
  tenants: 2,
  policies: 2,
  evaluatorsConfigured: 2,
  evaluators: ['serving', 'serving', 'ready'],
  connections: new Map([['a', 4]]),
  quarantined: 1,
  versions: ['active', 'retired', 'retired'],
}

const decision: Countable = {
  tenant: 'a',
  outcome: 'allow',
  microseconds: 150,
  policy: 'p',
  fuelUsed: 812,
  guardFuelUsed: 90,
}

function metricsOf(tenants: readonly string[], more: Partial<Figures> = {}): Metrics {
  const metrics = new Metrics(() => ({ ...figures, ...more }))
  metrics.configured(tenants)
  return metrics
}

const read = async (metrics: Metrics) => samplesOf((await metrics.text()).text)

describe('decisions', () => {
  it('are counted by tenant and outcome, and those without an answer by their code', async () => {
    const metrics = metricsOf(['a', 'b'])
    for (let n = 0; n < 3; n++) metrics.decision(decision)
    metrics.decision({ ...decision, outcome: 'deny' })
    metrics.decision({ ...decision, tenant: 'b', outcome: 'no-answer', error: 'ERR_POLICY_FUEL' })
    const told = await read(metrics)
    const count = (tenant: string, outcome: string) =>
      told.get(`portcullis_decisions_total{tenant="${tenant}",outcome="${outcome}"}`)
    expect([count('a', 'allow'), count('a', 'deny'), count('a', 'no-answer')]).toEqual([3, 1, 0])
    expect([count('b', 'no-answer'), count(OTHER_TENANTS, 'allow')]).toEqual([1, 0])
    expect(told.get('portcullis_no_answers_total{error="ERR_POLICY_FUEL"}')).toBe(1)
  })

  it('have their durations in seconds and their fuel in units, of policies that were asked', async () => {
    const metrics = metricsOf(['a'])
    metrics.decision(decision)
    metrics.decision({ ...decision, microseconds: 2_000_000, fuelUsed: 0, guardFuelUsed: 5_000 })
    metrics.decision({ tenant: 'a', outcome: 'no-answer', error: 'ERR_POLICY_TIME', microseconds: 110_000 })
    const told = await read(metrics)
    const bucket = (le: string) =>
      told.get(`portcullis_decision_duration_seconds_bucket{tenant="a",le="${le}"}`)
    expect([bucket('0.0001'), bucket('0.0002'), bucket('0.1'), bucket('0.2')]).toEqual([0, 1, 1, 2])
    expect([bucket('1'), bucket('+Inf')]).toEqual([2, 3])
    expect(told.get('portcullis_decision_duration_seconds_sum{tenant="a"}')).toBeCloseTo(2.11015)
    expect(told.get('portcullis_policy_fuel_units_count{tenant="a"}')).toBe(1)
    expect(told.get('portcullis_policy_fuel_units_sum{tenant="a"}')).toBe(812)
    expect(told.get('portcullis_guard_fuel_units_count')).toBe(2)
    expect(told.get('portcullis_guard_fuel_units_bucket{le="100"}')).toBe(1)
  })

  it.each([durationBuckets, fuelBuckets])('fall into the first bucket that holds them (%#)', (...bounds) => {
    const below = bounds.map((bound) => {
      const distribution = new Distribution(bounds)
      for (const value of [bound * 0.999, bound, bound * 1.001]) distribution.add(value)
      return distribution.counts
    })
    for (const [index, counts] of below.entries()) {
      const expected = new Array(bounds.length + 1).fill(0)
      expected[index] = 2
      expected[index + 1] = 1
      expect(counts).toEqual(expected)
    }
  })
})

describe('tenants', () => {
  const many = Array.from(
    { length: metricsTenantsMax + 50 },
    (_, index) => `tenant-${index}-${'x'.repeat(50)}`,
  )

  it('beyond the bound are counted together, and an answer still fits', async () => {
    const metrics = metricsOf(many, { connections: new Map(many.map((tenant) => [tenant, 2])) })
    for (const tenant of many) metrics.decision({ ...decision, tenant })
    const { text } = await metrics.text()
    const told = samplesOf(text)
    const labels = new Set([...told.keys()].flatMap((name) => /tenant="([^"]*)"/.exec(name)?.[1] ?? []))
    expect(labels.size).toBe(metricsTenantsMax + 1)
    const other = (name: string) => told.get(`${name}{tenant="${OTHER_TENANTS}"}`)
    expect(told.get(`portcullis_decisions_total{tenant="${OTHER_TENANTS}",outcome="allow"}`)).toBe(50)
    expect(other('portcullis_connections')).toBe(100)
    const histograms = [...told.keys()].filter((name) => /_seconds_count\{tenant/.test(name))
    expect(histograms).toHaveLength(metricsHistogramsMax + 1)
    expect(other('portcullis_decision_duration_seconds_count')).toBe(many.length - metricsHistogramsMax)
    expect(JSON.stringify({ result: { text } }).length).toBeLessThan(operatorReplyBytesMax / 2)
  })

  it('keep their series as long as they are configured, and make room for others when they are not', async () => {
    const metrics = metricsOf(many)
    const [first = '', second = ''] = many
    const lastOne = many.at(-1) as string
    for (const tenant of [first, second, lastOne]) metrics.decision({ ...decision, tenant })
    metrics.configured(many.slice(1))
    metrics.decision({ ...decision, tenant: many[metricsTenantsMax] as string })
    const told = await read(metrics)
    const count = (tenant: string) =>
      told.get(`portcullis_decisions_total{tenant="${tenant}",outcome="allow"}`)
    expect([count(first), count(second), count(many[metricsTenantsMax] as string)]).toEqual([undefined, 1, 1])
    expect(count(OTHER_TENANTS)).toBe(1)
    metrics.configured([])
    expect([...(await read(metrics)).keys()].filter((name) => name.includes('tenant-'))).toEqual([])
  })
})

describe('what happens', () => {
  it('to evaluators, policies and records is counted', async () => {
    const metrics = metricsOf(['a'])
    for (let n = 0; n < 3; n++) metrics.evaluatorStarted()
    metrics.evaluatorEnded('watchdog')
    metrics.evaluatorFailed('ERR_CHANNEL')
    metrics.quarantined('deaths')
    metrics.held(true)
    metrics.held(false)
    metrics.held(false)
    metrics.gap(7)
    metrics.gap('unknown')
    expect(Object.fromEntries(await read(metrics))).toMatchObject({
      portcullis_evaluator_starts_total: 3,
      'portcullis_evaluator_ends_total{how="watchdog"}': 1,
      'portcullis_evaluator_ends_total{how="crash"}': 0,
      'portcullis_evaluator_failures_total{error="ERR_CHANNEL"}': 1,
      'portcullis_quarantines_total{reason="deaths"}': 1,
      'portcullis_held_questions_total{verdict="asked"}': 1,
      'portcullis_held_questions_total{verdict="refused"}': 2,
      'portcullis_gaps_total{size="known"}': 1,
      'portcullis_gaps_total{size="unknown"}': 1,
      portcullis_lost_records_total: 7,
    })
  })

  it('to connections is counted, with what plug-ins denied by themselves', async () => {
    const metrics = metricsOf(['a'])
    const record: ConnectionRecord = { accepted: true, account: 'uid:1' }
    metrics.connection(record, { BUSY: 3 })
    metrics.connection(record, { BUSY: 1, UNREACHABLE: 2 })
    metrics.connection({ ...record, accepted: false, error: 'ERR_CONNECTION_VERSION' }, { VERSION: 5 })
    const told = await read(metrics)
    expect(told.get('portcullis_connections_accepted_total')).toBe(2)
    expect(told.get('portcullis_connections_refused_total{error="ERR_CONNECTION_VERSION"}')).toBe(1)
    const denied = (reason: string) => told.get(`portcullis_plugin_denials_total{reason="${reason}"}`)
    expect([denied('BUSY'), denied('UNREACHABLE'), denied('VERSION'), denied('LATE')]).toEqual([4, 2, 5, 0])
  })

  it('to acts is counted with what they came to', async () => {
    const metrics = metricsOf(['a'])
    metrics.acted('activate')
    metrics.acted('push')
    for (let n = 0; n < 2; n++) metrics.acted('activate', 'ERR_ACTIVATION_RATE')
    metrics.acted('return')
    const told = await read(metrics)
    const acts = [...told].filter(([name]) => name.startsWith('portcullis_acts_total'))
    expect(acts).toEqual([
      ['portcullis_acts_total{act="activate",result="done"}', 1],
      ['portcullis_acts_total{act="push",result="done"}', 1],
      ['portcullis_acts_total{act="activate",result="ERR_ACTIVATION_RATE"}', 2],
      ['portcullis_acts_total{act="return",result="done"}', 1],
    ])
  })

  it('at the API is added up, by classes that there are and no others', async () => {
    const metrics = metricsOf(['a'])
    metrics.api({ requests: { '2xx': 5, '4xx': 2, '9xx': 1 }, unauthorized: 1, limited: 1 })
    metrics.api({ requests: { '2xx': 1 }, unauthorized: 0, limited: 2 })
    const told = await read(metrics)
    const classes = [...told].filter(([name]) => name.startsWith('portcullis_api_requests_total'))
    expect(classes.map(([, value]) => value)).toEqual([6, 0, 2, 0])
    expect(told.get('portcullis_api_unauthorized_total')).toBe(1)
    expect(told.get('portcullis_api_limited_total')).toBe(3)
  })
})

describe('what there is', () => {
  it('is told as it is at the moment', async () => {
    let now: Figures = figures
    const metrics = new Metrics(() => now)
    metrics.configured(['a'])
    const first = await read(metrics)
    expect(first.get('portcullis_serving')).toBe(1)
    expect(first.get('portcullis_evaluators{state="serving"}')).toBe(2)
    expect(first.get('portcullis_store_versions{state="retired"}')).toBe(2)
    expect(first.get('portcullis_connections{tenant="a"}')).toBe(4)
    now = { ...figures, evaluators: ['serving', 'loading'], versions: undefined, connections: new Map() }
    const then = await read(metrics)
    expect(then.get('portcullis_serving')).toBe(0)
    expect(then.get('portcullis_evaluators{state="loading"}')).toBe(1)
    expect(then.get('portcullis_connections{tenant="a"}')).toBe(0)
    expect([...then.keys()].filter((name) => name.startsWith('portcullis_store_versions'))).toEqual([])
  })

  it('of the audit log is told if there is one, and otherwise is not there, rather than 0', async () => {
    const audit = {
      head: `fedcba987654${'0'.repeat(52)}`,
      sequence: 1_000,
      lag: 12,
      lagMs: 340,
      gaps: 2,
      lost: 30,
      isBehind: true,
      bytesWritten: 5_000,
      filesRemoved: 1,
      error: { code: 'ERR_AUDIT_WRITE' },
    }
    const told = await read(metricsOf(['a'], { audit }))
    const ofAudit = new Map([...told].filter(([name]) => name.startsWith('portcullis_audit_')))
    expect(Object.fromEntries(ofAudit)).toEqual({
      portcullis_audit_records_total: 1_000,
      portcullis_audit_head: 0xfedcba987654,
      portcullis_audit_lag_records: 12,
      portcullis_audit_lag_seconds: 0.34,
      portcullis_audit_behind: 1,
      portcullis_audit_failed: 1,
      portcullis_audit_gaps_total: 2,
      portcullis_audit_lost_records_total: 30,
      portcullis_audit_written_bytes_total: 5_000,
      portcullis_audit_removed_files_total: 1,
    })
    const without = await read(metricsOf(['a'], { audit: null }))
    expect([...without.keys()].filter((name) => name.startsWith('portcullis_audit_'))).toEqual([])
  })

  it('is asked for by several at once without one disturbing the other', async () => {
    const metrics = metricsOf(['a'])
    metrics.decision(decision)
    const own = (text: string) => text.split('\n').filter((line) => line.startsWith('portcullis_'))
    const texts = await Promise.all([metrics.text(), metrics.text(), metrics.text()])
    const [first, ...others] = texts.map(({ text }) => own(text))
    for (const other of others) expect(other).toEqual(first)
  })
})

it('every series is of a metric of the catalogue, with its labels and no others', async () => {
  const metrics = metricsOf(['a'])
  metrics.decision({ ...decision, outcome: 'no-answer', error: 'ERR_POLICY_TRAP' })
  metrics.evaluatorFailed('ERR_CHANNEL')
  metrics.acted('lift')
  for (const name of (await read(metrics)).keys()) {
    const [, metric = '', , labels = ''] = /^([a-z0-9_]+)(\{(.*)\})?$/.exec(name) ?? []
    if (!metric.startsWith('portcullis_')) continue
    const base = metric.replace(/_(bucket|sum|count)$/, '')
    const { labels: known, type } = catalogue[(base in catalogue ? base : metric) as MetricName]
    const used = [...labels.matchAll(/([a-z]+)="/g)].map(([, label]) => label)
    expect(used.filter((label) => label !== 'le' || type !== 'histogram')).toEqual([...known])
  }
})
