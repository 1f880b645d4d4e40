/**
 * Proves from a history that nothing was lost, mixed or decided out of its time, or says what speaks against it. Pure, in
 * O(n log n). The model that it holds a history against, whole and nothing else:
 *
 *   - Every question has one answer. It was decided at one moment between `asked` and `answered` (or its record's last attempt was).
 *   - What is live is a register of one value, a generation. Who writes it (an activation) does so one evaluator after the other: each
 *     activation that took effect has a window [begun, done] within [requested, acknowledged]. Windows do not overlap, and follow
 *     one another as generations do.
 *   - Generation g decides from when its own window begins until the window of the next one that took effect is done. So while a
 *     window is open both may decide, new before old too; outside of windows there is one.
 *   - A refused activation has no window. One that nobody heard of has one, without end, if an answer is certainly of its generation;
 *     otherwise none.
 *
 * A history holds exactly if such moments and windows can be found. Where a window is known by its acknowledgement that is a question
 * of each answer by itself (evidence.ts); where not, also of any two answers (order.ts): docs/reference/history.md has the reasons.
 *
 *   history -> counting.ts -> timeline.ts -> evidence.ts -> order.ts -> verdict
 */

import { checkCallers, checkCounts } from './counting.ts'
import { Evidence } from './evidence.ts'
import { type History, notTold, nowhere } from './history.ts'
import { checkOrder, sortedRows } from './order.ts'
import { timelineOf } from './timeline.ts'
import { Findings, type Violation, type ViolationKind } from './violation.ts'

export interface CheckOptions {
  /** So many questions may come to no answer: those whose evaluators were killed. 0 if it is not given. */
  readonly noAnswersMax?: number
}

export interface HistoryFigures {
  readonly questions: number
  readonly callers: number
  /** Answers that allow or deny. */
  readonly decided: number
  readonly noAnswers: number
  /** Of the decided: those that tell by themselves a generation, or both versions. */
  readonly shown: number
  /** Of the decided: those whose record is there. */
  readonly recorded: number
  readonly activations: {
    readonly acknowledged: number
    readonly refused: number
    readonly unheard: number
  }
  /** Questions during which more than one generation may have been live; null if there was no telling. */
  readonly contested: number | null
  /** Generations that certainly decided a question; null likewise. */
  readonly generationsSeen: number | null
}

export interface HistoryVerdict {
  readonly holds: boolean
  /** How many violations there are. */
  readonly total: number
  readonly counts: Readonly<Partial<Record<ViolationKind, number>>>
  /** The first of each kind, in the order of time. */
  readonly violations: readonly Violation[]
  /** False if the activations contradict each other, so that answers could not be held against them. */
  readonly generationsChecked: boolean
  readonly figures: HistoryFigures
}

function figuresOf(history: History, evidence: Evidence | undefined): HistoryFigures {
  const { ids, outcomes, shownGeneration, shownGuard, shownTenant, lastRecord, activations } = history
  let [decided, noAnswers, shown, recorded] = [0, 0, 0, 0]
  for (let row = 0; row < ids.length; row++) {
    if (outcomes[row] === undefined) continue
    if (outcomes[row] === 'no-answer') {
      noAnswers++
      continue
    }
    decided++
    const showsVersions = shownGuard[row] !== notTold && shownTenant[row] !== notTold
    if (shownGeneration[row] !== notTold || showsVersions) shown++
    if (lastRecord[row] !== nowhere) recorded++
  }
  const acknowledged = activations.filter(({ event }) => event.acknowledged !== undefined).length
  const refused = activations.filter(({ event }) => event.refused !== undefined).length
  return {
    questions: history.askedLine.reduce((sum, line) => sum + (line === nowhere ? 0 : 1), 0),
    callers: history.callerNames.length,
    decided,
    noAnswers,
    shown,
    recorded,
    activations: { acknowledged, refused, unheard: activations.length - acknowledged - refused },
    contested: evidence?.contested ?? null,
    generationsSeen: evidence === undefined ? null : seenIn(evidence),
  }
}

function seenIn({ places }: Evidence): number {
  return new Set(places.filter((place) => place >= 0)).size
}

/**
 * Has no side effect: the same history and options give the same verdict. Throws ERR_HISTORY_FILE for a history without a start or
 * without a question.
 */
export function checkHistory(history: History, { noAnswersMax = 0 }: CheckOptions = {}): HistoryVerdict {
  history.assertWhole()
  const findings = new Findings()
  checkCounts(history, findings)
  const byAsked = sortedRows(history, history.asked, history.answered)
  checkCallers(history, byAsked, findings)
  const timeline = timelineOf(history, findings)
  let evidence: Evidence | undefined
  if (timeline !== undefined) {
    evidence = new Evidence(history, timeline, findings)
    checkOrder(history, timeline, evidence, byAsked, findings)
  }
  const figures = figuresOf(history, evidence)
  if (figures.noAnswers > noAnswersMax) {
    findings.add({ kind: 'no-answers', at: 0, lines: [], count: figures.noAnswers, most: noAnswersMax })
  }
  return {
    holds: findings.total === 0,
    total: findings.total,
    counts: findings.counts,
    violations: findings.kept(),
    generationsChecked: timeline !== undefined,
    figures,
  }
}
