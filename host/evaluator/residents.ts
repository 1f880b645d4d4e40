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
  /** A Map remembers the order in which its entries were made. */
  readonly #residents = new Map<string, Resident>()
  #bytes = 0

  /** At most `most` at a time, with at most `bytesMax` of memory and image. */
  constructor(most: number, bytesMax: number) {
    this.#most = most
    this.#bytesMax = bytesMax
  }

  /** Whether another one might have to take the place of one that is there. */
  get isFull(): boolean {
    return this.#residents.size >= this.#most || this.#bytes >= this.#bytesMax
  }

  get size(): number {
    return this.#residents.size
  }

  /** `load` makes the one that is asked for and not there. */
  get(key: string, load: () => Policy): Policy {
    const resident = this.#residents.get(key) ?? this.#make(load)
    this.#residents.delete(key)
    this.#residents.set(key, resident)
    return resident.policy
  }

  /** Lets go of those that do not fit. */
  keep(fits: (key: string) => boolean): void {
    for (const key of this.#residents.keys()) if (!fits(key)) this.#drop(key)
  }

  #make(load: () => Policy): Resident {
    const policy = load()
    const resident = { policy, bytes: policy.memoryBytes + policy.imageBytes }
    this.#bytes += resident.bytes
    for (const oldest of this.#residents.keys()) {
      if (this.#residents.size < this.#most && this.#bytes <= this.#bytesMax) break
      this.#drop(oldest)
    }
    return resident
  }

  #drop(key: string): void {
    this.#bytes -= this.#residents.get(key)?.bytes ?? 0
    this.#residents.delete(key)
  }
}
