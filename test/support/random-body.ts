// The functions of random programs: every value type, nested blocks, all kinds of branches, calls, bulk operations, and
// now and then what traps or never ends; or straight ones, in which whatever is begun runs to its end. A tape of bytes
// decides; where it is over, the shortest way to an end is taken, so that a shorter tape is a smaller function.

import type { ValueType } from '../../host/engine/wasm/module.ts'
import type { FunctionText } from './assembly.ts'
import { constants, loads, signatures, stores, type Tape, types } from './random-instructions.ts'

/** Parameters of the functions 1 to 3, and then their locals: two of each type in all. */
const parameters: readonly ValueType[] = types
const locals: readonly ValueType[] = types
const results: readonly ValueType[] = ['i32', 'i64', 'f64']

/** Globals: how many calls and passes of loops are still to be had, then one of each type. */
const global = { calls: 0, passes: 1, first: 2 } as const

/** Passes of a loop that counts them in a local of its own. */
const countedPasses = 3

/** Of a label: what a branch to it carries. */
type Carried = ValueType | undefined

/** Makes one function, by its number. */
export class BodyMaker {
  readonly #tape: Tape
  readonly #function: number
  readonly #isStraight: boolean
  /** The innermost first; the function's own is the last. */
  #labels: readonly Carried[]
  #counters = 0

  constructor(tape: Tape, number: number, isStraight: boolean) {
    this.#tape = tape
    this.#function = number
    this.#isStraight = isStraight
    this.#labels = [results[number - 1]]
  }

  make(): FunctionText {
    const result = results[this.#function - 1]
    const code = `${this.#statements(4, 24)} ${this.#value(result, 3)}`.replace(/\s+/g, ' ')
    return { parameters, result, locals: [...locals, ...Array<ValueType>(this.#counters).fill('i32')], code }
  }

  #inside(labels: readonly Carried[], make: () => string): string {
    const outer = this.#labels
    this.#labels = [...labels, ...outer]
    const made = make()
    this.#labels = outer
    return made
  }

  #statements(depth: number, most = 5): string {
    const made: string[] = []
    for (let left = this.#tape.next(most); left > 0 && !this.#tape.isOver; left--) {
      made.push(this.#statement(depth))
    }
    return made.join(' ')
  }

  #value(type: Carried, depth: number): string {
    if (type === undefined) return ''
    if (depth <= 0 || this.#tape.isOver) return this.#simple(type)
    const makers = [
      () => this.#simple(type),
      () => this.#operation(type, depth - 1),
      () => this.#operation(type, depth - 1),
      () => this.#operation(type, depth - 1),
      () => `${this.#address(depth - 1)} ${this.#tape.pick(loads[type])} ${this.#offset()}`,
      () => `${this.#value(type, depth - 1)} local.tee ${this.#local(type)}`,
      () =>
        `${this.#value(type, depth - 1)} ${this.#value(type, depth - 1)} ${this.#value('i32', depth - 1)} select`,
      () => this.#block(type, depth - 1),
      () => this.#if(type, depth - 1),
      () => this.#loop(type, depth - 1),
      () => this.#call(type, depth - 1),
      () => (type === 'i32' ? 'memory.size' : this.#operation(type, depth - 1)),
    ]
    return this.#tape.pick(makers)()
  }

  #simple(type: ValueType): string {
    const place = this.#tape.next(4)
    if (place === 1) return `local.get ${this.#local(type)}`
    if (place === 2) return `global.get ${global.first + types.indexOf(type)}`
    return `${type}.const ${this.#tape.pick(constants[type])}`
  }

  #local(type: ValueType): number {
    return types.indexOf(type) + this.#tape.next(2) * types.length
  }

  #operation(type: ValueType, depth: number): string {
    const [, operands, names] = this.#tape.pick(signatures.filter(([result]) => result === type))
    return [...operands.map((operand) => this.#value(operand, depth)), this.#tape.pick(names)].join(' ')
  }

  /** Mostly within the first half page. */
  #address(depth: number): string {
    const isWild = this.#tape.next(40) === 1
    return `${this.#value('i32', depth)}${isWild ? '' : ' i32.const 32767 i32.and'}`
  }

  #offset(): number {
    return this.#tape.next(40) === 1 ? 4_294_967_295 : this.#tape.next(64)
  }

  #size(): string {
    const isWild = this.#tape.next(40) === 1
    return `${this.#value('i32', 1)}${isWild ? '' : ' i32.const 1023 i32.and'}`
  }

