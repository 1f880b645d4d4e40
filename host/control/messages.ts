/**
 * The messages between supervisor and evaluator, in both directions: JSON in control frames. One file for both ends,
 * so that they cannot disagree on a field.
 */

import type { ErrorCode } from '../errors.ts'
import type { Guard, Tenant } from '../tenant/config.ts'
import type { Author } from '../winrm/decision.ts'
import type { Kind } from '../wire/layout.ts'

/** In this order: policies and tenants, the table that completes them, then, at some time, serve, and at the end close. */
export type ToEvaluator =
  | { readonly type: 'policy'; readonly digest: string; readonly base64: string }
  | { readonly type: 'tenant'; readonly tenant: Tenant }
  | { readonly type: 'table'; readonly generation: number; readonly guard?: Guard }
  | {
      readonly type: 'serve'
      readonly index: number
      readonly count: number
      readonly endpoint: string
      readonly openToOthers: boolean
    }
  | { readonly type: 'close' }

/** A policy that an evaluator could not load. */
export interface PolicyFault {
  readonly digest: string
  readonly code: ErrorCode
  readonly detail: string
}

/** One question and what it came to. What is left out does not apply. */
export interface DecisionRecord {
  readonly id: string
  readonly attempt: number
  readonly tenant: string
  readonly application: string
  readonly kind: Kind
  readonly sender: string
  readonly action?: string
  readonly resourceUri?: string
  readonly outcome: 'allow' | 'deny' | 'no-answer'
  readonly code: number
  readonly by?: Author
  readonly reason?: string
  readonly redirect?: string
  readonly error?: ErrorCode
  readonly detail?: string
  readonly administrator?: boolean
  readonly quota?: readonly number[]
  readonly policy: string
  /** Of the policy's fuel, for all that it was asked in this decision. */
  readonly fuelUsed: number
  readonly guard?: string
  readonly guardFuelUsed?: number
  readonly generation: number
  readonly timeMs: number
  readonly microseconds: number
}

/** A connection that came, or was refused or closed with a reason. */
export interface ConnectionRecord {
  readonly accepted: boolean
  readonly account: string
  readonly application?: string
  readonly tenant?: string
  readonly processId?: number
  readonly error?: ErrorCode
  /** What the plug-in says that it denied by itself, by name. */
  readonly denied?: Readonly<Record<string, number>>
}

export type FromEvaluator =
  | { readonly type: 'ready'; readonly faults: readonly PolicyFault[] }
  | { readonly type: 'serving'; readonly index: number }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly detail: string }
  | { readonly type: 'connection'; readonly record: ConnectionRecord }
  | { readonly type: 'decision'; readonly record: DecisionRecord }
  /** So many messages before this one could not be sent. */
  | { readonly type: 'gap'; readonly lost: number }

/** The label of a connection, which the watchdog hands back when it has fired. */
export interface ConnectionLabel {
  readonly tenant: string
  readonly application: string
}
