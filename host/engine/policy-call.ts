/**
 * One call of one policy function on one request block. Each call gets a WebAssembly instance of its own and the
 * instance is dropped after it, so every call starts from the same memory, globals and tables by construction.
 *
 * The policy answered, or we could not get an answer: the two never mix. How a call ended is told by state (did
 * `env.abort` run, is a counter below zero, what class of error did V8 throw), never by the text of a message.
 */

import { strict as assert } from 'node:assert'

import type { ErrorCode } from '../errors.ts'
import { abortTextUnitsMax, fuelMax, fuelPerStart, stackSlotsMax } from '../limits.ts'
import { GuestMemory } from './guest-memory.ts'
import {
  memoryExport,
  type PolicyFunction,
  policyFunctions,
  requestFunction,
  settingsFunction,
} from './interface.ts'
import type { PolicyModule } from './policy-module.ts'
import { type PolicyResult, readResult } from './result-record.ts'
import { reserved } from './wasm/reserved.ts'

export interface NoAnswer {
  readonly kind: 'no-answer'
  readonly error: ErrorCode
  readonly detail: string
}

export type PolicyAnswer = PolicyResult | NoAnswer

export interface Called {
  readonly answer: PolicyAnswer
  /** Of the fuel given; all of it if it ran out. */
  readonly fuelUsed: number
}

type GuestFunction = (argument?: number) => unknown

function noAnswer(error: ErrorCode, detail: string): NoAnswer {
  return { kind: 'no-answer', error, detail }
}

/** The kinds of result that each function may return. */
const resultsOf: Record<PolicyFunction, readonly PolicyResult['kind'][]> = {
  user: ['allow', 'deny', 'redirect'],
  operation: ['allow', 'deny'],
  quota: ['quota'],
}

/** The counters of one metered instance. */
class Meters {
  readonly #fuel: WebAssembly.Global<'i32'>
  readonly #stack: WebAssembly.Global<'i32'>

  constructor(exports: WebAssembly.Exports) {
    this.#fuel = exports[reserved.fuel] as WebAssembly.Global<'i32'>
    this.#stack = exports[reserved.stack] as WebAssembly.Global<'i32'>
  }

  reset(fuel: number): void {
    this.#fuel.value = fuel
    this.#stack.value = stackSlotsMax
  }

  /** 0 if it has run out. */
  get fuelLeft(): number {
    return Math.max(this.#fuel.value, 0)
  }

  get outOfFuel(): boolean {
    return this.#fuel.value < 0
  }

  get outOfStack(): boolean {
    return this.#stack.value < 0
  }
}

class Call {
  #exports: WebAssembly.Exports | undefined
  #memory: GuestMemory | undefined
  #meters: Meters | undefined
  #aborted: string | undefined

  /** Null prototypes: a guest that asks for "constructor" finds nothing. */
  readonly #imports = {
    __proto__: null,
    env: { __proto__: null, abort: (...args: number[]): never => this.#abort(args) },
  } as unknown as WebAssembly.Imports

  #abort([message = 0, file = 0, line = 0, column = 0]: number[]): never {
    const read = (address: number) => this.#memory?.prefixedText(address, abortTextUnitsMax) ?? ''
    this.#aborted = `${read(message)} (${read(file)}:${line >>> 0}:${column >>> 0})`
    throw new Error('abort') // leaves the guest; what it says is in #aborted
  }

  /** How the guest ended that threw `error`; a plain trap is called `trap`. */
  #ended(error: unknown, trap: ErrorCode): NoAnswer {
    if (this.#aborted !== undefined) return noAnswer('ERR_POLICY_ABORT', this.#aborted)
    if (this.#meters?.outOfFuel) return noAnswer('ERR_POLICY_FUEL', '')
    if (this.#meters?.outOfStack) return noAnswer('ERR_POLICY_STACK', '')
    const detail = error instanceof Error ? error.message.slice(0, abortTextUnitsMax) : ''
    // V8's own stack overflow, or memory that it could not get, would be an error of another class.
    return noAnswer(error instanceof WebAssembly.RuntimeError ? trap : 'ERR_HOST_FAULT', detail)
  }

  #guest<Returned>(call: () => Returned, trap: ErrorCode): { returned: Returned } | NoAnswer {
    try {
      return { returned: call() }
    } catch (error) {
      return this.#ended(error, trap)
    }
  }

  /** Calls an exported function with one number; what it returns is a number, or it is not what it should be. */
  #call(name: string, argument: number): number | NoAnswer {
    const called = this.#exports?.[name] as GuestFunction
    const guest = this.#guest(() => called(argument), 'ERR_POLICY_TRAP')
    if ('kind' in guest) return guest
    const { returned } = guest
    assert(typeof returned === 'number') // its type was checked when the module was admitted
    return returned
  }

  /** Has the policy make room for a block and writes it there. */
  #place(name: string, block: Uint8Array): number | NoAnswer {
    const address = this.#call(name, block.length)
    if (typeof address !== 'number') return address
    const target = this.#memory?.bytes(address, block.length, 8)
    if (target === undefined) return noAnswer('ERR_POLICY_RESULT', `${name} returned no usable address`)
    target.set(block)
    return address
  }

  /** Undefined if there is an instance now, with its start function behind it and its settings in place. */
  #instantiate({ module, settings }: PolicyModule): NoAnswer | undefined {
    const made = this.#guest(() => new WebAssembly.Instance(module, this.#imports), 'ERR_POLICY_START')
    if ('kind' in made) return made
    const { exports } = made.returned
    this.#exports = exports
    this.#memory = new GuestMemory(exports[memoryExport] as WebAssembly.Memory)
    this.#meters = new Meters(exports)
    this.#meters.reset(fuelPerStart)
    const start = exports[reserved.start] as GuestFunction | undefined
    const started = start && this.#guest(() => start(), 'ERR_POLICY_START')
    if (started !== undefined && 'kind' in started) return started
    const placed = settings && this.#place(settingsFunction, settings)
    return typeof placed === 'object' ? placed : undefined
  }

  #ask(name: PolicyFunction, block: Uint8Array): PolicyAnswer {
    const address = this.#place(requestFunction, block)
    if (typeof address !== 'number') return address
    const record = this.#call(policyFunctions[name], address)
    if (typeof record !== 'number') return record
    const result = readResult(this.#memory as GuestMemory, record)
    if (typeof result === 'string') return noAnswer('ERR_POLICY_RESULT', result)
    if (resultsOf[name].includes(result.kind)) return result
    return noAnswer('ERR_POLICY_RESULT', `${policyFunctions[name]} returned "${result.kind}"`)
  }

  run(policy: PolicyModule, name: PolicyFunction, block: Uint8Array, fuel: number): Called {
    const failed = this.#instantiate(policy)
    if (failed !== undefined) return { answer: failed, fuelUsed: 0 }
    const meters = this.#meters as Meters
    meters.reset(fuel)
    const answer = this.#ask(name, block)
    return { answer, fuelUsed: fuel - meters.fuelLeft }
  }
}

/** Asks one function of a policy about the question in `block`, which has been checked and stamped. */
export function callPolicy(
  policy: PolicyModule,
  name: PolicyFunction,
  block: Uint8Array,
  fuel: number,
): Called {
  assert(Number.isInteger(fuel) && fuel >= 0 && fuel <= fuelMax)
  return new Call().run(policy, name, block, fuel)
}
