/**
 * What an operator may tell a running host, one JSON object each. Checked member by member: the line comes from the account
 * itself, but from whatever program that runs.
 */

import { errorTable, PortcullisError } from '../errors.ts'
import {
  confirmWithinMsMax,
  decisionsToldMax,
  moduleBytesMax,
  recordTextUnitsMax,
  storeWhoUnitsMax,
  storeWhyUnitsMax,
} from '../limits.ts'
import { lazySchema } from '../schema.ts'
import type { Subject } from '../store/store.ts'
import { kindNumber } from '../wire/layout.ts'
import type { DecisionsQuery } from './latest-decisions.ts'

/** Who does it, as the command says, and why. */
interface Signed {
  readonly who: string
  readonly why?: string
}

export type OperatorCommand =
  | { readonly command: 'quarantine' }
  | { readonly command: 'status' }
  | { readonly command: 'stop' }
  | ({ readonly command: 'lift'; readonly tenant: string } & Signed)
  | ({ readonly command: 'reload' } & Signed)
  | ({
      readonly command: 'push'
      readonly subject: Subject
      /** In base64. */
      readonly module: string
      readonly settings?: object
      /** The text of the file. */
      readonly vectors?: string
    } & Signed)
  | ({
      readonly command: 'activate'
      readonly subject: Subject
      readonly version: string
      readonly confirmWithinMs?: number
    } & Signed)
  | ({ readonly command: 'confirm' | 'rollback'; readonly subject: Subject } & Signed)
  | { readonly command: 'versions'; readonly subject?: Subject }
  | ({ readonly command: 'decisions' } & DecisionsQuery)
  | { readonly command: 'metrics' }

const name = { type: 'string', minLength: 1, maxLength: 63 }
const subject = {
  anyOf: [
    { const: 'guard' },
    { type: 'object', additionalProperties: false, required: ['tenant'], properties: { tenant: name } },
  ],
}
const signed = {
  who: { type: 'string', minLength: 1, maxLength: storeWhoUnitsMax },
  why: { type: 'string', maxLength: storeWhyUnitsMax },
}

function command(name: string, required: object, optional: object = {}): object {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['command', ...Object.keys(required)],
    properties: { command: { const: name }, ...required, ...optional },
  }
}

const decisionsQuery = {
  tenant: name,
  after: { type: 'string', minLength: 1, maxLength: 64 },
  limit: { type: 'integer', minimum: 1, maximum: decisionsToldMax },
  outcome: { enum: ['allow', 'deny', 'no-answer'] },
  kind: { enum: Object.keys(kindNumber) },
  sender: { type: 'string', minLength: 1, maxLength: recordTextUnitsMax },
  error: { enum: Object.keys(errorTable) },
  id: { type: 'string', pattern: '^[0-9a-f]{32}$' },
}

const { who, why } = signed
const optionalWhy = { why }

const schema = lazySchema<OperatorCommand>(
  () => ({
    type: 'object',
    required: ['command'],
    discriminator: { propertyName: 'command' },
    oneOf: [
      command('quarantine', {}),
      command('status', {}),
      command('stop', {}),
      command('lift', { tenant: name, who }, optionalWhy),
      command('reload', { who }, optionalWhy),
      command(
        'push',
        {
          subject,
          module: {
            type: 'string',
            maxLength: 4 * Math.ceil((moduleBytesMax + 1) / 3),
            pattern: '^[A-Za-z0-9+/]*=*$',
          },
          who,
        },
        { settings: { type: 'object' }, vectors: { type: 'string' }, ...optionalWhy },
      ),
      command(
        'activate',
        { subject, version: { type: 'string', minLength: 1, maxLength: 64 }, who },
        { confirmWithinMs: { type: 'integer', minimum: 1, maximum: confirmWithinMsMax }, ...optionalWhy },
      ),
      command('confirm', { subject, who }, optionalWhy),
      command('rollback', { subject, who }, optionalWhy),
      command('versions', {}, { subject }),
      command('decisions', {}, decisionsQuery),
      command('metrics', {}),
    ],
  }),
  { discriminator: true, allowUnionTypes: true },
)

/** Throws ERR_COMMAND. */
export function readCommand(line: string): OperatorCommand {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new PortcullisError('ERR_COMMAND', 'it is not JSON')
  }
  const validate = schema()
  if (validate(value)) return value
  const [problem] = validate.errors ?? []
  throw new PortcullisError(
    'ERR_COMMAND',
    `at ${problem?.instancePath || '/'}: ${problem?.message ?? 'it is none'}; is the command of another release?`,
  )
}
