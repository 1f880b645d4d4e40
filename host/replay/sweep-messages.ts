/**
 * What a process that sweeps is sent, and what it says: the points once, and then ranges of their numbers. Only what differs comes
 * back. It runs authors' code, so what it says is held against a schema, and bounded.
 */

import { description } from '../admission/read-said.ts'
import { lazySchema } from '../schema.ts'
import type { Description } from '../winrm/description.ts'
import type { Settings } from '../wire/settings-block.ts'
import { type Change, changes } from './compare.ts'

export type ToSweep =
  /** Parts: both metered modules, the principals' blocks, then action and resource of each operation in UTF-16. */
  | {
      readonly type: 'points'
      readonly settings: readonly [Settings | null, Settings | null]
      readonly principals: number
      /** The operations' numbers. */
      readonly operations: readonly number[]
      readonly hasQuota: boolean
      readonly fuelPerDecision: number
    }
  /** From the first to before the last. */
  | { readonly type: 'sweep'; readonly from: number; readonly to: number }

export interface PointExample {
  readonly point: number
  readonly a: Description
  readonly b: Description
}

export interface Swept {
  /** The first point that was not looked at: as far as it came in its time. */
  readonly next: number
  readonly changes: readonly {
    readonly change: Change
    readonly principal: number
    readonly count: number
    /** The first ones of the first principals. */
    readonly examples: readonly PointExample[]
  }[]
  /** Every change of fuel, and how often. */
  readonly fuel: readonly (readonly [change: number, count: number])[]
  /** The points with the largest increase and the largest decrease; null if there is none. */
  readonly most: PointExample | null
  readonly least: PointExample | null
}

const count = { type: 'integer', minimum: 0 }
const integer = { type: 'integer' }

function object(properties: object): object {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties }
}

const example = object({ point: count, a: description, b: description })
const exampleOrNull = { oneOf: [example, { type: 'null' }] }

export const sweptSchema = lazySchema<Swept>(() =>
  object({
    next: count,
    changes: {
      type: 'array',
      items: object({
        change: { enum: changes },
        principal: count,
        count,
        examples: { type: 'array', items: example },
      }),
    },
    fuel: {
      type: 'array',
      items: { type: 'array', items: [integer, count], minItems: 2, maxItems: 2 },
    },
    most: exampleOrNull,
    least: exampleOrNull,
  }),
)
