/**
 * From an upload to a compiled policy, once: the strict parser reads all of it, its interface is held against the ABI page,
 * and only then V8 sees it. Compiling runs no instruction of it. What its functions cost is bounded from outside for now:
 * the time by the watchdog.
 */

import { PortcullisError } from '../errors.ts'
import { moduleBytesMax } from '../limits.ts'
import type { ExternalKind, Module } from './wasm/module.ts'
import { parseModule } from './wasm/parse-module.ts'

export const policyFunctions = {
  user: 'authzUser',
  operation: 'authzOperation',
  quota: 'queryQuota',
} as const

/** Returns the address for a block of the given size. The name carries the version of the ABI. */
export const requestFunction = 'portcullis_request_v1'

export interface PolicyModule {
  readonly module: WebAssembly.Module
  readonly hasQuota: boolean
}

/** Whether the export is there, which it must be `required`. All functions of the interface are (i32) -> i32. */
function checkExport(module: Module, name: string, kind: ExternalKind, required: boolean): boolean {
  const found = module.exports.find((one) => one.name === name)
  if (found === undefined && !required) return false
  if (found?.kind !== kind) throw new PortcullisError('ERR_MODULE_EXPORT', `export a ${kind} named "${name}"`)
  if (kind !== 'function') return true
  const own = module.functions[found.index - (module.abortType === undefined ? 0 : 1)]
  const type = own === undefined ? undefined : module.types[own]
  if (type?.parameters.join() !== 'i32' || type.result !== 'i32') {
    throw new PortcullisError('ERR_MODULE_EXPORT', `"${name}" must take one i32 and return one`)
  }
  return true
}

/** Returns whether there is a queryQuota. */
function checkInterface(module: Module): boolean {
  checkExport(module, 'memory', 'memory', true)
  checkExport(module, requestFunction, 'function', true)
  checkExport(module, policyFunctions.user, 'function', true)
  checkExport(module, policyFunctions.operation, 'function', true)
  return checkExport(module, policyFunctions.quota, 'function', false)
}

/** Throws a PortcullisError with an ERR_MODULE_ code if the bytes cannot be a policy. */
export function compilePolicy(bytes: Uint8Array): PolicyModule {
  if (bytes.length === 0 || bytes.length > moduleBytesMax) {
    throw new PortcullisError('ERR_MODULE_SIZE', `it has ${bytes.length} bytes`)
  }
  const hasQuota = checkInterface(parseModule(bytes))
  try {
    return { module: new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>), hasQuota }
  } catch (error) {
    throw new PortcullisError('ERR_MODULE_INVALID', (error as Error).message.slice(0, 200))
  }
}
