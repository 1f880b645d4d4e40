/**
 * The structured log's lines about questions and connections: one line of JSON for each decision, with the names that
 * the SDK and the commands use. Texts that come from callers and policies are members of their own, never parts of a
 * message, and no member of a record can take the place of one that is ours.
 */

import type { Logger } from 'pino'

import type { ConnectionRecord, DecisionRecord } from '../control/messages.ts'
import type { Overtime } from '../control/read-message.ts'
import { win32 } from '../winrm/codes.ts'
import { wireVersions } from '../wire/layout.ts'

type Evaluator = number | undefined

/**
 * A line of the log as it can be written in UTF-8. pino leaves the units of short texts as they are, and an unpaired
 * surrogate would become U+FFFD on its way out: two names that are not equal would be in the record.
 */
export function writable(line: string): string {
  return line.replace(/\p{Surrogate}/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`)
}

export function logDecision(log: Logger, record: DecisionRecord, evaluator: Evaluator): void {
  const level = record.outcome === 'no-answer' ? 'warn' : 'info'
  log[level]({ ...record, event: 'decision', evaluator }, 'a decision')
}

export function logConnection(
  log: Logger,
  { accepted, ...record }: ConnectionRecord,
  evaluator: Evaluator,
): void {
  if (accepted) log.info({ ...record, event: 'connection', evaluator }, 'a plug-in connected')
  else {
    const spoken = record.offered && { spoken: wireVersions }
    log.warn({ ...record, ...spoken, event: 'connection-refused', evaluator }, 'a connection was closed')
  }
}

/** The decision that the watchdog made. It knows the connection, not the question. */
export function decisionOf({ processorMs, wallMs, ...question }: Overtime) {
  return {
    ...question,
    outcome: 'no-answer',
    code: win32.TIMEOUT,
    by: 'host',
    error: 'ERR_POLICY_TIME',
    detail: `${processorMs} ms of processor time in ${wallMs} ms`,
  } as const
}

export type OvertimeDecision = ReturnType<typeof decisionOf>

/** And why the evaluator's end follows. */
export function logOvertime(log: Logger, decision: OvertimeDecision, evaluator: Evaluator): void {
  log.error({ ...decision, event: 'decision', evaluator }, 'a policy ran too long; its evaluator is killed')
}
