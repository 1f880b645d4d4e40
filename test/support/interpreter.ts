// A reference interpreter of modules as the parser gives them: it runs what the upload says, without any metering, and
// counts beside it what really ran. Metered modules are held against it, for what they compute and for what they
// charge. It is written to be read, not to be fast, and takes from the product only names, types and the cost table.

import { cost } from '../../host/engine/wasm/costs.ts'
import type { FunctionType, Module, ValueType } from '../../host/engine/wasm/module.ts'
import { Trap, type Value } from './interpreter-arithmetic.ts'
import { Frame, type Instance, matchBlocks } from './interpreter-frame.ts'
import { InterpreterMemory } from './interpreter-memory.ts'

/** More than the budget would have run. */
export class Exhausted extends Error {}

/** An imported function. */
export type HostFunction = (...values: Value[]) => Value | undefined

interface InterpretedFunction {
  readonly type: FunctionType
  readonly run: (values: Value[]) => Value | undefined
}

const zero: Record<ValueType, Value> = { i32: 0, i64: 0n, f32: 0, f64: 0n }

function typeText({ parameters, result }: FunctionType): string {
  return `${parameters.join()} to ${result}`
}

export class Interpreter implements Instance {
  readonly #module: Module
  readonly #functions: InterpretedFunction[]
  readonly #table: (number | undefined)[]
  readonly memory: InterpreterMemory
  readonly globals: Value[]
  budget = Number.POSITIVE_INFINITY
  /** In fuel, without what metering charges too much. */
  executed = 0

  /** Throws a Trap if a segment does not fit. The start function does not run: a metered module exports it. */
  constructor(module: Module, imports: readonly HostFunction[] = []) {
    if (module.imports.some(({ kind }) => kind !== 'function'))
      throw new Error('it imports what is no function')
    this.#module = module
    const typeAt = (index: number) => module.types[index] as FunctionType
    const imported = module.imports.map((one, index) => ({
      type: typeAt((one as { type: number }).type),
      run: (values: Value[]) => imports[index]?.(...values),
    }))
    const own = module.bodies.map((body, index) => {
      const type = typeAt(module.functions[index] as number)
      const declared = body.locals.flatMap((run) => Array<Value>(run.count).fill(zero[run.type]))
      const blocks = matchBlocks(body.instructions)
      const entry = cost.entry + Math.floor(declared.length / cost.localsForOne)
      const run = (values: Value[]) => {
        this.count(entry)
        return new Frame(this, body.instructions, blocks, [...values, ...declared]).run(type.result)
      }
      return { type, run }
    })
    this.#functions = [...imported, ...own]
    this.globals = module.globals.map(({ initial }) => initial.constant as Value)
    this.#table = Array<undefined>(module.table?.minimum ?? 0).fill(undefined)
    this.memory = new InterpreterMemory(module.memory?.minimum ?? 0, module.memory?.maximum)
    for (const { offset, functions } of module.elements) {
      const start = (offset.constant as number) >>> 0
      if (start + functions.length > this.#table.length) throw new Trap('table')
      this.#table.splice(start, functions.length, ...functions)
    }
    for (const { offset, bytes } of module.data) this.memory.write(offset.constant as number, bytes)
  }

  count(weight: number): void {
    this.executed += weight
    if (this.executed > this.budget) throw new Exhausted()
  }

  functionType(index: number): FunctionType {
    return (this.#functions[index] as InterpretedFunction).type
  }

  call(index: number, values: Value[]): Value | undefined {
    return (this.#functions[index] as InterpretedFunction).run(values)
  }

  /** The function that a `call_indirect` of a type reaches by way of the table. */
  indirect(typeIndex: number, entry: number): number {
    if (entry >= this.#table.length) throw new Trap('table')
    const index = this.#table[entry]
    const wanted = this.#module.types[typeIndex] as FunctionType
    if (index === undefined || typeText(this.functionType(index)) !== typeText(wanted)) {
      throw new Trap('signature')
    }
    return index
  }
}
