/**
 * From an upload's bytes to metered bytes. No instruction of it runs here. The order matters: the parser and V8 each
 * see the upload as it came, before anything is added, so that neither has to know what the rewriter adds.
 */

import { PortcullisError } from '../errors.ts'
import { fuelPerDecision } from '../limits.ts'
import { meterModule } from './wasm/meter.ts'
import type { Export, Module } from './wasm/module.ts'
import { type ParseOptions, parseModule } from './wasm/parse-module.ts'
import { COST_TABLE_VERSION } from './wasm/versions.ts'
import { writeModule } from './wasm/write-module.ts'

export interface Rewritten {
  /** The upload as the parser has understood it. */
  readonly upload: Module
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The version of the costs that `bytes` count with. */
  readonly costTable: number
  /** The names of the exports that stayed. */
  readonly kept: readonly string[]
}

/** V8's own opinion of an upload. Throws ERR_MODULE_INVALID. */
export function validateUpload(bytes: Uint8Array): void {
  const own = bytes as Uint8Array<ArrayBuffer>
  if (WebAssembly.validate(own)) return
  let reason = 'it does not compile'
  try {
    new WebAssembly.Module(own)
  } catch (error) {
    reason = (error as Error).message.slice(0, 200)
  }
  throw new PortcullisError('ERR_MODULE_INVALID', reason)
}

/** `select` says which exports stay, or throws. Throws a PortcullisError with an ERR_MODULE_ code. */
export function rewriteModule(
  bytes: Uint8Array,
  select: (module: Module) => readonly Export[],
  options: ParseOptions = {},
): Rewritten {
  const upload = parseModule(bytes, options)
  const kept = select(upload)
  validateUpload(bytes)
  const metered = writeModule(meterModule(upload, kept, fuelPerDecision))
  if (!WebAssembly.validate(metered)) {
    throw new PortcullisError('ERR_HOST_FAULT', 'the metered module is not valid, though the upload is')
  }
  return { upload, bytes: metered, costTable: COST_TABLE_VERSION, kept: kept.map(({ name }) => name) }
}
