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

type GuestFunction = (argument: number) => unknown

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

  /** What was thrown says how a guest ended; that it aborted is state, because a guest may catch what abort throws. */
  #ended(error: unknown, otherwise: ErrorCode): NoAnswer {
    if (this.#aborted !== undefined) return noAnswer('ERR_POLICY_ABORT', this.#aborted)
    const detail = error instanceof Error ? error.message.slice(0, abortTextUnitsMax) : ''
    // The only RangeError that can come out of a running guest: V8's own stack overflow.
    return noAnswer(
      otherwise === 'ERR_POLICY_TRAP' && error instanceof RangeError ? 'ERR_POLICY_STACK' : otherwise,
      detail,
    )
  }

  /** Calls into the guest. Whatever comes out of it as an exception is the guest's fault, never ours. */
  #guest(call: () => unknown, otherwise: ErrorCode): { returned: unknown } | NoAnswer {
    try {
      const returned = call()
      return this.#aborted === undefined ? { returned } : noAnswer('ERR_POLICY_ABORT', this.#aborted)
    } catch (error) {
      return this.#ended(error, otherwise)
    }
  }

  /** Calls an exported function with one number; what it returns is a number, or it is not what it should be. */
  #call(exports: WebAssembly.Exports, name: string, argument: number): number | NoAnswer {
    const guest = this.#guest(() => (exports[name] as GuestFunction)(argument), 'ERR_POLICY_TRAP')
    if ('kind' in guest) return guest
    const { returned } = guest
    return typeof returned === 'number'
      ? returned
      : noAnswer('ERR_POLICY_RESULT', `${name} returned no number`)
  }

  run({ module }: PolicyModule, name: PolicyFunction, block: Uint8Array): PolicyAnswer {
    const guest = this.#guest(() => new WebAssembly.Instance(module, this.#imports), 'ERR_POLICY_START')
    if ('kind' in guest) return guest
    const { exports } = guest.returned as WebAssembly.Instance
    const memory = new GuestMemory(exports.memory as WebAssembly.Memory)
    this.#memory = memory

    const address = this.#call(exports, requestFunction, block.length)
    if (typeof address !== 'number') return address
    const target = memory.bytes(address, block.length, 8)
    if (target === undefined)
      return noAnswer('ERR_POLICY_RESULT', `${requestFunction} returned no usable address`)
    target.set(block)

    const record = this.#call(exports, policyFunctions[name], address)
    if (typeof record !== 'number') return record
    const result = readResult(memory, record)
    if (typeof result === 'string') return noAnswer('ERR_POLICY_RESULT', result)
    if (resultsOf[name].includes(result.kind)) return result
    return noAnswer('ERR_POLICY_RESULT', `${policyFunctions[name]} returned "${result.kind}"`)
  }
}

/** Asks one function of a policy about the question in `block`, which has been checked and stamped. */
export function callPolicy(policy: PolicyModule, name: PolicyFunction, block: Uint8Array): PolicyAnswer {
  return new Call().run(policy, name, block)
}
