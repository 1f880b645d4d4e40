/**
 * Holds what a decision came to against what it comes to now. Pure. Two ways to look at it: for the same policies every member has to be
 * the same, fuel included; for another policy it is said what the change means to whoever asks.
 */

import { isDeepStrictEqual } from 'node:util'

import type { Description, QuotaText } from '../winrm/description.ts'
import type { Kind } from '../wire/layout.ts'
import { type Answer, answerMembers } from './replay-messages.ts'

/** Members that are not the same. */
export function differences(before: Answer, after: Answer): (keyof Answer)[] {
  return answerMembers.filter((member) => !isDeepStrictEqual(before[member], after[member]))
}

/**
 * What a change of policy means; the first that fits. Whatever becomes of a quota question is `quota`. `reason` is what is said to whom
 * is not allowed, before and after.
 */
export const changes = ['allowed', 'denied', 'administrator', 'quota', 'reason'] as const
export type Change = (typeof changes)[number]

const said = ['outcome', 'code', 'by', 'reason', 'redirect', 'error', 'detail'] as const

/** Undefined if nothing but fuel has changed. */
export function changeOf(kind: Kind, before: Answer, after: Answer): Change | undefined {
  const isSaid = said.some((member) => before[member] !== after[member])
  if (kind === 'quota') return isSaid || !isDeepStrictEqual(before.quota, after.quota) ? 'quota' : undefined
  const [was, is] = [before.outcome === 'allow', after.outcome === 'allow']
  if (was !== is) return is ? 'allowed' : 'denied'
  if (before.administrator !== after.administrator) return 'administrator'
  return isSaid ? 'reason' : undefined
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
  'ERR_AUDIT_BEHIND',
  'ERR_HOST_FAULT',
])

/** Why the recorded answer cannot be compared with another; undefined if it can. */
export function whyIncomparable({ error }: Answer): string | undefined {
  return error !== undefined && circumstances.has(error) ? error : undefined
}

/** The same of two policies that were asked one question alone. */
export function descriptionChange(kind: Kind, a: Description, b: Description): Change | undefined {
  const isSaid =
    a.outcome !== b.outcome ||
    a.errorCode !== b.errorCode ||
    a.reason !== b.reason ||
    a.error !== b.error ||
    a.detail !== b.detail
  if (kind === 'quota') return isSaid || !sameQuota(a.quota, b.quota) ? 'quota' : undefined
  const [was, is] = [a.outcome === 'allow', b.outcome === 'allow']
  if (was !== is) return is ? 'allowed' : 'denied'
  if (a.administrator !== b.administrator) return 'administrator'
  return isSaid ? 'reason' : undefined
}

function sameQuota(a: QuotaText | null, b: QuotaText | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a.concurrentShells === b.concurrentShells &&
    a.concurrentOperations === b.concurrentOperations &&
    a.timeslotSeconds === b.timeslotSeconds &&
    a.operationsPerTimeslot === b.operationsPerTimeslot
  )
}
