/**
 * `portcullis replay`: answers a recording's decisions again. With the recorded policies it says whether every answer is the same, to
 * the last unit of fuel; with another module what it would have changed for whoever asked.
 */

import { changes } from '../replay/compare.ts'
import { type Replacement, replay } from '../replay/replay.ts'
import type { Answer } from '../replay/replay-messages.ts'
import type { Example, Found, ReplayReport } from '../replay/replay-report.ts'
import { readSettings } from '../tenant/settings.ts'
import { readModule } from './author/inputs.ts'
import { callersPath } from './callers-path.ts'
import { comparing, Progress } from './comparing.ts'
import { renderTable, visible } from './table.ts'

/** `settings`, `tenant` and `guard` only come with `with`, and the last two not together. */
interface ReplayOptions {
  readonly with?: string
  readonly settings?: string
  readonly tenant?: string
  readonly guard?: boolean
  readonly json?: boolean
}

function replacementOf({ with: path, settings, tenant, guard }: ReplayOptions): Replacement | undefined {
  if (path === undefined) return undefined
  return {
    module: readModule(callersPath(path)),
    ...(settings !== undefined && { settings: readSettings(callersPath(settings)) }),
    of: guard ? 'guard' : { tenant },
  }
}

/** What each change means to people, in the order of `changes`. */
const meanings: Readonly<Record<(typeof changes)[number], string>> = {
  allowed: 'newly allowed',
  denied: 'newly denied',
  administrator: 'administrator flag changed',
  quota: 'quota changed',
  reason: 'not allowed as before, for another reason',
}

/** An answer in a few words. */
export function answerText({
  outcome,
  by,
  reason,
  redirect,
  error,
  detail,
  administrator,
  quota,
}: Answer): string {
  const words = [
    outcome,
    by === 'guard' ? 'by the guard' : undefined,
    administrator ? 'as administrator' : undefined,
    redirect === undefined ? reason && `"${reason}"` : `redirect to ${redirect}`,
    quota && `quota ${quota.join('/')}`,
    error && `[${error}]`,
    detail && `(${detail})`,
  ]
  return words.filter((word) => word !== undefined && word !== '').join(' ')
}

function fuelText({ fuelUsed, guardFuelUsed }: Answer): string {
  return guardFuelUsed === undefined ? `fuel ${fuelUsed}` : `fuel ${fuelUsed}, of the guard ${guardFuelUsed}`
}

function printExample(example: Example): void {
  const { kind, sender, userSid, action, resourceUri, tenant, before, after, members = [], ended } = example
  const who = userSid === undefined ? sender : `${sender} (${userSid})`
  const what = kind === 'operation' ? `${action} on ${resourceUri}` : kind === 'user' ? 'logs on' : 'quota'
  const isFuel = members.some((member) => member.endsWith('uelUsed'))
  const shown = (answer: Answer) =>
    visible(isFuel ? `${answerText(answer)}, ${fuelText(answer)}` : answerText(answer))
  console.log(`  ${visible(`${tenant}: ${who}: ${what}`)}`)
  console.log(`    was  ${shown(before)}`)
  console.log(
    `    now  ${after === null ? `no answer: the process ended (${visible(ended ?? '')})` : shown(after)}`,
  )
  console.log(
    `    ${visible(`question ${example.id}, ${new Date(example.timeMs).toISOString()}, ${example.file}:${example.line}`)}`,
  )
}

function printFound(title: string, { count, examples }: Found): void {
  if (count === 0) return
  const some = examples.length < count ? `, the first ${examples.length}` : ''
  console.log(`\n${title}: ${count.toLocaleString('en-US')}${some}`)
  for (const example of examples) printExample(example)
}

function rowsOf(report: ReplayReport): [string, number][] {
  const { equal, different, ended, otherTenants, notComparable } = report
  const kinds: [string, number][] =
    report.changes === null
      ? [['different', different.count]]
      : [
          ...changes.map((change): [string, number] => [
            meanings[change],
            report.changes?.[change].count ?? 0,
          ]),
          ['only fuel changed', different.count - sum(report.changes)],
        ]
  return [
    ['equal, fuel included', equal],
    ...kinds,
    ['no answer: the process ended', ended.count],
    ...Object.entries(notComparable).map(([code, count]): [string, number] => [
      `not comparable: ${code}`,
      count,
    ]),
    ...(otherTenants > 0 ? [['of other tenants', otherTenants] as [string, number]] : []),
    ['all', report.decisions],
  ]
}

function sum(found: NonNullable<ReplayReport['changes']>): number {
  return changes.reduce((count, change) => count + found[change].count, 0)
}

function signed(change: number): string {
  return change > 0 ? `+${change}` : String(change)
}

function print(report: ReplayReport): void {
  for (const remark of report.remarks) console.log(`remark: ${visible(remark)}`)
  console.log(
    renderTable(
      ['decisions', 'count'],
      rowsOf(report).map(([name, count]) => [name, String(count)]),
    ),
  )
  if (report.changes === null) printFound('different', report.different)
  else for (const change of changes) printFound(meanings[change], report.changes[change])
  printFound('no answer: the process ended', report.ended)
  const { changed, median, most, least } = report.fuel
  if (changed > 0) {
    console.log(
      `\nfuel: changed in ${changed} decisions; median ${signed(median ?? 0)}, most ${signed(most)}, least ${signed(least)}`,
    )
  }
}

export async function replayRecording(file: string, options: ReplayOptions): Promise<void> {
  await comparing(async () => {
    const replacement = replacementOf(options)
    const progress = new Progress('decisions')
    const report = await replay(callersPath(file), {
      ...(replacement && { replacement }),
      progress: (decisions) => progress.show(decisions),
    }).finally(() => progress.end())
    if (options.json) console.log(JSON.stringify(report))
    else print(report)
    return replacement !== undefined || (report.different.count === 0 && report.ended.count === 0)
  })
}
