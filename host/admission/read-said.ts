/**
 * Reads what the steps of admission say. The step that tries a policy runs tenants' code, and the one that
 * rewrites it takes apart what a tenant made, so what they say is taken for what it is: bytes of a process
 * that may have been turned. Every member is known and typed, and texts that a policy can choose are bounded;
 * anything else is a veto.
 */

import { type ErrorCode, errorTable } from '../errors.ts'
import { meteredBytesMax } from '../limits.ts'
import { lazySchema, type Schema } from '../schema.ts'
import type { Settings } from '../wire/settings-block.ts'
import { crash } from './disposable-process.ts'
import type { BegunFigures, ModuleFigures, Tried } from './report.ts'
import type { WrongResult } from './sample-questions.ts'
import { decodeStepFrame, type StepFrame } from './step-frame.ts'
import { type Warning, warningCodes } from './warnings.ts'

export interface Refused {
  readonly code: ErrorCode
  readonly detail: string
  /** Bytes from the start of the upload; null where no one place is wrong. */
  readonly offset: number | null
}

/** With the metered module as the frame's only part, unless it is refused. */
export type RewriteSaid =
  | { readonly refused: Refused }
  | { readonly figures: ModuleFigures; readonly warnings: readonly Warning[] }

/** Goes to the second step before the metered module and the request blocks of the vectors. */
export interface TryAsked {
  readonly settings: Settings | null
  readonly fuelPerDecision: number
}

/** `metered`: the SHA-256 of what was tried. */
export type TrySaid =
  | { readonly metered: string; readonly refused: Refused }
  | {
      readonly metered: string
      readonly begun: BegunFigures
      readonly tried: readonly Tried[]
      readonly wrongResults: readonly WrongResult[]
    }

/**
 * Longer than any text that comes: an abort with its file, a reason of 512 units with what is put before it,
 * a refusal with two names of 100 bytes, which escaping makes six times as long.
 */
const TEXT_UNITS_MAX = 2048

const text = { type: 'string', maxLength: TEXT_UNITS_MAX }
const count = { type: 'integer', minimum: 0 }
const word = { type: 'integer', minimum: 0, maximum: 0xffffffff }
const flag = { type: 'boolean' }
/** Bounded by all that a step may say. */
const names = { type: 'array', items: { type: 'string' } }

function object(properties: object): object {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties }
}

function orNull(schema: object): object {
  return { oneOf: [schema, { type: 'null' }] }
}

/** Codes that a step may refuse with. */
function refused(beginning: RegExp): object {
  const codes = Object.keys(errorTable).filter((code) => beginning.test(code))
  return object({ code: { enum: codes }, detail: text, offset: orNull(count) })
}

const figures = object({
  costTable: count,
  rewriter: text,
  functions: count,
  globals: count,
  tableEntries: count,
  memoryPages: object({ minimum: count, maximum: orNull(count) }),
  exports: names,
  droppedExports: names,
  queryQuota: flag,
})

const begun = object({
  compileMs: { type: 'number', minimum: 0 },
  startFuelUsed: count,
  imageBytes: count,
  memoryPages: count,
})

/** What a policy's decision is described as; of `Description`. */
export const description = object({
  outcome: { enum: ['allow', 'deny', 'no-answer'] },
  errorCode: word,
  reason: orNull(text),
  administrator: flag,
  quota: orNull(
    object({
      concurrentShells: word,
      concurrentOperations: word,
      timeslotSeconds: word,
      operationsPerTimeslot: word,
    }),
  ),
  fuelUsed: count,
  error: orNull({ enum: Object.keys(errorTable) }),
  detail: orNull(text),
})

const metered = { type: 'string', pattern: '^[0-9a-f]{64}$' }

const rewriteSchema = lazySchema<RewriteSaid>(() => ({
  oneOf: [
    object({ refused: refused(/^ERR_(MODULE_|HOST_FAULT)/) }),
    object({
      figures,
      warnings: { type: 'array', items: object({ code: { enum: warningCodes }, message: text }) },
    }),
  ],
}))

const trySchema = lazySchema<TrySaid>(() => ({
  oneOf: [
    object({ metered, refused: refused(/^ERR_(POLICY_|MODULE_EXPORT|HOST_FAULT)/) }),
    object({
      metered,
      begun,
      tried: { type: 'array', items: object({ description, memoryPages: count }) },
      wrongResults: {
        type: 'array',
        items: object({ name: text, type: { enum: ['Decision', 'Quota'] }, detail: text }),
      },
    }),
  ],
}))

function read<Said>(output: Buffer, schema: Schema<Said>): { said: Said } & StepFrame {
  const validate = schema()
  const frame = decodeStepFrame(output)
  if (frame === undefined) throw crash('what it said is no frame')
  const { header } = frame
  if (!validate(header)) throw crash(`what it said ${validate.errors?.[0]?.message ?? 'is not understood'}`)
  return { ...frame, said: header }
}

/** Throws ERR_ADMISSION_CRASH. */
export function readRewriteSaid(output: Buffer): RewriteSaid & { readonly metered: Buffer | undefined } {
  const { said, parts } = read(output, rewriteSchema)
  if (parts.length !== ('refused' in said ? 0 : 1)) throw crash('what it said has too many parts, or too few')
  const [metered] = parts
  if (metered !== undefined && metered.length > meteredBytesMax)
    throw crash('the module that it sent is too large')
  return { ...said, metered }
}

/** What was said about these bytes and so many vectors. Throws ERR_ADMISSION_CRASH. */
export function readTrySaid(output: Buffer, meteredSha256: string, vectors: number): TrySaid {
  const { said, parts } = read(output, trySchema)
  if (parts.length > 0) throw crash('what it said has a part, and none is expected')
  if (said.metered !== meteredSha256) throw crash('what it said is about another module')
  if ('tried' in said && said.tried.length !== vectors) throw crash('what it said leaves out vectors')
  return said
}
