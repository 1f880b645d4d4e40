/**
 * `portcullis check`: whether a module would be admitted, without a host. It is parsed and compiled as an evaluator does
 * it; nothing of it runs.
 */

import { compilePolicy } from '../engine/policy-module.ts'
import type { Module } from '../engine/wasm/module.ts'
import { parseModule } from '../engine/wasm/parse-module.ts'
import { Refusal } from '../engine/wasm/refusal.ts'
import { PortcullisError } from '../errors.ts'
import { readBytes } from '../json-file.ts'
import { callersPath } from './callers-path.ts'
import { visible } from './table.ts'

interface CheckError {
  readonly code: string
  readonly message: string
  /** Bytes from the start of the module; null where no one place is wrong. */
  readonly offset: number | null
}

/** What there is to know about an admitted module. */
interface Report {
  readonly bytes: number
  readonly functions: number
  readonly globals: number
  readonly tableEntries: number
  readonly memoryPages: { readonly minimum: number; readonly maximum: number }
  readonly exports: readonly string[]
  readonly queryQuota: boolean
}

function reportOf(bytes: Uint8Array, module: Module, queryQuota: boolean): Report {
  const { functions, globals, table, memory, exports } = module
  return {
    bytes: bytes.length,
    functions: functions.length,
    globals: globals.length,
    tableEntries: table?.minimum ?? 0,
    memoryPages: { minimum: memory.minimum, maximum: memory.maximum ?? memory.minimum },
    exports: exports.map(({ name }) => name),
    queryQuota,
  }
}

function errorOf(error: PortcullisError): CheckError {
  return { code: error.code, message: error.message, offset: error instanceof Refusal ? error.offset : null }
}

function checkModule(bytes: Uint8Array): { admitted: boolean; errors: CheckError[]; report: Report | null } {
  try {
    const { hasQuota } = compilePolicy(bytes)
    return { admitted: true, errors: [], report: reportOf(bytes, parseModule(bytes), hasQuota) }
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    return { admitted: false, errors: [errorOf(error)], report: null }
  }
}

function describe({ bytes, functions, globals, memoryPages, queryQuota }: Report): string {
  const { minimum, maximum } = memoryPages
  const sizes = `${bytes} bytes, ${functions} functions, ${globals} globals, ${minimum} to ${maximum} pages of memory`
  return `admitted: ${sizes}, ${queryQuota ? 'with' : 'without'} queryQuota`
}

export function check(path: string, { json }: { json?: boolean }): void {
  const result = checkModule(readBytes(callersPath(path), 'ERR_MODULE_UNREADABLE'))
  if (json) console.log(JSON.stringify(result))
  else if (result.report !== null) console.log(describe(result.report))
  else for (const { message } of result.errors) console.log(`refused: ${visible(message)}`)
  if (!result.admitted) process.exitCode = 1
}
