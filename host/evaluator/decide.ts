/**
 * One question from its block to an answer and a record: stamp, ask guard and tenant, compose. The bytes are checked
 * before this is called.
 */

import type { DecisionRecord } from '../control/messages.ts'
import type { ErrorCode } from '../errors.ts'
import { recordTextUnitsMax } from '../limits.ts'
import type { Guard, Tenant } from '../tenant/config.ts'
import { codeOf } from '../winrm/codes.ts'
import type { Decision } from '../winrm/decision.ts'
import type { Answer } from '../wire/answer.ts'
import { blockAttempt, blockId, blockKind, blockText, stampBlock } from '../wire/request-block.ts'
import type { Decider } from './decider.ts'
import type { Seat } from './policy-table.ts'
import { weigh } from './weigh.ts'

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

/** What a question is decided with. */
export interface Case {
  readonly seat: Seat
  readonly application: string
  readonly generation: number
  /** A checked block. */
  readonly block: Buffer
  readonly tenant: Decider
  readonly guard: Decider | undefined
  /** Nobody is asked: that is why. */
  readonly refusal?: ErrorCode | undefined
  /** Whom the guard's decider speaks for. */
  readonly given: Guard | undefined
}

/** Also of a quota question, whatever the tenant gets when its policy does not answer. */
function refused(error: ErrorCode): Decision {
  return { outcome: 'no-answer', code: codeOf(error), by: 'host', error, detail: '' }
}

export interface Decided {
  readonly answer: Answer
  readonly record: DecisionRecord
}

/** The pair of versions that decided, as far as there is one. */
function pairOf({ policy, version }: Tenant, guard: Guard | undefined) {
  return {
    ...(policy !== undefined && { policy }),
    ...(version !== undefined && { version }),
    ...(guard?.policy !== undefined && { guard: guard.policy }),
    ...(guard?.version !== undefined && { guardVersion: guard.version }),
  }
}

export function decide(question: Case): Decided {
  const { seat, application, generation, block, tenant, guard, given, refusal } = question
  const started = process.hrtime.bigint()
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  const timeMs = Date.now()
  stampBlock(view, timeMs, seat.timeZone.offsetMinutes(timeMs))
  const kind = blockKind(view)
  const decision = refusal === undefined ? weigh(kind, guard, tenant, seat.tenant.rules) : refused(refusal)
  const { outcome, code, ...rest } = decision
  const action = blockText(block, 'action')
  const resourceUri = blockText(block, 'resourceUri')
  const record: DecisionRecord = {
    id: blockId(block),
    attempt: blockAttempt(view),
    tenant: seat.tenant.name,
    application,
    kind,
    sender: brief(blockText(block, 'senderName') ?? ''),
    ...(action !== undefined && { action: brief(action) }),
    ...(resourceUri !== undefined && { resourceUri: brief(resourceUri) }),
    outcome,
    code,
    ...rest,
    ...pairOf(seat.tenant, given),
    fuelUsed: tenant.fuelUsed,
    ...(guard && { guardFuelUsed: guard.fuelUsed }),
    generation,
    timeMs,
    microseconds: Number((process.hrtime.bigint() - started) / 1000n),
  }
  return { answer: answerOf(decision, seat.tenant.showReasons), record }
}
