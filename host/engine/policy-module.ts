/**
 * Compiles an uploaded module, once, if it can be a policy: its imports and exports are what the ABI page says.
 * Compiling runs no instruction of it. What its functions cost is bounded from outside for now: the memory by a
 * flag of the evaluator's V8, the time by the watchdog.
 */

import { PortcullisError } from '../errors.ts'
import { moduleBytesMax } from '../limits.ts'

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
  return { module, hasQuota: checkExports(module) }
}
