/**
 * Holds each answer, and each record of it, against the generations that may have decided in its interval.
 *
 *   told by the answer ----> generations that it can be of --+
 *   told by its record ----> the generation that it is of  --+--> agree? --> may they have been live in [asked, answered]?
 *
 * An answer that tells no more than versions can be of several generations; one of them in the interval is enough.
 */

import type { RecordedEvent } from './event.ts'
import { type History, notTold, nowhere, type Placed, versionCell } from './history.ts'
import type { Matches, Timeline, Told } from './timeline.ts'
import type { Findings, Violation, ViolationKind } from './violation.ts'

/** For a row: which generation it must be of is not known, or it is of no account. */
export const undecided = -1

interface Interval {
  /** Places in the timeline, both included. */
  readonly first: number
  readonly last: number
}

function toldByRecord({ event: { generation, guard, tenant } }: Placed<RecordedEvent>): Told {
  return { generation, guard: versionCell(guard), tenant: versionCell(tenant) }
}

function contradicts(a: number, b: number): boolean {
  return a !== notTold && b !== notTold && a !== b
}

/** The first of the rising numbers that is at least `least`: its index. */
function indexFrom(matches: Matches, least: number): number {
  let [low, high] = [0, matches.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((matches[middle] ?? 0) >= least) high = middle
    else low = middle + 1
  }
  return low
}

function placeIn(matches: Matches, { first, last }: Interval): number | 'several' | 'stale' | 'early' {
  const index = indexFrom(matches, first)
  const place = matches[index]
  if (place !== undefined && place <= last) {
    const next = matches[index + 1]
    return next !== undefined && next <= last ? 'several' : place
  }
  return index > 0 ? 'stale' : 'early'
}

export class Evidence {
  /** For each row, the place of the generation that decided it, or `undecided`. */
  readonly places: Int32Array
  /** Questions in whose interval more than one generation may have been live. */
  contested = 0
  readonly #history: History
  readonly #timeline: Timeline
  readonly #findings: Findings

  constructor(history: History, timeline: Timeline, findings: Findings) {
    this.#history = history
    this.#timeline = timeline
    this.#findings = findings
    this.places = new Int32Array(history.ids.length).fill(undecided)
    for (let row = 0; row < history.ids.length; row++) if (!findings.has(row)) this.#check(row)
  }

  #check(row: number): void {
    const { asked, answered, outcomes } = this.#history
    const [from = Number.NaN, to = Number.NaN] = [asked[row], answered[row]]
    const interval = { first: this.#timeline.first(from), last: this.#timeline.last(to) }
    if (interval.last > interval.first) this.contested++
    const records = this.#history.recordsOf(row)
    if (outcomes[row] === 'no-answer') {
      // The plug-in may have given up before the evaluator decided; nothing bounds that from above.
      for (const record of records) {
        if (!this.#checkRecord(row, record, { ...interval, last: Number.POSITIVE_INFINITY })) return
      }
      return
    }
    if (this.#checkAnswer(row, records[0], interval)) {
      for (const record of records) if (!this.#checkRecord(row, record, interval)) return
    }
  }

  #checkAnswer(row: number, record: Placed<RecordedEvent> | undefined, interval: Interval): boolean {
    const { shownGeneration, shownGuard, shownTenant, outcomes } = this.#history
    const generation = shownGeneration[row] ?? notTold
    const [guard, tenant] = [shownGuard[row] ?? notTold, shownTenant[row] ?? notTold]
    const tellsNothing = generation === notTold && guard === notTold && tenant === notTold
    if (tellsNothing && record === undefined) return this.#fail('unidentified', row, 'answer')
    const matches = tellsNothing ? undefined : this.#timeline.match({ generation, guard, tenant })
    if (typeof matches === 'string') return this.#fail(matches, row, 'answer')
    if (record !== undefined) {
      const told = toldByRecord(record)
      const byRecord = this.#timeline.match(told)
      if (typeof byRecord === 'string') return this.#fail(byRecord, row, 'record', record)
      const disagree =
        contradicts(generation, told.generation) ||
        contradicts(guard, told.guard) ||
        contradicts(tenant, told.tenant) ||
        record.event.outcome !== outcomes[row]
      if (disagree) return this.#fail('disagree', row, 'record', record)
      this.places[row] = byRecord[0] ?? undecided
    }
    if (matches === undefined) return true
    const place = placeIn(matches, interval)
    if (place === 'stale' || place === 'early') return this.#fail(place, row, 'answer')
    if (place !== 'several') this.places[row] = place
    return true
  }

  #checkRecord(row: number, record: Placed<RecordedEvent>, interval: Interval): boolean {
    const matches = this.#timeline.match(toldByRecord(record))
    if (typeof matches === 'string') return this.#fail(matches, row, 'record', record)
    const place = placeIn(matches, interval)
    if (place === 'stale' || place === 'early') return this.#fail(place, row, 'record', record)
    return true
  }

  /** Returns false: the row needs no further look. */
  #fail(
    kind: ViolationKind,
    row: number,
    source: 'answer' | 'record',
    record?: Placed<RecordedEvent>,
  ): false {
    const { asked, answered, askedLine, answeredLine } = this.#history
    const lines = [askedLine[row] ?? nowhere, answeredLine[row] ?? nowhere]
    if (record !== undefined) lines.push(record.line)
    const at = (kind === 'stale' ? asked[row] : answered[row]) ?? Number.NaN
    const violation: Violation = { kind, at, lines, row, source }
    this.#findings.add(violation)
    this.places[row] = undecided
    return false
  }
}
