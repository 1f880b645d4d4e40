// What a member of the corpus is: a module, how it cheats, and exactly what must become of it. The three results are
// kept apart to the letter: a module that is refused never runs, one that is stopped ends with the code that is named
// here and no other, and one that is harmless gets the answers of any policy that tried nothing.

import type { NoAnswer } from '../../host/engine/policy-answer.ts'
import type { PolicyResult, Quota } from '../../host/engine/result-record.ts'
import type { RefusalCode } from '../../host/engine/wasm/refusal.ts'
import type { ErrorCode } from '../../host/errors.ts'
import type { Kind } from '../../host/wire/layout.ts'
import type { Settings } from '../../host/wire/settings-block.ts'

export const kinds = ['user', 'operation', 'quota'] as const satisfies readonly Kind[]

/** Of a question: a result, a code of no answer, a code with its exact detail, or no function to ask. */
export type Answer = PolicyResult | ErrorCode | NoAnswer | 'no such function'
export type Answers = Readonly<Record<Kind, Answer>>

/** Where a module is stopped: before its first question, or in the function of one. */
export type Place = 'start' | 'every question' | Kind

export type Must =
  | { readonly result: 'refused'; readonly code: RefusalCode }
  | {
      readonly result: 'stopped'
      readonly code: ErrorCode
      readonly place: Place
      readonly answers: Answers
    }
  | { readonly result: 'harmless'; readonly answers: Answers }

export interface Hostile {
  /** Its subject comes first: loop-plain. */
  readonly name: string
  /** One line. */
  readonly cheats: string
  readonly bytes: () => Uint8Array<ArrayBuffer>
  readonly must: Must
  /** That it is given before its first question. */
  readonly settings?: Settings
  /** The function of the interface in which it cheats, if that is not authzUser. In other hosts it is this one that is called. */
  readonly entry?: string
}

export const allow: PolicyResult = { kind: 'allow', administrator: false }
export const administrator: PolicyResult = { kind: 'allow', administrator: true }

export function deny(reason: string): PolicyResult {
  return { kind: 'deny', reason }
}

export function quotaOf(...quota: Quota): PolicyResult {
  return { kind: 'quota', quota }
}

/** What the prelude's functions answer. */
const usual: Answers = { user: allow, operation: allow, quota: quotaOf(1, 2, 3, 4) }

export function refused(code: RefusalCode): Must {
  return { result: 'refused', code }
}

/** The questions that end there. An operation is not asked about if its user is not allowed. */
const endsIn: Readonly<Record<Place, readonly Kind[]>> = {
  start: kinds,
  'every question': kinds,
  user: ['user', 'operation'],
  operation: ['operation'],
  quota: ['quota'],
}

/** Other questions are answered as usual, but for those in `others`. `detail` is compared if it is given. */
export function stopped(code: ErrorCode, place: Place, others: Partial<Answers> = {}, detail?: string): Must {
  const end: Answer = detail === undefined ? code : { kind: 'no-answer', error: code, detail }
  const ended = Object.fromEntries(endsIn[place].map((kind) => [kind, end]))
  return { result: 'stopped', code, place, answers: { ...usual, ...others, ...ended } }
}

export function harmless(answers: Partial<Answers> = {}): Must {
  return { result: 'harmless', answers: { ...usual, ...answers } }
}

/** As the page of the corpus says it. */
export function wordsOf(must: Must): string {
  if (must.result === 'refused') return `refused: ${must.code}`
  if (must.result === 'harmless') return 'harmless'
  const where =
    must.place === 'start' || must.place === 'every question' ? must.place : `${must.place} question`
  return `stopped: ${must.code} (${where})`
}
