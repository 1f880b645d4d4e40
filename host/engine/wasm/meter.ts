/**
 * The rewriter: from a module that the parser has admitted and V8 has validated to one that counts what it does, and
 * traps when it has done enough. A pure function from module to module. What it relies on, and why that is enough:
 *
 * Fuel. A region is the body of a function, or of a loop, without the loops inside it. Control only goes forward in a
 * region: the one way back in WebAssembly is a branch to a loop, and that is the beginning of another pass of that loop's
 * region. So each instruction runs at most once for each time that its region is begun. A region is begun at the
 * function's entry or where its `loop` stands, which each pass goes through; there the weights of all its instructions
 * are charged, before one of them runs. Hence what is charged is never less than what runs. It can be more: of an
 * `if` both arms are charged. A bulk operation, whose bytes are known when it runs, and a growth of memory are
 * charged just before they run; a call is charged where it stands, and what it calls at its own entry. Every cycle goes
 * through a loop or an entry and is charged something, so there is no way to run for ever.
 *
 * No wrapping. Fuel is at least 0 before each charge, since one that brings it below ends the call; a charge is less than
 * 2^30 (costs.ts), so the difference is above -2^31.
 *
 * Stack. A frame is charged by what the function itself may hold: parameters, locals, operands. It is given back at
 * the function's one way out, for which a `return` becomes a branch. A function that calls nothing and has a small frame
 * is always the last of a chain and takes none: the bound is one small frame more, and most calls are of such functions. A
 * trap gives nothing back, and nothing runs after one: whoever calls into the module sets both counters first.
 *
 * No reach. An upload cannot name the two globals, the added locals or the exports: its indices were held
 * against its own counts, by the parser and by V8, before anything was added; everything is added behind what it
 * has, so that no index of its own moves; and of its exports only those that are kept are written.
 *
 * No other meaning. What is added leaves the operand stack as it was, except that a NaN becomes the canonical one, which
 * the specification allows, and that memory.grow fails from the clamped maximum on.
 */

import { strict as assert } from 'node:assert'

import { frameSlotsMin, frameSlotsOverhead, fuelMax, stackSlotsMax } from '../../limits.ts'
import { bounds } from './bounds.ts'
import { operandHeight } from './frame.ts'
import { op } from './instructions.ts'
import { meterBody } from './meter-body.ts'
import {
  type Export,
  type FunctionBody,
  functionTypes,
  type Global,
  importsOf,
  type Module,
} from './module.ts'
import { reserved } from './reserved.ts'

assert(fuelMax < 2 ** 31, 'fuel is a positive i32')

function counter(initial: number): Global {
  const value = { opcode: op.i32_const, offset: 0, operands: [], constant: initial, result: undefined }
  return { type: 'i32', mutable: true, initial: value }
}

/** What a function takes of the stack, in slots. Small frames count as a larger one, which bounds the depth too. */
export function frameSlots(parametersAndLocals: number, operands: number): number {
  return Math.max(parametersAndLocals + operands + frameSlotsOverhead, frameSlotsMin)
}

function callsSomething({ instructions }: FunctionBody): boolean {
  return instructions.some(({ opcode }) => opcode === op.call || opcode === op.call_indirect)
}

function meterBodies(module: Module, fuel: number): FunctionBody[] {
  const types = functionTypes(module)
  const imported = types.length - module.functions.length
  return module.bodies.map((body, index) => {
    const type = types[imported + index]
    assert(type !== undefined)
    const locals = body.locals.reduce((sum, { count }) => sum + count, type.parameters.length)
    const slots = frameSlots(locals, operandHeight(module.types, types, type, body))
    const isFree = slots === frameSlotsMin && !callsSomething(body)
    return meterBody(body, { fuel, stack: fuel + 1 }, locals, type.result, isFree ? 0 : slots)
  })
}

function addedExports(module: Module, importedGlobals: number, fuel: number): Export[] {
  const own = module.globals.flatMap(({ mutable }, number) =>
    mutable
      ? [{ name: reserved.global(number), kind: 'global', index: importedGlobals + number } as const]
      : [],
  )
  const start =
    module.start === undefined
      ? []
      : [{ name: reserved.start, kind: 'function', index: module.start } as const]
  return [
    { name: reserved.fuel, kind: 'global', index: fuel },
    { name: reserved.stack, kind: 'global', index: fuel + 1 },
    ...start,
    ...own,
  ]
}

function clamp(memory: Module['memory']): Module['memory'] {
  if (memory === undefined) return undefined
  return {
    minimum: memory.minimum,
    maximum: Math.min(memory.maximum ?? bounds.memoryPages, bounds.memoryPages),
  }
}

/**
 * The metered module. Of its exports only those in `kept` stay. Its counters begin at `fuel` and a whole stack, which
 * is what a start function inside `new WebAssembly.Instance` would get; but there is none any more, it is an export.
 */
export function meterModule(module: Module, kept: readonly Export[], fuel: number): Module {
  assert(fuel >= 0 && fuel <= fuelMax)
  const importedGlobals = importsOf(module, 'global').length
  const fuelGlobal = importedGlobals + module.globals.length
  return {
    ...module,
    memory: clamp(module.memory),
    globals: [...module.globals, counter(fuel), counter(stackSlotsMax)],
    exports: [...kept, ...addedExports(module, importedGlobals, fuelGlobal)],
    start: undefined,
    bodies: meterBodies(module, fuelGlobal),
  }
}
