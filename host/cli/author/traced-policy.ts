/** A policy that is asked as a host asks it, and of which is known afterwards how often each piece of its code ran. */

import type { Guest } from '../../engine/guest.ts'
import { interfaceOf, type PolicyFunction } from '../../engine/interface.ts'
import { askGuest, beginGuest } from '../../engine/policy.ts'
import type { Called, NoAnswer } from '../../engine/policy-answer.ts'
import { compileMetered, type PolicyModule, rewritePolicy } from '../../engine/policy-module.ts'
import { ownFunctionNames } from '../../engine/wasm/function-names.ts'
import { meterModule } from '../../engine/wasm/meter.ts'
import { type Piece, traceModule } from '../../engine/wasm/trace.ts'
import { writeModule } from '../../engine/wasm/write-module.ts'
import { fuelPerDecision } from '../../limits.ts'
import type { Settings } from '../../wire/settings-block.ts'

export interface CountedPiece extends Piece {
  readonly times: number
}

export class TracedPolicy {
  readonly #module: PolicyModule
  readonly #pieces: readonly Piece[]
  readonly #times: number[]
  /** Of the functions that pieces belong to, by their number. */
  readonly functionNames: readonly string[]
  /** In their order. */
  readonly asked: PolicyFunction[] = []
  memoryBytes = 0

  /** Throws a PortcullisError if a host would refuse the module. */
  constructor(bytes: Uint8Array, settings: Settings | undefined) {
    const { upload } = rewritePolicy(bytes)
    const { module, pieces } = traceModule(meterModule(upload, interfaceOf(upload), fuelPerDecision))
    this.#module = compileMetered(writeModule(module), settings)
    this.#pieces = pieces
    this.#times = pieces.map(() => 0)
    this.functionNames = ownFunctionNames(bytes, upload)
  }

  get hasQuota(): boolean {
    return this.#module.hasQuota
  }

  /** Of all calls so far, what came before them not included. */
  get pieces(): CountedPiece[] {
    return this.#pieces.map((piece, index) => ({ ...piece, times: this.#times[index] ?? 0 }))
  }

  call(name: PolicyFunction, block: Uint8Array, fuel: number): Called {
    const begun: { guest: Guest } | NoAnswer = beginGuest(this.#module)
    if ('kind' in begun) return { answer: begun, fuelUsed: 0 }
    const { guest } = begun
    const counters = this.#pieces.length === 0 ? [] : guest.globals.slice(-this.#pieces.length)
    const before = counters.map(({ value }) => value as number)
    guest.reset(fuel)
    const answer = askGuest(guest, name, block)
    this.asked.push(name)
    for (const [index, { value }] of counters.entries()) {
      this.#times[index] = (this.#times[index] ?? 0) + (value as number) - (before[index] ?? 0)
    }
    this.memoryBytes = guest.memory.buffer.byteLength
    return { answer, fuelUsed: fuel - guest.fuelLeft }
  }
}
