/**
 * Whoever has a say in one question: a policy that is asked, or one that must not be. While it is asked, the page that
 * outlives this process says so.
 */

import { Consultation } from '../engine/consultation.ts'
import type { PolicyFunction } from '../engine/interface.ts'
import type { Policy } from '../engine/policy.ts'
import { noAnswer, type PolicyAnswer } from '../engine/policy-answer.ts'
import type { ErrorCode } from '../errors.ts'

export interface Decider {
  readonly fuelUsed: number
  ask(name: PolicyFunction): PolicyAnswer | undefined
  /** Once the answer has been sent. */
  finish(): void
}

/** Never asked: its answer is known. */
export class Silent implements Decider {
  readonly fuelUsed = 0
  readonly #error: ErrorCode

  constructor(error: ErrorCode) {
    this.#error = error
  }

  ask(): PolicyAnswer {
    return noAnswer(this.#error, '')
  }

  finish(): void {}
}

export class Asked implements Decider {
  readonly #policy: Policy
  readonly #consultation: Consultation
  readonly #announce: (runs: boolean) => void

  /** `announce` hears when the policy's code is about to run, and when it has. */
  constructor(policy: Policy, block: Uint8Array, fuel: number, announce: (runs: boolean) => void) {
    this.#policy = policy
    this.#consultation = new Consultation(policy, block, fuel)
    this.#announce = announce
  }

  get fuelUsed(): number {
    return this.#consultation.fuelUsed
  }

  ask(name: PolicyFunction): PolicyAnswer | undefined {
    this.#announce(true)
    const answer = this.#consultation.ask(name)
    this.#announce(false)
    return answer
  }

  finish(): void {
    this.#policy.tidy()
  }
}
