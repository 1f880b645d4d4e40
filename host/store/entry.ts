/**
 * The entries of a subject's journal: what each type has, and the schema that holds for what is written and for what is read.
 * A store may be damaged or edited, so no member is believed unseen, and none is unknown.
 */

import { moduleBytesMax, storeMessageUnitsMax, storeWhoUnitsMax, storeWhyUnitsMax } from '../limits.ts'
import { lazySchema } from '../schema.ts'

/** Of a line. Another one is of another release. */
export const FORMAT = 1

/** Who did it, and in their words why. */
export interface By {
  /** At most `storeWhoUnitsMax` units. */
  readonly who: string
  /** At most `storeWhyUnitsMax` units. */
  readonly why?: string
}

export type Event =
  | ({
      readonly type: 'uploaded'
      readonly number: number
      /** SHA-256 of the module, and its length. */
      readonly policy: string
      readonly bytes: number
      /** SHA-256 of the blobs. */
      readonly settings?: string
      readonly vectors?: string
    } & By)
  | {
      readonly type: 'admitted'
      readonly number: number
      /** SHA-256 of the metered module. */
      readonly metered: string
      readonly rewriter: string
      readonly profile: string
    }
  | { readonly type: 'refused'; readonly number: number; readonly code: string; readonly message: string }
  /** Null: nothing is active from now on. With `confirmByMs` it is provisional. */
  | ({ readonly type: 'activated'; readonly number: number | null; readonly confirmByMs?: number } & By)
  | ({ readonly type: 'confirmed'; readonly number: number } & By)
  | { readonly type: 'quarantined'; readonly policy: string; readonly reason: string }
  /** Everything of the subject that was quarantined. */
  | ({ readonly type: 'lifted' } & By)
  /** The bytes of these versions have been let go: by whom, or for an upload. */
  | ({ readonly type: 'forgotten'; readonly numbers: readonly number[] } & Partial<By>)

/** An event with its time, in milliseconds since 1970. */
export type Timed = Event & { readonly timeMs: number }

/** A line of a journal without its chain. `sequence` counts from 1. */
export type Entry = Timed & { readonly format: typeof FORMAT; readonly sequence: number }

/** Names of codes and releases are short. */
const NAME_UNITS_MAX = 256

const positive = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }
const time = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
const digest = { type: 'string', pattern: '^[0-9a-f]{64}$' }
const name = { type: 'string', minLength: 1, maxLength: NAME_UNITS_MAX }
const who = { type: 'string', minLength: 1, maxLength: storeWhoUnitsMax }
const why = { type: 'string', maxLength: storeWhyUnitsMax }

function event(type: Event['type'], required: object, optional: object = {}): object {
  const always = { format: { const: FORMAT }, sequence: positive, type: { const: type }, timeMs: time }
  return {
    type: 'object',
    additionalProperties: false,
    required: [...Object.keys(always), ...Object.keys(required)],
    properties: { ...always, ...required, ...optional },
  }
}

const number = positive
const schema = {
  type: 'object',
  discriminator: { propertyName: 'type' },
  required: ['type'],
  oneOf: [
    event(
      'uploaded',
      { number, policy: digest, bytes: { type: 'integer', minimum: 1, maximum: moduleBytesMax }, who },
      { settings: digest, vectors: digest, why },
    ),
    event('admitted', { number, metered: digest, rewriter: name, profile: name }),
    event('refused', { number, code: name, message: { type: 'string', maxLength: storeMessageUnitsMax } }),
    event('activated', { number: { anyOf: [number, { type: 'null' }] }, who }, { why, confirmByMs: time }),
    event('confirmed', { number, who }, { why }),
    event('quarantined', { policy: digest, reason: name }),
    event('lifted', { who }, { why }),
    event('forgotten', { numbers: { type: 'array', minItems: 1, items: number } }, { who, why }),
  ],
}

const entrySchema = lazySchema<Entry>(() => schema, { discriminator: true })

/** What is wrong with a value as an entry, or undefined. */
export function entryProblem(value: unknown): string | undefined {
  const validate = entrySchema()
  if (validate(value)) return undefined
  const [error] = validate.errors ?? []
  const unknown = error?.keyword === 'additionalProperties' ? ` "${error.params.additionalProperty}"` : ''
  return `${error?.instancePath || 'at the top'} ${error?.message ?? 'is wrong'}${unknown}`
}
