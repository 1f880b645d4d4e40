/** The decision that an evaluator's watchdog made: as an evaluator would have told it, if it had been able to. */

import { win32 } from '../winrm/codes.ts'
import type { DecisionRecord } from './messages.ts'
import type { Overtime } from './read-message.ts'

export type OvertimeDecision = Omit<Overtime, 'processorMs' | 'wallMs' | 'sequence'> &
  Required<Pick<DecisionRecord, 'outcome' | 'code' | 'by' | 'error' | 'detail'>>

export function overtimeDecision({
  processorMs,
  wallMs,
  sequence: _,
  ...question
}: Overtime): OvertimeDecision {
  return {
    ...question,
    outcome: 'no-answer',
    code: win32.TIMEOUT,
    by: 'host',
    error: 'ERR_POLICY_TIME',
    detail: `${processorMs} ms of processor time in ${wallMs} ms`,
  }
}
