/**
 * The policies that have a guest in this process, the least recently used first. A tenant's guest is its own, also where two
 * tenants have the same policy: what should be missed in putting one back must not become another tenant's.
 */

import type { Policy } from '../engine/policy.ts'

/** A policy, and what of the room it takes. */
interface Resident {
  readonly policy: Policy
  readonly bytes: number
}

export class Residents {
  readonly #most: number
  readonly #bytesMax: number
  readonly #load: (name: string) => Policy
  /** A Map remembers the order in which its entries were made. */
  readonly #residents = new Map<string, Resident>()
  #bytes = 0

  /**
   * At most `most` at a time, with at most `bytesMax` of memory and image; `load` makes the one that is asked for and not there.
   */
  constructor(most: number, bytesMax: number, load: (name: string) => Policy) {
    this.#most = most
    this.#bytesMax = bytesMax
    this.#load = load
  }

  /** Whether another one might have to take the place of one that is there. */
  get isFull(): boolean {
    return this.#residents.size >= this.#most || this.#bytes >= this.#bytesMax
  }

  get size(): number {
    return this.#residents.size
  }

  get(name: string): Policy {
    const resident = this.#residents.get(name) ?? this.#make(name)
    this.#residents.delete(name)
    this.#residents.set(name, resident)
    return resident.policy
  }

  #make(name: string): Resident {
    const policy = this.#load(name)
    const resident = { policy, bytes: policy.memoryBytes + policy.imageBytes }
    this.#bytes += resident.bytes
    for (const [oldest, { bytes }] of this.#residents) {
      if (this.#residents.size < this.#most && this.#bytes <= this.#bytesMax) break
      this.#residents.delete(oldest)
      this.#bytes -= bytes
    }
    return resident
  }
}
