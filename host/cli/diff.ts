/**
 * `portcullis diff`: what one module allows and another does not, among the principals and the resources of two files. Each module
 * decides alone, as `portcullis run` lets it.
 */

import { PortcullisError } from '../errors.ts'
import { type Change, changes } from '../replay/compare.ts'
import {
  describePoint,
  type PrincipalChange,
  type SweepModule,
  type SweepReport,
  sweep,
} from '../replay/sweep.ts'
import { type Points, type Principal, readPoints } from '../replay/sweep-files.ts'
import { sweepJson } from '../replay/sweep-json.ts'
import { readSettings } from '../tenant/settings.ts'
import type { Description } from '../winrm/description.ts'
import { readModule } from './author/inputs.ts'
import { callersPath } from './callers-path.ts'
import { comparing, Progress } from './comparing.ts'
import { count as counted, renderTable, visible } from './table.ts'

interface DiffOptions {
  readonly principals: string
  readonly resources: string
  readonly settingsA?: string
  readonly settingsB?: string
  readonly time: string
  readonly json?: boolean
}

/** What each change means to people, in the order of `changes`. */
const meanings: Readonly<Record<Change, string>> = {
  allowed: 'allowed by B only',
  denied: 'allowed by A only',
  administrator: 'administrator flag differs',
  quota: 'quota differs',
  reason: 'allowed by neither, for different reasons',
}

function moduleOf(path: string, settings: string | undefined): SweepModule {
  const bytes = readModule(callersPath(path))
  return {
    bytes,
    name: path,
    ...(settings !== undefined && { settings: readSettings(callersPath(settings)) }),
  }
}

function answerText({ outcome, reason, administrator, quota, error, detail }: Description): string {
  const words = [
    outcome,
    administrator ? 'as administrator' : '',
    reason === null ? '' : `"${reason}"`,
    quota === null ? '' : `quota ${Object.values(quota).join('/')}`,
    error === null ? '' : `[${error}]`,
    detail === null || detail === '' ? '' : `(${detail})`,
  ]
  return words.filter((word) => word !== '').join(' ')
}

function who({ senderName, userSid }: Principal): string {
  return userSid === undefined ? `${senderName} (no token)` : `${senderName} (${userSid})`
}

class Printer {
  readonly #points: Points
  readonly #report: SweepReport

  constructor(points: Points, report: SweepReport) {
    this.#points = points
    this.#report = report
  }

  print(): void {
    const { points, different, changes: found, fuel } = this.#report
    const rows = changes.map((change): [string, number, number] => [
      meanings[change],
      found[change].count,
      found[change].principals.length,
    ])
    console.log(
      renderTable(
        ['questions', 'count', 'principals'],
        [
          ...rows.map((row) => row.map(String)),
          ['the same', String(points - different), ''],
          ['all', String(points), String(this.#points.principals.length)],
        ],
      ),
    )
    for (const change of changes) this.#printChange(change)
    if (fuel.changed > 0) this.#printFuel()
    console.log(`\n${this.#sentence()}`)
  }

  #printChange(change: Change): void {
    const { count, principals } = this.#report.changes[change]
    if (count === 0) return
    console.log(`\n${meanings[change]}: ${count.toLocaleString('en-US')}`)
    const shown = principals.filter(({ examples }) => examples.length > 0)
    for (const one of shown) this.#printPrincipal(one)
    const others = principals.length - shown.length
    if (others > 0) console.log(`  and of ${counted(others, 'other principal')}`)
  }

  #printPrincipal({ principal, count, examples }: PrincipalChange): void {
    const text = who(this.#points.principals[principal] as Principal)
    console.log(`  ${visible(text)}: ${count.toLocaleString('en-US')}`)
    for (const example of examples) {
      console.log(`    ${visible(this.#what(example.point))}`)
      console.log(`      A  ${visible(answerText(example.a))}`)
      console.log(`      B  ${visible(answerText(example.b))}`)
    }
    if (count > examples.length)
      console.log(`    and ${(count - examples.length).toLocaleString('en-US')} more`)
  }

  #what(point: number): string {
    const { kind, ...operation } = describePoint(this.#points, point, this.#report.hasQuota)
    if (kind === 'user') return 'logs on'
    return kind === 'quota' || !('action' in operation)
      ? 'quota'
      : `${operation.action} on ${operation.resourceUri}`
  }

  #printFuel(): void {
    const { fuel, most, least } = this.#report
    const median = fuel.median ?? 0
    console.log(
      `\nfuel: B takes another amount for ${fuel.changed.toLocaleString('en-US')} of them; median change ${signed(median)}`,
    )
    for (const [word, example] of [
      ['most more', most],
      ['most less', least],
    ] as const) {
      if (example === null) continue
      const { principal } = describePoint(this.#points, example.point, this.#report.hasQuota)
      const { a, b } = example
      const change = `${signed(b.fuelUsed - a.fuelUsed)} (${a.fuelUsed} to ${b.fuelUsed})`
      console.log(
        `  ${word}: ${change}, ${visible(`${who(principal as Principal)}: ${this.#what(example.point)}`)}`,
      )
    }
  }

  /** What anybody understands. */
  #sentence(): string {
    const { changes: found, points, different } = this.#report
    if (different === 0) return `No difference: A and B answer all ${counted(points, 'question')} alike.`
    const { allowed, denied } = found
    if (allowed.count + denied.count === 0) {
      return 'A and B allow the same; they differ in what else they say.'
    }
    const things = (number: number) => counted(number, 'thing')
    const some = `B allows ${things(allowed.count)} that A denied, and denies ${things(denied.count)} that A allowed`
    return `${some}, of ${counted(points, 'question')}.`
  }
}

function signed(change: number): string {
  return change > 0 ? `+${change}` : String(change)
}

export async function diff(a: string, b: string, options: DiffOptions): Promise<void> {
  const { principals, resources, settingsA, settingsB, time, json } = options
  await comparing(async () => {
    if (Number.isNaN(Date.parse(time))) {
      throw new PortcullisError(
        'ERR_QUESTION_FILE',
        `--time: "${time}" is no time, such as 2026-01-31T12:00:00Z`,
      )
    }
    const points = readPoints(callersPath(principals), callersPath(resources), new Date(time).toISOString())
    const modules = [moduleOf(a, settingsA), moduleOf(b, settingsB)] as const
    const progress = new Progress('questions')
    const startedMs = performance.now()
    const report = await sweep(points, modules, {
      progress: (asked, of) => progress.show(asked, of),
    }).finally(() => progress.end())
    if (json) console.log(JSON.stringify(sweepJson(points, report, time)))
    else {
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
      console.log(`A is ${visible(a)}, B is ${visible(b)}; asked as at ${visible(time)}, in ${seconds} s\n`)
      new Printer(points, report).print()
    }
    return report.different === 0
  })
}
