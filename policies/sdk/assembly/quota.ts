// What queryQuota answers: a result record whose last four words are the limits. Zero has no documented
// meaning in WinRM, so no limit may be zero.

import { quotaKind, recordBytes, recordMagic } from './result-record'

/**
 * How much one user may use at a time. Each limit is from 1 to 4,294,967,295; the operator's ceilings apply
 * on top, so a policy can lower what a user gets and never raise it. It cannot be changed after it was made.
 *
 * ```ts
 * export function queryQuota(user: UserRequest): Quota {
 *   return user.inGroup(operators) ? new Quota(10, 50, 60, 600) : new Quota(2, 10, 60, 60)
 * }
 * ```
 */
@final
export class Quota {
  private readonly magic: u32 = recordMagic
  private readonly kind: u16 = quotaKind
  private readonly flags: u16 = 0
  private readonly text: usize = 0
  private readonly textLength: u32 = 0

  /** Shells that one user may have open at a time. */
  readonly shells: u32
  /** Operations that one user may have running at a time. */
  readonly operations: u32
  /** The length of a time slot, in seconds. */
  readonly timeslotSeconds: u32
  /** Operations that one user may start in one time slot. */
  readonly operationsPerTimeslot: u32

  /** Limits of zero end the question without an answer. The example on the class shows the order. */
  constructor(shells: u32, operations: u32, timeslotSeconds: u32, operationsPerTimeslot: u32) {
    this.shells = notZero(shells, 'shells')
    this.operations = notZero(operations, 'operations')
    this.timeslotSeconds = notZero(timeslotSeconds, 'timeslotSeconds')
    this.operationsPerTimeslot = notZero(operationsPerTimeslot, 'operationsPerTimeslot')
  }
}

function notZero(limit: u32, name: string): u32 {
  if (limit == 0) throw new Error('Quota: ' + name + ' must not be zero')
  return limit
}

if (offsetof<Quota>() != recordBytes) ERROR('a Quota is not a result record')
