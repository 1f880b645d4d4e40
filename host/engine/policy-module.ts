/**
 * Compiles an uploaded module, once, if it can be a policy: its imports and exports are what the ABI page says.
 * Compiling runs no instruction of it. The memory is bounded by what the module declares, and by a flag of the
 * evaluator's V8; the time of its functions is bounded from outside, by the watchdog.
 */

import { PortcullisError } from '../errors.ts'
import { memoryPagesMax, moduleBytesMax } from '../limits.ts'
import { memoryLimits } from './memory-limits.ts'

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

function checkImports(module: WebAssembly.Module): void {
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (from !== 'env' || name !== 'abort' || kind !== 'function') {
      throw new PortcullisError(
        'ERR_MODULE_IMPORT',
        `it imports the ${kind} ${JSON.stringify(`${from}.${name}`)}`,
      )
    }
  }
}

function checkMemory(bytes: Uint8Array): void {
  const limits = memoryLimits(bytes)
  if (limits === undefined)
    throw new PortcullisError('ERR_MODULE_MEMORY', 'it does not have exactly one memory of its own')
  const { shared, wide, maximum } = limits
  if (shared || wide) throw new PortcullisError('ERR_MODULE_MEMORY', 'it is shared, or has 64-bit addresses')
  if (maximum === undefined) throw new PortcullisError('ERR_MODULE_MEMORY', 'no maximum is declared')
  if (maximum > memoryPagesMax)
    throw new PortcullisError('ERR_MODULE_MEMORY', `its maximum is ${maximum} pages`)
}

function checkExports(module: WebAssembly.Module): boolean {
  const kinds = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]))
  const required = {
    memory: 'memory',
    [requestFunction]: 'function',
    authzUser: 'function',
    authzOperation: 'function',
  }
  for (const [name, kind] of Object.entries(required)) {
    if (kinds.get(name) !== kind)
      throw new PortcullisError('ERR_MODULE_EXPORT', `there is no ${kind} "${name}"`)
  }
  const quotaKind = kinds.get(policyFunctions.quota)
  if (quotaKind !== undefined && quotaKind !== 'function') {
    throw new PortcullisError('ERR_MODULE_EXPORT', '"queryQuota" is not a function')
  }
  return quotaKind !== undefined
}

/** Throws a PortcullisError with an ERR_MODULE_ code if the bytes cannot be a policy. */
export function compilePolicy(bytes: Uint8Array): PolicyModule {
  if (bytes.length === 0 || bytes.length > moduleBytesMax) {
    throw new PortcullisError('ERR_MODULE_SIZE', `it has ${bytes.length} bytes`)
  }
  let module: WebAssembly.Module
  try {
    module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>)
  } catch (error) {
    throw new PortcullisError('ERR_MODULE_INVALID', (error as Error).message.slice(0, 200))
  }
  checkImports(module)
  const hasQuota = checkExports(module)
  checkMemory(bytes)
  return { module, hasQuota }
}
