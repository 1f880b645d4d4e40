/**
 * What an evaluator decides with: for each pair of account and application the tenant, for each tenant its policy, and the
 * provider's guard. Built once from what the supervisor sends.
 */

import { createHash } from 'node:crypto'

import { Policy } from '../engine/policy.ts'
import { compileMetered } from '../engine/policy-module.ts'
import { PortcullisError } from '../errors.ts'
import { residentBytesMax, residentsMax } from '../limits.ts'
import { applicationKey } from '../tenant/application-key.ts'
import type { Guard, Tenant } from '../tenant/config.ts'
import { TimeZone } from '../tenant/time-zone.ts'
import { switches } from '../wire/layout.ts'
import type { Settings } from '../wire/settings-block.ts'
import { Residents } from './residents.ts'

/** One tenant, ready to be decided for. */
export interface Seat {
  readonly tenant: Tenant
  readonly timeZone: TimeZone
  readonly switches: number
}

function switchesOf(tenant: Tenant): number {
  const token = tenant.runAsPoolAccountWithoutToken ? switches.runAsPoolAccount : 0
  return token | (tenant.rules.allowAdministrator ? switches.administrator : 0)
}

export class PolicyTable {
  /** Metered, by the digest of the upload. */
  readonly #modules = new Map<string, { bytes: Buffer; metered: string }>()
  readonly #tenants = new Map<string, Tenant>()
  readonly #timeZones = new Map<string, TimeZone>()
  readonly #seats = new Map<string, Seat>()
  readonly #residents = new Residents(residentsMax, residentBytesMax, (name) => this.#loadTenant(name))
  generation = 0
  guard: (Guard & { readonly instance: Policy }) | undefined

  /** `metered` is the SHA-256 of `bytes`. */
  addModule(digest: string, metered: string, bytes: Buffer): void {
    this.#modules.set(digest, { bytes, metered })
  }

  addTenant(tenant: Tenant): void {
    this.#tenants.set(tenant.name, tenant)
  }

  /** Everything has been added. As many policies as there is room for are made ready now, not with their first question. */
  complete(generation: number, guard: Guard | undefined): void {
    this.generation = generation
    if (guard !== undefined) this.guard = { ...guard, instance: this.#load(guard.policy, guard.settings) }
    for (const tenant of this.#tenants.values()) {
      const seat = { tenant, timeZone: this.#timeZone(tenant.timeZone), switches: switchesOf(tenant) }
      for (const { account, application } of tenant.applications) {
        this.#seats.set(applicationKey(account, application), seat)
      }
      if (!this.#residents.isFull) this.#residents.get(tenant.name)
    }
  }

  seatFor(account: string, application: string): Seat | undefined {
    return this.#seats.get(applicationKey(account, application))
  }

  /** The tenant's policy, which is loaded if it has been away. */
  policyOf({ tenant }: Seat): Policy {
    return this.#residents.get(tenant.name)
  }

  #loadTenant(name: string): Policy {
    const { policy, settings } = this.#tenants.get(name) as Tenant
    return this.#load(policy, settings)
  }

  /** The bytes are looked at again each time: what runs is what was admitted. */
  #load(digest: string, settings: Settings | undefined): Policy {
    const module = this.#modules.get(digest)
    if (module === undefined || createHash('sha256').update(module.bytes).digest('hex') !== module.metered) {
      throw new PortcullisError('ERR_HOST_FAULT', `policy ${digest} is not what was admitted`)
    }
    return new Policy(compileMetered(module.bytes, settings))
  }

  /** One for each zone: a formatter takes 32 KiB, and tenants share a handful of zones. */
  #timeZone(name: string): TimeZone {
    const known = this.#timeZones.get(name)
    if (known !== undefined) return known
    const made = new TimeZone(name)
    this.#timeZones.set(name, made)
    return made
  }
}
