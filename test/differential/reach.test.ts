// Every index, name and export that the rewriter adds cannot be reached by an upload. Each way to try is held against
// both defences, one at a time: the parser refuses it, and what stands behind the parser is enough without it. For an
// index that is V8, which validates the upload before anything is added; for a name it is that only what is kept stays.

import { describe, expect, it } from 'vitest'

import { interfaceOf } from '../../host/engine/interface.ts'
import { rewriteModule, validateUpload } from '../../host/engine/rewrite.ts'
import { op, opcodeOf } from '../../host/engine/wasm/instructions.ts'
import { meterModule } from '../../host/engine/wasm/meter.ts'
import type { ExternalKind, Instruction, Module } from '../../host/engine/wasm/module.ts'
import { parseModule } from '../../host/engine/wasm/parse-module.ts'
import { reserved } from '../../host/engine/wasm/reserved.ts'
import { writeModule } from '../../host/engine/wasm/write-module.ts'
import { fuelPerDecision, stackSlotsMax } from '../../host/limits.ts'
import { refusal } from '../support/refusal.ts'
import { policyModule } from '../support/wasm.ts'

const make = (opcode: number, ...operands: number[]): Instruction => ({
  opcode,
  offset: 0,
  operands,
  constant: undefined,
  result: undefined,
})
const zero: Instruction = { ...make(op.i32_const), constant: 0 }
const drop = make(opcodeOf('drop'))
const end = make(op.end)

/** A policy with something of each kind: an import, a table, globals of its own, one of them mutable. */
const policy: Module = {
  ...parseModule(
    policyModule({
      imports: [{ module: 'env', name: 'abort', kind: 'function', params: ['i32', 'i32', 'i32', 'i32'] }],
      more: [{ code: [] }],
    }),
  ),
  table: { minimum: 4, maximum: 4 },
  globals: [
    { type: 'i32', mutable: false, initial: zero },
    { type: 'i32', mutable: true, initial: zero },
  ],
}

const counts = {
  types: policy.types.length,
  functions: 1 + policy.functions.length,
  globals: policy.globals.length,
}
/** The function with nothing in it, by its place among the policy's own. */
const last = policy.functions.length - 1
/** Behind all of its own, and so the first that are added. */
const fuelIndex = counts.globals
const stackIndex = counts.globals + 1
const ownLocals = 2

const running = (...instructions: Instruction[]): Module => ({
  ...policy,
  bodies: policy.bodies.with(last, {
    locals: [{ count: ownLocals, type: 'i32' }],
    instructions: [...instructions, end],
  }),
})

const exporting = (name: string, kind: ExternalKind, index: number): Module => ({
  ...policy,
  exports: [...policy.exports, { name, kind, index }],
})

/** Of each: the same attempt with the last index that the upload has, and how far the attempt is beyond it. */
const attempts: [string, (index: number) => Module, number, number][] = [
  ['reading the fuel', (index) => running(make(op.global_get, index), drop), fuelIndex, 1],
  ['reading the stack', (index) => running(make(op.global_get, index), drop), stackIndex, 2],
  ['setting the fuel', (index) => running(zero, make(op.global_set, index)), fuelIndex, 1],
  ['setting the stack', (index) => running(zero, make(op.global_set, index)), stackIndex, 2],
  ['exporting the fuel', (index) => exporting('mine', 'global', index), fuelIndex, 1],
  ['exporting the stack', (index) => exporting('mine', 'global', index), stackIndex, 2],
  ['reading an added local', (index) => running(make(op.local_get, index), drop), ownLocals, 1],
  ['setting an added local', (index) => running(zero, make(opcodeOf('local.set'), index)), ownLocals, 1],
  ['teeing an added local', (index) => running(zero, make(op.local_tee, index), drop), ownLocals, 1],
]

/** The rewriter adds no functions and no types; an index beyond them is nothing's even so. */
const beyond: [string, (index: number) => Module, number][] = [
  ['calling', (index) => running(make(op.call, index)), counts.functions],
  ['exporting', (index) => exporting('mine', 'function', index), counts.functions],
  ['starting with', (index) => ({ ...policy, start: index }), counts.functions],
  [
    'putting into the table',
    (index) => ({ ...policy, elements: [{ offset: zero, functions: [index] }] }),
    counts.functions,
  ],
  [
    'giving a function a type of',
    (index) => ({ ...policy, functions: policy.functions.with(last, index) }),
    counts.types,
  ],
  ['calling indirectly by', (index) => running(zero, make(op.call_indirect, index, 0)), counts.types],
]

const meter = (module: Module) => meterModule(module, interfaceOf(module), fuelPerDecision)
const codeOf = (run: () => unknown) => refusal(run).code

