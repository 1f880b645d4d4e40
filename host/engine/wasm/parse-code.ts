/**
 * Function bodies: every opcode against the table, every index against the module's own counts, blocks properly nested.
 * Whether operands have the right types is V8's to say.
 */

import { bounds } from './bounds.ts'
import type { ByteReader } from './byte-reader.ts'
import {
  FIRST_ACCESS,
  featureOf,
  type Immediate,
  naturalAlignment,
  type Operation,
  op,
  operationOf,
  PREFIX_MISC,
} from './instructions.ts'
import type { FunctionBody, Instruction, ValueType } from './module.ts'
import { readConstant, readValueType, valueType } from './parse-types.ts'
import { badIndex, malformed, overBound, refuseFeature } from './refusal.ts'

/** What indices in a body are held against. */
export interface CodeCounts {
  readonly types: number
  readonly functions: number
  readonly tables: number
  readonly memories: number
  readonly globals: number
}

const NONE: readonly number[] = []
const EMPTY_BLOCK = 0x40
/** In the alignment of an access: a memory index follows. */
const MEMORY_INDEX_FLAG = 0x40

function readLocals(reader: ByteReader, parameters: number): FunctionBody['locals'] {
  const offset = reader.at
  const runs = reader.u32()
  const locals: { count: number; type: ValueType }[] = []
  let total = parameters
  for (let run = 0; run < runs; run++) {
    const count = reader.u32()
    total += count
    if (total > bounds.locals || run >= bounds.locals) {
      throw overBound(offset, `a function has ${total} parameters and locals`, bounds.locals)
    }
    locals.push({ count, type: readValueType(reader) })
  }
  return locals
}

function readOpcode(reader: ByteReader): { opcode: number; immediate: Immediate } {
  const offset = reader.at
  const byte = reader.byte()
  const number = byte === PREFIX_MISC ? reader.u32() : 0
  const opcode = byte === PREFIX_MISC ? 0xfc00 + Math.min(number, 0xff) : byte
  const operation: Operation | undefined = operationOf(opcode)
  if (operation !== undefined) return { opcode, immediate: operation.immediate }
  const feature = featureOf(opcode)
  throw feature === undefined
    ? malformed(offset, 'there is no such instruction')
    : refuseFeature(feature, offset)
}

class BodyParser {
  readonly #reader: ByteReader
  readonly #counts: CodeCounts
  readonly #locals: number
  /** Opcodes of the open blocks; the function's own block is the first. */
  readonly #open: number[] = [op.block]
  readonly instructions: Instruction[] = []

  constructor(reader: ByteReader, counts: CodeCounts, locals: number) {
    this.#reader = reader
    this.#counts = counts
    this.#locals = locals
  }

  parse(): void {
    while (this.#open.length > 0) this.instructions.push(this.#instruction())
    if (!this.#reader.isAtEnd) throw malformed(this.#reader.at, 'a function goes on after its end')
  }

  #index(what: string, count: number): number {
    const offset = this.#reader.at
    const index = this.#reader.u32()
    if (index >= count) throw badIndex(offset, what, index, count)
    return index
  }

  #instruction(): Instruction {
    const offset = this.#reader.at
    const { opcode, immediate } = readOpcode(this.#reader)
    const given = { opcode, offset, operands: NONE, constant: undefined, result: undefined }
    switch (immediate) {
      case 'none':
        if (opcode === op.else || opcode === op.end) this.#close(opcode, offset)
        return given
      case 'block':
        return { ...given, result: this.#block(opcode, offset) }
      case 'i32':
      case 'i64':
      case 'f32':
      case 'f64':
        return { ...given, constant: readConstant(this.#reader, opcode) }
      default:
        return { ...given, operands: this.#operands(opcode, immediate) }
    }
  }

  #close(opcode: number, offset: number): void {
    const block = this.#open.at(-1)
    if (opcode === op.end) this.#open.pop()
    else if (block === op.if) this.#open[this.#open.length - 1] = op.else
    else throw malformed(offset, 'an else has no if')
  }

  #block(opcode: number, offset: number): ValueType | undefined {
    if (this.#open.length > bounds.nesting)
      throw overBound(offset, 'blocks are nested deeper', bounds.nesting)
    this.#open.push(opcode)
    const byte = this.#reader.byte()
    if (byte === EMPTY_BLOCK) return undefined
    // A type index, which begins with a byte below 0x40 or with a continuation, is a block with parameters.
    if (byte < EMPTY_BLOCK || byte >= 0x80) throw refuseFeature('multi-value', offset)
    return valueType(byte, offset)
  }

  #operands(opcode: number, immediate: Immediate): readonly number[] {
    switch (immediate) {
      case 'label':
        return [this.#index('block to leave', this.#open.length)]
      case 'labels':
        return this.#labels()
      case 'function':
        return [this.#index('function', this.#counts.functions)]
      case 'indirect':
        return [this.#index('type', this.#counts.types), this.#index('table', this.#counts.tables)]
      case 'local':
        return [this.#index('local', this.#locals)]
      case 'global':
        return [this.#index('global', this.#counts.globals)]
      case 'memory':
        return this.#access(opcode)
      case 'zero':
        return [this.#memory()]
      case 'zeros':
        return [this.#memory(), this.#memory()]
      default:
        return NONE
    }
  }

  #labels(): number[] {
    const offset = this.#reader.at
    const count = this.#reader.u32()
    if (count > bounds.branchTargets)
      throw overBound(offset, `a br_table has ${count} targets`, bounds.branchTargets)
    return Array.from({ length: count + 1 }, () => this.#index('block to leave', this.#open.length))
  }

  #access(opcode: number): number[] {
    const offset = this.#reader.at
    const alignment = this.#reader.u32()
    if (alignment >= MEMORY_INDEX_FLAG) throw refuseFeature('several memories', offset)
    if (this.#counts.memories === 0) throw badIndex(offset, 'memory', 0, 0)
    if (alignment > (naturalAlignment[opcode - FIRST_ACCESS] ?? 0)) {
      throw malformed(offset, 'an access claims more than its natural alignment')
    }
    return [alignment, this.#reader.u32()]
  }

  #memory(): number {
    const offset = this.#reader.at
    if (this.#reader.byte() !== 0) throw refuseFeature('several memories', offset)
    if (this.#counts.memories === 0) throw badIndex(offset, 'memory', 0, 0)
    return 0
  }
}

/** One entry of the code section, whose size has been read. */
export function parseBody(reader: ByteReader, counts: CodeCounts, parameters: number): FunctionBody {
  const locals = readLocals(reader, parameters)
  const total = locals.reduce((sum, { count }) => sum + count, parameters)
  const parser = new BodyParser(reader, counts, total)
  parser.parse()
  return { locals, instructions: parser.instructions }
}
