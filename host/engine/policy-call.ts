/**
 * One call of one policy function on one request block. Each call gets a WebAssembly instance of its own and the
 * instance is dropped after it, so every call starts from the same memory, globals and tables by construction.
 *
 * The policy answered, or we could not get an answer: the two never mix. How a call ended is told by state (did
 * `env.abort` run, what class of error did V8 throw), never by the text of a message.
 */

import type { ErrorCode } from '../errors.ts'
import { abortTextUnitsMax } from '../limits.ts'
import { GuestMemory } from './guest-memory.ts'
import { type PolicyModule, policyFunctions, requestFunction } from './policy-module.ts'
import { type PolicyResult, readResult } from './result-record.ts'

export type PolicyFunction = keyof typeof policyFunctions

export interface NoAnswer {
  readonly kind: 'no-answer'
  readonly error: ErrorCode
  readonly detail: string
}

export type PolicyAnswer = PolicyResult | NoAnswer

type GuestFunction = (argument: number) => number

function noAnswer(error: ErrorCode, detail: string): NoAnswer {
  return { kind: 'no-answer', error, detail }
}

/** The kinds of result that each function may return. */
const resultsOf: Record<PolicyFunction, readonly PolicyResult['kind'][]> = {
  user: ['allow', 'deny', 'redirect'],
  operation: ['allow', 'deny'],
  quota: ['quota'],
}

class Call {
  #memory: GuestMemory | undefined
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

  #failed(error: unknown, whileStarting: boolean): NoAnswer {
    if (this.#aborted !== undefined) return noAnswer('ERR_POLICY_ABORT', this.#aborted)
    const detail = error instanceof Error ? error.message.slice(0, abortTextUnitsMax) : ''
    if (whileStarting) return noAnswer('ERR_POLICY_START', detail)
    if (error instanceof WebAssembly.RuntimeError) return noAnswer('ERR_POLICY_TRAP', detail)
    // The only RangeError that can come out of a running guest: V8's own stack overflow.
    if (error instanceof RangeError) return noAnswer('ERR_POLICY_STACK', detail)
    return noAnswer('ERR_HOST_FAULT', detail)
  }

  run(policy: PolicyModule, name: PolicyFunction, block: Uint8Array): PolicyAnswer {
    let exports: WebAssembly.Exports
    try {
      exports = new WebAssembly.Instance(policy.module, this.#imports).exports
    } catch (error) {
      return this.#failed(error, true)
    }
    const memory = new GuestMemory(exports.memory as WebAssembly.Memory)
    this.#memory = memory
    try {
      const address = (exports[requestFunction] as GuestFunction)(block.length)
      const target = memory.bytes(address, block.length, 8)
      if (target === undefined)
        return noAnswer('ERR_POLICY_RESULT', `${requestFunction} returned no usable address`)
      target.set(block)
      const result = readResult(memory, (exports[policyFunctions[name]] as GuestFunction)(address))
      if (typeof result === 'string') return noAnswer('ERR_POLICY_RESULT', result)
      if (resultsOf[name].includes(result.kind)) return result
      return noAnswer('ERR_POLICY_RESULT', `${policyFunctions[name]} returned "${result.kind}"`)
    } catch (error) {
      return this.#failed(error, false)
    }
  }
}

/** Asks one function of a policy about the question in `block`, which has been checked and stamped. */
export function callPolicy(policy: PolicyModule, name: PolicyFunction, block: Uint8Array): PolicyAnswer {
  return new Call().run(policy, name, block)
}
