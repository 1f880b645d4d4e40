/**
 * Answers follow one another: when a question is asked after another was answered, its generation may be older by one activation at
 * most, the one whose evaluators were being switched meanwhile. Where every activation is acknowledged, that follows from what each
 * answer's interval allows; where nobody heard of one, it is all that is known of when it was through.
 */

import type { Evidence } from './evidence.ts'
import { undecided } from './evidence.ts'
import { type History, nowhere } from './history.ts'
import type { Timeline } from './timeline.ts'
import type { Findings } from './violation.ts'

/** Rows that were asked and answered, sorted by `times`, those of the same time by `ties`. */
export function sortedRows(history: History, times: readonly number[], ties: readonly number[]): Uint32Array {
  const { asked, answered } = history
  const rows = Uint32Array.from(asked.keys()).filter((row) => {
    return !Number.isNaN(asked[row]) && !Number.isNaN(answered[row])
  })
  return rows.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || (ties[a] ?? 0) - (ties[b] ?? 0))
}

/**
 * For each place the number of activations before it that took effect. One of which nobody heard took effect if an answer is of it for
 * certain; otherwise it is as if it had not been.
 */
function ranksOf(timeline: Timeline, places: Int32Array): number[] {
  const seen = new Set(places)
  let rank = -1
  return timeline.generations.map(({ acknowledged }, place) => {
    if (acknowledged !== Number.POSITIVE_INFINITY || seen.has(place)) rank++
    return rank
  })
}

export function checkOrder(
  history: History,
  timeline: Timeline,
  { places }: Evidence,
  byAsked: Uint32Array,
  findings: Findings,
): void {
  const { asked, answered, askedLine, answeredLine } = history
  const ranks = ranksOf(timeline, places)
  const rankOf = (row: number) => ranks[places[row] ?? undecided]
  const byAnswered = sortedRows(history, answered, asked)
  let next = 0
  let highest = -1
  let other = nowhere
  for (const row of byAsked) {
    const at = asked[row] ?? Number.NaN
    for (; next < byAnswered.length; next++) {
      const before = byAnswered[next] ?? nowhere
      if ((answered[before] ?? Number.NaN) >= at) break
      const rank = rankOf(before)
      if (rank !== undefined && rank > highest) [highest, other] = [rank, before]
    }
    const rank = rankOf(row)
    if (rank === undefined || rank >= highest - 1) continue
    const lines = [answeredLine[other] ?? nowhere, askedLine[row] ?? nowhere, answeredLine[row] ?? nowhere]
    findings.add({ kind: 'went-back', at, lines, row, other })
  }
}
