/**
 * Counts how often each straight piece of code runs, in a module that has been metered: whoever asks what a policy did gets
 * the very fuel and the very end that it has in a host, because what counts is added after the metering and charged nothing.
 * For authors' tools only. No evaluator runs such a module.
 */

import { op, opcodeOf } from './instructions.ts'
import type { FunctionBody, Global, Instruction, Module } from './module.ts'
import { reserved } from './reserved.ts'

/** Instructions of which all run if the first does, unless one of them traps. */
export interface Piece {
  /** Among the module's own functions. */
  readonly body: number
  /** Of its instructions in the upload: bytes from its start. */
  readonly offsets: readonly number[]
}

export interface Traced {
  readonly module: Module
  /** The count of the first one is in the first of the globals that were added, which come last. */
  readonly pieces: readonly Piece[]
}

/** After these, control may come from elsewhere or may not come at all. */
const endsPiece = new Set<number>([op.if, op.else, op.loop, op.end, opcodeOf('br_if')])

function instruction(opcode: number, operands: readonly number[], constant?: number): Instruction {
  return { opcode, offset: 0, operands, constant, result: undefined }
}

const zero = instruction(op.i32_const, [], 0)
const one = instruction(op.i32_const, [], 1)
const add = instruction(op.i32_add, [])

class Tracer {
  readonly pieces: Piece[] = []
  readonly #firstGlobal: number

  constructor(firstGlobal: number) {
    this.#firstGlobal = firstGlobal
  }

  /** What the rewriter has added has no offset; a piece of nothing else is not counted. */
  trace({ locals, instructions }: FunctionBody, body: number): FunctionBody {
    const traced: Instruction[] = []
    let piece: Instruction[] = []
    const close = () => {
      const offsets = piece.map(({ offset }) => offset).filter((offset) => offset > 0)
      if (offsets.length > 0) {
        const counter = [this.#firstGlobal + this.pieces.push({ body, offsets }) - 1]
        traced.push(instruction(op.global_get, counter), one, add, instruction(op.global_set, counter))
      }
      for (const each of piece) traced.push(each)
      piece = []
    }
    for (const each of instructions) {
      piece.push(each)
      if (endsPiece.has(each.opcode)) close()
    }
    close()
    return { locals, instructions: traced }
  }
}

/** `metered` imports no globals, as no policy does. */
export function traceModule(metered: Module): Traced {
  const tracer = new Tracer(metered.globals.length)
  const bodies = metered.bodies.map((body, index) => tracer.trace(body, index))
  const counter: Global = { type: 'i32', mutable: true, initial: zero }
  const numbers = tracer.pieces.map((_, number) => metered.globals.length + number)
  const exports = numbers.map((index) => ({ name: reserved.global(index), kind: 'global', index }) as const)
  const module = {
    ...metered,
    globals: [...metered.globals, ...numbers.map(() => counter)],
    exports: [...metered.exports, ...exports],
    bodies,
  }
  return { module, pieces: tracer.pieces }
}
