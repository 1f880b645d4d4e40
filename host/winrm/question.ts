/**
 * A question as people write it: in vectors, in question files, on the command line. What is left out is absent; a
 * question without a user SID carries no token.
 */

import { PortcullisError } from '../errors.ts'
import { checkSchema, parseJson, readText, schemaOf } from '../json-file.ts'
import { hostFile } from '../paths.ts'
import type { Kind } from '../wire/layout.ts'

export interface Certificate {
  readonly subject?: string
  readonly issuerName?: string
  readonly issuerThumbprint?: string
  readonly subjectName?: string
}

export interface Question {
  readonly kind: Kind
  readonly application: string
  readonly senderName?: string
  readonly authenticationMechanism?: string
  readonly certificate?: Certificate | null
  readonly httpUrl?: string
  readonly userSid?: string
  readonly groupSids?: readonly string[]
  readonly denyOnlySids?: readonly string[]
  readonly operation?: number
  readonly action?: string
  readonly resourceUri?: string
  /** ISO 8601. Used where a question is decided without a host; a host takes its own time. */
  readonly time?: string
  /** IANA name; likewise. */
  readonly timeZone?: string
}

const schema = schemaOf(hostFile('winrm', 'question.schema.json'))

/** The numbers of a SID of the right shape: an authority of 48 bits, sub-authorities of 32. */
function isSid(sid: string): boolean {
  const [authority = 0, ...subAuthorities] = sid.split('-').slice(2).map(Number)
  return authority < 2 ** 48 && subAuthorities.every((number) => number < 2 ** 32)
}

function checkSids(question: Question, source: string): void {
  const { userSid, groupSids = [], denyOnlySids = [] } = question
  const placed = [
    ...(userSid === undefined ? [] : [[userSid, '/userSid'] as const]),
    ...groupSids.map((sid, index) => [sid, `/groupSids/${index}`] as const),
    ...denyOnlySids.map((sid, index) => [sid, `/denyOnlySids/${index}`] as const),
  ]
  for (const [sid, place] of placed) {
    if (!isSid(sid))
      throw new PortcullisError('ERR_QUESTION_FILE', `${source}\n  at ${place}: a number in it is too large`)
  }
}

/** Throws ERR_QUESTION_FILE with the place and the reason. */
export function checkQuestion(value: unknown, source: string): Question {
  checkSchema(schema, value, source, 'ERR_QUESTION_FILE')
  const question = value as Question
  checkSids(question, source)
  if (question.userSid === undefined && (question.groupSids ?? question.denyOnlySids) !== undefined) {
    throw new PortcullisError('ERR_QUESTION_FILE', `${source}: groups come from a token; give a userSid too`)
  }
  return question
}

/** Throws ERR_QUESTION_FILE as `checkQuestion` does, and for a file that cannot be read. */
export function readQuestion(path: string): Question {
  const value = parseJson(readText(path, 'ERR_QUESTION_FILE'), path, 'ERR_QUESTION_FILE')
  if (typeof value === 'object' && value !== null && 'question' in value) {
    throw new PortcullisError(
      'ERR_QUESTION_FILE',
      `${path} is a line of vectors; give only what stands after "question":`,
    )
  }
  return checkQuestion(value, path)
}
