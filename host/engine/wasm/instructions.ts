/**
 * The instructions that are admitted: the first version of WebAssembly, sign extension, non-trapping conversions,
 * memory.copy and memory.fill. What is not in this table is refused, by the proposal it belongs to where that is known.
 * Opcodes: core specification, section 5.4; proposals' opcodes from their own documents.
 */

import type { Feature } from './refusal.ts'

/** What follows an opcode in the binary format. */
export type Immediate =
  | 'none'
  | 'block'
  | 'label'
  | 'labels'
  | 'function'
  | 'indirect'
  | 'local'
  | 'global'
  | 'memory'
  | 'zero'
  | 'zeros'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'

export interface Operation {
  /** As the text format writes it. */
  readonly name: string
  readonly immediate: Immediate
  /** Operands it takes and leaves. Those of calls and of what ends a region depend on types and are not here. */
  readonly takes: number
  readonly leaves: number
}

/** Opcodes after the prefix 0xfc are 0xfc00 and their number. */
export const PREFIX_MISC = 0xfc

const operations = new Map<number, Operation>()
const opcodes = new Map<string, number>()

/** Names with opcodes from `first` on. */
function admit(first: number, immediate: Immediate, takes: number, leaves: number, names: string): void {
  for (const [index, name] of names.split(' ').entries()) {
    operations.set(first + index, { name, immediate, takes, leaves })
    opcodes.set(name, first + index)
  }
}

function prefixed(type: string, names: string): string {
  return names
    .split(' ')
    .map((name) => `${type}.${name}`)
    .join(' ')
}

const compareIntegers = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'
const compareFloats = 'eq ne lt gt le ge'
const countBits = 'clz ctz popcnt'
const integerArithmetic = 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr'
const floatUnary = 'abs neg ceil floor trunc nearest sqrt'
const floatBinary = 'add sub mul div min max copysign'
const toFloat = 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u'
const toInteger = 'trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'
const toIntegerSaturating = 'trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u'

admit(0x00, 'none', 0, 0, 'unreachable nop')
admit(0x02, 'block', 0, 0, 'block loop')
admit(0x04, 'block', 1, 0, 'if')
admit(0x05, 'none', 0, 0, 'else')
admit(0x0b, 'none', 0, 0, 'end')
admit(0x0c, 'label', 0, 0, 'br')
admit(0x0d, 'label', 1, 0, 'br_if')
admit(0x0e, 'labels', 1, 0, 'br_table')
admit(0x0f, 'none', 0, 0, 'return')
admit(0x10, 'function', 0, 0, 'call')
admit(0x11, 'indirect', 1, 0, 'call_indirect')
admit(0x1a, 'none', 1, 0, 'drop')
admit(0x1b, 'none', 3, 1, 'select')
admit(0x20, 'local', 0, 1, 'local.get')
admit(0x21, 'local', 1, 0, 'local.set')
admit(0x22, 'local', 1, 1, 'local.tee')
admit(0x23, 'global', 0, 1, 'global.get')
admit(0x24, 'global', 1, 0, 'global.set')
admit(0x28, 'memory', 1, 1, 'i32.load i64.load f32.load f64.load')
admit(0x2c, 'memory', 1, 1, prefixed('i32', 'load8_s load8_u load16_s load16_u'))
admit(0x30, 'memory', 1, 1, prefixed('i64', 'load8_s load8_u load16_s load16_u load32_s load32_u'))
admit(0x36, 'memory', 2, 0, 'i32.store i64.store f32.store f64.store i32.store8 i32.store16')
admit(0x3c, 'memory', 2, 0, prefixed('i64', 'store8 store16 store32'))
admit(0x3f, 'zero', 0, 1, 'memory.size')
admit(0x40, 'zero', 1, 1, 'memory.grow')
admit(0x41, 'i32', 0, 1, 'i32.const')
admit(0x42, 'i64', 0, 1, 'i64.const')
admit(0x43, 'f32', 0, 1, 'f32.const')
admit(0x44, 'f64', 0, 1, 'f64.const')
admit(0x45, 'none', 1, 1, 'i32.eqz')
admit(0x46, 'none', 2, 1, prefixed('i32', compareIntegers))
admit(0x50, 'none', 1, 1, 'i64.eqz')
admit(0x51, 'none', 2, 1, prefixed('i64', compareIntegers))
admit(0x5b, 'none', 2, 1, prefixed('f32', compareFloats))
admit(0x61, 'none', 2, 1, prefixed('f64', compareFloats))
admit(0x67, 'none', 1, 1, prefixed('i32', countBits))
admit(0x6a, 'none', 2, 1, prefixed('i32', integerArithmetic))
admit(0x79, 'none', 1, 1, prefixed('i64', countBits))
admit(0x7c, 'none', 2, 1, prefixed('i64', integerArithmetic))
admit(0x8b, 'none', 1, 1, prefixed('f32', floatUnary))
admit(0x92, 'none', 2, 1, prefixed('f32', floatBinary))
admit(0x99, 'none', 1, 1, prefixed('f64', floatUnary))
admit(0xa0, 'none', 2, 1, prefixed('f64', floatBinary))
admit(0xa7, 'none', 1, 1, `i32.wrap_i64 ${prefixed('i32', toInteger)}`)
admit(0xac, 'none', 1, 1, `i64.extend_i32_s i64.extend_i32_u ${prefixed('i64', toInteger)}`)
admit(0xb2, 'none', 1, 1, `${prefixed('f32', toFloat)} f32.demote_f64`)
admit(0xb7, 'none', 1, 1, `${prefixed('f64', toFloat)} f64.promote_f32`)
admit(0xbc, 'none', 1, 1, 'i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64')
admit(0xc0, 'none', 1, 1, 'i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s')
admit(0xfc00, 'none', 1, 1, `${prefixed('i32', toIntegerSaturating)} ${prefixed('i64', toIntegerSaturating)}`)
admit(0xfc0a, 'zeros', 3, 0, 'memory.copy')
admit(0xfc0b, 'zero', 3, 0, 'memory.fill')

