/**
 * How a table takes the place of the one before. Everything that takes time, compiling above all, is done while the old one still
 * decides, in steps between which questions are answered; the flip itself is one assignment between two questions, so that no
 * decision sees parts of both.
 *
 *   nothing new --tenant, absent--> changing --prepare()--> preparing --step(), the last--> prepared --flip()--> nothing new
 *                                      any --abandon()--> nothing new
 */

import { createHash } from 'node:crypto'

import { Policy } from '../engine/policy.ts'
import { compileMetered } from '../engine/policy-module.ts'
import { PortcullisError } from '../errors.ts'
import { residentBytesMax, residentsMax } from '../limits.ts'
import type { Guard, PolicyChoice, Tenant } from '../tenant/config.ts'
import { choiceKey, PolicyTable, type Seat, type SeatedGuard } from './policy-table.ts'
import { Residents } from './residents.ts'

export class Tables {
  /** Metered, by the digest of the upload. */
  readonly #modules = new Map<string, { bytes: Buffer; metered: string }>()
  readonly #residents = new Residents(residentsMax, residentBytesMax)
  #current = new PolicyTable(0, new Map(), undefined, false)
  #changes = new Map<string, Tenant | undefined>()
  /** The next table, and who of it is not ready yet. */
  #preparing: { readonly table: PolicyTable; readonly names: Iterator<string> } | undefined
  #prepared: PolicyTable | undefined

  get current(): PolicyTable {
    return this.#current
  }

  /** `metered` is the SHA-256 of `bytes`. */
  addModule(digest: string, metered: string, bytes: Buffer): void {
    this.#modules.set(digest, { bytes, metered })
  }

  /** For the next table; undefined takes the tenant away. */
  change(name: string, tenant: Tenant | undefined): void {
    this.#changes.set(name, tenant)
  }

  /** The generation of the table that has steps left. */
  get preparing(): number | undefined {
    return this.#preparing?.table.generation
  }

  /** Makes the next table, and does the first step. Throws, and leaves everything as it was, if that cannot be done. */
  prepare(generation: number, guard: Guard | undefined, recorded: boolean): boolean {
    const tenants = new Map([...this.#current.seats].map(([name, { tenant }]) => [name, tenant]))
    for (const [name, tenant] of this.#changes) {
      if (tenant === undefined) tenants.delete(name)
      else tenants.set(name, tenant)
    }
    return this.#orAbandon(() => {
      const table = new PolicyTable(generation, tenants, guard && this.#seatGuard(guard), recorded)
      this.#preparing = { table, names: this.#changes.keys() }
      return this.step()
    })
  }

  /**
   * Makes one tenant more that is new ready to be asked, as far as there is room; true when that was the last. Throws as `prepare`
   * does; in the first table, before which nothing was, a policy that cannot be asked denies for itself.
   */
  step(): boolean {
    if (this.#preparing === undefined) throw new PortcullisError('ERR_HOST_FAULT', 'no table is prepared')
    const { table, names } = this.#preparing
    const { done, value: name } = names.next()
    if (done) {
      this.#prepared = table
      this.#preparing = undefined
      return true
    }
    const seat = table.seats.get(name)
    if (seat === undefined || this.#residents.isFull) return false
    return this.#orAbandon(() => {
      this.#begun(this.policyOf(seat))
      return false
    })
  }

  #orAbandon(work: () => boolean): boolean {
    try {
      return work()
    } catch (error) {
      this.abandon()
      throw error
    }
  }

  /** From the next question on it is the prepared one. */
  flip(generation: number): void {
    if (this.#prepared?.generation !== generation) {
      throw new PortcullisError('ERR_HOST_FAULT', `a flip to table ${generation}, which is not prepared`)
    }
    this.#current = this.#prepared
    this.abandon() // what was left of the change is the table now
  }

  /** Forgets whatever was to be the next table, or was the one before. */
  abandon(): void {
    this.#changes = new Map()
    this.#preparing = undefined
    this.#prepared = undefined
    const { seats, guard } = this.#current
    const keys = new Set([...seats.values()].map(({ key }) => key))
    this.#residents.keep((key) => keys.has(key))
    const used = new Set([guard?.guard.policy, ...[...seats.values()].map(({ tenant }) => tenant.policy)])
    for (const digest of this.#modules.keys()) if (!used.has(digest)) this.#modules.delete(digest)
  }

  /** The tenant's policy, which is loaded if it has been away; undefined if it has none. */
  policyOf({ tenant, key }: Seat): Policy | undefined {
    const { policy } = tenant
    return policy === undefined
      ? undefined
      : this.#residents.get(key, () => this.#load({ ...tenant, policy }))
  }

  #begun(policy: Policy | undefined): void {
    if (this.#current.generation === 0 || policy?.failure === undefined) return
    const { error, detail } = policy.failure
    throw new PortcullisError(error, detail)
  }

  /** The one that is there stays, if it is the same. */
  #seatGuard(guard: Guard): SeatedGuard {
    const { policy } = guard
    const now = this.#current.guard
    if (policy === undefined) return { guard, instance: undefined }
    if (now !== undefined && choiceKey(now.guard) === choiceKey(guard)) return { ...now, guard }
    const instance = this.#load({ ...guard, policy })
    this.#begun(instance)
    return { guard, instance }
  }

  /** The bytes are looked at again each time: what runs is what was admitted. */
  #load({ policy: digest, settings }: PolicyChoice & { policy: string }): Policy {
    const module = this.#modules.get(digest)
    if (module === undefined || createHash('sha256').update(module.bytes).digest('hex') !== module.metered) {
      throw new PortcullisError('ERR_HOST_FAULT', `policy ${digest} is not what was admitted`)
    }
    return new Policy(compileMetered(module.bytes, settings))
  }
}
