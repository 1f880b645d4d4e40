/**
 * What a question comes to. Three outcomes stay apart to the end: somebody allowed, somebody denied, or there is no
 * answer. Only the first becomes access.
 */

import type { Quota } from '../engine/result-record.ts'
import type { ErrorCode } from '../errors.ts'

export type Author = 'guard' | 'tenant' | 'host'

export type Decision =
  | {
      readonly outcome: 'allow'
      readonly code: 0
      readonly administrator: boolean
      /** With a quota question only. */
      readonly quota?: Quota
      /** With a quota question only: why the operator's safe quota stands in for an answer. */
      readonly error?: ErrorCode
      readonly detail?: string
    }
  | {
      readonly outcome: 'deny'
      readonly code: number
      readonly by: Author
      readonly reason: string
      /** With code REDIRECT_REQUESTED only. */
      readonly redirect?: string
      readonly error?: ErrorCode
    }
  | {
      readonly outcome: 'no-answer'
      readonly code: number
      readonly by: Author
      readonly error: ErrorCode
      readonly detail: string
    }

/** What the operator lets a tenant's policies do beyond allowing and denying. Everything is off by default. */
export interface Rules {
  /** Whether `userIsAdministrator` may be passed when guard and tenant both ask for it. */
  readonly allowAdministrator: boolean
  /** Origins, as `https://host` or `https://host:port`, that a redirect may lead to. */
  readonly redirectTargets: readonly string[]
  /** No quota is above this, in any field. */
  readonly quotaCeiling: Quota
  /** What a quota question gets when there is no answer, if nothing smaller applies; undefined: an error. */
  readonly quotaWithoutAnswer?: Quota
}
