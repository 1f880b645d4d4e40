/**
 * Reads what an evaluator sends. An evaluator runs tenants' code, so what comes from it is taken for what it is: bytes
 * of a process that may have been turned. Every member is known, typed and bounded, or the message is refused; nothing
 * that it says can name another event, level or time of the log, or bring the supervisor down.
 */

import { Ajv } from 'ajv'

import { errorTable, PortcullisError } from '../errors.ts'
import { type Kind, kindNumber, kindOf, overtimeHeaderBytes } from '../wire/layout.ts'
import type { ConnectionLabel, FromEvaluator } from './messages.ts'

/** Longer than any text in a message: an abort with its file, or a reason of 512 units with what is put before it. */
const TEXT_UNITS_MAX = 1200

const text = { type: 'string', maxLength: TEXT_UNITS_MAX }
const count = { type: 'integer', minimum: 0 }
const word = { type: 'integer', minimum: 0, maximum: 0xffffffff }
const digest = { type: 'string', pattern: '^[0-9a-f]{64}$' }
const code = { enum: Object.keys(errorTable) }
const kind = { enum: Object.keys(kindNumber) }

function object(required: object, optional: object = {}): object {
  const properties = { ...required, ...optional }
  return { type: 'object', additionalProperties: false, required: Object.keys(required), properties }
}

const decision = object(
  {
    id: { type: 'string', pattern: '^[0-9a-f]{32}$' },
    attempt: { enum: [1, 2] },
    tenant: text,
    application: text,
    kind,
    sender: text,
    outcome: { enum: ['allow', 'deny', 'no-answer'] },
    code: word,
    policy: digest,
    fuelUsed: count,
    generation: count,
    timeMs: { type: 'integer' },
    microseconds: count,
  },
  {
    action: text,
    resourceUri: text,
    by: { enum: ['guard', 'tenant', 'host'] },
    reason: text,
    redirect: text,
    error: code,
    detail: text,
    administrator: { type: 'boolean' },
    quota: { type: 'array', items: word, minItems: 4, maxItems: 4 },
    guard: digest,
    guardFuelUsed: count,
  },
)

const connection = object(
  { accepted: { type: 'boolean' }, account: text },
  {
    application: text,
    tenant: text,
    processId: word,
    error: code,
    denied: { type: 'object', additionalProperties: word, maxProperties: 16 },
  },
)

const fault = object({ digest, code, detail: text })

const schema = {
  oneOf: [
    object({ type: { const: 'ready' }, faults: { type: 'array', items: fault, maxItems: 100 } }),
    object({ type: { const: 'serving' }, index: { ...count, maximum: 63 } }),
    object({ type: { const: 'failed' }, code, detail: text }),
    object({ type: { const: 'connection' }, record: connection }),
    object({ type: { const: 'decision' }, record: decision }),
    object({ type: { const: 'gap' }, lost: count }),
  ],
  type: 'object',
  discriminator: { propertyName: 'type' },
  required: ['type'],
}

const validate = new Ajv({ discriminator: true, allowUnionTypes: true }).compile<FromEvaluator>(schema)
const validateLabel = new Ajv().compile<ConnectionLabel>(object({ tenant: text, application: text }))

function parse(bytes: string): unknown {
  try {
    return JSON.parse(bytes)
  } catch {
    throw new PortcullisError('ERR_CHANNEL', 'an evaluator sent something that is not JSON')
  }
}

/** Throws ERR_CHANNEL for anything that is not exactly a message. */
export function readMessage(body: Buffer): FromEvaluator {
  const message = parse(body.toString())
  if (validate(message)) return message
  throw new PortcullisError(
    'ERR_CHANNEL',
    `an evaluator's message ${validate.errors?.[0]?.message ?? 'is none'}`,
  )
}

/** What the watchdog says with its last breath. */
export interface Overtime extends ConnectionLabel {
  readonly id: string
  readonly kind: Kind
  readonly attempt: number
  readonly processorMs: number
  readonly wallMs: number
}

/** Throws ERR_CHANNEL for anything that is not an overtime frame's body (docs/reference/wire.md). */
export function readOvertime(body: Buffer): Overtime {
  const label =
    body.length > overtimeHeaderBytes ? parse(body.toString('utf8', overtimeHeaderBytes)) : undefined
  const kind = label === undefined ? undefined : kindOf(body.readUInt16LE(16))
  if (kind === undefined || !validateLabel(label)) {
    throw new PortcullisError('ERR_CHANNEL', "an evaluator's overtime frame is malformed")
  }
  return {
    ...label,
    id: body.toString('hex', 0, 16),
    kind,
    attempt: body.readUInt16LE(18),
    processorMs: body.readUInt32LE(20),
    wallMs: body.readUInt32LE(24),
  }
}
