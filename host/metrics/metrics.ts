/**
 * What a running host counts of itself, from its start on: plain numbers, which the supervisor adds to as things happen. What can be
 * seen at any time (processes, connections, the store) is not counted but looked at when somebody asks.
 *
 *     supervisor --as it happens--> counts --+
 *                                            +--> samples --> prom-client --> text
 *     supervisor --when asked-----> figures--+
 */

import type { ConnectionRecord } from '../control/messages.ts'
import type { ErrorCode } from '../errors.ts'
import { headDigitsMin } from '../limits.ts'
import { version } from '../paths.ts'
import { OTHER_DENIALS, pluginDenials } from '../wire/layout.ts'
import type { CounterName, GaugeName, HistogramName } from './catalogue.ts'
import { type Countable, DecisionCounts } from './decision-counts.ts'
import type { HistogramSample, MetricsRegistry, Sample, Samples } from './registry.ts'

export interface MetricsText {
  readonly contentType: string
  readonly text: string
}

/** The state of the audit log. */
export interface AuditFigures {
  readonly head: string
  readonly sequence: number
  readonly lag: number
  readonly lagMs: number
  readonly gaps: number
  readonly lost: number
  readonly isBehind: boolean
  readonly bytesWritten: number
  readonly filesRemoved: number
  readonly error?: object
}

/** The host as it is at the moment. */
export interface Figures {
  readonly isRunning: boolean
  readonly generation: number
  readonly tenants: number
  readonly policies: number
  readonly evaluatorsConfigured: number
  /** The state of each process. */
  readonly evaluators: readonly string[]
  /** By tenant. */
  readonly connections: ReadonlyMap<string, number>
  readonly quarantined: number
  /** The state of each version in the store; undefined without a store. */
  readonly versions: readonly string[] | undefined
  /** Null or absent without an audit log. */
  readonly audit?: AuditFigures | null | undefined
}

/** What the HTTP API has answered since it last said so. */
export interface ApiCounts {
  /** By class of the status, such as "2xx". */
  readonly requests: Readonly<Record<string, number>>
  readonly unauthorized: number
  readonly limited: number
}

type Labels = Readonly<Record<string, string>>

const statusClasses = ['2xx', '3xx', '4xx', '5xx'] as const

/** States that a process can be in while it is told of; one that is dead is not. */
const evaluatorStates = ['loading', 'ready', 'assigned', 'serving'] as const

/** Whose doing an evaluator's end was. */
export type EvaluatorEnd = 'watchdog' | 'crash' | 'outside' | 'closed'

/** With these values a series is there before anything has happened: a rate sees the first time too. */
const fromTheStart: readonly [CounterName, string, readonly string[]][] = [
  ['portcullis_evaluator_ends_total', 'how', ['watchdog', 'crash', 'outside', 'closed']],
  ['portcullis_quarantines_total', 'reason', ['processor time', 'deaths']],
  ['portcullis_held_questions_total', 'verdict', ['asked', 'refused']],
  ['portcullis_gaps_total', 'size', ['known', 'unknown']],
  ['portcullis_plugin_denials_total', 'reason', [...pluginDenials, OTHER_DENIALS]],
  ['portcullis_api_requests_total', 'status', statusClasses],
]

const withoutLabels: readonly CounterName[] = [
  'portcullis_lost_records_total',
  'portcullis_evaluator_starts_total',
  'portcullis_connections_accepted_total',
  'portcullis_api_unauthorized_total',
  'portcullis_api_limited_total',
]

const one = (value: number | boolean): Sample[] => [{ labels: {}, value: Number(value) }]

function counted(label: string, values: Iterable<string>, all: readonly string[] = []): Sample[] {
  const counts = new Map(all.map((value) => [value, 0]))
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].map(([name, value]) => ({ labels: { [label]: name }, value }))
}

export class Metrics {
  readonly #decisions = new DecisionCounts()
  readonly #events = new Map<CounterName, Map<string, { labels: Labels; value: number }>>()
  readonly #figures: () => Figures
  #registry: Promise<MetricsRegistry> | undefined

  constructor(figures: () => Figures) {
    this.#figures = figures
    for (const [name, label, values] of fromTheStart) {
      for (const value of values) this.#count(name, { [label]: value }, 0)
    }
    for (const name of withoutLabels) this.#count(name, {}, 0)
  }

  // ---- as it happens

  /** Of the configuration that decides from now on. */
  configured(tenants: Iterable<string>): void {
    this.#decisions.configured(tenants)
  }

  decision(decision: Countable): void {
    this.#decisions.decision(decision)
  }

  held(isCleared: boolean): void {
    this.#count('portcullis_held_questions_total', { verdict: isCleared ? 'asked' : 'refused' })
  }

  gap(lost: number | 'unknown'): void {
    this.#count('portcullis_gaps_total', { size: lost === 'unknown' ? lost : 'known' })
    if (lost !== 'unknown') this.#count('portcullis_lost_records_total', {}, lost)
  }

  evaluatorStarted(): void {
    this.#count('portcullis_evaluator_starts_total', {})
  }

  evaluatorEnded(how: EvaluatorEnd): void {
    this.#count('portcullis_evaluator_ends_total', { how })
  }

  evaluatorFailed(error: ErrorCode): void {
    this.#count('portcullis_evaluator_failures_total', { error })
  }

  quarantined(reason: string): void {
    this.#count('portcullis_quarantines_total', { reason })
  }

