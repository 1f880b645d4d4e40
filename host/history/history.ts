/**
 * A history as the checks read it: columns, because a million questions as objects would not fit beside one another. Events come in,
 * in any order; a row is made by the first event that names its question.
 *
 *   lines -> read.ts -> add() -> rows, records, activations -> check.ts, explain.ts
 */

import { PortcullisError } from '../errors.ts'
import { historyActivationsMax, historyQuestionsMax } from '../limits.ts'
import type {
  ActivationEvent,
  AnsweredEvent,
  AskedEvent,
  HistoryEvent,
  HistoryOutcome,
  RecordedEvent,
  StartEvent,
  Version,
} from './event.ts'

/** In a column of versions or generations: it is not told. Versions and generations are never negative. */
export const notTold = -2

/** In a column of versions: there was none. */
const none = -1

/** In a column of lines, rows or records: there is none. */
export const nowhere = -1

/** What a column of versions has for a version. */
export function versionCell(version: Version | undefined): number {
  return version === undefined ? notTold : (version ?? none)
}

/** An event and the line that it stands in, from 1. */
export interface Placed<Event> {
  readonly event: Event
  readonly line: number
}

/** One more event of a question that has one of its type already. */
export interface Again {
  readonly row: number
  readonly at: number
  readonly line: number
}

export class History {
  start: Placed<StartEvent> | undefined
  readonly activations: Placed<ActivationEvent>[] = []

  /** Rows: what a question has not is NaN in a column of times, `nowhere` in one of lines. */
  readonly ids: string[] = []
  readonly callers: number[] = []
  readonly asked: number[] = []
  readonly answered: number[] = []
  readonly outcomes: (HistoryOutcome | undefined)[] = []
  readonly shownGeneration: number[] = []
  readonly shownGuard: number[] = []
  readonly shownTenant: number[] = []
  readonly askedLine: number[] = []
  readonly answeredLine: number[] = []
  /** The record of the row's highest attempt. */
  readonly lastRecord: number[] = []

  /** Records: those of one row are a chain, from the highest attempt down. */
  readonly records: Placed<RecordedEvent>[] = []
  readonly recordBefore: number[] = []

  readonly askedAgain: Again[] = []
  readonly answeredAgain: Again[] = []
  /** Records of an attempt that has one already. */
  readonly recordedAgain: { readonly row: number; readonly record: Placed<RecordedEvent> }[] = []

  readonly callerNames: string[] = []
  readonly #rows = new Map<string, number>()
  readonly #callers = new Map<string, number>()

  /** Throws ERR_HISTORY_FILE for a second start, and for more than a history may have. */
  add(event: HistoryEvent, line: number): void {
    if (event.type === 'asked') this.#addAsked(event, line)
    else if (event.type === 'answered') this.#addAnswered(event, line)
    else if (event.type === 'recorded') this.#addRecorded(event, line)
    else if (event.type === 'activation') this.#addActivation(event, line)
    else this.#addStart(event, line)
  }

  /** Throws ERR_HISTORY_FILE if there is nothing to be proved, or nothing to prove it by. */
  assertWhole(): void {
    if (this.start === undefined) {
      const detail = 'it has no start: write which versions were live at the beginning'
      throw new PortcullisError('ERR_HISTORY_FILE', detail)
    }
    if (this.callerNames.length === 0) {
      throw new PortcullisError('ERR_HISTORY_FILE', 'nothing is asked in it, so it proves nothing')
    }
  }

  /** The records of a row, from the highest attempt down. */
  recordsOf(row: number): Placed<RecordedEvent>[] {
    const found: Placed<RecordedEvent>[] = []
    for (let index = this.lastRecord[row] ?? nowhere; index !== nowhere; ) {
      const record = this.records[index]
      if (record !== undefined) found.push(record)
      index = this.recordBefore[index] ?? nowhere
    }
    return found
  }

  #addStart(event: StartEvent, line: number): void {
    if (this.start !== undefined) {
      const detail = `line ${line}: a second start, after that of line ${this.start.line}; write one history for each run`
      throw new PortcullisError('ERR_HISTORY_FILE', detail)
    }
    this.start = { event, line }
  }

  #addActivation(event: ActivationEvent, line: number): void {
    refuseBeyond(this.activations.length, historyActivationsMax, 'activations', line)
    this.activations.push({ event, line })
  }

  #row(id: string, line: number): number {
    const known = this.#rows.get(id)
    if (known !== undefined) return known
    const row = this.ids.length
    refuseBeyond(row, historyQuestionsMax, 'questions', line)
    this.#rows.set(id, row)
    this.ids.push(id)
    this.callers.push(nowhere)
    this.asked.push(Number.NaN)
    this.answered.push(Number.NaN)
    this.outcomes.push(undefined)
    this.shownGeneration.push(notTold)
    this.shownGuard.push(notTold)
    this.shownTenant.push(notTold)
    this.askedLine.push(nowhere)
    this.answeredLine.push(nowhere)
    this.lastRecord.push(nowhere)
    return row
  }

  #caller(name: string): number {
    const known = this.#callers.get(name)
    if (known !== undefined) return known
    const caller = this.callerNames.push(name) - 1
    this.#callers.set(name, caller)
    return caller
  }

  #addAsked({ id, caller, at }: AskedEvent, line: number): void {
    const row = this.#row(id, line)
    if (this.askedLine[row] !== nowhere) {
      this.askedAgain.push({ row, at, line })
      return
    }
    this.asked[row] = at
    this.callers[row] = this.#caller(caller)
    this.askedLine[row] = line
  }

  #addAnswered({ id, at, outcome, shows }: AnsweredEvent, line: number): void {
    const row = this.#row(id, line)
    if (this.answeredLine[row] !== nowhere) {
      this.answeredAgain.push({ row, at, line })
      return
    }
    this.answered[row] = at
    this.outcomes[row] = outcome
    this.answeredLine[row] = line
    if (shows === undefined) return
    this.shownGeneration[row] = shows.generation ?? notTold
    this.shownGuard[row] = versionCell(shows.guard)
    this.shownTenant[row] = versionCell(shows.tenant)
  }

  #addRecorded(event: RecordedEvent, line: number): void {
    const row = this.#row(event.id, line)
    let above = nowhere
    let below = this.lastRecord[row] ?? nowhere
    while (below !== nowhere && this.#attempt(below) > event.attempt) {
      above = below
      below = this.recordBefore[below] ?? nowhere
    }
    if (below !== nowhere && this.#attempt(below) === event.attempt) {
      this.recordedAgain.push({ row, record: { event, line } })
      return
    }
    const index = this.records.push({ event, line }) - 1
    this.recordBefore.push(below)
    if (above === nowhere) this.lastRecord[row] = index
    else this.recordBefore[above] = index
  }

  #attempt(record: number): number {
    return this.records[record]?.event.attempt ?? 0
  }
}

function refuseBeyond(length: number, most: number, what: string, line: number): void {
  if (length < most) return
  const detail = `line ${line}: more than ${most} ${what}; check a shorter run`
  throw new PortcullisError('ERR_HISTORY_FILE', detail)
}

/** Of events that are at hand; the first has line 1, as in a file of their lines. Throws ERR_HISTORY_FILE as `add` does. */
export function historyOf(events: Iterable<HistoryEvent>): History {
  const history = new History()
  let line = 0
  for (const event of events) history.add(event, ++line)
  return history
}
