/**
 * The messages between supervisor and evaluator, in both directions: JSON in control frames. One file for both ends,
 * so that they cannot disagree on a field.
 */

import type { ErrorCode } from '../errors.ts'
import type { Guard, Tenant } from '../tenant/config.ts'
import type { Author } from '../winrm/decision.ts'
import type { Kind, WireVersions } from '../wire/layout.ts'

/**
 * In this order: what is new in a table, the table that completes it, and the word to flip to it or to abandon it. The first
 * table is sent as what is new against nothing. Then, at some time, serve, and at the end close.
 */
export type ToEvaluator =
  /** A policy by the digest of its upload; `metered` is the digest of what is sent, which is what runs. */
  | { readonly type: 'policy'; readonly digest: string; readonly metered: string; readonly base64: string }
  | { readonly type: 'tenant'; readonly tenant: Tenant }
  /** A tenant that the next table does not have any more. */
  | { readonly type: 'absent'; readonly tenant: string }
  | {
      readonly type: 'table'
      readonly generation: number
      readonly guard?: Guard
      /** Whether decisions are told with their question. */
      readonly recorded: boolean
    }
  /** From the next question on, this table and no other. */
  | { readonly type: 'flip'; readonly generation: number }
  | { readonly type: 'abandon'; readonly generation: number }
  | {
      readonly type: 'serve'
      readonly index: number
      readonly count: number
      readonly endpoint: string
      /** Accounts other than the host's own that may connect. */
      readonly others: readonly string[]
    }
  /** Other accounts than those of `serve` may connect from now on. */
  | { readonly type: 'others'; readonly others: readonly string[] }
  /** Whether a question that is held may be asked again. */
  | { readonly type: 'verdict'; readonly id: string; readonly tenant: string; readonly cleared: boolean }
  /** All versions that must not run. */
  | { readonly type: 'quarantine'; readonly versions: readonly Version[] }
  /**
   * `halted`: every question is answered without asking anybody, because what is decided cannot be recorded. `mustRecord`: so is one
   * for whose record there is no room on the way to the supervisor.
   */
  | { readonly type: 'halt'; readonly halted: boolean; readonly mustRecord: boolean }
  | { readonly type: 'close' }

/** A policy as one tenant has it, or the guard as it is asked for one tenant. */
export interface Version {
  readonly tenant: string
  /** SHA-256 of the upload. */
  readonly policy: string
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
  /** Absent if there was none to ask. */
  readonly policy?: string
  /** Of the store; likewise `guardVersion`. */
  readonly version?: number
  /** Of the policy's fuel, for all that it was asked in this decision. */
  readonly fuelUsed: number
  readonly guard?: string
  readonly guardVersion?: number
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
  /** Of the plug-in, as it says. */
  readonly pluginVersion?: string
  /** Chosen for this connection. */
  readonly wireVersion?: number
  readonly error?: ErrorCode
  /** With ERR_CONNECTION_VERSION: what the plug-in speaks. */
  readonly offered?: WireVersions
  /** What the plug-in says that it denied by itself since its last accepted hello, by name. */
  readonly denied?: Readonly<Record<string, number>>
}

export type FromEvaluator =
  /** It has its first table. */
  | { readonly type: 'ready' }
  | { readonly type: 'serving'; readonly index: number }
  | { readonly type: 'prepared'; readonly generation: number }
  /** It cannot have that table, and goes on with the one it has. */
  | {
      readonly type: 'unprepared'
      readonly generation: number
      readonly code: ErrorCode
      readonly detail: string
    }
  | { readonly type: 'flipped'; readonly generation: number }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly detail: string }
  /** `connection` is the evaluator's number of one that was accepted, until a disconnection says that it has gone. */
  | { readonly type: 'connection'; readonly connection?: number; readonly record: ConnectionRecord }
  | { readonly type: 'disconnection'; readonly connection: number }
  /**
   * `sequence`: its number among this evaluator's, from 1; a number that is not told is a record that is lost. `block`: the
   * question as the policy got it, in base64, if decisions are recorded.
   */
  | {
      readonly type: 'decision'
      readonly sequence: number
      readonly record: DecisionRecord
      readonly block?: string
    }
  /** A question of this tenant is asked for the second time, and waits for a verdict. */
  | { readonly type: 'held'; readonly id: string; readonly tenant: string }
  /**
   * The supervisor was too far behind for something. So many messages before this one, other than decisions, could not be sent;
   * and there have been so many decisions.
   */
  | { readonly type: 'lost'; readonly messages: number; readonly decided: number }

/** The label of a connection: whom its questions are for, in the watchdog's last words and on the page of what runs. */
export interface ConnectionLabel {
  readonly tenant: string
  readonly application: string
  readonly policy?: string
  readonly guard?: string
}
