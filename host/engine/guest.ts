/**
 * One WebAssembly instance of a metered policy, and the only place where its code is called. Whatever comes out of it as
 * an exception is the guest's doing. How it ended is told by state (did `env.abort` run, is a counter below zero, what class of
 * error did V8 throw), never by the text of a message.
 */

import type { ErrorCode } from '../errors.ts'
import { abortTextUnitsMax, stackSlotsMax } from '../limits.ts'
import { GuestMemory } from './guest-memory.ts'
import { memoryExport } from './interface.ts'
import { type NoAnswer, noAnswer } from './policy-answer.ts'
import { isGlobalName, reserved } from './wasm/reserved.ts'

export type GuestFunction = (argument: number) => number

type Counter = WebAssembly.Global<'i32'>

export class Guest {
  readonly memory: WebAssembly.Memory
  readonly door: GuestMemory
  /** Its own mutable globals. */
  readonly globals: readonly WebAssembly.Global[]
  readonly #exports: WebAssembly.Exports
  readonly #fuel: Counter
  readonly #stack: Counter
  readonly #abort: Abort

  private constructor(exports: WebAssembly.Exports, abort: Abort) {
    this.#exports = exports
    this.#abort = abort
    this.memory = exports[memoryExport] as WebAssembly.Memory
    this.door = new GuestMemory(this.memory)
    this.#fuel = exports[reserved.fuel] as Counter
    this.#stack = exports[reserved.stack] as Counter
    this.globals = Object.keys(exports)
      .filter(isGlobalName)
      .map((name) => exports[name] as WebAssembly.Global)
    abort.door = this.door
  }

  /** Runs no instruction of the guest; its data segments may fail to fit. */
  static instantiate(module: WebAssembly.Module): Guest | NoAnswer {
    const abort = new Abort()
    try {
      return new Guest(new WebAssembly.Instance(module, abort.imports).exports, abort)
    } catch (error) {
      return ended(error, 'ERR_POLICY_START')
    }
  }

  /** Undefined if it has no such function. */
  functionOf(name: string): GuestFunction | undefined {
    return this.#exports[name] as GuestFunction | undefined
  }

  /** Before a call: all the stack, and so much fuel. */
  reset(fuel: number): void {
    this.#fuel.value = fuel
    this.#stack.value = stackSlotsMax
    this.#abort.text = undefined
  }

  /** 0 if it has run out. */
  get fuelLeft(): number {
    return Math.max(this.#fuel.value, 0)
  }

  /** What the function returns; a plain trap in it is called `trap`. */
  call(called: GuestFunction, argument: number, trap: ErrorCode = 'ERR_POLICY_TRAP'): number | NoAnswer {
    try {
      return called(argument)
    } catch (error) {
      if (this.#abort.text !== undefined) return noAnswer('ERR_POLICY_ABORT', this.#abort.text)
      if (this.#fuel.value < 0) return noAnswer('ERR_POLICY_FUEL', '')
      if (this.#stack.value < 0) return noAnswer('ERR_POLICY_STACK', '')
      return ended(error, trap)
    }
  }

  /** Has the guest make room for a block, by a function that returns an address, and writes the block there. */
  place(name: string, block: Uint8Array): number | NoAnswer {
    const address = this.call(this.functionOf(name) as GuestFunction, block.length)
    if (typeof address !== 'number') return address
    const target = this.door.bytes(address, block.length, 8)
    if (target === undefined) return noAnswer('ERR_POLICY_RESULT', `${name} returned no usable address`)
    target.set(block)
    return address
  }
}

/** V8's own stack overflow, or memory that it could not get, would be an error of another class. */
function ended(error: unknown, trap: ErrorCode): NoAnswer {
  const detail = error instanceof Error ? error.message.slice(0, abortTextUnitsMax) : ''
  return noAnswer(error instanceof WebAssembly.RuntimeError ? trap : 'ERR_HOST_FAULT', detail)
}

/** The one import. */
class Abort {
  door: GuestMemory | undefined
  /** What the guest said when it aborted; undefined if it did not. */
  text: string | undefined

  /** Null prototypes: a guest that asks for "constructor" finds nothing. */
  readonly imports = {
    __proto__: null,
    env: { __proto__: null, abort: (...args: number[]): never => this.#run(args) },
  } as unknown as WebAssembly.Imports

  #run([message = 0, file = 0, line = 0, column = 0]: number[]): never {
    const read = (address: number) => this.door?.prefixedText(address, abortTextUnitsMax) ?? ''
    this.text = `${read(message)} (${read(file)}:${line >>> 0}:${column >>> 0})`
    throw new Error('abort') // leaves the guest, which cannot catch it: modules with exceptions are refused
  }
}
