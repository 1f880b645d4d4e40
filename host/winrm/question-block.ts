/**
 * The request block of a question file, for a question that is decided without a plug-in. What the plug-in would turn
 * down by itself is refused here as a wrong question.
 */

import { PortcullisError } from '../errors.ts'
import { isTimeZone, TimeZone } from '../tenant/time-zone.ts'
import { checkBlock, stampBlock } from '../wire/request-block.ts'
import { writeBlock } from '../wire/write-block.ts'
import type { Question } from './question.ts'

/** A member that the question must have, and a text that must not be empty. */
function required(question: Question, member: keyof Question, source: string): string {
  const text = question[member]
  if (typeof text === 'string' && text !== '') return text
  throw new PortcullisError(
    'ERR_QUESTION_FILE',
    `${source}\n  at the top: a question of kind "${question.kind}" needs "${member}", which is not empty`,
  )
}

function stamp(view: DataView, { time, timeZone = 'UTC' }: Question, source: string): void {
  const timeMs = time === undefined ? Date.now() : Date.parse(time)
  if (Number.isNaN(timeMs)) {
    throw new PortcullisError('ERR_QUESTION_FILE', `${source}\n  at /time: "${time}" is no time`)
  }
  if (!isTimeZone(timeZone)) {
    throw new PortcullisError(
      'ERR_QUESTION_FILE',
      `${source}\n  at /timeZone: "${timeZone}" is not an IANA time zone`,
    )
  }
  stampBlock(view, timeMs, new TimeZone(timeZone).offsetMinutes(timeMs))
}

/** Throws ERR_QUESTION_FILE. */
export function questionBlock(question: Question, source: string): Buffer {
  const { kind, certificate, userSid, groupSids = [], denyOnlySids = [] } = question
  const isOperation = kind === 'operation'
  const texts = {
    application: question.application,
    senderName: required(question, 'senderName', source),
    authenticationMechanism: question.authenticationMechanism ?? '',
    certificateSubject: certificate?.subject,
    certificateIssuerName: certificate?.issuerName,
    certificateIssuerThumbprint: certificate?.issuerThumbprint,
    certificateSubjectName: certificate?.subjectName,
    httpUrl: question.httpUrl,
    action: isOperation ? required(question, 'action', source) : undefined,
    resourceUri: isOperation ? required(question, 'resourceUri', source) : undefined,
  }
  const block = writeBlock({
    kind,
    operation: isOperation ? (question.operation ?? 0) : 0,
    identity: userSid === undefined ? undefined : [userSid, groupSids, denyOnlySids],
    texts,
  })
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  const fault = checkBlock(view, block.length)
  if (fault !== undefined) {
    const advice = fault === 'size' || fault === 'groups' ? 'it is larger than a question can be' : fault
    throw new PortcullisError('ERR_QUESTION_FILE', `${source}: ${advice}`)
  }
  stamp(view, question, source)
  return block
}
