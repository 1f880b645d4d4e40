/**
 * The binary form of a module (core specification, chapter 5): one for each module, with numbers as short as they can
 * be, sections that are not empty, and no custom sections.
 */

import { ByteWriter } from './byte-writer.ts'
import { type Operation, op, operationOf, PREFIX_MISC } from './instructions.ts'
import type {
  ExternalKind,
  FunctionBody,
  FunctionType,
  Import,
  Instruction,
  Limits,
  Module,
  ValueType,
} from './module.ts'

const HEADER = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
const EMPTY_BLOCK = 0x40
const FUNCTION_TYPE = 0x60
const FUNCTION_REFERENCE = 0x70

const typeByte: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c }
const kindByte: Record<ExternalKind, number> = { function: 0, table: 1, memory: 2, global: 3 }

function writeType(to: ByteWriter, { parameters, result }: FunctionType): void {
  to.byte(FUNCTION_TYPE)
  to.u32(parameters.length)
  for (const type of parameters) to.byte(typeByte[type])
  to.u32(result === undefined ? 0 : 1)
  if (result !== undefined) to.byte(typeByte[result])
}

function writeLimits(to: ByteWriter, { minimum, maximum }: Limits): void {
  to.byte(maximum === undefined ? 0 : 1)
  to.u32(minimum)
  if (maximum !== undefined) to.u32(maximum)
}

function writeTable(to: ByteWriter, limits: Limits): void {
  to.byte(FUNCTION_REFERENCE)
  writeLimits(to, limits)
}

function writeGlobalType(to: ByteWriter, { type, mutable }: { type: ValueType; mutable: boolean }): void {
  to.byte(typeByte[type])
  to.byte(mutable ? 1 : 0)
}

function writeImport(to: ByteWriter, one: Import): void {
  to.name(one.from)
  to.name(one.name)
  to.byte(kindByte[one.kind])
  if (one.kind === 'function') to.u32(one.type)
  else if (one.kind === 'table') writeTable(to, one.limits)
  else if (one.kind === 'memory') writeLimits(to, one.limits)
  else writeGlobalType(to, one)
}

function writeConstant(to: ByteWriter, { opcode, constant }: Instruction): void {
  if (opcode === op.i32_const) to.s32(constant as number)
  else if (opcode === op.f32_const) to.word(constant as number)
  else if (opcode === op.i64_const) to.s64(constant as bigint)
  else to.doubleWord(constant as bigint)
}

function writeOpcode(to: ByteWriter, opcode: number): void {
  if (opcode < 0x100) return to.byte(opcode)
  to.byte(PREFIX_MISC)
  to.u32(opcode & 0xff)
}

function writeInstruction(to: ByteWriter, instruction: Instruction): void {
  const { opcode, operands, result } = instruction
  const { immediate } = operationOf(opcode) as Operation
  writeOpcode(to, opcode)
  switch (immediate) {
    case 'none':
      return
    case 'block':
      return to.byte(result === undefined ? EMPTY_BLOCK : typeByte[result])
    case 'i32':
    case 'i64':
    case 'f32':
    case 'f64':
      return writeConstant(to, instruction)
    case 'labels':
      to.u32(operands.length - 1)
  }
  for (const operand of operands) to.u32(operand)
}

function writeExpression(to: ByteWriter, instruction: Instruction): void {
  writeInstruction(to, instruction)
  to.byte(op.end)
}

function writeBody(to: ByteWriter, { locals, instructions }: FunctionBody): void {
  to.u32(locals.length)
  for (const { count, type } of locals) {
    to.u32(count)
    to.byte(typeByte[type])
  }
  for (const instruction of instructions) writeInstruction(to, instruction)
}

class ModuleWriter {
  readonly #out = new ByteWriter(64 * 1024)

  #section(id: number, content: ByteWriter): void {
    this.#out.byte(id)
    this.#out.prefixed(content.view())
  }

  /** A section that is a list; none if the list is empty. */
  #list<Item>(id: number, items: readonly Item[], write: (to: ByteWriter, item: Item) => void): void {
    if (items.length === 0) return
    const content = new ByteWriter()
    content.u32(items.length)
    for (const item of items) write(content, item)
    this.#section(id, content)
  }

  write(module: Module): Uint8Array<ArrayBuffer> {
    const { types, imports, functions, table, memory, globals, exports, start, elements, bodies, data } =
      module
    this.#out.bytes(HEADER)
    this.#list(1, types, writeType)
    this.#list(2, imports, writeImport)
    this.#list(3, functions, (to, type) => to.u32(type))
    this.#list(4, table === undefined ? [] : [table], writeTable)
    this.#list(5, memory === undefined ? [] : [memory], writeLimits)
    this.#list(6, globals, (to, global) => {
      writeGlobalType(to, global)
      writeExpression(to, global.initial)
    })
    this.#list(7, exports, (to, { name, kind, index }) => {
      to.name(name)
      to.byte(kindByte[kind])
      to.u32(index)
    })
    if (start !== undefined) {
      const content = new ByteWriter()
      content.u32(start)
      this.#section(8, content)
    }
    this.#list(9, elements, (to, { offset, functions: indices }) => {
      to.u32(0) // active, in table 0
      writeExpression(to, offset)
      to.u32(indices.length)
      for (const index of indices) to.u32(index)
    })
    this.#list(10, bodies, (to, body) => {
      const content = new ByteWriter()
      writeBody(content, body)
      to.prefixed(content.view())
    })
    this.#list(11, data, (to, { offset, bytes }) => {
      to.u32(0) // active, in memory 0
      writeExpression(to, offset)
      to.prefixed(bytes)
    })
    return this.#out.view().slice()
  }
}

export function writeModule(module: Module): Uint8Array<ArrayBuffer> {
  return new ModuleWriter().write(module)
}
