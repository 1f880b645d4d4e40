/**
 * What operators do to a host, as the audit log has it: which commands are acts, and what is told of one. Only members that are
 * named here go there, never what is uploaded and never a secret.
 */

import { createHash } from 'node:crypto'

import type { AuditAct } from '../audit/format.ts'
import { PortcullisError } from '../errors.ts'
import type { OperatorCommand } from './operator-command.ts'

/** The way that a command came. */
export type Via = 'endpoint' | 'api'

/** Every command: whether it is an act, or only asks. One that hands out what the store keeps is an act too. */
const acts: Readonly<Record<OperatorCommand['command'], boolean>> = {
  quarantine: false,
  status: false,
  audit: false,
  config: false,
  decisions: false,
  metrics: false,
  report: false,
  versions: false,
  'token-list': false,
  stop: true,
  lift: true,
  reload: true,
  push: true,
  activate: true,
  confirm: true,
  rollback: true,
  retire: true,
  download: true,
  'token-create': true,
  'token-revoke': true,
}

/**
 * What the admin process may have done: what an operator's token allows. One that was turned must not be able to end the host or to
 * make itself a token, and what it tries is in the audit log as refused.
 */
const throughApi: ReadonlySet<OperatorCommand['command']> = new Set([
  'status',
  'audit',
  'reload',
  'config',
  'token-list',
  'metrics',
  'decisions',
  'quarantine',
  'lift',
  'push',
  'activate',
  'confirm',
  'rollback',
  'versions',
  'retire',
  'download',
  'report',
])

/** Throws ERR_COMMAND for a command that may not come this way. */
export function checkWay({ command }: OperatorCommand, via: Via): void {
  if (via === 'endpoint' || throughApi.has(command)) return
  throw new PortcullisError('ERR_COMMAND', `"${command}" is for the command line only`)
}

export function isAct({ command }: OperatorCommand): boolean {
  return acts[command]
}

/** Members of commands, and of what they come to. */
interface Told extends Partial<Pick<AuditAct, 'who' | 'why' | 'subject' | 'tenant' | 'version' | 'policy'>> {
  /** Of the version that a push has made. */
  readonly number?: number
}

function named({ who, why, subject, tenant, version, policy }: Told): Partial<AuditAct> {
  return {
    ...(who !== undefined && { who }),
    ...(why !== undefined && { why }),
    ...(subject !== undefined && { subject }),
    ...(tenant !== undefined && { tenant }),
    ...(version !== undefined && { version }),
    ...(policy !== undefined && { policy }),
  }
}

/** What is told of a token. `source`: the command, or what it came to, which has the secret too. */
function tokenOf(command: OperatorCommand['command'], source: unknown): Pick<AuditAct, 'token'> {
  if (command !== 'token-create' && command !== 'token-revoke') return {}
  const { id, name, role } = Object(source) as NonNullable<AuditAct['token']>
  return {
    token: {
      ...(id !== undefined && { id }),
      ...(name !== undefined && { name }),
      ...(role !== undefined && { role }),
    },
  }
}

function askedFor(command: OperatorCommand, via: Via): Omit<AuditAct, 'result'> {
  const pushed = command.command === 'push' && {
    policy: createHash('sha256').update(command.module, 'base64').digest('hex'),
  }
  return {
    command: command.command,
    via,
    ...named(command as Told),
    ...pushed,
    ...tokenOf(command.command, command),
  }
}

/** `result`: what the operator is answered. */
export function doneAct(command: OperatorCommand, via: Via, result: unknown): AuditAct {
  const { number, version = number, policy } = Object(result) as Told
  const made = named({ ...(version !== undefined && { version }), ...(policy !== undefined && { policy }) })
  return { ...askedFor(command, via), ...made, ...tokenOf(command.command, result), result: 'done' }
}

export function refusedAct(command: OperatorCommand, via: Via, error: unknown): AuditAct {
  const { code, detail } = asPortcullisError(error)
  return { ...askedFor(command, via), result: 'refused', code, detail }
}

function asPortcullisError(error: unknown): PortcullisError {
  return error instanceof PortcullisError
    ? error
    : new PortcullisError('ERR_HOST_FAULT', (error as Error).message)
}
