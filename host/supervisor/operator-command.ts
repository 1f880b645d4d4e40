/**
 * What an operator may tell a running host, one JSON object each. Checked member by member: the line comes from the account
 * itself, but from whatever program that runs.
 */

import { type Role, roles } from '../admin/roles.ts'
import { errorTable, PortcullisError } from '../errors.ts'
import {
  confirmWithinMsMax,
  decisionsToldMax,
  moduleBytesMax,
  recordTextUnitsMax,
  storeWhoUnitsMax,
  storeWhyUnitsMax,
  tokenExpiresMsMax,
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
  | { readonly command: 'quarantine'; readonly tenant?: string }
  | { readonly command: 'status' }
  | { readonly command: 'audit' }
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
      /** What has to be active when it is its turn; null: nothing. */
      readonly ifActive?: number | null
    } & Signed)
  | ({ readonly command: 'confirm'; readonly subject: Subject } & Signed)
  | ({ readonly command: 'rollback'; readonly subject: Subject; readonly ifActive?: number | null } & Signed)
  | { readonly command: 'versions'; readonly subject?: Subject }
  | ({
      readonly command: 'retire' | 'download'
      readonly subject: Subject
      readonly version: string
    } & Signed)
  | { readonly command: 'report'; readonly subject: Subject; readonly version: string }
  | { readonly command: 'config'; readonly tenant?: string }
  | ({
      readonly command: 'token-create'
      readonly name: string
      readonly role: Role
      readonly tenant?: string
      readonly expiresInMs: number
    } & Signed)
  | { readonly command: 'token-list' }
  | ({ readonly command: 'token-revoke'; readonly id: string } & Signed)
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
const version = { type: 'string', minLength: 1, maxLength: 64 }
const ifActive = { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }] }

const schema = lazySchema<OperatorCommand>(
  () => ({
    type: 'object',
    required: ['command'],
    discriminator: { propertyName: 'command' },
    oneOf: [
      command('quarantine', {}, { tenant: name }),
      command('status', {}),
      command('audit', {}),
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
        { subject, version, who },
        {
          confirmWithinMs: { type: 'integer', minimum: 1, maximum: confirmWithinMsMax },
          ifActive,
          ...optionalWhy,
        },
      ),
      command('confirm', { subject, who }, optionalWhy),
      command('rollback', { subject, who }, { ifActive, ...optionalWhy }),
      command('versions', {}, { subject }),
      command('retire', { subject, version, who }, optionalWhy),
      command('download', { subject, version, who }, optionalWhy),
      command('report', { subject, version }),
      command('config', {}, { tenant: name }),
      command(
        'token-create',
        {
          name,
          role: { enum: roles },
          expiresInMs: { type: 'integer', minimum: 1, maximum: tokenExpiresMsMax },
          who,
        },
        { tenant: name, ...optionalWhy },
      ),
      command('token-list', {}),
      command('token-revoke', { id: name, who }, optionalWhy),
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
  return checkCommand(value)
}

/** Throws ERR_COMMAND. */
export function checkCommand(value: unknown): OperatorCommand {
  const validate = schema()
  if (validate(value)) return value
  const [problem] = validate.errors ?? []
  throw new PortcullisError(
    'ERR_COMMAND',
    `at ${problem?.instancePath || '/'}: ${problem?.message ?? 'it is none'}; is the command of another release?`,
  )
}
