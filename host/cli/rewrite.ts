/**
 * `npm run rewrite`: a developer's tool that puts any module through the code that policies go through and writes the metered
 * module to a file, so that the two can be compared. What it writes is admitted nowhere.
 */

import { writeFileSync } from 'node:fs'

import { interfaceOf } from '../engine/interface.ts'
import { rewriteModule } from '../engine/rewrite.ts'
import type { Module } from '../engine/wasm/module.ts'
import { readBytes } from '../json-file.ts'
import { callersPath } from './callers-path.ts'
import { runCommand, topCommand } from './run-command.ts'

interface RewriteOptions {
  readonly anyImports?: boolean
  readonly anyExports?: boolean
}

function rewrite(from: string, to: string, { anyImports = false, anyExports = false }: RewriteOptions): void {
  const bytes = readBytes(callersPath(from), 'ERR_MODULE_UNREADABLE')
  const select = anyExports ? ({ exports }: Module) => exports : interfaceOf
  const { bytes: metered, costTable } = rewriteModule(bytes, select, { anyImports })
  writeFileSync(callersPath(to), metered)
  console.log(`${bytes.length} bytes, metered ${metered.length}; cost table ${costTable}`)
}

const command = topCommand('rewrite')
  .description('write the metered form of a WebAssembly module')
  .argument('<in>', 'module')
  .argument('<out>', 'where the metered module is written')
  .option('--any-imports', 'accept imports other than env.abort')
  .option('--any-exports', "keep all exports, and do without a policy's")
  .addHelpText(
    'after',
    `
The metered module exports beside its own the i32 globals "portcullis:fuel" and "portcullis:stack", what is left of each; set
both before a call. Its start function, if it had one, is the export "portcullis:start", and its mutable globals are
"portcullis:global:N".`,
  )
  .action(rewrite)

await runCommand(command)
