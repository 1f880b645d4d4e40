/**
 * How much stack a function takes, as an upper bound that does not depend on V8's version or tier: every parameter,
 * local and operand is a slot. V8's baseline compiler gives each at most eight bytes; its optimising compiler keeps
 * fewer of them.
 *
 * Only for functions that V8 has validated: a height means something only where the types are right.
 */

import { op, operationOf } from './instructions.ts'
import type { FunctionBody, FunctionType, Instruction, Module } from './module.ts'

interface Block {
  /** Operands below it. */
  readonly base: number
  readonly results: number
}

/** What follows cannot be reached before the block ends or its else begins. */
const leaves = new Set<number>([op.unreachable, op.br, op.br_table, op.return])

function count(result: unknown): number {
  return result === undefined ? 0 : 1
}

/** Follows the operand stack of one function through its body. */
class OperandStack {
  readonly #types: Module['types']
  readonly #functions: readonly FunctionType[]
  readonly #blocks: Block[]
  #height = 0
  highest = 0

  constructor(types: Module['types'], functions: readonly FunctionType[], type: FunctionType) {
    this.#types = types
    this.#functions = functions
    this.#blocks = [{ base: 0, results: count(type.result) }]
  }

  /** Where code cannot be reached, a stack may be taken from that has nothing: it stays at the block's base. */
  #change(takes: number, gives: number): void {
    const base = this.#blocks.at(-1)?.base ?? 0
    this.#height = Math.max(this.#height - takes, base) + gives
    if (this.#height > this.highest) this.highest = this.#height
  }

  #call({ parameters, result }: FunctionType): void {
    this.#change(parameters.length, count(result))
  }

  follow({ opcode, operands, result }: Instruction): void {
    const { takes, leaves: gives } = operationOf(opcode) as { takes: number; leaves: number }
    this.#change(takes, gives)
    if (opcode === op.block || opcode === op.loop || opcode === op.if) {
      this.#blocks.push({ base: this.#height, results: count(result) })
    } else if (opcode === op.else) {
      this.#height = this.#blocks.at(-1)?.base ?? 0
    } else if (opcode === op.end) {
      const { base, results } = this.#blocks.pop() as Block
      this.#height = base
      this.#change(0, results)
    } else if (opcode === op.call) {
      this.#call(this.#functions[operands[0] as number] as FunctionType)
    } else if (opcode === op.call_indirect) {
      this.#call(this.#types[operands[0] as number] as FunctionType)
    } else if (leaves.has(opcode)) {
      this.#height = this.#blocks.at(-1)?.base ?? 0
    }
  }
}

/** The most operands that are on the stack at once. `functions` are the types of all functions, by index. */
export function operandHeight(
  types: Module['types'],
  functions: readonly FunctionType[],
  type: FunctionType,
  body: FunctionBody,
): number {
  const stack = new OperandStack(types, functions, type)
  for (const instruction of body.instructions) stack.follow(instruction)
  return stack.highest
}
