/**
 * What a running host decides by, in the words of the configuration file, with every default spelled out and with what the store has
 * active in its place. No module's bytes, and no more than an answer takes.
 */

import type { Quota } from '../engine/result-record.ts'
import { PortcullisError } from '../errors.ts'
import { configReplyUnitsMax } from '../limits.ts'
import {
  type Application,
  type Config,
  type Guard,
  noCeiling,
  type PolicyChoice,
  type Tenant,
} from '../tenant/config.ts'
import type { Settings } from '../wire/settings-block.ts'
import type { Table } from './table.ts'

interface QuotaWords {
  readonly concurrentShells: number
  readonly concurrentOperations: number
  readonly timeslotSeconds: number
  readonly operationsPerTimeslot: number
}

export interface EffectivePolicy {
  /** SHA-256 of the module; null: nobody answers. */
  readonly policy: string | null
  /** The store's number of it; null if the configuration names it. */
  readonly version: number | null
  readonly settings: Settings | null
  readonly fuelPerDecision: number
}

export interface EffectiveTenant extends EffectivePolicy {
  readonly name: string
  readonly applications: readonly Application[]
  readonly timeZone: string
  readonly runAsPoolAccountWithoutToken: boolean
  readonly allowAdministrator: boolean
  readonly showReasons: boolean
  readonly redirectTargets: readonly string[]
  /** Null: there is none. */
  readonly quotaCeiling: QuotaWords | null
  readonly quotaWithoutAnswer: QuotaWords | null
  /** How many questions must stay allowed. */
  readonly breakGlass: number
}

/** Of one tenant, and nothing of anybody else. */
export interface TenantConfig {
  readonly activationsPerMinute: number
  readonly tenant: EffectiveTenant
}

/** Of the host. Other members of the configuration are here as they are there; null is what is not configured. */
export interface HostConfig {
  readonly generation: number
  readonly guard: EffectivePolicy | null
  readonly tenants: readonly EffectiveTenant[]
  /** Tenants that the answer had no room for: ask for them one by one. */
  readonly omitted: number
  readonly [member: string]: unknown
}

function quotaOf(quota: Quota | undefined): QuotaWords | null {
  if (quota === undefined || quota.every((field, index) => field === noCeiling[index])) return null
  const [concurrentShells, concurrentOperations, timeslotSeconds, operationsPerTimeslot] = quota
  return { concurrentShells, concurrentOperations, timeslotSeconds, operationsPerTimeslot }
}

function policyOf({ policy, version, settings, fuelPerDecision }: PolicyChoice): EffectivePolicy {
  return { policy: policy ?? null, version: version ?? null, settings: settings ?? null, fuelPerDecision }
}

function tenantOf(tenant: Tenant, { breakGlass }: Config): EffectiveTenant {
  const { name, applications, timeZone, runAsPoolAccountWithoutToken, showReasons, rules } = tenant
  return {
    name,
    applications,
    ...policyOf(tenant),
    timeZone,
    runAsPoolAccountWithoutToken,
    allowAdministrator: rules.allowAdministrator,
    showReasons,
    redirectTargets: rules.redirectTargets,
    quotaCeiling: quotaOf(rules.quotaCeiling),
    quotaWithoutAnswer: quotaOf(rules.quotaWithoutAnswer),
    breakGlass: breakGlass.get(name)?.vectors.length ?? 0,
  }
}

function guardOf(guard: Guard | undefined): EffectivePolicy | null {
  return guard === undefined ? null : policyOf(guard)
}

export function tenantConfig(config: Config, { tenants }: Table, name: string): TenantConfig {
  const tenant = tenants.get(name)
  if (tenant === undefined) {
    throw new PortcullisError('ERR_VERSION_SUBJECT', `the configuration has no tenant ${name}`)
  }
  return { activationsPerMinute: config.activationsPerMinute, tenant: tenantOf(tenant, config) }
}

/** Bytes, what is told of each tenant, and the lists of what is in them. */
const toldOtherwise = new Set(['policies', 'uses', 'files', 'breakGlass', 'guard', 'tenants'])

export function hostConfig(config: Config, { generation, guard, tenants: all }: Table): HostConfig {
  const members = Object.entries(config)
    .filter(([name]) => !toldOtherwise.has(name))
    .map(([name, value]) => [name, value ?? null])
  const tenants: EffectiveTenant[] = []
  let units = 0
  for (const tenant of all.values()) {
    const shown = tenantOf(tenant, config)
    units += JSON.stringify(shown).length + 1
    if (units > configReplyUnitsMax) break
    tenants.push(shown)
  }
  const omitted = all.size - tenants.length
  return { generation, ...Object.fromEntries(members), guard: guardOf(guard), tenants, omitted }
}
