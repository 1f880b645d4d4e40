/**
 * Does what an operator tells a running host, and says in the log what was done, by whom and why. Every act, whichever way it came
 * and whether it was done or refused, goes through `obey` and is audited there and nowhere else.
 */

import type { Logger } from 'pino'

import { PortcullisError } from '../errors.ts'
import type { By, Store } from '../store/store.ts'
import type { Config } from '../tenant/config.ts'
import { checkSettings } from '../tenant/settings.ts'
import type { Activations } from './activations.ts'
import { checkWay, doneAct, isAct, refusedAct, type Via } from './acts.ts'
import { type Blame, type Explained, explained } from './blame.ts'
import type { Chronicle } from './chronicle.ts'
import { hostConfig, tenantConfig } from './effective-config.ts'
import type { KeptVersions } from './kept-versions.ts'
import type { OperatorCommand } from './operator-command.ts'
import type { HostStatus } from './status.ts'
import type { Table } from './table.ts'
import { createToken, listTokens, revokeToken } from './token-commands.ts'

/** The host, as far as it does what it is told. */
export interface Obedient {
  readonly log: Logger
  /** As in the status. */
  readonly state: string
  readonly chronicle: Chronicle
  readonly blame: Blame
  readonly store: Store | undefined
  /** Both undefined without a store. */
  readonly activations: Activations | undefined
  readonly kept: KeptVersions | undefined
  readonly config: () => Config
  readonly table: () => Table
  readonly status: () => HostStatus
  readonly stop: () => void
  readonly reload: (by: By) => Promise<object>
  readonly quarantineChanged: () => void
}

function byOf({ who, why }: By): By {
  return { who, ...(why !== undefined && { why }) }
}

function lift(
  { blame, store, log, quarantineChanged }: Obedient,
  tenant: string,
  by: By,
): readonly Explained[] {
  if (store !== undefined && store.quarantined({ tenant }).length > 0) store.lift({ tenant }, by, Date.now())
  const lifted = blame.lift(tenant) // with the deaths that have not led to one yet
  if (lifted.length === 0) return []
  log.warn({ event: 'quarantine-lifted', tenant, versions: lifted, ...by }, 'policies run again')
  quarantineChanged()
  return explained(lifted)
}

/** Resolves to what is answered; rejects with what the operator is told. */
export async function obey(host: Obedient, command: OperatorCommand, via: Via): Promise<unknown> {
  const carriedOut = async () => {
    checkWay(command, via)
    return carryOut(host, command)
  }
  if (!isAct(command)) return carriedOut()
  try {
    const result = await carriedOut()
    host.chronicle.acted(doneAct(command, via, result))
    return result
  } catch (error) {
    host.chronicle.acted(refusedAct(command, via, error))
    throw error
  }
}

/** What a host is told, or asked, whatever it is at. */
const whenever: readonly OperatorCommand['command'][] = ['status', 'audit', 'metrics', 'stop']

/** Returns what is answered; throws, or rejects, with what the operator is told. */
function carryOut(host: Obedient, command: OperatorCommand): unknown {
  if (host.state !== 'running' && !whenever.includes(command.command)) {
    throw new PortcullisError('ERR_HOST_UNREACHABLE', `the host is ${host.state}; try again when it serves`)
  }
  switch (command.command) {
    case 'quarantine':
      return explained(host.blame.quarantined.filter(({ tenant }) => (command.tenant ?? tenant) === tenant))
    case 'lift':
      return lift(host, command.tenant, byOf(command))
    case 'status':
      return host.status()
    case 'decisions':
      return host.chronicle.decisions(command)
    case 'metrics':
      return host.chronicle.metrics()
    case 'audit':
      return host.chronicle.audit
    case 'stop':
      host.stop()
      return true
    case 'reload':
      return host.reload(byOf(command))
    case 'config':
      return command.tenant === undefined
        ? hostConfig(host.config(), host.table())
        : tenantConfig(host.config(), host.table(), command.tenant)
    case 'token-create':
      return createToken(host.config(), host.log, command, byOf(command))
    case 'token-list':
      return listTokens(host.config())
    case 'token-revoke':
      return revokeToken(host.config(), host.log, command.id, byOf(command))
    default:
      return withVersions(host, command)
  }
}

type VersionCommand = Extract<
  OperatorCommand,
  {
    command: 'push' | 'activate' | 'confirm' | 'rollback' | 'versions' | 'retire' | 'download' | 'report'
  }
>

function withVersions({ activations, kept }: Obedient, command: VersionCommand): unknown {
  if (activations === undefined || kept === undefined) {
    throw new PortcullisError(
      'ERR_VERSION_SUBJECT',
      'the configuration names no "store"; add it, and start the host again',
    )
  }
  switch (command.command) {
    case 'push': {
      const { subject, module, settings, vectors } = command
      const upload = {
        module: Buffer.from(module, 'base64'),
        ...(settings !== undefined && { settings: checkSettings(settings, 'the settings') }),
        ...(vectors !== undefined && { vectors }),
      }
      return activations.push(subject, upload, byOf(command))
    }
    case 'activate':
      return activations.activate(command.subject, command.version, byOf(command), command)
    case 'confirm':
      return activations.confirm(command.subject, byOf(command))
    case 'rollback':
      return activations.rollback(command.subject, byOf(command), command)
    case 'versions':
      return activations.versions(command.subject)
    case 'retire':
      return kept.retire(command.subject, command.version, byOf(command))
    case 'download':
      return kept.download(command.subject, command.version)
    case 'report':
      return kept.report(command.subject, command.version)
  }
}
