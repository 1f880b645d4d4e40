/** `portcullis check-history`: proves from a recorded history that nothing was lost or mixed, or shows what speaks against it. */

import { checkHistory, type HistoryFigures, type HistoryVerdict } from '../history/check.ts'
import { Explainer, type Explanation } from '../history/explain.ts'
import { readHistory } from '../history/read.ts'
import { historyViolationsMax } from '../limits.ts'
import { callersPath } from './callers-path.ts'
import { count, visible } from './table.ts'

interface CheckHistoryOptions {
  readonly noAnswersMax?: number
  readonly json?: boolean
}

function number(value: number | null): string {
  return value === null ? 'not known' : value.toLocaleString('en-US')
}

function figureLines(figures: HistoryFigures): string[] {
  const { questions, callers, decided, noAnswers, shown, recorded, activations } = figures
  const { acknowledged, refused, unheard } = activations
  return [
    `questions    ${number(questions)} of ${count(callers, 'caller')}; decided ${number(decided)}, without an answer ${number(noAnswers)}`,
    `evidence     in the answer itself ${number(shown)}, in a record ${number(recorded)}`,
    `activations  acknowledged ${number(acknowledged)}, refused ${number(refused)}, never heard of again ${number(unheard)}`,
    `contested    ${number(figures.contested)} during an activation; generations seen ${number(figures.generationsSeen)}`,
  ]
}

function violationLines({ total, counts, generationsChecked }: HistoryVerdict): string[] {
  const kinds = Object.entries(counts).map(([kind, times]) => `${kind} ${number(times)}`)
  const lines = [`does not hold: ${count(total, 'violation')} (${kinds.join(', ')})`]
  if (!generationsChecked) {
    lines.push(
      'The activations contradict each other, so answers were only counted, not held against generations.',
    )
  }
  return lines
}

function print(verdict: HistoryVerdict, explanations: readonly Explanation[]): void {
  const head = verdict.holds
    ? ['holds: every question has one answer, of a generation that was live']
    : violationLines(verdict)
  const lines = [...head, ...figureLines(verdict.figures)]
  for (const { text, around } of explanations) lines.push('', text, ...around.map((event) => `  ${event}`))
  const more = verdict.total - explanations.length
  if (more > 0)
    lines.push('', `and ${number(more)} more; the first ${historyViolationsMax} of each kind are shown`)
  console.log(lines.map(visible).join('\n'))
}

/** Throws ERR_HISTORY_FILE. */
export function checkHistoryFile(
  file: string,
  { noAnswersMax = 0, json = false }: CheckHistoryOptions,
): void {
  const history = readHistory(callersPath(file))
  const verdict = checkHistory(history, { noAnswersMax })
  const explainer = new Explainer(history)
  const explanations = verdict.violations.map((violation) => explainer.explain(violation))
  if (json) {
    const violations = verdict.violations.map(({ kind, at, lines }, index) => {
      return { kind, at, lines, ...explanations[index] }
    })
    console.log(JSON.stringify({ ...verdict, violations }))
  } else {
    print(verdict, explanations)
  }
  if (!verdict.holds) process.exitCode = 1
}
