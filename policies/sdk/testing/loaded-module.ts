/**
 * One module in the AssemblyScript loader: each call gets an instance of its own, which is the fresh state that a host
 * promises. It reads what a policy returns as the host reads it, and runs the module as it was compiled, not metered.
 */

import { type ASUtil, instantiateSync } from '@assemblyscript/loader'
import { GuestMemory } from '../../../host/engine/guest-memory.ts'
import {
  interfaceOf,
  type PolicyFunction,
  policyFunctions,
  requestFunction,
  settingsFunction,
} from '../../../host/engine/interface.ts'
import { noAnswer, type PolicyAnswer, readAnswer } from '../../../host/engine/policy-answer.ts'
import { parseModule } from '../../../host/engine/wasm/parse-module.ts'
import { PortcullisError } from '../../../host/errors.ts'

type Functions = Record<string, (argument: number) => number>

/** What a policy said when it aborted. */
class Abort extends Error {}

export class LoadedModule {
  readonly #module: WebAssembly.Module
  readonly #settings: Uint8Array | undefined
  readonly #exports: ReadonlySet<string>

  /** Throws a PortcullisError with an ERR_MODULE_ code and a sentence if a host would refuse the module for its form. */
  constructor(bytes: Uint8Array, settings: Uint8Array | undefined) {
    this.#exports = new Set(interfaceOf(parseModule(bytes)).map(({ name }) => name))
    if (settings !== undefined && !this.has(settingsFunction)) {
      throw new PortcullisError(
        'ERR_MODULE_EXPORT',
        `it has settings; export a function named "${settingsFunction}"`,
      )
    }
    this.#module = new WebAssembly.Module(Uint8Array.from(bytes))
    this.#settings = settings
  }

  has(name: string): boolean {
    return this.#exports.has(name)
  }

  ask(name: PolicyFunction, block: Uint8Array): PolicyAnswer {
    try {
      return this.#ask(name, block)
    } catch (error) {
      if (error instanceof Abort) return noAnswer('ERR_POLICY_ABORT', error.message)
      if (error instanceof WebAssembly.RuntimeError) return noAnswer('ERR_POLICY_TRAP', error.message)
      if (error instanceof RangeError) return noAnswer('ERR_POLICY_STACK', error.message)
      throw error
    }
  }

  #ask(name: PolicyFunction, block: Uint8Array): PolicyAnswer {
    const { functions, memory } = this.#instantiate()
    const place = (function_: string, bytes: Uint8Array) => {
      const address = functions[function_]?.(bytes.length) ?? 0
      const target = memory.bytes(address, bytes.length, 8)
      target?.set(bytes)
      return target === undefined ? undefined : address
    }
    if (this.#settings !== undefined && place(settingsFunction, this.#settings) === undefined) {
      return noAnswer('ERR_POLICY_RESULT', `${settingsFunction} returned no usable address`)
    }
    const address = place(requestFunction, block)
    if (address === undefined)
      return noAnswer('ERR_POLICY_RESULT', `${requestFunction} returned no usable address`)
    return readAnswer(memory, name, functions[policyFunctions[name]]?.(address) ?? 0)
  }

  #instantiate(): { functions: Functions; memory: GuestMemory } {
    let util: ASUtil | undefined
    const text = (address: number) => (address === 0 ? '' : (util?.__getString(address) ?? ''))
    const abort = (message: number, file: number, line: number, column: number) => {
      throw new Abort(`${text(message)} (${text(file)}:${line >>> 0}:${column >>> 0})`)
    }
    const { exports } = instantiateSync(this.#module, { env: { abort } })
    util = exports
    return {
      functions: exports as unknown as Functions,
      memory: new GuestMemory(exports.memory as WebAssembly.Memory),
    }
  }
}
