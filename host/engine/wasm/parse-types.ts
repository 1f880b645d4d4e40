/**
 * Types, limits and constant expressions: what several sections have in common.
 */

import { bounds } from './bounds.ts'
import type { ByteReader } from './byte-reader.ts'
import { op } from './instructions.ts'
import type { FunctionType, Instruction, Limits, ValueType } from './module.ts'
import { malformed, overBound, Refusal, refuseFeature } from './refusal.ts'

const valueTypes: Readonly<Record<number, ValueType>> = { 127: 'i32', 126: 'i64', 125: 'f32', 124: 'f64' }

/** The first byte of what could be a value type, at `offset`. */
export function valueType(byte: number, offset: number): ValueType {
  const type = valueTypes[byte]
  if (type !== undefined) return type
  if (byte === 0x7b) throw refuseFeature('SIMD', offset)
  if (byte === 0x70 || byte === 0x6f) throw refuseFeature('reference types', offset)
  if (byte === 0x64 || byte === 0x63) throw refuseFeature('typed function references', offset)
  if (byte === 0x69 || byte === 0x74) throw refuseFeature('exceptions', offset)
  if (byte === 0x68 || byte === 0x75) throw refuseFeature('stack switching', offset)
  if (byte >= 0x65 && byte <= 0x78) throw refuseFeature('garbage collection', offset)
  throw malformed(offset, 'there is no such value type')
}

export function readValueType(reader: ByteReader): ValueType {
  const offset = reader.at
  return valueType(reader.byte(), offset)
}

export function readFunctionType(reader: ByteReader): FunctionType {
  const offset = reader.at
  const form = reader.byte()
  if ([0x4e, 0x4f, 0x50, 0x5e, 0x5f].includes(form)) throw refuseFeature('garbage collection', offset)
  if (form === 0x5d) throw refuseFeature('stack switching', offset)
  if (form !== 0x60) throw malformed(offset, 'there is no such type')
  const count = reader.u32()
  if (count > bounds.parameters)
    throw overBound(offset, `a function has ${count} parameters`, bounds.parameters)
  const parameters = Array.from({ length: count }, () => readValueType(reader))
  const results = reader.u32()
  if (results > 1) throw refuseFeature('multi-value', offset)
  return { parameters, result: results === 1 ? readValueType(reader) : undefined }
}

/** Limits of a table or memory. Flag bits: 0 a maximum, 1 shared, 2 64-bit, 3 a page size. */
export function readLimits(reader: ByteReader): Limits {
  const offset = reader.at
  const flags = reader.byte()
  if ((flags & 2) !== 0) throw refuseFeature('threads', offset)
  if ((flags & 4) !== 0) throw refuseFeature('memory64', offset)
  if ((flags & 8) !== 0) throw refuseFeature('custom page sizes', offset)
  if (flags > 1) throw malformed(offset, 'limits have unknown flags')
  const minimum = reader.u32()
  const maximum = flags === 1 ? reader.u32() : undefined
  if (maximum !== undefined && maximum < minimum) throw malformed(offset, 'a maximum is below its minimum')
  return { minimum, maximum }
}

/** What follows one of the four constant instructions. */
export function readConstant(reader: ByteReader, opcode: number): number | bigint {
  if (opcode === op.i32_const) return reader.s32()
  if (opcode === op.i64_const) return reader.s64()
  return opcode === op.f32_const ? reader.word() : reader.doubleWord()
}

const constantTypes: Readonly<Record<number, ValueType>> = {
  [op.i32_const]: 'i32',
  [op.i64_const]: 'i64',
  [op.f32_const]: 'f32',
  [op.f64_const]: 'f64',
}

export type ImportedGlobals = readonly { readonly type: ValueType; readonly mutable: boolean }[]

/**
 * An initial value or a segment's offset: one constant, or one immutable imported global, of the type that is due. A
 * policy imports no globals.
 */
export function readConstantExpression(
  reader: ByteReader,
  type: ValueType,
  globals: ImportedGlobals,
): Instruction {
  const offset = reader.at
  const opcode = reader.byte()
  if (opcode === 0xd0 || opcode === 0xd2) throw refuseFeature('reference types', offset)
  if (opcode === 0xfb) throw refuseFeature('garbage collection', offset)
  if (opcode === 0xfd) throw refuseFeature('SIMD', offset)
  const operands = opcode === op.global_get ? [reader.u32()] : []
  const global = globals[operands[0] ?? -1]
  const actual = global?.mutable === false ? global.type : constantTypes[opcode]
  if (actual === undefined) throw refuseFeature('extended constant expressions', offset)
  const constant = opcode === op.global_get ? undefined : readConstant(reader, opcode)
  const end = reader.at
  if (reader.byte() !== op.end) throw refuseFeature('extended constant expressions', end)
  if (actual !== type) {
    throw new Refusal(
      'ERR_MODULE_INVALID',
      offset,
      `an initial value is ${actual} and must be ${type}; compile it again`,
    )
  }
  return { opcode, offset, operands, constant, result: undefined }
}
