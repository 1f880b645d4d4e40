/**
 * What an evaluator decides with: the compiled policies and, for each pair of account and application, the tenant
 * with its guard. Built once from what the supervisor sends; a policy is compiled once however many tenants use it.
 */

import type { PolicyFault } from '../control/messages.ts'
import { compilePolicy, type PolicyModule } from '../engine/policy-module.ts'
import { PortcullisError } from '../errors.ts'
import { faultTextUnitsMax } from '../limits.ts'
import { applicationKey } from '../tenant/application-key.ts'
import type { Guard, Tenant } from '../tenant/config.ts'
import { TimeZone } from '../tenant/time-zone.ts'
import { switches } from '../wire/layout.ts'

/** One tenant, ready to decide. */
export interface Seat {
  readonly tenant: Tenant
  readonly policy: PolicyModule
  readonly guard: (Guard & { readonly module: PolicyModule }) | undefined
  readonly timeZone: TimeZone
  readonly switches: number
}

function switchesOf(tenant: Tenant): number {
  const token = tenant.runAsPoolAccountWithoutToken ? switches.runAsPoolAccount : 0
  return token | (tenant.rules.allowAdministrator ? switches.administrator : 0)
}

export class PolicyTable {
  readonly #policies = new Map<string, PolicyModule>()
  readonly #tenants: Tenant[] = []
  readonly #timeZones = new Map<string, TimeZone>()
  readonly #seats = new Map<string, Seat>()
  readonly faults: PolicyFault[] = []
  generation = 0

  addPolicy(digest: string, bytes: Buffer): void {
    try {
      this.#policies.set(digest, compilePolicy(bytes))
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      this.faults.push({ digest, code: error.code, detail: error.detail.slice(0, faultTextUnitsMax) })
    }
  }

  addTenant(tenant: Tenant): void {
    this.#tenants.push(tenant)
  }

  /** Tenants whose policy or guard could not be loaded get no seat: nobody can ask for them. */
  complete(generation: number, given: Guard | undefined): void {
    this.generation = generation
    const module = given && this.#policies.get(given.policy)
    if (given !== undefined && module === undefined) return
    const guard = given && module && { ...given, module }
    for (const tenant of this.#tenants) {
      const policy = this.#policies.get(tenant.policy)
      if (policy === undefined) continue
      const timeZone = this.#timeZone(tenant.timeZone)
      const seat = { tenant, policy, guard, timeZone, switches: switchesOf(tenant) }
      for (const { account, application } of tenant.applications) {
        this.#seats.set(applicationKey(account, application), seat)
      }
    }
  }

  /** One for each zone: a formatter takes 32 KiB, and tenants share a handful of zones. */
  #timeZone(name: string): TimeZone {
    const known = this.#timeZones.get(name)
    if (known !== undefined) return known
    const made = new TimeZone(name)
    this.#timeZones.set(name, made)
    return made
  }

  seatFor(account: string, application: string): Seat | undefined {
    return this.#seats.get(applicationKey(account, application))
  }
}
