/**
 * What a recording is made of: the lines of its files and where the files are. One file for the recorder and the reader, so that
 * they cannot disagree. The format is described in docs/reference/replay.md.
 */

import { join } from 'node:path'

import type { DecisionRecord } from '../control/messages.ts'
import { errorTable } from '../errors.ts'
import { fuelMax } from '../limits.ts'
import { lazySchema } from '../schema.ts'
import type { Guard, Tenant } from '../tenant/config.ts'

export const RECORDING_FORMAT = 1

/** A tenant's configuration, a guard's, or a decision that was made with what was named before in the same file. */
export type RecordingLine =
  | { readonly format: 1; readonly type: 'tenant'; readonly key: number; readonly tenant: Tenant }
  | { readonly format: 1; readonly type: 'guard'; readonly key: number; readonly guard: Guard }
  | {
      readonly type: 'decision'
      readonly tenantKey: number
      readonly guardKey?: number
      readonly record: DecisionRecord
      /** The request block as it was decided, stamped, in base64. */
      readonly block: string
    }

/** Of a recording's folder. */
export const modulesFolder = (folder: string): string => join(folder, 'modules')
export const modulePath = (folder: string, digest: string): string =>
  join(modulesFolder(folder), `${digest}.wasm`)
export const decisionsPath = (folder: string, number: number): string =>
  join(folder, `decisions-${number}.jsonl`)

const decisionsName = /^decisions-([1-9][0-9]{0,14})\.jsonl$/
export const moduleName = /^([0-9a-f]{64})\.wasm$/

/** The numbers of the files among these names, in their order. */
export function fileNumbers(names: readonly string[]): number[] {
  return names
    .flatMap((name) => decisionsName.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

const text = { type: 'string' }
const count = { type: 'integer', minimum: 0 }
const word = { type: 'integer', minimum: 0, maximum: 0xffffffff }
const flag = { type: 'boolean' }
const digest = { type: 'string', pattern: '^[0-9a-f]{64}$' }
const key = { type: 'integer', minimum: 1 }
const quota = { type: 'array', items: word, minItems: 4, maxItems: 4 }
const format = { const: RECORDING_FORMAT }
const texts = { type: 'array', items: text }
const fuel = { type: 'integer', minimum: 1, maximum: fuelMax }
const settings = { type: 'object', additionalProperties: texts }

function closed(required: object, optional: object = {}): object {
  const properties = { ...required, ...optional }
  return { type: 'object', additionalProperties: false, required: Object.keys(required), properties }
}

/** What a later version adds to these is none of a replay's business; what a replay needs has to be there. */
function open(required: object, optional: object = {}): object {
  return { ...closed(required, optional), additionalProperties: true }
}

const rules = open(
  { allowAdministrator: flag, redirectTargets: texts, quotaCeiling: quota },
  { quotaWithoutAnswer: quota },
)
const tenant = open({ name: text, fuelPerDecision: fuel, rules }, { policy: digest, settings })
const guard = open({ fuelPerDecision: fuel }, { policy: digest, settings })

/** What a question came to: what a replay must come to again. */
export const answerProperties = {
  outcome: { enum: ['allow', 'deny', 'no-answer'] },
  code: word,
  fuelUsed: count,
} as const
export const answerOptions = {
  by: { enum: ['guard', 'tenant', 'host'] },
  reason: text,
  redirect: text,
  error: { enum: Object.keys(errorTable) },
  detail: text,
  administrator: flag,
  quota,
  guardFuelUsed: count,
} as const

const record = open(
  {
    id: { type: 'string', pattern: '^[0-9a-f]{32}$' },
    tenant: text,
    application: text,
    kind: { enum: ['user', 'operation', 'quota'] },
    sender: text,
    timeMs: { type: 'integer' },
    ...answerProperties,
  },
  {
    action: text,
    resourceUri: text,
    policy: { type: 'string' },
    guard: digest,
    ...answerOptions,
    // A code of a later version is a decision that cannot be compared, not a damaged line.
    error: { type: 'string', pattern: '^ERR(_[A-Z]+)+$' },
  },
)

export const lineSchema = lazySchema<RecordingLine>(
  () => ({
    type: 'object',
    required: ['type'],
    discriminator: { propertyName: 'type' },
    oneOf: [
      closed({ type: { const: 'tenant' }, format, key, tenant }),
      closed({ type: { const: 'guard' }, format, key, guard }),
      closed(
        { type: { const: 'decision' }, tenantKey: key, record, block: { type: 'string', minLength: 4 } },
        { guardKey: key },
      ),
    ],
  }),
  { discriminator: true },
)
