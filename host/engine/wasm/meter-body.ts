/**
 * Metering of one function. What is added, where and why it is enough is argued in meter.ts; this file is how.
 *
 *     charge fuel for the region of the function, take a frame from the stack, trap if either is below zero
 *     block (result of the function)
 *       the body: after each `loop` a charge for its region, before each bulk operation and each growth its own,
 *       after each float operation that can make a NaN the canonical one in its place, `return` as a branch
 *     end
 *     give the frame back
 *
 * A function without a frame of its own has neither the block nor what stands around it.
 */

import { cost, weightOf } from './costs.ts'
import { op, opcodeOf } from './instructions.ts'
import type { FunctionBody, Instruction, Locals, ValueType } from './module.ts'

/** Indices of the two globals that the rewriter has added. */
export interface Meters {
  readonly fuel: number
  readonly stack: number
}

function make(opcode: number, operands: readonly number[] = []): Instruction {
  return { opcode, offset: 0, operands, constant: undefined, result: undefined }
}

function constant(opcode: number, value: number | bigint): Instruction {
  return { opcode, offset: 0, operands: [], constant: value, result: undefined }
}

const end = make(op.end)
const isNegative = [constant(op.i32_const, 0), make(op.i32_lt_s)]
const trapIf = [make(op.if), make(op.unreachable), end]
const subtract = make(op.i32_sub)
const bytesToFuel = [
  constant(op.i32_const, cost.bulkShift),
  make(op.i32_shr_u),
  constant(op.i32_const, cost.bulk),
  make(op.i32_add),
]

/** Their NaNs may have any payload, and V8's tiers choose differently (core specification, section 4.3.3). */
const makesNan = new Map<number, 'f32' | 'f64'>()
for (const type of ['f32', 'f64'] as const) {
  for (const name of 'ceil floor trunc nearest sqrt add sub mul div min max'.split(' ')) {
    makesNan.set(opcodeOf(`${type}.${name}`), type)
  }
}
makesNan.set(opcodeOf('f32.demote_f64'), 'f32')
makesNan.set(opcodeOf('f64.promote_f32'), 'f64')

const canonicalNan = {
  f32: constant(op.f32_const, 0x7fc00000),
  f64: constant(op.f64_const, 0x7ff8000000000000n),
}
const equalFloats = { f32: make(op.f32_eq), f64: make(op.f64_eq) }

const opensBlock = new Set<number>([op.block, op.loop, op.if])
const isBulk = new Set<number>([op.memory_copy, op.memory_fill])

function entryWeight(locals: FunctionBody['locals']): number {
  const declared = locals.reduce((sum, { count }) => sum + count, 0)
  return cost.entry + Math.floor(declared / cost.localsForOne)
}

/**
 * What is charged at once: for the function itself, then for each of its loops in their order, the sum over the
 * instructions that are inside it and not inside a loop within it.
 */
export function regionWeights({ locals, instructions }: FunctionBody): number[] {
  const weights = [entryWeight(locals)]
  /** Of each open block: the region of what is in it. */
  const open = [0]
  for (const { opcode } of instructions) {
    const region = open.at(-1) ?? 0
    weights[region] = (weights[region] as number) + weightOf(opcode)
    if (opcode === op.loop) open.push(weights.push(cost.iteration) - 1)
    else if (opensBlock.has(opcode)) open.push(region)
    else if (opcode === op.end) open.pop()
  }
  return weights
}

class BodyMeter {
  readonly #getFuel: Instruction
  readonly #setFuel: Instruction
  readonly #getStack: Instruction
  readonly #setStack: Instruction
  /** The locals that are added behind the function's own: one i32, and one of each float type that needs it. */
  readonly #first: number
  readonly #added: ValueType[] = ['i32']
  readonly #out: Instruction[] = []

  constructor({ fuel, stack }: Meters, locals: number) {
    this.#getFuel = make(op.global_get, [fuel])
    this.#setFuel = make(op.global_set, [fuel])
    this.#getStack = make(op.global_get, [stack])
    this.#setStack = make(op.global_set, [stack])
    this.#first = locals
  }

  #local(type: ValueType): { get: Instruction; tee: Instruction } {
    if (!this.#added.includes(type)) this.#added.push(type)
    const index = [this.#first + this.#added.indexOf(type)]
    return { get: make(op.local_get, index), tee: make(op.local_tee, index) }
  }

  #push(...instructions: readonly Instruction[]): void {
    for (const instruction of instructions) this.#out.push(instruction)
  }

  #charge(...amount: readonly Instruction[]): void {
    const { get, tee } = this.#local('i32')
    this.#push(this.#getFuel, ...amount, subtract, tee, this.#setFuel, get, ...isNegative, ...trapIf)
  }

  /** One comparison for both: either is below zero exactly if the sign of their union is set. */
  #enter(weight: number, slots: number): void {
    if (slots === 0) return this.#charge(constant(op.i32_const, weight))
    const { get, tee } = this.#local('i32')
    this.#push(this.#getFuel, constant(op.i32_const, weight), subtract, tee, this.#setFuel, get)
    this.#push(this.#getStack, constant(op.i32_const, slots), subtract, tee, this.#setStack, get)
    this.#push(make(op.i32_or), ...isNegative, ...trapIf)
  }

  #leave(slots: number): void {
    if (slots === 0) return
    this.#push(this.#getStack, constant(op.i32_const, slots), make(op.i32_add), this.#setStack, end)
  }

  #chargeBytes(): void {
    const { get, tee } = this.#local('i32')
    this.#push(tee)
    this.#charge(get, ...bytesToFuel)
  }

  #canonicalise(type: 'f32' | 'f64'): void {
    const { get, tee } = this.#local(type)
    this.#push(tee, canonicalNan[type], get, get, equalFloats[type], make(op.select))
  }

  meter(body: FunctionBody, result: ValueType | undefined, slots: number): FunctionBody {
    const { locals, instructions } = body
    const [own = 0, ...loops] = regionWeights(body)
    this.#enter(own, slots)
    if (slots > 0) this.#push({ ...make(op.block), result })
    let loop = 0
    let depth = 0
    for (const instruction of instructions) {
      const { opcode } = instruction
      if (isBulk.has(opcode)) this.#chargeBytes()
      else if (opcode === op.memory_grow) this.#charge(constant(op.i32_const, cost.memoryGrow))
      this.#push(opcode === op.return && slots > 0 ? make(op.br, [depth]) : instruction)
      if (opcode === op.loop) this.#charge(constant(op.i32_const, loops[loop++] as number))
      const nan = makesNan.get(opcode)
      if (nan !== undefined) this.#canonicalise(nan)
      if (opensBlock.has(opcode)) depth++
      else if (opcode === op.end) depth--
    }
    // The body's own `end` has closed the block, if there is one.
    this.#leave(slots)
    const added: Locals[] = this.#added.map((type) => ({ count: 1, type }))
    return { locals: [...locals, ...added], instructions: this.#out }
  }
}

/** `locals` counts the parameters too; `slots` is the frame, 0 for none. */
export function meterBody(
  body: FunctionBody,
  meters: Meters,
  locals: number,
  result: ValueType | undefined,
  slots: number,
): FunctionBody {
  return new BodyMeter(meters, locals).meter(body, result, slots)
}
