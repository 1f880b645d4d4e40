// One call of one function in the reference interpreter: its locals, its operands, its labels, and what each instruction
// does to them. Branches go where the core specification says, by labels that are opened and closed as the body runs;
// nothing of the body is transformed beforehand. What numbers and memory do is in files beside this one.

import { cost, weightOf } from '../../host/engine/wasm/costs.ts'
import { operationOf } from '../../host/engine/wasm/instructions.ts'
import type { FunctionType, Instruction, ValueType } from '../../host/engine/wasm/module.ts'
import { arithmetic, Trap, type Value } from './interpreter-arithmetic.ts'
import type { InterpreterMemory } from './interpreter-memory.ts'

/** What a frame needs of the instance that it runs in. */
export interface Instance {
  readonly memory: InterpreterMemory
  readonly globals: Value[]
  /** Counts fuel that is used. */
  count(weight: number): void
  functionType(index: number): FunctionType
  call(index: number, values: Value[]): Value | undefined
  /** The function that a `call_indirect` of a type reaches by way of the table. */
  indirect(typeIndex: number, entry: number): number
}

interface Blocks {
  /** For each block, loop, if and else the place of its end. */
  readonly ends: ReadonlyMap<number, number>
  /** For each if with an else the place of that. */
  readonly elses: ReadonlyMap<number, number>
}

function nameOf({ opcode }: Instruction): string {
  return operationOf(opcode)?.name as string
}

export function matchBlocks(instructions: readonly Instruction[]): Blocks {
  const ends = new Map<number, number>()
  const elses = new Map<number, number>()
  const open: number[] = []
  instructions.forEach((instruction, at) => {
    const name = nameOf(instruction)
    if (name === 'block' || name === 'loop' || name === 'if') open.push(at)
    else if (name === 'else') elses.set(open.at(-1) as number, at)
    if (name !== 'end') return
    const opened = open.pop() ?? -1
    ends.set(opened, at)
    ends.set(elses.get(opened) ?? opened, at)
  })
  return { ends, elses }
}

interface Label {
  /** Where a branch to it goes on. */
  readonly target: number
  readonly isLoop: boolean
  /** Operands below the block. */
  readonly height: number
  /** Values that a branch to it carries. */
  readonly carries: 0 | 1
}

/** One call of one function. */
export class Frame {
  readonly #instance: Instance
  readonly #instructions: readonly Instruction[]
  readonly #blocks: Blocks
  readonly #locals: Value[]
  readonly #stack: Value[] = []
  readonly #labels: Label[] = []
  #next = 0

  constructor(instance: Instance, instructions: readonly Instruction[], blocks: Blocks, locals: Value[]) {
    this.#instance = instance
    this.#instructions = instructions
    this.#blocks = blocks
    this.#locals = locals
  }

  run(result: ValueType | undefined): Value | undefined {
    this.#open(this.#instructions.length, result)
    while (this.#next < this.#instructions.length) {
      const instruction = this.#instructions[this.#next++] as Instruction
      this.#instance.count(weightOf(instruction.opcode))
      this.#step(nameOf(instruction), instruction)
    }
    return result === undefined ? undefined : this.#pop()
  }

  #pop(): Value {
    return this.#stack.pop() as Value
  }

  #popNumber(): number {
    return this.#stack.pop() as number
  }

  #push(value: Value | undefined): void {
    if (value !== undefined) this.#stack.push(value)
  }

  #open(target: number, result: ValueType | undefined): void {
    const carries = result === undefined ? 0 : 1
    this.#labels.push({ target, isLoop: false, height: this.#stack.length, carries })
  }

  /** Each pass is counted where it begins. */
  #openLoop(): void {
    this.#instance.count(cost.iteration)
    this.#labels.push({ target: this.#next, isLoop: true, height: this.#stack.length, carries: 0 })
  }

  #branch(depth: number): void {
    const { target, isLoop, height, carries } = this.#labels[this.#labels.length - 1 - depth] as Label
    const carried = carries === 1 ? this.#pop() : undefined
    this.#labels.length -= depth + 1
    this.#stack.length = height
    this.#push(carried)
    this.#next = target
    if (isLoop) this.#openLoop()
  }

  #if(at: number, result: ValueType | undefined): void {
    const end = this.#blocks.ends.get(at) as number
    const condition = this.#pop()
    this.#open(end + 1, result)
    if (condition === 0) this.#next = (this.#blocks.elses.get(at) ?? end - 1) + 1
  }

  #call(index: number): void {
    const { parameters } = this.#instance.functionType(index)
    const values = this.#stack.splice(this.#stack.length - parameters.length)
    this.#push(this.#instance.call(index, values))
  }

  #bulk(use: (target: number, second: number, size: number) => void): void {
    const [target, second, size] = this.#stack.splice(-3) as [number, number, number]
    this.#instance.count(cost.bulk + (size >>> cost.bulkShift))
    use(target, second, size)
  }

  #step(name: string, { operands, constant, result }: Instruction): void {
    const at = this.#next - 1
    const [first = 0, second = 0] = operands
    const { memory, globals } = this.#instance
    switch (name) {
      case 'unreachable':
        throw new Trap('unreachable')
      case 'nop':
        return
      case 'block':
        return this.#open((this.#blocks.ends.get(at) as number) + 1, result)
      case 'loop':
        return this.#openLoop()
      case 'if':
        return this.#if(at, result)
      case 'else':
        // Met only at the end of the arm before it: the arm after it is passed over.
        this.#next = this.#blocks.ends.get(at) as number
        return
      case 'end':
        this.#labels.pop()
        return
      case 'br':
        return this.#branch(first)
      case 'br_if':
        if (this.#pop() !== 0) this.#branch(first)
        return
      case 'br_table': {
        const index = this.#popNumber() >>> 0
        return this.#branch(operands[Math.min(index, operands.length - 1)] as number)
      }
      case 'return':
        return this.#branch(this.#labels.length - 1)
      case 'call':
        return this.#call(first)
      case 'call_indirect':
        return this.#call(this.#instance.indirect(first, this.#popNumber() >>> 0))
      case 'drop':
        this.#pop()
        return
      case 'select': {
        const [whenTrue, whenFalse, condition] = this.#stack.splice(-3)
        return this.#push(condition === 0 ? whenFalse : whenTrue)
      }
      case 'local.get':
        return this.#push(this.#locals[first])
      case 'local.set':
        this.#locals[first] = this.#pop()
        return
      case 'local.tee':
        this.#locals[first] = this.#stack.at(-1) as Value
        return
      case 'global.get':
        return this.#push(globals[first])
      case 'global.set':
        globals[first] = this.#pop()
        return
      case 'memory.size':
        return this.#push(memory.pages)
      case 'memory.grow':
        this.#instance.count(cost.memoryGrow)
        return this.#push(memory.grow(this.#popNumber()))
      case 'memory.fill':
        return this.#bulk((target, value, size) => memory.fill(target, value, size))
      case 'memory.copy':
        return this.#bulk((target, source, size) => memory.copy(target, source, size))
    }
    if (name.endsWith('.const')) return this.#push(constant)
    if (name.includes('.load')) return this.#push(memory.load(name, this.#popNumber(), second))
    if (name.includes('.store')) {
      const value = this.#pop()
      return memory.store(name, this.#popNumber(), second, value)
    }
    return this.#compute(name)
  }

  #compute(name: string): void {
    const operation = arithmetic.get(name)
    if (operation === undefined) throw new Error(`there is no instruction ${name}`)
    const right = operation.takes === 2 ? this.#pop() : 0
    this.#push(operation.compute(this.#pop(), right))
  }
}