describe('an index that the rewriter gives to what it adds', () => {
  it.each(attempts)('is refused by the parser and by V8: %s', (_, attempt, index) => {
    const bytes = writeModule(attempt(index))
    expect(codeOf(() => parseModule(bytes))).toBe('ERR_MODULE_INDEX')
    expect(codeOf(() => validateUpload(bytes))).toBe('ERR_MODULE_INVALID')
  })

  it.each(attempts)('would be valid without these two: %s', (_, attempt, index, steps) => {
    const module = attempt(index)
    const kept = interfaceOf(module).concat(module.exports.filter(({ name }) => name === 'mine'))
    expect(WebAssembly.validate(writeModule(meterModule(module, kept, fuelPerDecision)))).toBe(true)
    // And what is wrong with the attempt is the index, nothing else.
    expect(WebAssembly.validate(writeModule(attempt(index - steps)))).toBe(true)
    expect(() => parseModule(writeModule(attempt(index - steps)))).not.toThrow()
  })

  it.each(beyond)('does not exist, and is refused by both: %s', (_, attempt, count) => {
    const bytes = writeModule(attempt(count))
    expect(codeOf(() => parseModule(bytes))).toBe('ERR_MODULE_INDEX')
    expect(codeOf(() => validateUpload(bytes))).toBe('ERR_MODULE_INVALID')
    expect(WebAssembly.validate(writeModule(meter(policy)))).toBe(true)
  })
})

const names = [reserved.fuel, reserved.stack, reserved.start, reserved.global(0), reserved.global(1)]
const things: [ExternalKind, number][] = [
  ['function', 1],
  ['table', 0],
  ['memory', 0],
  ['global', 0],
]
const claims = names.flatMap((name) => things.map(([kind, index]) => [name, kind, index] as const))

/** What V8 says that a module exports, by name. */
function exported(module: Module): Map<string, string> {
  const compiled = new WebAssembly.Module(writeModule(module))
  return new Map(WebAssembly.Module.exports(compiled).map(({ name, kind }) => [name, kind]))
}

function instantiate(module: Module): WebAssembly.Exports {
  const compiled = new WebAssembly.Module(writeModule(module))
  return new WebAssembly.Instance(compiled, { env: { abort: () => undefined } }).exports
}

const globalValue = (exports: WebAssembly.Exports, name: string) =>
  (exports[name] as WebAssembly.Global).value

describe('a name that the rewriter exports under', () => {
  it.each(claims)('is refused by the parser: %s for a %s', (name, kind, index) => {
    expect(codeOf(() => parseModule(writeModule(exporting(name, kind, index))))).toBe('ERR_MODULE_EXPORT')
  })

  it.each(claims)(
    "stays the rewriter's own, were the parser to let it pass: %s for a %s",
    (name, kind, index) => {
      const claimed = exporting(name, kind, index)
      expect(() => validateUpload(writeModule(claimed))).not.toThrow()
      expect(exported(meter(claimed))).toEqual(exported(meter(policy)))
      const exports = instantiate(meter(claimed))
      expect(globalValue(exports, reserved.fuel)).toBe(fuelPerDecision)
      expect(globalValue(exports, reserved.stack)).toBe(stackSlotsMax)
      expect(globalValue(exports, reserved.global(1))).toBe(0)
    },
  )

  it.each([reserved.fuel, reserved.stack])('cannot be there twice: %s', (name) => {
    const claimed = exporting(name, 'memory', 0)
    const both = meterModule(claimed, claimed.exports, fuelPerDecision)
    expect(WebAssembly.validate(writeModule(both))).toBe(false)
  })

  it('cannot be imported: the parser admits no such import, and nothing gives one', () => {
    for (const name of names) {
      const global = { from: 'portcullis', name, kind: 'global', type: 'i32', mutable: true } as const
      const bytes = writeModule({ ...policy, imports: [...policy.imports, global] })
      expect(codeOf(() => parseModule(bytes))).toBe('ERR_MODULE_IMPORT')
      const metered = meter(parseModule(bytes, { anyImports: true }))
      expect(() => instantiate(metered)).toThrow(TypeError)
      // An imported global comes first; the counters are still the last two.
      const indexOf = (own: string) => metered.exports.find((one) => one.name === own)?.index
      expect([reserved.fuel, reserved.stack].map(indexOf)).toEqual([fuelIndex + 1, stackIndex + 1])
    }
  })
})

describe('a metered module', () => {
  const start = { ...policy, start: 1 + last }
  const uploads: [string, Module][] = [
    ['with a mutable global', policy],
    ['with a start function', start],
    ['that exports all it has', exporting('mine', 'global', 0)],
  ]

  it.each(uploads)('%s begins with all its fuel and stack', (_, upload) => {
    const exports = instantiate(meter(upload))
    expect(globalValue(exports, reserved.fuel)).toBe(fuelPerDecision)
    expect(globalValue(exports, reserved.stack)).toBe(stackSlotsMax)
  })

  it.each(uploads)('%s exports the interface and what the rewriter adds, and nothing else', (_, upload) => {
    const bytes = writeModule(upload)
    const { bytes: metered, kept } = rewriteModule(bytes, interfaceOf)
    const names = WebAssembly.Module.exports(new WebAssembly.Module(metered)).map(({ name }) => name)
    const added = [reserved.fuel, reserved.stack, reserved.global(1)]
    if (upload.start !== undefined) added.push(reserved.start)
    expect(names.sort()).toEqual([...kept, ...added].sort())
    expect(kept).not.toContain('mine')
  })
})
