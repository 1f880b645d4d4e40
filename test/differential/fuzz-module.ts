// Random modules that run, made by Binaryen's fuzzer out of random bytes. It goes over the text format, where what is
// not admitted can be put right: passive segments and what uses them, more pages than there may be. The text then goes
// through some of Binaryen's passes, whose output has other shapes than the fuzzer's.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { runTool } from '../support/tools.ts'
import type { Chance } from './chance.ts'

const features = [
  '--mvp-features',
  '--enable-mutable-globals',
  '--enable-sign-ext',
  '--enable-nontrapping-float-to-int',
  '--enable-bulk-memory',
]

const passes = [
  [],
  ['-O1'],
  ['-O3'],
  ['-Os'],
  ['-O4', '--dealign'],
  ['--flatten', '-O3'],
  ['--flatten', '--rereloop', '-O2'],
  ['--flatten', '--simplify-locals-nonesting', '--coalesce-locals'],
]

/** A global that counts loops and calls down, and what it begins at; the fuzzer would have it begin at 10. */
export const hangLimit = { name: 'global $hangLimit', value: 60 } as const

/** Without what is not admitted, and with every mutable global exported. */
function admissible(text: string): string {
  const globals = [...text.matchAll(/^ \(global (\$\S+) \(mut/gm)]
  const exports = globals.map(([, name]) => `(export "global ${name}" (global ${name}))`)
  return `${text.slice(0, text.lastIndexOf(')'))}${exports.join('\n')})`
    .replaceAll(/\(memory\.init \d+/g, '(memory.fill')
    .replaceAll(/\(data\.drop \d+\)/g, '(nop)')
    .replaceAll(/^ \(data ".*$/gm, '')
    .replace(/\(memory (\S+) \d+ \d+\)/, '(memory $1 1 2)')
    .replaceAll(/(\$hangLimit (?:\(mut i32\) )?)\(i32\.const 10\)/g, `$1(i32.const ${hangLimit.value})`)
}

/**
 * No NaN of it reaches anything that could tell one from another: --denan makes them zero, since an upload's NaNs may
 * honestly have other bits than a metered module's.
 */
export function fuzzModule(chance: Chance, folder: string): Uint8Array<ArrayBuffer> {
  const input = join(folder, 'input')
  const text = join(folder, 'module.wat')
  const output = join(folder, 'module.wasm')
  writeFileSync(input, chance.bytes(200 + chance.below(chance.pick([2_000, 10_000, 40_000]))))
  runTool('wasm-opt', [input, '--translate-to-fuzz', ...features, '--emit-text', '--output', text])
  writeFileSync(text, admissible(readFileSync(text, 'utf8')))
  runTool('wasm-opt', [text, ...features, '--denan', ...chance.pick(passes), '--output', output])
  return Uint8Array.from(readFileSync(output))
}
