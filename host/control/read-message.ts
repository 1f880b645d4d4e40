/**
 * Reads what an evaluator sends. An evaluator runs tenants' code, so what comes from it is taken for what it is: bytes
 * of a process that may have been turned. Every member is known, typed and bounded, or the message is refused; nothing
 * that it says can name another event, level or time of the log, or bring the supervisor down.
 */

import { errorTable, PortcullisError } from '../errors.ts'
import { accountCharactersMax, evaluatorConnectionsMax } from '../limits.ts'
import { lazySchema } from '../schema.ts'
import {
  blockBytesMax,
  type Kind,
  kindNumber,
  kindOf,
  OTHER_DENIALS,
  overtimeHeaderBytes,
  pluginDenials,
  runningPage,
} from '../wire/layout.ts'
import type { ConnectionLabel, FromEvaluator } from './messages.ts'

/** Longer than any text in a message: an abort with its file, or a reason of 512 units with what is put before it. */
const TEXT_UNITS_MAX = 1200

const text = { type: 'string', maxLength: TEXT_UNITS_MAX }
const count = { type: 'integer', minimum: 0 }
const word = { type: 'integer', minimum: 0, maximum: 0xffffffff }
const digest = { type: 'string', pattern: '^[0-9a-f]{64}$' }
const id = { type: 'string', pattern: '^[0-9a-f]{32}$' }
const code = { enum: Object.keys(errorTable) }
const kind = { enum: Object.keys(kindNumber) }

function object(required: object, optional: object = {}): object {
  const properties = { ...required, ...optional }
  return { type: 'object', additionalProperties: false, required: Object.keys(required), properties }
}

const decision = object(
  {
    id,
    attempt: { enum: [1, 2] },
    tenant: text,
    application: text,
    kind,
    sender: text,
    outcome: { enum: ['allow', 'deny', 'no-answer'] },
    code: word,
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
    policy: digest,
    version: count,
    guard: digest,
    guardVersion: count,
    guardFuelUsed: count,
  },
)

/** A block in base64. */
const block = { type: 'string', maxLength: 4 * Math.ceil(blockBytesMax / 3), pattern: '^[A-Za-z0-9+/]*=*$' }

const half = { type: 'integer', minimum: 0, maximum: 0xffff }

/** As portcullis_io numbers them. */
const number = { type: 'integer', minimum: 1, maximum: evaluatorConnectionsMax }

const connection = object(
  { accepted: { type: 'boolean' }, account: { ...text, maxLength: accountCharactersMax } },
  {
    application: text,
    tenant: text,
    processId: word,
    pluginVersion: { type: 'string', pattern: '^[0-9]{1,5}([.][0-9]{1,5}){2,3}$' },
    wireVersion: half,
    error: code,
    offered: object({ lowest: half, highest: half }),
    denied: object({}, Object.fromEntries([...pluginDenials, OTHER_DENIALS].map((name) => [name, word]))),
  },
)

const schema = {
  oneOf: [
    object({ type: { const: 'ready' } }),
    object({ type: { const: 'serving' }, index: { ...count, maximum: 63 } }),
    object({ type: { const: 'failed' }, code, detail: text }),
    object({ type: { const: 'connection' }, record: connection }, { connection: number }),
    object({ type: { const: 'disconnection' }, connection: number }),
    object({ type: { const: 'prepared' }, generation: count }),
    object({ type: { const: 'unprepared' }, generation: count, code, detail: text }),
    object({ type: { const: 'flipped' }, generation: count }),
    object({ type: { const: 'decision' }, sequence: { ...count, minimum: 1 }, record: decision }, { block }),
    object({ type: { const: 'held' }, id, tenant: text }),
    object({ type: { const: 'lost' }, messages: word, decided: count }),
  ],
  type: 'object',
  discriminator: { propertyName: 'type' },
  required: ['type'],
}

