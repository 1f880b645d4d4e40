/**
 * One question from its block to an answer and a record: stamp, ask guard and tenant, compose. The bytes are checked
 * before this is called.
 */

import type { DecisionRecord } from '../control/messages.ts'
import { Consultation } from '../engine/consultation.ts'
import { recordTextUnitsMax } from '../limits.ts'
import { compose } from '../winrm/compose.ts'
import type { Decision } from '../winrm/decision.ts'
import type { Answer } from '../wire/answer.ts'
import { blockAttempt, blockId, blockKind, blockText, stampBlock } from '../wire/request-block.ts'
import type { Seat } from './policy-table.ts'

/**
 * A text as a record keeps it. A caller can make a name or a URI of 24,000 units; a record is for people, and 32 of
 * them travel in one control frame.
 */
function brief(text: string): string {
  return text.length > recordTextUnitsMax ? `${text.slice(0, recordTextUnitsMax)}… (${text.length})` : text
}

function answerOf(decision: Decision, showReasons: boolean): Answer {
  const { outcome, code } = decision
  if (outcome === 'allow') {
    return { outcome, code, administrator: decision.administrator, quota: decision.quota, text: undefined }
  }
  const reason = outcome === 'deny' && showReasons ? decision.reason : undefined
  const redirect = outcome === 'deny' ? decision.redirect : undefined
  return { outcome, code, administrator: false, quota: undefined, text: redirect ?? reason }
}

export interface Decided {
  readonly answer: Answer
  readonly record: DecisionRecord
}

/** `bytes` holds a checked block, `view` is a view of the same. */
export function decide(
  seat: Seat,
  application: string,
  generation: number,
  bytes: Buffer,
  view: DataView,
): Decided {
  const started = process.hrtime.bigint()
  const timeMs = Date.now()
  stampBlock(view, timeMs, seat.timeZone.offsetMinutes(timeMs))
  const kind = blockKind(view)
  const guard = seat.guard && new Consultation(seat.guard.module, bytes, seat.guard.fuelPerDecision)
  const tenant = new Consultation(seat.policy, bytes, seat.tenant.fuelPerDecision)
  const decision = compose(kind, { guard: guard?.ask, tenant: tenant.ask }, seat.tenant.rules)
  const { outcome, code, ...rest } = decision
  const action = blockText(bytes, 'action')
  const resourceUri = blockText(bytes, 'resourceUri')
  const record: DecisionRecord = {
    id: blockId(bytes),
    attempt: blockAttempt(view),
    tenant: seat.tenant.name,
    application,
    kind,
    sender: brief(blockText(bytes, 'senderName') ?? ''),
    ...(action !== undefined && { action: brief(action) }),
    ...(resourceUri !== undefined && { resourceUri: brief(resourceUri) }),
    outcome,
    code,
    ...rest,
    policy: seat.tenant.policy,
    fuelUsed: tenant.fuelUsed,
    ...(seat.guard && guard && { guard: seat.guard.policy, guardFuelUsed: guard.fuelUsed }),
    generation,
    timeMs,
    microseconds: Number((process.hrtime.bigint() - started) / 1000n),
  }
  return { answer: answerOf(decision, seat.tenant.showReasons), record }
}
