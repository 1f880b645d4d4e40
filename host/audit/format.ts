/**
 * What the audit log has in it: the types of its records, and the text of one. A text is a line of JSON that anybody may print: what
 * a terminal or an editor would act on (control characters, marks of direction, ends of lines, half of a pair) is escaped in it, so
 * that no caller's name can hide a record, forge one, or end a line.
 *
 *     {"sequence":7,"type":"decision","timeMs":1763865600000, ... ,"chain":"9f…"}
 *
 * `sequence` and `chain` are added where lines are written; everything else is made here.
 */

import type { ConnectionRecord, DecisionRecord } from '../control/messages.ts'
import type { OvertimeDecision } from '../control/overtime-decision.ts'
import type { ErrorCode } from '../errors.ts'
import type { Subject } from '../store/store.ts'

/** Of a file, in its first record. Another one is of another release. */
export const FORMAT = 1

/** Every type of record. */
export const recordTypes = [
  'opened',
  'started',
  'stopped',
  'decision',
  'act',
  'gap',
  'plugin-denials',
  'connection-refused',
  'quarantined',
  'removed',
] as const

export type RecordType = (typeof recordTypes)[number]

/** What somebody did to a host, or tried to. Without `who` the host did it itself. */
export interface AuditAct {
  /** As in operator-command.ts, or what the host does by itself, such as a return. */
  readonly command: string
  readonly via: 'endpoint' | 'api' | 'host'
  readonly result: 'done' | 'refused'
  readonly who?: string
  readonly why?: string
  readonly subject?: Subject
  readonly tenant?: string
  /** A number, or what the command named the version by; null: nothing is active. */
  readonly version?: number | string | null
  /** SHA-256 of the module. */
  readonly policy?: string
  /** Of a token: never its secret. */
  readonly token?: { readonly id?: string; readonly name?: string; readonly role?: string }
  /** Why it was refused. */
  readonly code?: ErrorCode
  readonly detail?: string
}

/** Records that are not there; `lost` of them, if that is known. */
export interface AuditGap {
  readonly cause: string
  readonly lost: number | 'unknown'
  readonly evaluator?: number
  /** What `lost` was made of. Without it, decisions. */
  readonly types?: Readonly<Record<string, number>>
  /** When the first of them was lost, if it was not at the time of the record. */
  readonly fromMs?: number
  /** Bytes of a line that was never finished. */
  readonly cutBytes?: number
}

/** What a plug-in says that it denied by itself. */
export type AuditDenials = Pick<
  ConnectionRecord,
  'account' | 'application' | 'tenant' | 'processId' | 'denied'
>

export interface AuditQuarantine {
  readonly tenant: string
  readonly policy: string
  readonly reason: string
  /** The question that it was at. */
  readonly id?: string
  readonly phase?: string
  readonly end?: string
}

/** The members of a record's type. */
export interface Members {
  readonly decision: DecisionMembers
  readonly act: AuditAct
  readonly gap: AuditGap
  readonly 'plugin-denials': AuditDenials
  readonly 'connection-refused': Omit<ConnectionRecord, 'accepted'>
  readonly quarantined: AuditQuarantine
  readonly started: { readonly release: string; readonly processId: number }
  readonly stopped: { readonly release: string; readonly processId: number }
  readonly opened: { readonly format: number; readonly file: number; readonly previous: string }
  readonly removed: Removed
}

/** A decision that an evaluator told, or one that its watchdog made. */
export type DecisionMembers = (DecisionRecord | OvertimeDecision) & {
  readonly evaluator?: number | undefined
}

/** Files that the host took away itself, because of their age or number. */
export interface Removed {
  readonly firstFile: number
  readonly lastFile: number
  /** Of the last record in them, and its chain. */
  readonly lastSequence: number
  readonly head: string
}

/** What a line of plain ASCII does not have; C0 characters are escaped by JSON already. */
const unusual = /[^ -~]/
const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

function escaped(character: string): string {
  let text = ''
  for (let at = 0; at < character.length; at++) {
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  }
  return text
}

/** JSON in which nothing acts on a terminal. */
export function escapeText(json: string): string {
  return unusual.test(json) ? json.replace(acting, escaped) : json
}

/**
 * A record's text, of one line, as yet without its sequence, its chain and its escapes. A decision's own time is the record's.
 */
export function textOf<Type extends RecordType>(type: Type, timeMs: number, members: Members[Type]): string {
  return JSON.stringify({ type, timeMs, ...members })
}
