/** What comes of asking a policy: it answered, or there is no answer. The two never mix. */

import type { ErrorCode } from '../errors.ts'
import type { PolicyResult } from './result-record.ts'

export interface NoAnswer {
  readonly kind: 'no-answer'
  readonly error: ErrorCode
  /** What is particular; it may contain text that the policy chose. */
  readonly detail: string
}

export type PolicyAnswer = PolicyResult | NoAnswer

export interface Called {
  readonly answer: PolicyAnswer
  /** Of the fuel given; all of it if it ran out. */
  readonly fuelUsed: number
}

export function noAnswer(error: ErrorCode, detail: string): NoAnswer {
  return { kind: 'no-answer', error, detail }
}
