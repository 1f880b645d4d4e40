/**
 * The events of a history, as they are written, one in a line of JSON (docs/reference/history.md). Who records writes them in any
 * order: each says when it was. All times are of one monotonic clock, in whole units (such as nanoseconds) that it is not told.
 */

/** The number of a version, or null: there was none. */
export type Version = number | null

export interface Versions {
  readonly guard: Version
  readonly tenant: Version
}

export type HistoryOutcome = 'allow' | 'deny' | 'no-answer'

/** What was live before the first activation. A history has exactly one. */
export interface StartEvent {
  readonly type: 'start'
  readonly generation: number
  readonly versions: Versions
}

/** Of `acknowledged` and `refused` it has one; neither, if nobody heard how it ended. */
export interface ActivationEvent {
  readonly type: 'activation'
  /** The one that it makes. Left out only where it was refused. */
  readonly generation?: number
  /** All that is live when it is through, not only what it changes. */
  readonly versions: Versions
  /** Just before the request was sent. */
  readonly requested: number
  /** Just after the acknowledgement had come. */
  readonly acknowledged?: number
  readonly refused?: number
}

export interface AskedEvent {
  readonly type: 'asked'
  /** Chosen by who asks; no other question has it. */
  readonly id: string
  /** Asks one question after the other. */
  readonly caller: string
  /** Just before it was asked. */
  readonly at: number
}

export interface AnsweredEvent {
  readonly type: 'answered'
  readonly id: string
  /** Just after the answer had come. */
  readonly at: number
  readonly outcome: HistoryOutcome
  /** As far as the answer itself tells who gave it. Never with "no-answer". */
  readonly shows?: { readonly generation?: number; readonly guard?: Version; readonly tenant?: Version }
}

/** What the host's log says of one attempt to decide a question. */
export interface RecordedEvent {
  readonly type: 'recorded'
  readonly id: string
  /** From 1. */
  readonly attempt: number
  readonly outcome: HistoryOutcome
  readonly generation: number
  readonly guard: Version
  readonly tenant: Version
}

export type HistoryEvent = StartEvent | ActivationEvent | AskedEvent | AnsweredEvent | RecordedEvent

/** The line of an event, with its end. */
export function historyLine(event: HistoryEvent): string {
  return `${JSON.stringify(event)}\n`
}