/** Undefined if the instruction is not admitted. */
export function operationOf(opcode: number): Operation | undefined {
  return operations.get(opcode)
}

/** The opcode of an admitted instruction, by its name in the text format. */
export function opcodeOf(name: string): number {
  const opcode = opcodes.get(name)
  if (opcode === undefined) throw new RangeError(`there is no instruction ${name}`)
  return opcode
}

/** Every admitted opcode. */
export function admittedOpcodes(): Iterable<number> {
  return operations.keys()
}

/** The opcodes that the parser and the rewriter have to know. */
export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  br_table: 0x0e,
  return: 0x0f,
  call: 0x10,
  call_indirect: 0x11,
  select: 0x1b,
  local_get: 0x20,
  local_tee: 0x22,
  global_get: 0x23,
  global_set: 0x24,
  memory_grow: 0x40,
  i32_const: 0x41,
  i64_const: 0x42,
  f32_const: 0x43,
  f64_const: 0x44,
  i32_lt_s: 0x48,
  f32_eq: 0x5b,
  f64_eq: 0x61,
  i32_add: 0x6a,
  i32_sub: 0x6b,
  i32_or: 0x72,
  i32_shr_u: 0x76,
  memory_copy: 0xfc0a,
  memory_fill: 0xfc0b,
} as const

export const FIRST_ACCESS = 0x28

/** Binary logarithm of the natural alignment of each load and store, from FIRST_ACCESS on. */
export const naturalAlignment = [2, 3, 2, 3, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 2, 3, 2, 3, 0, 1, 0, 1, 2] as const

/** The proposal that an opcode outside the table belongs to; undefined if it is none that we know. */
export function featureOf(opcode: number): Feature | undefined {
  if ([0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f].includes(opcode)) return 'exceptions'
  if (opcode === 0x12 || opcode === 0x13) return 'tail calls'
  if (opcode === 0x14 || opcode === 0x15 || (opcode >= 0xd4 && opcode <= 0xd6))
    return 'typed function references'
  if (opcode === 0x25 || opcode === 0x26 || (opcode >= 0xfc0c && opcode <= 0xfc11)) return 'table mutation'
  if (opcode === 0x1c || (opcode >= 0xd0 && opcode <= 0xd2)) return 'reference types'
  if (opcode === 0xd3 || opcode === 0xfb) return 'garbage collection'
  if (opcode === 0xfc08 || opcode === 0xfc09) return 'passive segments'
  if (opcode === 0xfd) return 'SIMD'
  if (opcode === 0xfe) return 'threads'
  if (opcode >= 0xe0 && opcode <= 0xe6) return 'stack switching'
  return undefined
}
