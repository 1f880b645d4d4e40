// An audit log as a test reads it: line by line, by itself, beside the host's own verification.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { verifyLog } from '../../host/audit/verify.ts'

export interface AuditRecord {
  readonly sequence: number
  readonly type: string
  readonly [member: string]: unknown
}

/** Every record, in order. */
export function auditRecords(folder: string): AuditRecord[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  return files
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean))
    .map((line) => JSON.parse(line) as AuditRecord)
}

export interface Counted {
  readonly recorded: number
  readonly lost: number
  readonly unknown: number
  /** Decisions that have more than one record. */
  readonly twice: number
}

/** What a log that is sound says of decisions. Throws for one that is not. */
export function countedIn(folder: string): Counted {
  const { problems, types, gaps } = verifyLog(folder)
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  const decisions = auditRecords(folder).filter(({ type }) => type === 'decision')
  const distinct = new Set(decisions.map(({ id, attempt }) => `${id} ${attempt}`))
  const recorded = types.decision ?? 0
  if (recorded !== decisions.length) throw new Error(`${decisions.length} decisions, said to be ${recorded}`)
  return { recorded, lost: gaps.lostDecisions, unknown: gaps.unknown, twice: recorded - distinct.size }
}
