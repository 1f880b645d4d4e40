/**
 * A decision of one policy as it is shown to people and held against their expectations: every member is
 * there, and null is what does not apply.
 */

import type { Quota } from '../engine/result-record.ts'
import type { ErrorCode } from '../errors.ts'
import type { Decision } from './decision.ts'

/** A quota by the names of its fields. */
export interface QuotaText {
  readonly concurrentShells: number
  readonly concurrentOperations: number
  readonly timeslotSeconds: number
  readonly operationsPerTimeslot: number
}

export interface Description {
  readonly outcome: Decision['outcome']
  /** What WinRM is told. */
  readonly errorCode: number
  readonly reason: string | null
  readonly administrator: boolean
  readonly quota: QuotaText | null
  readonly fuelUsed: number
  readonly error: ErrorCode | null
  readonly detail: string | null
}

export function quotaText(quota: Quota): QuotaText {
  const [concurrentShells, concurrentOperations, timeslotSeconds, operationsPerTimeslot] = quota
  return { concurrentShells, concurrentOperations, timeslotSeconds, operationsPerTimeslot }
}

/** Null also where the policy has no `queryQuota`: what is left then is the operator's. */
function quotaOf(decision: Decision, hasQuota: boolean): QuotaText | null {
  if (decision.outcome !== 'allow' || decision.quota === undefined || !hasQuota) return null
  return quotaText(decision.quota)
}

export function describe(decision: Decision, hasQuota: boolean, fuelUsed: number): Description {
  const { outcome, code } = decision
  return {
    outcome,
    errorCode: code,
    reason: outcome === 'deny' ? decision.reason : null,
    administrator: outcome === 'allow' && decision.administrator,
    quota: quotaOf(decision, hasQuota),
    fuelUsed,
    error: decision.error ?? null,
    detail: outcome === 'no-answer' ? decision.detail : null,
  }
}
