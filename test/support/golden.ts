// The golden files, and what the thirteen fields of a question should read as. Fields are numbered in the
// order of the table in docs/reference/request-block.md, from userSid (0) to resourceUri (12).

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Question } from './block.ts'

export interface Golden {
  name: string
  why: string
  question: Question
  hex: string
}

const folder = path.join(import.meta.dirname, '../golden')

export function readGoldens(): Golden[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Golden)
}

/** Each field as text, SIDs joined by `;`, `null` for an absent one. */
export function expectedFields(question: Question): (string | null)[] {
  const { userSid, groupSids, denyOnlySids, certificate } = question
  const hasToken = userSid !== undefined
  const isOperation = question.kind === 'operation'
  return [
    userSid ?? null,
    hasToken ? (groupSids ?? []).join(';') : null,
    hasToken ? (denyOnlySids ?? []).join(';') : null,
    question.application,
    question.senderName,
    question.authenticationMechanism,
    certificate?.subject ?? null,
    certificate?.issuerName ?? null,
    certificate?.issuerThumbprint ?? null,
    certificate?.subjectName ?? null,
    question.httpUrl ?? null,
    isOperation ? (question.action ?? null) : null,
    isOperation ? (question.resourceUri ?? null) : null,
  ]
}
