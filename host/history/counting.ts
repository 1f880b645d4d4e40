/** What needs no generations: each question has exactly one answer, and clocks and callers are as they should be. */

import { type History, nowhere } from './history.ts'
import type { Findings } from './violation.ts'

/** A history starts at 0; what has no time of its own is told first. */
const noTime = 0

export function checkCounts(history: History, findings: Findings): void {
  const { ids, asked, answered, askedLine, answeredLine } = history
  for (const { row, at, line } of history.askedAgain) {
    findings.add({ kind: 'asked-twice', at, lines: [askedLine[row] ?? nowhere, line], row })
  }
  for (const { row, at, line } of history.answeredAgain) {
    findings.add({ kind: 'answered-twice', at, lines: [answeredLine[row] ?? nowhere, line], row })
  }
  for (const { row, record } of history.recordedAgain) {
    const first = history.recordsOf(row).find(({ event }) => event.attempt === record.event.attempt)
    const lines = [first?.line ?? nowhere, record.line]
    findings.add({ kind: 'recorded-twice', at: answered[row] || asked[row] || noTime, lines, row })
  }
  for (let row = 0; row < ids.length; row++) {
    if (findings.has(row)) continue
    const [askedAt = Number.NaN, answeredAt = Number.NaN] = [asked[row], answered[row]]
    const [from = nowhere, to = nowhere] = [askedLine[row], answeredLine[row]]
    if (from !== nowhere && to !== nowhere) {
      if (answeredAt < askedAt) findings.add({ kind: 'clock', at: askedAt, lines: [from, to], row })
    } else if (from !== nowhere) {
      findings.add({ kind: 'lost', at: askedAt, lines: [from], row })
    } else if (to !== nowhere) {
      findings.add({ kind: 'unasked', at: answeredAt, lines: [to], row })
    } else {
      const lines = history.recordsOf(row).map(({ line }) => line)
      findings.add({ kind: 'record-unasked', at: noTime, lines, row })
    }
  }
}

/** `byAsked`: rows that were asked and answered, in the order in which they were asked. */
export function checkCallers(history: History, byAsked: Uint32Array, findings: Findings): void {
  const last: number[] = []
  for (const row of byAsked) {
    if (findings.has(row)) continue
    const caller = history.callers[row] ?? nowhere
    const other = last[caller]
    const at = history.asked[row] ?? Number.NaN
    if (other !== undefined && at < (history.answered[other] ?? Number.NaN)) {
      const lines = [history.answeredLine[other] ?? nowhere, history.askedLine[row] ?? nowhere]
      findings.add({ kind: 'caller-overlap', at, lines, row, other })
    } else {
      last[caller] = row
    }
  }
}
