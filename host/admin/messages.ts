/**
 * What the supervisor and the admin process say to each other over Node's channel. The admin process reads what strangers send, so what
 * it says is held against a schema, member by member, as an operator's line is.
 */

import { type ErrorCode, errorTable, PortcullisError } from '../errors.ts'
import { statusTextUnitsMax, storeMessageUnitsMax } from '../limits.ts'
import type { ApiCounts } from '../metrics/metrics.ts'
import { lazySchema } from '../schema.ts'
import type { Admin } from '../tenant/admin.ts'

export type ToAdmin =
  /** First of all; again when only the recording, or what is in the files of TLS, may be another. */
  | ({ readonly type: 'configure'; readonly recording?: string } & Admin)
  | { readonly type: 'reply'; readonly id: number; readonly result?: unknown }
  | { readonly type: 'reply'; readonly id: number; readonly error: { code: ErrorCode; detail: string } }
  | { readonly type: 'close' }

export type FromAdmin =
  | { readonly type: 'listening'; readonly address: string }
  /** Its end follows. */
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly detail: string }
  /** Held against its schema by who obeys it. */
  | { readonly type: 'command'; readonly id: number; readonly command: object }
  | {
      readonly type: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly event: string
      readonly code?: ErrorCode
      readonly detail?: string
    }
  /** What has been answered since the last of these. */
  | ({ readonly type: 'counts' } & ApiCounts)

const text = { type: 'string', maxLength: storeMessageUnitsMax }
const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
const code = { enum: Object.keys(errorTable) }

function message(type: FromAdmin['type'], required: object, optional: object = {}): object {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['type', ...Object.keys(required)],
    properties: { type: { const: type }, ...required, ...optional },
  }
}

const schema = lazySchema<FromAdmin>(
  () => ({
    type: 'object',
    required: ['type'],
    discriminator: { propertyName: 'type' },
    oneOf: [
      message('listening', { address: { type: 'string', maxLength: statusTextUnitsMax } }),
      message('failed', { code, detail: text }),
      message('command', { id: count, command: { type: 'object' } }),
      message(
        'log',
        { level: { enum: ['info', 'warn', 'error'] }, event: { type: 'string', pattern: '^[a-z-]{1,63}$' } },
        { code, detail: text },
      ),
      message('counts', {
        requests: {
          type: 'object',
          propertyNames: { pattern: '^[1-5]xx$' },
          additionalProperties: count,
        },
        unauthorized: count,
        limited: count,
      }),
    ],
  }),
  { discriminator: true },
)

/** Throws ERR_CHANNEL. */
export function readFromAdmin(value: unknown): FromAdmin {
  const validate = schema()
  if (validate(value)) return value
  const [problem] = validate.errors ?? []
  throw new PortcullisError(
    'ERR_CHANNEL',
    `the admin process: at ${problem?.instancePath || '/'}: ${problem?.message ?? 'it is no message'}`,
  )
}
