// What random programs are made of: every admitted instruction that computes, loads or stores, by the types that it takes
// and leaves, constants at which arithmetic has its edges, and the tape that decides which of them is taken. The types are
// written out here a second time, since the product leaves them to V8.

import type { ValueType } from '../../host/engine/wasm/module.ts'

export const types: readonly ValueType[] = ['i32', 'i64', 'f32', 'f64']

function prefixed(type: string, names: string): string[] {
  return names.split(' ').map((name) => `${type}.${name}`)
}

type Signature = readonly [result: ValueType, operands: readonly ValueType[], names: readonly string[]]

function numeric(type: 'i32' | 'i64'): Signature[] {
  const bits = type === 'i64' ? ' extend32_s' : ''
  const conversions = (from: string) =>
    `trunc_${from}_s trunc_${from}_u trunc_sat_${from}_s trunc_sat_${from}_u`
  return [
    [type, [type, type], prefixed(type, 'add sub mul and or xor shl shr_s shr_u rotl rotr')],
    [type, [type, type], prefixed(type, 'div_s div_u rem_s rem_u')],
    [type, [type], prefixed(type, `clz ctz popcnt extend8_s extend16_s${bits}`)],
    ['i32', [type, type], prefixed(type, 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u')],
    ['i32', [type], prefixed(type, 'eqz')],
    [type, ['f32'], prefixed(type, conversions('f32'))],
    [type, ['f64'], prefixed(type, conversions('f64'))],
  ]
}

function floating(type: 'f32' | 'f64'): Signature[] {
  return [
    [type, [type, type], prefixed(type, 'add sub mul div min max copysign')],
    [type, [type], prefixed(type, 'abs neg ceil floor trunc nearest sqrt')],
    ['i32', [type, type], prefixed(type, 'eq ne lt gt le ge')],
    [type, ['i32'], prefixed(type, 'convert_i32_s convert_i32_u')],
    [type, ['i64'], prefixed(type, 'convert_i64_s convert_i64_u')],
  ]
}

export const signatures: readonly Signature[] = [
  ...numeric('i32'),
  ...numeric('i64'),
  ...floating('f32'),
  ...floating('f64'),
  ['i32', ['i64'], ['i32.wrap_i64']],
  ['i64', ['i32'], ['i64.extend_i32_s', 'i64.extend_i32_u']],
  ['f32', ['f64'], ['f32.demote_f64']],
  ['f64', ['f32'], ['f64.promote_f32']],
  ['i32', ['f32'], ['i32.reinterpret_f32']],
  ['i64', ['f64'], ['i64.reinterpret_f64']],
  ['f32', ['i32'], ['f32.reinterpret_i32']],
  ['f64', ['i64'], ['f64.reinterpret_i64']],
]

export const loads: Readonly<Record<ValueType, readonly string[]>> = {
  i32: prefixed('i32', 'load load8_s load8_u load16_s load16_u'),
  i64: prefixed('i64', 'load load8_s load8_u load16_s load16_u load32_s load32_u'),
  f32: ['f32.load'],
  f64: ['f64.load'],
}

export const stores: Readonly<Record<ValueType, readonly string[]>> = {
  i32: prefixed('i32', 'store store8 store16'),
  i64: prefixed('i64', 'store store8 store16 store32'),
  f32: ['f32.store'],
  f64: ['f64.store'],
}

/** Where arithmetic has its edges: signs, limits, NaNs with payloads, subnormal numbers, the edges of conversions. */
export const constants: Readonly<Record<ValueType, readonly string[]>> = {
  i32: '0 1 -1 2 7 8 31 255 1000 65535 65536 2147483647 -2147483648'.split(' '),
  i64: '0 1 -1 3 63 255 4294967295 -4294967296 9007199254740993 9223372036854775807 -9223372036854775808'.split(
    ' ',
  ),
  f32: '0 1 -0 0.5 -1.5 16777217 2147483648 -1e30 0x7fc00000 0x7fa00001 0xffc12345 0x7f800000 0xff800000 0x00000001'.split(
    ' ',
  ),
  f64: '0 1 -0 0.5 -2.5 4294967296 9223372036854775808 1e300 0x7ff8000000000000 0x7ff4000000000001 0xfff8123456789abc 0x7ff0000000000000 0xfff0000000000000 0x0000000000000001'.split(
    ' ',
  ),
}

/** Decides one thing with each of its bytes. */
export class Tape {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** A number below `count`; 0 where the tape is over. */
  next(count: number): number {
    return (this.#bytes[this.#at++] ?? 0) % count
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.next(items.length)] as Item
  }
}
