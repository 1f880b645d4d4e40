/**
 * The first step of admission, a process of its own: from an upload on standard input to the metered module,
 * or to why it is refused. No instruction of the upload runs here. The process is gone before anything of the
 * upload runs anywhere.
 */

import { readFileSync, writeFileSync } from 'node:fs'

import { policyFunctions } from '../engine/interface.ts'
import { rewritePolicy } from '../engine/policy-module.ts'
import type { Rewritten } from '../engine/rewrite.ts'
import { bounds } from '../engine/wasm/bounds.ts'
import { Refusal } from '../engine/wasm/refusal.ts'
import { rewriter } from '../engine/wasm/versions.ts'
import { PortcullisError } from '../errors.ts'
import { meteredBytesMax } from '../limits.ts'
import type { RewriteSaid } from './read-said.ts'
import type { ModuleFigures } from './report.ts'
import { encodeStepFrame } from './step-frame.ts'
import { exportsDropped, nearBound, type Warning } from './warnings.ts'

const STANDARD_INPUT = 0
const STANDARD_OUTPUT = 1

function figuresOf({ upload, costTable, kept }: Rewritten): ModuleFigures {
  const { functions, globals, table, memory, exports } = upload
  const names = exports.map(({ name }) => name)
  return {
    costTable,
    rewriter,
    functions: functions.length,
    globals: globals.length,
    tableEntries: table?.minimum ?? 0,
    memoryPages: { minimum: memory?.minimum ?? 0, maximum: memory?.maximum ?? null },
    exports: names.filter((name) => kept.includes(name)),
    droppedExports: names.filter((name) => !kept.includes(name)),
    queryQuota: kept.includes(policyFunctions.quota),
  }
}

function warningsOf(upload: Uint8Array, metered: Uint8Array, figures: ModuleFigures): Warning[] {
  const { functions, globals, tableEntries, exports, droppedExports } = figures
  return [
    ...nearBound('bytes of the module', upload.length, bounds.moduleBytes),
    ...nearBound('bytes of the metered module', metered.length, meteredBytesMax),
    ...nearBound('functions', functions, bounds.functions),
    ...nearBound('globals', globals, bounds.globals),
    ...nearBound('entries of the table', tableEntries, bounds.tableEntries),
    ...nearBound('exports', exports.length + droppedExports.length, bounds.exports),
    ...exportsDropped(droppedExports),
  ]
}

/** Throws a PortcullisError if it is refused. */
function rewrite(upload: Uint8Array): Buffer {
  const rewritten = rewritePolicy(upload)
  const { bytes } = rewritten
  const figures = figuresOf(rewritten)
  const said: RewriteSaid = { figures, warnings: warningsOf(upload, bytes, figures) }
  return encodeStepFrame(said, [bytes])
}

function refusal(error: unknown): Buffer {
  if (!(error instanceof PortcullisError)) throw error
  const { code, detail } = error
  const said: RewriteSaid = {
    refused: { code, detail, offset: error instanceof Refusal ? error.offset : null },
  }
  return encodeStepFrame(said)
}

function answer(upload: Uint8Array): Buffer {
  try {
    return rewrite(upload)
  } catch (error) {
    return refusal(error)
  }
}

writeFileSync(STANDARD_OUTPUT, answer(readFileSync(STANDARD_INPUT)))
