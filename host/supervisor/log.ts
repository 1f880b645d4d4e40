/**
 * The structured log's lines about questions and connections: one line of JSON for each decision, with the names that
 * the SDK and the commands use. Texts that come from callers and policies are JSON strings, never parts of a message.
 */

import type { Logger } from 'pino'
import { win32 } from '../winrm/codes.ts'
import type { ConnectionRecord, DecisionRecord } from '../wire/control.ts'
import type { Overtime } from './evaluator-process.ts'

export function logDecisions(
  log: Logger,
  records: readonly DecisionRecord[],
  lost: number,
  evaluator: number | undefined,
): void {
  // A gap is recorded as a gap: whoever reads the log must not take it for silence.
  if (lost > 0)
    log.error({ event: 'gap', evaluator, lost }, `${lost} records of evaluator ${evaluator} are lost`)
  for (const record of records) {
    const level = record.outcome === 'no-answer' ? 'warn' : 'info'
    log[level]({ event: 'decision', evaluator, ...record }, `${record.tenant}: ${record.outcome}`)
  }
}

export function logConnection(log: Logger, { accepted, ...record }: ConnectionRecord): void {
  if (accepted) log.info({ event: 'connection', ...record }, 'a plug-in connected')
  else log.warn({ event: 'connection-refused', ...record }, `a connection was closed [${record.error}]`)
}

/** The decision that the watchdog made, and why the evaluator's end follows. */
export function logOvertime(log: Logger, overtime: Overtime, evaluator: number | undefined): void {
  const { processorMs, wallMs, ...question } = overtime
  log.error(
    {
      event: 'decision',
      evaluator,
      ...question,
      outcome: 'no-answer',
      code: win32.TIMEOUT,
      error: 'ERR_POLICY_TIME',
      detail: `${processorMs} ms of processor time in ${wallMs} ms`,
    },
    `${overtime.tenant}: a policy ran too long; its evaluator is killed`,
  )
}
