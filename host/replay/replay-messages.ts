/**
 * What a process that answers recorded questions is sent, and what it says to each. It runs tenants' code, so what it says is
 * bytes of a process that may have been turned: it is held against a schema, and bounded.
 */

import type { DecisionRecord } from '../control/messages.ts'
import { replayAnswerBytesMax } from '../limits.ts'
import { lazySchema } from '../schema.ts'
import type { Rules } from '../winrm/decision.ts'
import type { Settings } from '../wire/settings-block.ts'
import { answerOptions, answerProperties } from './recording-format.ts'

/** A policy as somebody has it. */
export interface PolicyUse {
  /** SHA-256 of the upload. */
  readonly policy: string
  readonly settings?: Settings
  readonly fuelPerDecision: number
}

/** All that an answer depends on beside the question. */
export interface Bench {
  readonly tenant: PolicyUse
  readonly guard?: PolicyUse
  readonly rules: Rules
}

/** Modules and benches come before the questions that need them. */
export type ToReplay =
  /** The metered module is the frame's only part. */
  | { readonly type: 'module'; readonly digest: string }
  | { readonly type: 'bench'; readonly number: number; readonly bench: Bench }
  /** The numbers of benches; the blocks are the parts, as many. Each is answered by a line. */
  | { readonly type: 'decide'; readonly benches: readonly number[] }

/** Of a decision: what a replay has to come to again. */
export type Answer = Pick<
  DecisionRecord,
  | 'outcome'
  | 'code'
  | 'by'
  | 'reason'
  | 'redirect'
  | 'error'
  | 'detail'
  | 'administrator'
  | 'quota'
  | 'fuelUsed'
  | 'guardFuelUsed'
>

export const answerMembers = [
  'outcome',
  'code',
  'by',
  'reason',
  'redirect',
  'administrator',
  'quota',
  'error',
  'detail',
  'fuelUsed',
  'guardFuelUsed',
] as const satisfies readonly (keyof Answer)[]

const schema = lazySchema<Answer>(() => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(answerProperties),
  properties: { ...answerProperties, ...answerOptions },
}))

/** Undefined if it is not an answer. */
export function readAnswerLine(line: string): Answer | undefined {
  if (line.length > replayAnswerBytesMax) return undefined
  try {
    const answer: unknown = JSON.parse(line)
    return schema()(answer) ? (answer as Answer) : undefined
  } catch {
    return undefined
  }
}

/** The part of a record that is the answer. */
export function answerOf(record: DecisionRecord): Answer {
  const members = answerMembers.filter((member) => record[member] !== undefined)
  return Object.fromEntries(members.map((member) => [member, record[member]])) as unknown as Answer
}
