/**
 * Turns a violation into words: one sentence with names, times and lines, and the events around it in the order of time, those of the
 * question first of all and then the activations and the caller's other questions next to it.
 *
 *   history, violation -> { text, around }
 */

import { historyAroundMax } from '../limits.ts'
import type { ActivationEvent, RecordedEvent, Versions } from './event.ts'
import { type Again, type History, notTold, nowhere, type Placed } from './history.ts'
import { type Violation, violationKinds } from './violation.ts'

export interface Explanation {
  readonly text: string
  /** A line for each event: time, line of the file, what happened. */
  readonly around: readonly string[]
}

interface Around {
  readonly at: number
  readonly line: number
  readonly text: string
  /** Of those beyond the bound, the ones with the highest number are left out. */
  readonly distance: number
}

function versionsText({ guard, tenant }: Versions): string {
  return `guard ${guard ?? 'none'}, tenant ${tenant ?? 'none'}`
}

function recordText({ attempt, outcome, generation, guard, tenant }: RecordedEvent): string {
  const versions = versionsText({ guard, tenant })
  return `attempt ${attempt} as "${outcome}" by generation ${generation} (${versions})`
}

export class Explainer {
  readonly #history: History
  /** Of the activations: each request and each end. */
  readonly #marks: readonly { at: number; line: number; text: string }[]

  constructor(history: History) {
    this.#history = history
    this.#marks = history.activations.flatMap(marksOf).sort((a, b) => a.at - b.at)
  }

  explain(violation: Violation): Explanation {
    return {
      text: `${violationKinds[violation.kind]}: ${this.#detail(violation)}`,
      around: this.#around(violation),
    }
  }