const messageSchema = lazySchema<FromEvaluator>(() => schema, { discriminator: true, allowUnionTypes: true })
const labelSchema = lazySchema<ConnectionLabel>(() =>
  object({ tenant: text, application: text }, { policy: digest, guard: digest }),
)

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
  const validate = messageSchema()
  if (validate(message)) return message
  throw new PortcullisError(
    'ERR_CHANNEL',
    `an evaluator's message ${validate.errors?.[0]?.message ?? 'is none'}`,
  )
}

type Phase = keyof typeof runningPage.phase

/** A question that an evaluator was working on when it ended. */
export interface Running extends ConnectionLabel {
  /** Processor milliseconds for which the watchdog has fired; 0 if it has not. */
  readonly overtimeMs: number
  readonly id: string
  readonly kind: Kind
  readonly attempt: number
  /** Whose code ran. */
  readonly phase: Phase
}

/** What the watchdog says with its last breath. */
export interface Overtime extends Omit<Running, 'overtimeMs'> {
  readonly processorMs: number
  readonly wallMs: number
  /** Its number among the evaluator's decisions, of which it is one. */
  readonly sequence: number
}

function phaseOf(number: number): Phase | undefined {
  const phases = Object.entries(runningPage.phase) as [Phase, number][]
  return phases.find(([, value]) => value === number)?.[0]
}

function runningOf(
  id: Buffer,
  kind: number,
  attempt: number,
  phase: number,
  label: unknown,
): Omit<Running, 'overtimeMs'> | undefined {
  const [knownKind, knownPhase] = [kindOf(kind), phaseOf(phase)]
  if (knownKind === undefined || knownPhase === undefined || !labelSchema()(label)) return undefined
  return { ...label, id: id.toString('hex'), kind: knownKind, attempt, phase: knownPhase }
}

/** Throws ERR_CHANNEL for anything that is not an overtime frame's body (docs/reference/wire.md). */
export function readOvertime(body: Buffer): Overtime {
  const fields = body.subarray(0, overtimeHeaderBytes)
  const running =
    body.length > overtimeHeaderBytes
      ? runningOf(
          fields.subarray(0, 16),
          fields.readUInt16LE(16),
          fields.readUInt16LE(18),
          fields.readUInt32LE(28),
          parse(body.toString('utf8', overtimeHeaderBytes)),
        )
      : undefined
  if (running === undefined) {
    throw new PortcullisError('ERR_CHANNEL', "an evaluator's overtime frame is malformed")
  }
  return {
    ...running,
    processorMs: fields.readUInt32LE(20),
    wallMs: fields.readUInt32LE(24),
    sequence: Number(fields.readBigUInt64LE(32)),
  }
}

/** How many questions a page says that its evaluator has decided; undefined if it is no page. */
export function readDecided(page: Buffer): number | undefined {
  if (page.length !== runningPage.bytes) return undefined
  return Number(page.readBigUInt64LE(runningPage.at.decided))
}

/**
 * What the page of a dead evaluator says that it was working on; undefined if it says nothing, or nothing that makes sense. Like
 * everything of an evaluator, the page may have been written by whoever has turned it.
 */
export function readRunning(page: Buffer): Running | undefined {
  const { at, magic, bytes, labelBytesMax } = runningPage
  if (page.length !== bytes || page.readUInt32LE(0) !== magic) return undefined
  if (page.readUInt32LE(at.sequence) % 2 === 0) return undefined
  const label = page.toString('utf8', at.label, at.label + labelBytesMax).replace(/\0.*$/s, '')
  try {
    const running = runningOf(
      page.subarray(at.id, at.id + 16),
      page.readUInt16LE(at.kind),
      page.readUInt16LE(at.attempt),
      page.readUInt32LE(at.phase),
      parse(label),
    )
    return running && { ...running, overtimeMs: page.readUInt32LE(at.overtime) }
  } catch {
    return undefined
  }
}
