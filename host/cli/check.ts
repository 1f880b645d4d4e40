/**
 * `portcullis check`: whether a module would be admitted, without a host. It is parsed and compiled as an evaluator does
 * it; nothing of it runs.
 */

import { policyFunctions } from '../engine/interface.ts'
import { rewritePolicy } from '../engine/policy-module.ts'
import type { Rewritten } from '../engine/rewrite.ts'
import { Refusal } from '../engine/wasm/refusal.ts'
import { PortcullisError } from '../errors.ts'
import { readBytes } from '../json-file.ts'
import { memoryPagesMax } from '../limits.ts'
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
  /** Of the module that runs, with its metering. */
  readonly meteredBytes: number
  /** The version of the costs that its fuel is counted with. */
  readonly costTable: number
  readonly functions: number
  readonly globals: number
  readonly tableEntries: number
  /** The maximum as it was declared: null if it was not. It is clamped to what a policy may have. */
  readonly memoryPages: { readonly minimum: number; readonly maximum: number | null }
  readonly exports: readonly string[]
  /** Exports that no policy needs, and that are not there when it runs. */
  readonly droppedExports: readonly string[]
  readonly queryQuota: boolean
}

function reportOf(bytes: Uint8Array, { upload, bytes: metered, costTable, kept }: Rewritten): Report {
  const { functions, globals, table, memory, exports } = upload
  const names = exports.map(({ name }) => name)
  return {
    bytes: bytes.length,
    meteredBytes: metered.length,
    costTable,
    functions: functions.length,
    globals: globals.length,
    tableEntries: table?.minimum ?? 0,
    memoryPages: { minimum: memory?.minimum ?? 0, maximum: memory?.maximum ?? null },
    exports: names.filter((name) => kept.includes(name)),
    droppedExports: names.filter((name) => !kept.includes(name)),
    queryQuota: kept.includes(policyFunctions.quota),
  }
}

function errorOf(error: PortcullisError): CheckError {
  return { code: error.code, message: error.message, offset: error instanceof Refusal ? error.offset : null }
}

function checkModule(bytes: Uint8Array): { admitted: boolean; errors: CheckError[]; report: Report | null } {
  try {
    return { admitted: true, errors: [], report: reportOf(bytes, rewritePolicy(bytes)) }
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    return { admitted: false, errors: [errorOf(error)], report: null }
  }
}

function describe(report: Report): string {
  const { bytes, meteredBytes, functions, globals, memoryPages, droppedExports, queryQuota } = report
  const { minimum, maximum } = memoryPages
  const most = Math.min(maximum ?? memoryPagesMax, memoryPagesMax)
  const sizes = `${bytes} bytes (${meteredBytes} metered), ${functions} functions, ${globals} globals`
  const dropped =
    droppedExports.length === 0 ? '' : `\nexports dropped: ${droppedExports.map(visible).join(', ')}`
  return `admitted: ${sizes}, ${minimum} to ${most} pages of memory, ${queryQuota ? 'with' : 'without'} queryQuota${dropped}`
}

export function check(path: string, { json }: { json?: boolean }): void {
  const result = checkModule(readBytes(callersPath(path), 'ERR_MODULE_UNREADABLE'))
  if (json) console.log(JSON.stringify(result))
  else if (result.report !== null) console.log(describe(result.report))
  else for (const { message } of result.errors) console.log(`refused: ${visible(message)}`)
  if (!result.admitted) process.exitCode = 1
}
