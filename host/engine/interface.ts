/**
 * What a policy exports, by the names and types of the ABI page (docs/reference/request-block.md). Held against the
 * module as the parser has understood it, before anything is compiled.
 */

import { PortcullisError } from '../errors.ts'
import { similarName } from './similar-name.ts'
import { type Export, type ExternalKind, functionTypes, importsOf, type Module } from './wasm/module.ts'

export const policyFunctions = {
  user: 'authzUser',
  operation: 'authzOperation',
  quota: 'queryQuota',
} as const

export type PolicyFunction = keyof typeof policyFunctions

/** Returns the address for a block of the given size. The name carries the version of the ABI. */
export const requestFunction = 'portcullis_request_v1'

/** Returns the address for a settings block of the given size; called once, if there are settings. */
export const settingsFunction = 'portcullis_settings_v1'

export const memoryExport = 'memory'

function findExport(module: Module, name: string, kind: ExternalKind, required: boolean): Export | undefined {
  const found = module.exports.find((one) => one.name === name)
  if (found === undefined && !required) return undefined
  if (found?.kind !== kind) {
    const names = module.exports.filter((one) => one.kind === kind).map((one) => one.name)
    const similar = similarName(name, names)
    const question = similar === undefined ? '' : `; it exports "${similar}", did you mean that?`
    const isVariable = found?.kind === 'global'
    const instead = isVariable ? `; it exports a variable of that name, write "export ${kind}"` : question
    throw new PortcullisError('ERR_MODULE_EXPORT', `export a ${kind} named "${name}"${instead}`)
  }
  return found
}

/** All functions of the interface are the module's own, and (i32) -> i32. */
function findFunction(module: Module, name: string, required = true): Export[] {
  const found = findExport(module, name, 'function', required)
  if (found === undefined) return []
  const type = functionTypes(module)[found.index]
  const own = found.index >= importsOf(module, 'function').length
  if (!own || type?.parameters.join() !== 'i32' || type.result !== 'i32') {
    throw new PortcullisError('ERR_MODULE_EXPORT', `"${name}" must take one i32 and return one`)
  }
  return [found]
}

/** The exports that the interface knows. Throws ERR_MODULE_EXPORT or ERR_MODULE_MEMORY if one is missing or wrong. */
export function interfaceOf(module: Module): Export[] {
  if (module.memory === undefined) {
    throw new PortcullisError('ERR_MODULE_MEMORY', 'it has no memory of its own; a policy needs one')
  }
  const memory = findExport(module, memoryExport, 'memory', true) as Export
  return [
    memory,
    ...findFunction(module, requestFunction),
    ...findFunction(module, settingsFunction, false),
    ...findFunction(module, policyFunctions.user),
    ...findFunction(module, policyFunctions.operation),
    ...findFunction(module, policyFunctions.quota, false),
  ]
}
