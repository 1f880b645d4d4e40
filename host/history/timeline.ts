/**
 * The generations of a history, and when each may have been live.
 *
 *   requested 2  acknowledged 2        requested 3  acknowledged 3
 *        |------------|                     |------------|
 *   1 1 1 1 1 1 1 1 1 1                                            generation 1 may decide until 2 is acknowledged
 *        2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2           generation 2 from when it is requested
 *                                           3 3 3 3 3 3 3 3 ...
 *
 * Both ends rise with the generation, so what may have been live in an interval is a run of neighbours, and two searches find it.
 */

import type { ActivationEvent, Versions } from './event.ts'
import type { History, Placed } from './history.ts'
import { notTold, versionCell } from './history.ts'
import type { Findings } from './violation.ts'

export interface Generation {
  readonly number: number
  readonly versions: Versions
  /** -Infinity for the start. */
  readonly requested: number
  /** Infinity if nobody heard of it. */
  readonly acknowledged: number
  readonly line: number
}

/** What an answer or a record tells of who gave it; cells as in the history's columns. */
export interface Told {
  readonly generation: number
  readonly guard: number
  readonly tenant: number
}

/** Places in the timeline, rising. Never empty. */
export type Matches = readonly number[]

type Mismatch = 'unknown' | 'mixed' | 'refused'

function keyOf(guard: number, tenant: number): string {
  return `${guard}/${tenant}`
}

/** Every way to tell these versions, in whole or in part. */
function keysOf({ guard, tenant }: Versions): string[] {
  const [g, t] = [versionCell(guard), versionCell(tenant)]
  return [keyOf(g, t), keyOf(g, notTold), keyOf(notTold, t)]
}

/** The first place from which on `isBeyond` holds. */
function search(length: number, isBeyond: (place: number) => boolean): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBeyond(middle)) high = middle
    else low = middle + 1
  }
  return low
}

export class Timeline {
  /** By number, which is by the time of the request too. */
  readonly generations: readonly Generation[]
  /** For each generation, until when it may decide. */
  readonly #ends: number[]
  readonly #places: Map<number, number>
  readonly #byVersions = new Map<string, number[]>()
  readonly #refusedNumbers = new Map<number, string[]>()
  readonly #refusedVersions = new Set<string>()

  constructor(generations: readonly Generation[], refused: readonly ActivationEvent[]) {
    this.generations = generations
    this.#places = new Map(generations.map(({ number }, place) => [number, place]))
    this.#ends = generations.map(() => Number.POSITIVE_INFINITY)
    for (let place = generations.length - 2; place >= 0; place--) {
      const next = generations[place + 1]?.acknowledged ?? Number.POSITIVE_INFINITY
      this.#ends[place] = Math.min(next, this.end(place + 1))
    }
    for (const [place, { versions }] of generations.entries()) {
      for (const key of keysOf(versions)) {
        const places = this.#byVersions.get(key)
        if (places === undefined) this.#byVersions.set(key, [place])
        else places.push(place)
      }
    }
    for (const { generation, versions } of refused) {
      const keys = keysOf(versions)
      for (const key of keys) this.#refusedVersions.add(key)
      if (generation === undefined) continue
      this.#refusedNumbers.set(generation, [...(this.#refusedNumbers.get(generation) ?? []), ...keys])
    }
  }

  /** When the generation at this place was over for certain. */
  end(place: number): number {
    return this.#ends[place] ?? Number.POSITIVE_INFINITY
  }

  /** The first place that may have decided at this time or later. */
  first(time: number): number {
    return search(this.generations.length, (place) => this.end(place) >= time)
  }

  /** The last place that may have decided at this time or earlier. */
  last(time: number): number {
    return search(this.generations.length, (place) => (this.generations[place]?.requested ?? 0) > time) - 1
  }

  /** The generations that this can be told of, or why there is none. */
  match({ generation, guard, tenant }: Told): Matches | Mismatch {
    if (generation !== notTold) return this.#matchNumber(generation, guard, tenant)
    return this.#byVersions.get(keyOf(guard, tenant)) ?? this.#mismatch(guard, tenant)
  }

  #matchNumber(number: number, guard: number, tenant: number): Matches | Mismatch {
    const place = this.#places.get(number)
    const refused = this.#refusedNumbers.get(number)
    if (place === undefined) return refused === undefined ? 'unknown' : 'refused'
    const versions = this.generations[place]?.versions
    const isAsTold =
      (guard === notTold || guard === versionCell(versions?.guard)) &&
      (tenant === notTold || tenant === versionCell(versions?.tenant))
    if (isAsTold) return [place]
    // A number whose activation was refused is given to the next one.
    if (refused?.includes(keyOf(guard, tenant))) return 'refused'
    return this.#mismatch(guard, tenant)
  }

  #mismatch(guard: number, tenant: number): Mismatch {
    for (const key of [keyOf(guard, notTold), keyOf(notTold, tenant)]) {
      if (key === keyOf(notTold, notTold) || this.#byVersions.has(key)) continue
      return this.#refusedVersions.has(key) ? 'refused' : 'unknown'
    }
    return this.#refusedVersions.has(keyOf(guard, tenant)) ? 'refused' : 'mixed'
  }
}

type Activation = Placed<ActivationEvent>

/** In the order of their requests. */
function byRequest(a: Activation, b: Activation): number {
  return a.event.requested - b.event.requested || (a.event.generation ?? 0) - (b.event.generation ?? 0)
}

function checkClock(activations: readonly Activation[], findings: Findings): void {
  for (const { event, line } of activations) {
    const ended = event.acknowledged ?? event.refused ?? Number.POSITIVE_INFINITY
    if (ended < event.requested)
      findings.add({ kind: 'activation-clock', at: event.requested, lines: [line] })
  }
}

/** Each must make a higher generation than all before it, and be requested when those are through. */
function checkOrder(history: History, effective: readonly Activation[], findings: Findings): void {
  let [highest, highestLine] = [history.start?.event.generation ?? 0, history.start?.line ?? 0]
  let [through, throughLine] = [Number.NEGATIVE_INFINITY, 0]
  for (const { event, line } of effective) {
    const { generation = 0, requested: at, acknowledged = at } = event
    if (generation <= highest) findings.add({ kind: 'generation-order', at, lines: [highestLine, line] })
    else if (at < through) findings.add({ kind: 'overlapping', at, lines: [throughLine, line] })
    if (generation > highest) [highest, highestLine] = [generation, line]
    if (acknowledged > through) [through, throughLine] = [acknowledged, line]
  }
}

/** Undefined if the activations contradict each other (or there is no start); then nothing can be held against them. */
export function timelineOf(history: History, findings: Findings): Timeline | undefined {
  const { activations, start } = history
  if (start === undefined) return undefined
  const effective = activations.filter(({ event }) => event.refused === undefined).sort(byRequest)
  const refused = activations.flatMap(({ event }) => (event.refused === undefined ? [] : [event]))
  const before = findings.total
  checkClock(activations, findings)
  checkOrder(history, effective, findings)
  if (findings.total > before) return undefined
  const generations = effective.map(
    ({ event: { generation = 0, versions, requested, acknowledged = Number.POSITIVE_INFINITY }, line }) =>
      ({ number: generation, versions, requested, acknowledged, line }) satisfies Generation,
  )
  const { generation: number, versions } = start.event
  const [requested, acknowledged] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  return new Timeline(
    [{ number, versions, requested, acknowledged, line: start.line }, ...generations],
    refused,
  )
}