  /** `denied`: what the plug-in says for the first time that it denied by itself. */
  connection({ accepted, error }: ConnectionRecord, denied: Readonly<Record<string, number>>): void {
    if (accepted) this.#count('portcullis_connections_accepted_total', {})
    else if (error !== undefined) this.#count('portcullis_connections_refused_total', { error })
    for (const [reason, times] of Object.entries(denied)) {
      this.#count('portcullis_plugin_denials_total', { reason }, times)
    }
  }

  acted(act: string, refused?: ErrorCode): void {
    this.#count('portcullis_acts_total', { act, result: refused ?? 'done' })
  }

  api({ requests, unauthorized, limited }: ApiCounts): void {
    for (const status of statusClasses) {
      this.#count('portcullis_api_requests_total', { status }, requests[status] ?? 0)
    }
    this.#count('portcullis_api_unauthorized_total', {}, unauthorized)
    this.#count('portcullis_api_limited_total', {}, limited)
  }

  #count(name: CounterName, labels: Labels, by = 1): void {
    const series = this.#events.get(name) ?? new Map()
    this.#events.set(name, series)
    const key = Object.values(labels).join(' ')
    const known = series.get(key)
    if (known === undefined) series.set(key, { labels, value: by })
    else known.value += by
  }

  // ---- when somebody asks

  async text(): Promise<MetricsText> {
    this.#registry ??= import('./registry.ts').then(({ MetricsRegistry }) => new MetricsRegistry())
    const registry = await this.#registry
    return { contentType: registry.contentType, text: await registry.text(this.samples()) }
  }

  samples(): Samples {
    const figures = this.#figures()
    return {
      counters: new Map([...this.#counters(), ...auditCounters(figures.audit)]),
      gauges: new Map([...this.#gauges(figures), ...auditGauges(figures.audit)]),
      histograms: new Map(this.#histograms()),
    }
  }

  *#counters(): Generator<[CounterName, Sample[]]> {
    for (const [name, series] of this.#events) yield [name, [...series.values()]]
    const { outcomes, noAnswers } = this.#decisions
    yield [
      'portcullis_decisions_total',
      outcomes.flatMap(([tenant, counts]) =>
        Object.entries(counts).map(([outcome, value]) => ({ labels: { tenant, outcome }, value })),
      ),
    ]
    yield [
      'portcullis_no_answers_total',
      [...noAnswers].map(([error, value]) => ({ labels: { error }, value })),
    ]
  }

  *#gauges(figures: Figures): Generator<[GaugeName, Sample[]]> {
    const { evaluators, evaluatorsConfigured, versions } = figures
    const serving = evaluators.filter((state) => state === 'serving').length
    yield ['portcullis_info', [{ labels: { version, node: process.version }, value: 1 }]]
    yield ['portcullis_serving', one(figures.isRunning && serving >= evaluatorsConfigured)]
    yield ['portcullis_evaluators', counted('state', evaluators, evaluatorStates)]
    yield ['portcullis_evaluators_configured', one(evaluatorsConfigured)]
    yield ['portcullis_quarantined_policies', one(figures.quarantined)]
    yield ['portcullis_generation', one(figures.generation)]
    yield ['portcullis_tenants', one(figures.tenants)]
    yield ['portcullis_policies', one(figures.policies)]
    if (versions !== undefined) yield ['portcullis_store_versions', counted('state', versions)]
    yield ['portcullis_connections', this.#connections(figures.connections)]
  }

  #connections(connections: Figures['connections']): Sample[] {
    const counts = new Map(this.#decisions.outcomes.map(([tenant]) => [tenant, 0]))
    for (const [tenant, open] of connections) {
      const label = this.#decisions.label(tenant)
      counts.set(label, (counts.get(label) ?? 0) + open)
    }
    return [...counts].map(([tenant, value]) => ({ labels: { tenant }, value }))
  }

  *#histograms(): Generator<[HistogramName, HistogramSample[]]> {
    const { histograms, guardFuel } = this.#decisions
    const by = (name: 'duration' | 'fuel') =>
      histograms.map(([tenant, distributions]) => ({ labels: { tenant }, of: distributions[name] }))
    yield ['portcullis_decision_duration_seconds', by('duration')]
    yield ['portcullis_policy_fuel_units', by('fuel')]
    yield ['portcullis_guard_fuel_units', [{ labels: {}, of: guardFuel }]]
  }
}

function* auditCounters(audit: Figures['audit']): Generator<[CounterName, Sample[]]> {
  if (audit == null) return
  yield ['portcullis_audit_records_total', one(audit.sequence)]
  yield ['portcullis_audit_gaps_total', one(audit.gaps)]
  yield ['portcullis_audit_lost_records_total', one(audit.lost)]
  yield ['portcullis_audit_written_bytes_total', one(audit.bytesWritten)]
  yield ['portcullis_audit_removed_files_total', one(audit.filesRemoved)]
}

function* auditGauges(audit: Figures['audit']): Generator<[GaugeName, Sample[]]> {
  if (audit == null) return
  // 48 bits of it: as many whole digits as a sample holds exactly.
  yield ['portcullis_audit_head', one(Number.parseInt(audit.head.slice(0, headDigitsMin), 16))]
  yield ['portcullis_audit_lag_records', one(audit.lag)]
  yield ['portcullis_audit_lag_seconds', one(audit.lagMs / 1000)]
  yield ['portcullis_audit_behind', one(audit.isBehind)]
  yield ['portcullis_audit_failed', one(audit.error !== undefined)]
}
