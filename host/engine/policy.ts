/**
 * A policy that can be asked. It keeps one guest and the image that every call starts from.
 *
 *     clean ---call---> running ---tidy: put back in place---> clean
 *                          |
 *                          +---it grew or trapped---> spent ---tidy: a new guest---> clean
 *
 * `running` lasts until the guest has been put back, because until then it holds what the last question left. Putting back
 * can wait until the answer has been sent; a call finds that it has been done, or does it.
 */

import { strict as assert } from 'node:assert'

import { fuelMax, fuelPerStart } from '../limits.ts'
import { Guest, type GuestFunction } from './guest.ts'
import { Image } from './image.ts'
import { type PolicyFunction, policyFunctions, requestFunction, settingsFunction } from './interface.ts'
import { type Called, type NoAnswer, noAnswer, type PolicyAnswer, readAnswer } from './policy-answer.ts'
import type { PolicyModule } from './policy-module.ts'
import { reserved } from './wasm/reserved.ts'

export type PolicyState = 'clean' | 'running' | 'spent'

/** Ends of a call after which the guest is as healthy as after an answer: we ended it, or it asked for the end. */
const orderly = new Set(['ERR_POLICY_ABORT', 'ERR_POLICY_FUEL', 'ERR_POLICY_STACK', 'ERR_POLICY_RESULT'])

export class Policy {
  readonly #module: PolicyModule
  #guest: Guest | undefined
  #image: Image | undefined
  #state: PolicyState = 'spent'
  /** Why there is no guest. What a policy did while it began it would do again; what the host lacked it may have by now. */
  #failure: NoAnswer | undefined
  #startFuelUsed = 0

  /** Makes the first guest, which runs the start function. */
  constructor(module: PolicyModule) {
    this.#module = module
    this.tidy()
  }

  get hasQuota(): boolean {
    return this.#module.hasQuota
  }

  get state(): PolicyState {
    return this.#state
  }

  /** Why it cannot be asked; undefined if it can. */
  get failure(): NoAnswer | undefined {
    return this.#failure
  }

  /** Of the start function and the placing of the settings. */
  get startFuelUsed(): number {
    return this.#startFuelUsed
  }

  /** Bytes of the image that are kept beside the guest's own memory. */
  get imageBytes(): number {
    return this.#image?.bytes ?? 0
  }

  /** What the guest's memory has now: after a call, what it had at its end. */
  get memoryBytes(): number {
    return this.#guest?.memory.buffer.byteLength ?? 0
  }

  /** Asks one function about the question in `block`, which has been checked and stamped. */
  call(name: PolicyFunction, block: Uint8Array, fuel: number): Called {
    assert(Number.isInteger(fuel) && fuel >= 0 && fuel <= fuelMax)
    this.tidy()
    const guest = this.#guest
    if (guest === undefined) return { answer: this.#failure as NoAnswer, fuelUsed: 0 }
    assert(this.#state === 'clean')
    this.#state = 'running'
    guest.reset(fuel)
    const answer = askGuest(guest, name, block)
    const fuelUsed = fuel - guest.fuelLeft
    const isOrderly = answer.kind !== 'no-answer' || orderly.has(answer.error)
    if (!isOrderly || !this.#image?.fits(guest)) this.#state = 'spent'
    return { answer, fuelUsed }
  }

  /** Makes it clean again, after the answer has been sent where that is possible. */
  tidy(): void {
    if (this.#state === 'clean' || this.#failure?.error.startsWith('ERR_POLICY_')) return
    this.#failure = undefined
    if (this.#state === 'running' && this.#guest !== undefined) this.#image?.restore(this.#guest)
    else this.#replace()
    if (this.#guest !== undefined) this.#state = 'clean'
  }

  /** Whether what its state promises is so, looked up byte by byte. For tests, and for whoever is in doubt. */
  verify(): boolean {
    if (this.#failure !== undefined) return this.#guest === undefined && this.#state === 'spent'
    return this.#state !== 'clean' || (this.#guest !== undefined && this.#image?.equals(this.#guest) === true)
  }

  #replace(): void {
    this.#guest = undefined
    const begun = beginGuest(this.#module)
    if ('kind' in begun) {
      this.#failure = begun
      return
    }
    const { guest, fuelUsed } = begun
    this.#startFuelUsed = fuelUsed
    this.#image ??= new Image(guest)
    // A guest that begins otherwise than the first would make answers depend on who asked before.
    if (!this.#image.equals(guest)) {
      this.#failure = noAnswer('ERR_HOST_FAULT', 'two guests of one policy began differently')
      return
    }
    // Also the first starts from what can be put back: a NaN in a global may lose its bits on the way through JavaScript.
    this.#image.restore(guest)
    this.#guest = guest
  }
}

/** A guest with its start function behind it and its settings in place. */
export function beginGuest({
  module,
  settings,
}: PolicyModule): { guest: Guest; fuelUsed: number } | NoAnswer {
  const guest = Guest.instantiate(module)
  if (!(guest instanceof Guest)) return guest
  guest.reset(fuelPerStart)
  const start = guest.functionOf(reserved.start)
  const started = start && guest.call(start, 0, 'ERR_POLICY_START')
  if (typeof started === 'object') return started
  const placed = settings && guest.place(settingsFunction, settings)
  if (typeof placed === 'object') return placed
  return { guest, fuelUsed: fuelPerStart - guest.fuelLeft }
}

/** Without looking at what the guest is like afterwards. */
export function askGuest(guest: Guest, name: PolicyFunction, block: Uint8Array): PolicyAnswer {
  const address = guest.place(requestFunction, block)
  if (typeof address !== 'number') return address
  const record = guest.call(guest.functionOf(policyFunctions[name]) as GuestFunction, address)
  if (typeof record !== 'number') return record
  return readAnswer(guest.door, name, record)
}
