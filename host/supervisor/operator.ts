/** Does what an operator tells a running host, and says in the log what was done, by whom and why. */

import type { Logger } from 'pino'

import { PortcullisError } from '../errors.ts'
import type { MetricsText } from '../metrics/metrics.ts'
import type { By, Store } from '../store/store.ts'
import type { Config } from '../tenant/config.ts'
import { checkSettings } from '../tenant/settings.ts'
import type { Activations } from './activations.ts'
import { type Blame, type Explained, explained } from './blame.ts'
import { hostConfig, tenantConfig } from './effective-config.ts'
import type { KeptVersions } from './kept-versions.ts'
import type { DecisionsQuery, LatestDecisions } from './latest-decisions.ts'
import type { OperatorCommand } from './operator-command.ts'
import type { HostStatus } from './status.ts'
import type { Table } from './table.ts'
import { createToken, listTokens, revokeToken } from './token-commands.ts'

/** The host, as far as it does what it is told. */
export interface Obedient {
  readonly log: Logger
  readonly blame: Blame
  readonly store: Store | undefined
  /** Both undefined without a store. */
  readonly activations: Activations | undefined
  readonly kept: KeptVersions | undefined
  readonly config: () => Config
  readonly table: () => Table
  readonly status: () => HostStatus
  readonly decisions: (query: DecisionsQuery) => LatestDecisions
  readonly metrics: () => Promise<MetricsText>
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

/** Returns what is answered; throws, or rejects, with what the operator is told. */
export function obey(host: Obedient, command: OperatorCommand): unknown {
  switch (command.command) {
    case 'quarantine':
      return explained(host.blame.quarantined.filter(({ tenant }) => (command.tenant ?? tenant) === tenant))
    case 'lift':
      return lift(host, command.tenant, byOf(command))
    case 'status':
      return host.status()
    case 'decisions':
      return host.decisions(command)
    case 'metrics':
      return host.metrics()
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
