/**
 * Decisions, counted as they are told. This is on the way of every one of them, so there are plain numbers here: prom-client, which looks
 * labels up by a text that it makes of them, takes thirty times as long. It is given the sums when somebody asks.
 *
 * Tenants beyond a bound share one set of counts. A tenant keeps its own for as long as the configuration has it.
 */

import type { DecisionRecord } from '../control/messages.ts'
import { metricsHistogramsMax, metricsTenantsMax } from '../limits.ts'
import { durationBuckets, fuelBuckets, OTHER_TENANTS } from './catalogue.ts'

/** How often a value was not above each of the bounds and above the one before, and at the end above all. */
export class Distribution {
  readonly bounds: readonly number[]
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array(bounds.length + 1).fill(0)
  }

  add(value: number): void {
    const { bounds, counts } = this
    let index = 0
    while (index < bounds.length && value > (bounds[index] as number)) index++
    counts[index] = (counts[index] as number) + 1
    this.sum += value
  }
}

/** What is counted of a decision. The watchdog's has no fuel. */
export type Countable = Pick<DecisionRecord, 'tenant' | 'outcome' | 'microseconds'> &
  Partial<Pick<DecisionRecord, 'error' | 'policy' | 'fuelUsed' | 'guardFuelUsed'>>

interface Histograms {
  readonly duration: Distribution
  readonly fuel: Distribution
}

interface OfTenant {
  readonly outcomes: Record<DecisionRecord['outcome'], number>
  /** Undefined for one that counts in those of the others. */
  histograms: Histograms | undefined
}

const newHistograms = (): Histograms => ({
  duration: new Distribution(durationBuckets),
  fuel: new Distribution(fuelBuckets),
})

const newTenant = (): OfTenant => ({ outcomes: { allow: 0, deny: 0, 'no-answer': 0 }, histograms: undefined })

export class DecisionCounts {
  readonly #tenants = new Map<string, OfTenant>()
  readonly #others = newTenant()
  readonly #otherHistograms = newHistograms()
  readonly guardFuel = new Distribution(fuelBuckets)
  readonly noAnswers = new Map<string, number>()

  /** These have counts, as many as may. Those of others go. */
  configured(tenants: Iterable<string>): void {
    const names = new Set(tenants)
    for (const name of this.#tenants.keys()) if (!names.has(name)) this.#tenants.delete(name)
    for (const name of names) {
      if (this.#tenants.size >= metricsTenantsMax) break
      if (!this.#tenants.has(name)) this.#tenants.set(name, newTenant())
    }
    let room = metricsHistogramsMax
    for (const { histograms } of this.#tenants.values()) if (histograms !== undefined) room--
    for (const tenant of this.#tenants.values()) {
      if (room === 0) break
      if (tenant.histograms !== undefined) continue
      tenant.histograms = newHistograms()
      room--
    }
  }

  /** The label of a tenant. */
  label(tenant: string): string {
    return this.#tenants.has(tenant) ? tenant : OTHER_TENANTS
  }

  decision({ tenant, outcome, error, microseconds, policy, fuelUsed, guardFuelUsed }: Countable): void {
    const of = this.#tenants.get(tenant) ?? this.#others
    of.outcomes[outcome]++
    if (error !== undefined) this.noAnswers.set(error, (this.noAnswers.get(error) ?? 0) + 1)
    const { duration, fuel } = of.histograms ?? this.#otherHistograms
    duration.add(microseconds / 1e6)
    if (policy !== undefined && fuelUsed !== undefined && fuelUsed > 0) fuel.add(fuelUsed)
    if (guardFuelUsed !== undefined && guardFuelUsed > 0) this.guardFuel.add(guardFuelUsed)
  }

  /** By label; the others' if there may be any. */
  get outcomes(): [tenant: string, OfTenant['outcomes']][] {
    const own = [...this.#tenants].map(([name, { outcomes }]): [string, OfTenant['outcomes']] => [
      name,
      outcomes,
    ])
    return [...own, [OTHER_TENANTS, this.#others.outcomes]]
  }

  get histograms(): [tenant: string, Histograms][] {
    const own = [...this.#tenants].flatMap(([name, { histograms }]): [string, Histograms][] =>
      histograms === undefined ? [] : [[name, histograms]],
    )
    return [...own, [OTHER_TENANTS, this.#otherHistograms]]
  }
}
