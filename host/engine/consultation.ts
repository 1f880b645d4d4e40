/** One policy in one decision: what it is asked, one question after the other, it answers from one measure of fuel. */

import type { PolicyFunction } from './interface.ts'
import type { Policy } from './policy.ts'
import type { PolicyAnswer } from './policy-answer.ts'

/** A policy, or what stands in its place. */
export type Consulted = Pick<Policy, 'call' | 'hasQuota'>

export class Consultation {
  readonly #policy: Consulted
  readonly #block: Uint8Array
  readonly #fuel: number
  #fuelUsed = 0

  /** `block` has been checked and stamped, and stays as it is until the decision is made. */
  constructor(policy: Consulted, block: Uint8Array, fuel: number) {
    this.#policy = policy
    this.#block = block
    this.#fuel = fuel
  }

  get fuelUsed(): number {
    return this.#fuelUsed
  }

  /** Undefined for a quota if the policy has no `queryQuota`. */
  readonly ask = (name: PolicyFunction): PolicyAnswer | undefined => {
    if (name === 'quota' && !this.#policy.hasQuota) return undefined
    const { answer, fuelUsed } = this.#policy.call(name, this.#block, this.#fuel - this.#fuelUsed)
    this.#fuelUsed += fuelUsed
    return answer
  }
}
