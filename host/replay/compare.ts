/**
 * Holds what a decision came to against what it comes to now. Pure. Two ways to look at it: for the same policies every member has to be
 * the same, fuel included; for another policy it is said what the change means to whoever asks.
 */

import { isDeepStrictEqual } from 'node:util'

import { type Answer, answerMembers } from './replay-messages.ts'

/** Members that are not the same. */
export function differences(before: Answer, after: Answer): (keyof Answer)[] {
  return answerMembers.filter((member) => !isDeepStrictEqual(before[member], after[member]))
}

/** What a change of policy means; the first that fits. `reason` is all that is said to who is not allowed, before and after. */
export const changes = ['allowed', 'denied', 'administrator', 'quota', 'reason'] as const
export type Change = (typeof changes)[number]

const said = ['outcome', 'code', 'by', 'reason', 'redirect', 'error', 'detail'] as const

/** Undefined if nothing but fuel has changed. */
export function changeOf(before: Answer, after: Answer): Change | undefined {
  const [was, is] = [before.outcome === 'allow', after.outcome === 'allow']
  if (was !== is) return is ? 'allowed' : 'denied'
  if (before.administrator !== after.administrator) return 'administrator'
  if (!isDeepStrictEqual(before.quota, after.quota)) return 'quota'
  return said.some((member) => before[member] !== after[member]) ? 'reason' : undefined
}

export function fuelOf({ fuelUsed, guardFuelUsed = 0 }: Answer): number {
  return fuelUsed + guardFuelUsed
}

/** Errors after which an answer says nothing of the policy: it depended on more than the question. */
const circumstances: ReadonlySet<string> = new Set([
  'ERR_POLICY_TIME',
  'ERR_POLICY_QUARANTINED',
  'ERR_POLICY_SUSPECTED',
  'ERR_POLICY_NONE',
  'ERR_HOST_FAULT',
])

/** Why the recorded answer cannot be compared with another; undefined if it can. */
export function whyIncomparable({ error }: Answer): string | undefined {
  return error !== undefined && circumstances.has(error) ? error : undefined
}
