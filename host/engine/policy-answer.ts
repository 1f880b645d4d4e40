/** What comes of asking a policy: it answered, or there is no answer. The two never mix. */

import type { ErrorCode } from '../errors.ts'
import type { GuestMemory } from './guest-memory.ts'
import { type PolicyFunction, policyFunctions } from './interface.ts'
import { type PolicyResult, readResult } from './result-record.ts'

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

/** The kinds of result that each function may return. */
const resultsOf: Record<PolicyFunction, readonly PolicyResult['kind'][]> = {
  user: ['allow', 'deny', 'redirect'],
  operation: ['allow', 'deny'],
  quota: ['quota'],
}

/** What the record at `address` means as an answer of the function that returned it. */
export function readAnswer(memory: GuestMemory, name: PolicyFunction, address: number): PolicyAnswer {
  const result = readResult(memory, address)
  if (typeof result === 'string') return noAnswer('ERR_POLICY_RESULT', result)
  if (resultsOf[name].includes(result.kind)) return result
  return noAnswer('ERR_POLICY_RESULT', `${policyFunctions[name]} returned "${result.kind}"`)
}
