/**
 * What can be wrong with a history. Findings keep the first few of each kind and count all. A question has at most one violation of
 * its own: what is wrong first makes the rest of what it says worthless.
 */

import { historyViolationsMax } from '../limits.ts'

/** docs/reference/history.md says the same of each, in this order (a test compares the two). */
export const violationKinds = {
  lost: 'a question was asked and never answered',
  unasked: 'an answer came to a question that nobody asked',
  'asked-twice': 'two questions have the same id',
  'answered-twice': 'a question was answered more than once',
  'record-unasked': 'the host recorded a question that nobody asked',
  'recorded-twice': 'the host recorded the same attempt more than once',
  clock: 'a question was answered before it was asked',
  'caller-overlap': 'a caller asked before its last question was answered',
  'activation-clock': 'an activation ended before it was requested',
  'generation-order': 'a later activation made no higher generation',
  overlapping: 'an activation was requested before the one before it was acknowledged',
  unknown: 'a generation or a version decided that the history does not have',
  mixed: 'versions decided together that were never live together',
  refused: 'versions decided whose activation was refused',
  unidentified: 'an answer tells nothing of who gave it, neither itself nor in the record',
  disagree: 'the answer and its record disagree',
  stale: 'a generation decided after a later one had been acknowledged',
  early: 'a generation decided before it was requested',
  'went-back': 'an answer went back by more than one activation',
  'no-answers': 'more questions than the limit came to no answer',
} as const satisfies Record<string, string>

export type ViolationKind = keyof typeof violationKinds

export interface Violation {
  readonly kind: ViolationKind
  /** When it showed. */
  readonly at: number
  /** Of the file, those that contradict each other. */
  readonly lines: readonly number[]
  /** The question: its row in the history. */
  readonly row?: number
  /** Another question that it contradicts. */
  readonly other?: number
  /** Whether what is wrong stands in the answer, or in the host's record. */
  readonly source?: 'answer' | 'record'
  /** Of 'no-answers': how many there were, and the limit. */
  readonly count?: number
  readonly most?: number
}

export class Findings {
  total = 0
  readonly counts: Partial<Record<ViolationKind, number>> = {}
  readonly #kept: Violation[] = []
  readonly #rows = new Set<number>()

  add(violation: Violation): void {
    this.total++
    const count = (this.counts[violation.kind] ?? 0) + 1
    this.counts[violation.kind] = count
    if (count <= historyViolationsMax) this.#kept.push(violation)
    if (violation.row !== undefined) this.#rows.add(violation.row)
  }

  /** Whether this row needs no further look. */
  has(row: number): boolean {
    return this.#rows.has(row)
  }

  /** In the order of time. */
  kept(): Violation[] {
    return this.#kept.sort((a, b) => a.at - b.at)
  }
}
