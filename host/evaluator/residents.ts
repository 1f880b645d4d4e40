/**
 * The policies that have a guest in this process, the least recently used first. A tenant's guest is its own, also where two
 * tenants have the same policy: what should be missed in putting one back must not become another tenant's.
 */

import type { Policy } from '../engine/policy.ts'

export class Residents {
  readonly #most: number
  readonly #load: (name: string) => Policy
  /** A Map remembers the order in which its entries were made. */
  readonly #policies = new Map<string, Policy>()

  /** At most `most` at a time; `load` makes the one that is asked for and not there. */
  constructor(most: number, load: (name: string) => Policy) {
    this.#most = most
    this.#load = load
  }

  get size(): number {
    return this.#policies.size
  }

  get(name: string): Policy {
    const policy = this.#policies.get(name) ?? this.#load(name)
    this.#policies.delete(name)
    this.#policies.set(name, policy)
    if (this.#policies.size > this.#most) {
      const [oldest] = this.#policies.keys()
      this.#policies.delete(oldest as string)
    }
    return policy
  }
}
