/**
 * The JSON schemas of the API: what is read is held against them, what is answered is described by them in the OpenAPI document, and
 * tests hold the answers against them too. Members that a later release adds to an answer are no breach of them.
 */

import { errorTable } from '../errors.ts'
import { confirmWithinMsMax, storeWhyUnitsMax, sweepLinesMax } from '../limits.ts'

export type Schema = Readonly<Record<string, unknown>>

const text = { type: 'string' }
const flag = { type: 'boolean' }
const count = { type: 'integer', minimum: 0 }
const number = { type: 'integer', minimum: 1, maximum: 9_999_999 }
const numberOrNull = { type: ['integer', 'null'] }
const time = { type: 'integer', description: 'Milliseconds since 1970.' }
const digest = { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'SHA-256.' }
const code = { enum: Object.keys(errorTable) }

function closed(required: object, optional: object = {}, description?: string): Schema {
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    additionalProperties: false,
    required: Object.keys(required),
    properties: { ...required, ...optional },
  }
}

function open(required: object, optional: object = {}, description?: string): Schema {
  return { ...closed(required, optional, description), additionalProperties: true }
}

const list = (items: Schema): Schema => ({ type: 'array', items })

// ---- what is read

/** As in the configuration. */
export const tenantName = { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }
const reason = {
  type: 'string',
  maxLength: storeWhyUnitsMax,
  description: 'Why, for the journal and the audit log.',
}

export const reasonBody: Schema = { ...closed({}, { reason }), type: ['object', 'null'] }

export const activeBody = closed(
  { version: number },
  {
    confirmWithinSeconds: {
      type: 'integer',
      minimum: 1,
      maximum: confirmWithinMsMax / 1000,
      description: 'Provisional: without a confirmation in time the version before answers again.',
    },
    reason,
  },
)

/** They come as texts; Fastify's own habit of guessing types is off. */
export const decisionsQuery = closed(
  {},
  {
    cursor: {
      type: 'string',
      pattern: '^[\\w.-]{1,64}$',
      description: 'Of an earlier answer: what came since.',
    },
    limit: { type: 'string', pattern: '^([1-9][0-9]?|[1-4][0-9]{2}|500)$', description: '1 to 500.' },
    outcome: { enum: ['allow', 'deny', 'no-answer'] },
    kind: { enum: ['user', 'operation', 'quota'] },
    sender: { type: 'string', minLength: 1, maxLength: 512 },
    error: code,
    id: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  },
)

const { cursor: _, limit: __, ...liveProperties } = decisionsQuery.properties as Record<string, Schema>
export const liveQuery = closed({}, liveProperties)

const lines = { type: 'array', minItems: 1, maxItems: sweepLinesMax, items: { type: 'object' } }

export const jobBody: Schema = {
  type: 'object',
  required: ['kind'],
  discriminator: { propertyName: 'kind' },
  oneOf: [
    closed(
      { kind: { const: 'replay' } },
      { with: { ...number, description: 'A version in place of the recorded one.' } },
      'Recorded decisions, made again.',
    ),
    closed(
      {
        kind: { const: 'diff' },
        from: number,
        to: number,
        principals: { ...lines, description: 'As the lines of the file of principals of "portcullis diff".' },
        resources: { ...lines, description: 'As the lines of its file of resources.' },
      },
      {
        time: { type: 'string', maxLength: 64, description: 'ISO 8601; default: as for "portcullis diff".' },
      },
      'What one version allows and another does not.',
    ),
  ],
}

export const versionParams = { n: { type: 'string', pattern: '^[1-9][0-9]{0,6}$' } }
export const jobParams = { id: { type: 'string', pattern: '^[0-9a-f]{16}$' } }

/** What a multipart upload has. */
export const uploadParts = closed(
  { module: { type: 'string', format: 'binary' } },
  { settings: { type: 'string' }, vectors: { type: 'string' }, reason },
)

// ---- what is answered

export const problem = closed(
  { type: text, title: text, status: count, code, remedy: text },
  { detail: text },
  'RFC 9457, with the code of the error.',
)

const at = open({ who: text, timeMs: time }, { why: text })

export const version = open(
  { number, policy: digest, bytes: count, state: text, uploaded: at, blobs: flag },
  {
    settings: digest,
    vectors: digest,
    admission: open({ metered: digest, rewriter: text, profile: text, timeMs: time }),
    refusal: open({ code: text, message: text }),
    activeSinceMs: time,
  },
  'A version in the store.',
)

const subject = { anyOf: [{ const: 'guard' }, closed({ tenant: tenantName })] }
const activeOfStore = open({ number: numberOrNull, previous: numberOrNull, since: at }, { confirmByMs: time })

export const versions = open({
  subject,
  active: { anyOf: [activeOfStore, { type: 'null' }] },
  omitted: count,
  versions: list(version),
})
export const allVersions = list(versions)

export const active = closed(
  { version: numberOrNull, previous: numberOrNull },
  { since: at, confirmByMs: time },
  'The version that answers; null: nothing is active.',
)

export const activated = open(
  { version: numberOrNull, previous: numberOrNull, changed: flag, milliseconds: { type: 'number' } },
  { policy: digest, generation: count, confirmByMs: time },
)

export const report = open({}, {}, 'The admission report, or {"refusal"}; see the page of admission.')
export const download = open({ number, policy: digest, module: text }, { settings: open({}), vectors: text })

export const decision = open(
  {
    cursor: text,
    id: text,
    tenant: text,
    application: text,
    outcome: { enum: ['allow', 'deny', 'no-answer'] },
    code: count,
  },
  {},
  'A decision; see the page of decisions.',
)
export const decisions = open(
  { decisions: list(decision), cursor: text, omitted: count },
  { restarted: flag },
)

export const quarantined = list(
  open({ tenant: text, sinceMs: time }, { policy: digest, reason: text, explanation: text }),
)
export const lifted = list(open({ tenant: text, policy: digest, reason: text, sinceMs: time }))

export const job = closed(
  {
    id: text,
    kind: { enum: ['replay', 'diff'] },
    state: { enum: ['waiting', 'running', 'done', 'failed', 'cancelled'] },
    by: text,
    createdMs: time,
  },
  {
    startedMs: time,
    endedMs: time,
    progress: { ...count, description: 'Decisions or questions dealt with.' },
    report: open({}, {}, 'Of one that is done: what "portcullis replay --json" or "diff --json" prints.'),
    problem,
  },
)
export const jobs = closed({ jobs: list(job) })

export const status = open({ state: text, version: text, generation: count }, {}, 'See the page of status.')
export const reloaded = open({ generation: count, milliseconds: count })
export const config = open({}, {}, 'The effective configuration, every default spelled out.')
export const audit: Schema = { type: ['object', 'null'], additionalProperties: true }
export const tokens = list(open({ id: text, name: text, role: text }, { tenant: text, expiresMs: time }))
export const tenants = open({ count, list: list(open({ name: text })) })
export const health = closed({ status: { const: 'ok' } })
export const ready = closed({ ready: flag })
export const document = open({ openapi: text })
