/** `portcullis audit`: says what an audit log has in it, and whether it is as a host wrote it. */

import { type Expected, type Problem, type ToldGap, type Verified, verifyLog } from '../audit/verify.ts'
import { callersPath } from './callers-path.ts'
import { count, visible } from './table.ts'

interface VerifyOptions {
  readonly expect?: Expected
  readonly json?: boolean
}

/** Milliseconds either way that a date can have. */
const DATE_MS_MAX = 8.64e15

const number = (value: number) => value.toLocaleString('en-US')

/** Times in a log are those of the clocks of evaluators, too. */
function time(ms: number): string {
  return Math.abs(ms) <= DATE_MS_MAX ? new Date(ms).toISOString() : `${ms} ms`
}

function summary({ files, records, firstMs, lastMs, types }: Verified): string[] {
  const range = firstMs === undefined || lastMs === undefined ? '' : `, ${time(firstMs)} to ${time(lastMs)}`
  return [
    `${count(files, 'file')}, ${number(records)} ${records === 1 ? 'record' : 'records'}${range}`,
    ...Object.entries(types).map(([type, times]) => `  ${type}: ${number(times)}`),
  ]
}

function gapLine({ sequence, timeMs, lost, types, cause, evaluator, cutBytes }: ToldGap): string {
  const of =
    types &&
    ` (${Object.entries(types)
      .map(([type, times]) => `${type} ${number(times)}`)
      .join(', ')})`
  const size = lost === 'unknown' ? 'of unknown size' : `${number(lost)} lost${of ?? ''}`
  const from = evaluator === undefined ? '' : `, evaluator ${evaluator}`
  const cut = cutBytes === undefined ? '' : `, ${number(cutBytes)} bytes cut off`
  return `  record ${sequence}, ${time(timeMs)}: ${size}: ${cause}${from}${cut}`
}

function gapLines({ gaps }: Verified): string[] {
  if (gaps.count === 0) return ['no gaps']
  const { lost, lostDecisions, unknown, told } = gaps
  const more = gaps.count - told.length
  return [
    `${count(gaps.count, 'gap')}: ${number(lost)} records are known to be lost, ${number(lostDecisions)} of them decisions; ` +
      `${number(unknown)} of unknown size`,
    ...told.map(gapLine),
    ...(more > 0 ? [`  and ${count(more, 'gap')} more`] : []),
  ]
}

function problemLines({ file, line, what, toDo, code }: Problem): string[] {
  const place = line === undefined ? file : `${file}, line ${line}`
  return [`problem: ${place}`, `  ${what} [${code}]`, `  ${toDo}`]
}

export function verify(folder: string, { expect, json }: VerifyOptions): void {
  const path = callersPath(folder)
  const verified = verifyLog(path, expect)
  const { problems, problemCount, notes, head, sequence } = verified
  if (json) console.log(JSON.stringify({ folder: path, ...verified }))
  else {
    const more = problemCount - problems.length
    const lines = [
      ...summary(verified),
      ...gapLines(verified),
      `head: ${head}@${sequence}`,
      ...notes.map((note) => `note: ${note}`),
      ...problems.flatMap(problemLines),
      ...(more > 0 ? [`and ${count(more, 'problem')} more`] : []),
      problemCount === 0 ? 'everything is as it was written' : count(problemCount, 'problem'),
    ]
    for (const line of [`${path}: ${lines[0]}`, ...lines.slice(1)]) console.log(visible(line))
  }
  if (problemCount > 0) process.exitCode = 1
}
