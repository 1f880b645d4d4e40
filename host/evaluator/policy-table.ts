/**
 * What an evaluator decides by: for each pair of account and application the tenant, and the provider's guard. A table is made
 * whole and never changes; a change is another table (tables.ts).
 */

import type { Policy } from '../engine/policy.ts'
import { applicationKey } from '../tenant/application-key.ts'
import type { Guard, PolicyChoice, Tenant } from '../tenant/config.ts'
import { TimeZone } from '../tenant/time-zone.ts'
import { switches } from '../wire/layout.ts'

/** One tenant, ready to be decided for. */
export interface Seat {
  readonly tenant: Tenant
  /** Under what its policy's guest is kept: its own, and another for another policy or other settings. */
  readonly key: string
  readonly timeZone: TimeZone
  readonly switches: number
}

/** The guard, which all tenants share. Without an instance there is no version of it to ask. */
export interface SeatedGuard {
  readonly guard: Guard
  readonly instance: Policy | undefined
}

function switchesOf(tenant: Tenant): number {
  const token = tenant.runAsPoolAccountWithoutToken ? switches.runAsPoolAccount : 0
  return token | (tenant.rules.allowAdministrator ? switches.administrator : 0)
}

/** Equal for what runs alike. */
export function choiceKey({ policy, settings }: PolicyChoice): string {
  return `${policy} ${JSON.stringify(settings ?? null)}`
}

/** One for each zone: a formatter takes 32 KiB, and tenants share a handful of zones. */
const timeZones = new Map<string, TimeZone>()

function timeZoneOf(name: string): TimeZone {
  const timeZone = timeZones.get(name) ?? new TimeZone(name)
  timeZones.set(name, timeZone)
  return timeZone
}

export class PolicyTable {
  readonly generation: number
  readonly guard: SeatedGuard | undefined
  /** Whether decisions are told with their question. */
  readonly recorded: boolean
  /** By name. */
  readonly seats: ReadonlyMap<string, Seat>
  readonly #seatOf = new Map<string, Seat>()

  constructor(
    generation: number,
    tenants: ReadonlyMap<string, Tenant>,
    guard: SeatedGuard | undefined,
    recorded: boolean,
  ) {
    this.generation = generation
    this.guard = guard
    this.recorded = recorded
    const seats = new Map<string, Seat>()
    for (const [name, tenant] of tenants) {
      const key = `${name} ${choiceKey(tenant)}`
      const seat = { tenant, key, timeZone: timeZoneOf(tenant.timeZone), switches: switchesOf(tenant) }
      seats.set(name, seat)
      for (const { account, application } of tenant.applications) {
        this.#seatOf.set(applicationKey(account, application), seat)
      }
    }
    this.seats = seats
  }

  seatFor(account: string, application: string): Seat | undefined {
    return this.#seatOf.get(applicationKey(account, application))
  }
}