  #detail({ kind, at, row, other, source, lines, count, most }: Violation): string {
    if (kind === 'no-answers') return `${count}, and at most ${most} may`
    if (row === undefined) return this.#activationDetail(lines)
    const question = this.#question(row)
    if (other !== undefined) return `${question}, after ${this.#question(other)}`
    if (kind === 'stale') return `${question}${this.#who(row, source)}; ${this.#lastThrough(at)}`
    return `${question}${source === undefined ? '' : this.#who(row, source)}`
  }

  #activationDetail(lines: readonly number[]): string {
    const { activations, start } = this.#history
    return lines
      .flatMap((line) => {
        if (start?.line === line) return [`the start is generation ${start.event.generation} (line ${line})`]
        return activations.filter((activation) => activation.line === line).map(activationText)
      })
      .join('; ')
  }

  #question(row: number): string {
    const { ids, callers, callerNames, asked, answered, outcomes, askedLine, answeredLine } = this.#history
    const parts = [`question ${JSON.stringify(ids[row])}`]
    if (askedLine[row] !== nowhere) {
      parts.push(`of caller ${JSON.stringify(callerNames[callers[row] ?? nowhere])}`)
      parts.push(`asked at ${asked[row]} (line ${askedLine[row]})`)
    }
    if (answeredLine[row] !== nowhere) {
      parts.push(`answered "${outcomes[row]}" at ${answered[row]} (line ${answeredLine[row]})`)
    }
    return parts.join(', ')
  }

  #who(row: number, source: Violation['source']): string {
    const { shownGeneration, shownGuard, shownTenant } = this.#history
    const cells = [shownGeneration, shownGuard, shownTenant].map((column) => column[row] ?? notTold)
    const told = ['generation', 'guard', 'tenant'].flatMap((name, index) => {
      const cell = cells[index] ?? notTold
      return cell === notTold ? [] : [`${name} ${cell < 0 ? 'none' : cell}`]
    })
    const shown = told.length === 0 ? '' : `; it shows ${told.join(', ')}`
    if (source !== 'record') return shown
    const records = this.#history.recordsOf(row)
    return `${shown}; recorded ${records.map(({ event }) => recordText(event)).join(', and ')}`
  }

  #lastThrough(time: number): string {
    const before = this.#history.activations.filter(({ event }) => (event.acknowledged ?? time) < time)
    const last = before.reduce<Placed<ActivationEvent> | undefined>(
      (best, next) => ((best?.event.generation ?? -1) > (next.event.generation ?? -1) ? best : next),
      undefined,
    )
    return last === undefined ? 'it was over before' : `before that, ${activationText(last)}`
  }

  /** In the order of time, at most `historyAroundMax`. */
  #around({ row, other, at, lines }: Violation): string[] {
    const rows = [row, other].filter((known) => known !== undefined)
    const found = rows.flatMap((each) => this.#eventsOf(each, 0))
    for (const each of rows) for (const next of this.#neighbours(each)) found.push(...this.#eventsOf(next, 2))
    const times = [at, ...found.filter(({ distance }) => distance === 0).map((event) => event.at)]
    const [from, to] = [Math.min(...times), Math.max(...times)]
    found.push(...this.#marksAround(from, to, lines))
    const nearest = found.sort((a, b) => a.distance - b.distance).slice(0, historyAroundMax)
    return nearest
      .sort((a, b) => a.at - b.at || a.line - b.line)
      .map(({ at: time, line, text }) => `${time}  line ${line}  ${text}`)
  }

  #marksAround(from: number, to: number, lines: readonly number[]): Around[] {
    const inside = this.#marks.filter(
      (mark) => lines.includes(mark.line) || (mark.at >= from && mark.at <= to),
    )
    const before = this.#marks.filter((mark) => mark.at < from).slice(-2)
    const after = this.#marks.filter((mark) => mark.at > to).slice(0, 2)
    return [...new Set([...inside, ...before, ...after])].map((mark) => ({
      ...mark,
      distance: lines.includes(mark.line) ? 0 : 1,
    }))
  }

  #eventsOf(row: number, distance: number): Around[] {
    const { ids, asked, answered, outcomes, askedLine, answeredLine } = this.#history
    const [id, askedAt, answeredAt] = [JSON.stringify(ids[row]), asked[row], answered[row]]
    const [from, to] = [askedLine[row] ?? nowhere, answeredLine[row] ?? nowhere]
    const events: Around[] = []
    if (askedAt !== undefined && from !== nowhere)
      events.push({ at: askedAt, line: from, text: `${id} asked`, distance })
    if (answeredAt !== undefined && to !== nowhere) {
      const text = `${id} answered "${outcomes[row]}"${this.#who(row, 'answer')}`
      events.push({ at: answeredAt, line: to, text, distance })
    }
    for (const { event, line } of this.#history.recordsOf(row)) {
      // A record has no time of the history's clock; it stands beside the answer.
      const at = to === nowhere ? (askedAt ?? 0) : (answeredAt ?? 0)
      events.push({ at: at || 0, line, text: `${id} recorded, ${recordText(event)}`, distance })
    }
    events.push(...this.#eventsAgain(row, distance))
    return events
  }

  /** What came for this question although it had come already. */
  #eventsAgain(row: number, distance: number): Around[] {
    const { ids, askedAgain, answeredAgain, recordedAgain, answered, asked } = this.#history
    const id = JSON.stringify(ids[row])
    const again = (text: string) => (event: Again) => ({ ...event, text: `${id} ${text} again`, distance })
    const isOfRow = (event: { readonly row: number }) => event.row === row
    const at = answered[row] || asked[row] || 0
    return [
      ...askedAgain.filter(isOfRow).map(again('asked')),
      ...answeredAgain.filter(isOfRow).map(again('answered')),
      ...recordedAgain.filter(isOfRow).map(({ record: { event, line } }) => {
        return { at, line, text: `${id} recorded again, ${recordText(event)}`, distance }
      }),
    ]
  }

  /** The questions that the same caller asked just before and just after. */
  #neighbours(row: number): number[] {
    const { callers, asked } = this.#history
    const [caller, at = Number.NaN] = [callers[row], asked[row]]
    let [before, after] = [nowhere, nowhere]
    for (let next = 0; next < callers.length; next++) {
      if (callers[next] !== caller || next === row) continue
      const time = asked[next] ?? Number.NaN
      if (time <= at && !(time <= (asked[before] ?? Number.NaN))) before = next
      if (time > at && !(time >= (asked[after] ?? Number.NaN))) after = next
    }
    return [before, after].filter((next) => next !== nowhere)
  }
}

function activationText({ event, line }: Placed<ActivationEvent>): string {
  const { requested, acknowledged, refused } = event
  const end =
    acknowledged !== undefined
      ? `acknowledged at ${acknowledged}`
      : refused !== undefined
        ? `refused at ${refused}`
        : 'never heard of again'
  return `${nameOf(event)} was requested at ${requested} and ${end} (line ${line})`
}

function nameOf({ generation, versions }: ActivationEvent): string {
  return `${generation === undefined ? 'an activation' : `generation ${generation}`} (${versionsText(versions)})`
}

function marksOf({ event, line }: Placed<ActivationEvent>): { at: number; line: number; text: string }[] {
  const marks = [{ at: event.requested, line, text: `${nameOf(event)} requested` }]
  const { acknowledged, refused } = event
  if (acknowledged !== undefined)
    marks.push({ at: acknowledged, line, text: `${nameOf(event)} acknowledged` })
  if (refused !== undefined) marks.push({ at: refused, line, text: `${nameOf(event)} refused` })
  return marks
}