  #block(result: Carried, depth: number): string {
    const body = this.#inside([result], () => `${this.#statements(depth)} ${this.#value(result, depth)}`)
    return `block ${result ?? ''} ${body} end`
  }

  #if(result: Carried, depth: number): string {
    if (this.#isStraight) return this.#block(result, depth)
    const condition = this.#value('i32', depth)
    const arm = () => this.#inside([result], () => `${this.#statements(depth)} ${this.#value(result, depth)}`)
    const first = arm()
    const hasElse = result !== undefined || this.#tape.next(2) === 1
    return `${condition} if ${result ?? ''} ${first} ${hasElse ? `else ${arm()}` : ''} end`
  }

  #loop(result: Carried, depth: number): string {
    return this.#isStraight || this.#tape.next(3) === 1
      ? this.#countedLoop(result, depth)
      : this.#guardedLoop(result, depth)
  }

  /** The value is behind the loop: within it, it would only be used by the last pass. */
  #countedLoop(result: Carried, depth: number): string {
    const counter = parameters.length + locals.length + this.#counters++
    const body = this.#inside([undefined], () => this.#statements(depth))
    return `i32.const ${countedPasses} local.set ${counter} loop ${body}
      local.get ${counter} i32.const 1 i32.sub local.tee ${counter} br_if 0 end ${this.#value(result, depth)}`
  }

  /** Left as soon as there are no more passes to be had; a few have no such end. */
  #guardedLoop(result: Carried, depth: number): string {
    const leave = this.#inside([undefined, undefined, result], () => this.#simpleOrNone(result))
    const guard =
      this.#tape.next(30) === 1
        ? ''
        : `global.get ${global.passes} i32.eqz if ${leave} br 2 end
           global.get ${global.passes} i32.const 1 i32.sub global.set ${global.passes}`
    const body = this.#inside(
      [undefined, result],
      () => `${this.#statements(depth)} ${this.#value('i32', depth)} br_if 0 ${this.#value(result, depth)}`,
    )
    return `block ${result ?? ''} loop ${result ?? ''} ${guard} ${body} end end`
  }

  #simpleOrNone(type: Carried): string {
    return type === undefined ? '' : this.#simple(type)
  }

  /** Without a limit to their number, calls only go to functions further on. */
  #call(type: ValueType, depth: number): string {
    const callee = results.indexOf(type) + 1
    if (callee <= (this.#isStraight ? this.#function : 0)) return this.#operation(type, depth)
    if (this.#isStraight) return this.#justCall(callee, depth)
    const call = this.#inside([type], () => this.#justCall(callee, depth))
    return `global.get ${global.calls} i32.eqz if ${type} ${this.#simple(type)} else
      global.get ${global.calls} i32.const 1 i32.sub global.set ${global.calls} ${call} end`
  }

  /** By its number or by way of the table, which now and then has nothing there or another function. */
  #justCall(callee: number, depth: number): string {
    const values = parameters.map((parameter) => this.#value(parameter, Math.min(depth, 1))).join(' ')
    if (this.#tape.next(2) === 0) return `${values} call ${callee}`
    const entry = this.#tape.next(30) === 1 ? this.#value('i32', 1) : `i32.const ${callee - 1}`
    return `${values} ${entry} call_indirect ${callee}`
  }

  #branch(depth: number): string {
    if (this.#isStraight) return 'nop'
    const target = this.#tape.next(this.#labels.length)
    const carried = this.#labels[target]
    const value = this.#value(carried, depth)
    const drop = carried === undefined ? '' : 'drop'
    const alike = [...this.#labels.keys()].filter((label) => this.#labels[label] === carried)
    const makers = [
      () => `${value} ${this.#value('i32', depth)} br_if ${target} ${drop}`,
      () => `${value} ${this.#value('i32', depth)} br_if ${target} ${drop}`,
      () => `${value} br ${target}`,
      () =>
        `${value} ${this.#value('i32', depth)} br_table ${this.#tape.pick(alike)} ${this.#tape.pick(alike)} ${target}`,
      () => `${this.#value(this.#labels.at(-1), depth)} return`,
    ]
    return this.#tape.pick(makers)()
  }

  #statement(depth: number): string {
    const type = this.#tape.pick(types)
    const inner = depth - 1
    const makers = [
      () => `${this.#value(type, inner)} local.set ${this.#local(type)}`,
      () => `${this.#value(type, inner)} global.set ${global.first + types.indexOf(type)}`,
      () => {
        const operands = `${this.#address(inner)} ${this.#value(type, inner)}`
        return `${operands} ${this.#tape.pick(stores[type])} ${this.#offset()}`
      },
      () => `${this.#value(type, inner)} drop`,
      () => `${this.#address(inner)} ${this.#value('i32', 1)} ${this.#size()} memory.fill`,
      () => `${this.#address(inner)} ${this.#address(1)} ${this.#size()} memory.copy`,
      () => this.#rare(),
      ...(depth <= 0
        ? []
        : [
            () => this.#block(undefined, inner),
            () => this.#if(undefined, inner),
            () => this.#if(undefined, inner),
            () => this.#loop(undefined, inner),
            () => this.#loop(undefined, inner),
            () => this.#branch(inner),
            () => this.#branch(inner),
          ]),
    ]
    return this.#tape.pick(makers)()
  }

  #rare(): string {
    const kind = this.#tape.next(16)
    if (kind === 1) return 'unreachable'
    if (kind < 6) return `${this.#value('i32', 0)} memory.grow global.set ${global.first}`
    return 'nop'
  }
}
