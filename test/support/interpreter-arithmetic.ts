// What each numeric instruction computes, in the plainest way that is right: integers as bigint, floats as JavaScript's
// numbers, rounded once. It is kept apart from the product's code, which has nothing of the kind, and from V8, which it
// is held against. Values keep every bit: a float is its bits, because JavaScript may change a NaN that it carries.

import type { ValueType } from '../../host/engine/wasm/module.ts'

/** An i32 is a signed number, an i64 a signed bigint; an f32 is its bits as a number, an f64 its bits as a bigint. */
export type Value = number | bigint

export type TrapReason =
  | 'unreachable'
  | 'memory'
  | 'table'
  | 'signature'
  | 'division by zero'
  | 'overflow'
  | 'conversion'

export class Trap extends Error {
  readonly reason: TrapReason

  constructor(reason: TrapReason) {
    super(reason)
    this.reason = reason
  }
}

interface Arithmetic {
  readonly takes: 1 | 2
  readonly compute: (a: Value, b: Value) => Value
}

/** By the names of the text format. */
export const arithmetic = new Map<string, Arithmetic>()

function unary<Operand extends Value>(name: string, compute: (a: Operand) => Value): void {
  arithmetic.set(name, { takes: 1, compute: (a) => compute(a as Operand) })
}

function binary<Operand extends Value>(name: string, compute: (a: Operand, b: Operand) => Value): void {
  arithmetic.set(name, { takes: 2, compute: (a, b) => compute(a as Operand, b as Operand) })
}

function forEach<Function>(functions: Record<string, Function>, use: (name: string, one: Function) => void) {
  for (const [name, one] of Object.entries(functions)) use(name, one)
}

const wrap = {
  i32: (value: bigint): Value => Number(BigInt.asIntN(32, value)),
  i64: (value: bigint): Value => BigInt.asIntN(64, value),
}

function defineIntegers(type: 'i32' | 'i64', bits: 32 | 64): void {
  const unsigned = (value: bigint) => BigInt.asUintN(bits, value)
  const digits = (value: bigint) => unsigned(value).toString(2).padStart(bits, '0')
  const distance = (value: bigint) => unsigned(value) % BigInt(bits)
  const rotate = (value: bigint, by: bigint) =>
    (unsigned(value) << by) | (unsigned(value) >> (BigInt(bits) - by))
  const divisor = (value: bigint) => {
    if (value === 0n) throw new Trap('division by zero')
    return value
  }
  const signedQuotient = (a: bigint, b: bigint) => {
    const quotient = a / divisor(b)
    if (quotient !== BigInt.asIntN(bits, quotient)) throw new Trap('overflow')
    return quotient
  }
  const binaries: Record<string, (a: bigint, b: bigint) => bigint> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div_s: signedQuotient,
    div_u: (a, b) => unsigned(a) / divisor(unsigned(b)),
    rem_s: (a, b) => a % divisor(b),
    rem_u: (a, b) => unsigned(a) % divisor(unsigned(b)),
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
    shl: (a, b) => a << distance(b),
    shr_s: (a, b) => a >> distance(b),
    shr_u: (a, b) => unsigned(a) >> distance(b),
    rotl: (a, b) => rotate(a, distance(b)),
    rotr: (a, b) => rotate(a, BigInt(bits) - distance(b)),
  }
  const comparisons: Record<string, (a: bigint, b: bigint) => boolean> = {
    eq: (a, b) => a === b,
    ne: (a, b) => a !== b,
    lt_s: (a, b) => a < b,
    lt_u: (a, b) => unsigned(a) < unsigned(b),
    gt_s: (a, b) => a > b,
    gt_u: (a, b) => unsigned(a) > unsigned(b),
    le_s: (a, b) => a <= b,
    le_u: (a, b) => unsigned(a) <= unsigned(b),
    ge_s: (a, b) => a >= b,
    ge_u: (a, b) => unsigned(a) >= unsigned(b),
  }
  const unaries: Record<string, (a: bigint) => bigint> = {
    clz: (a) => BigInt(digits(a).replace(/1.*/, '').length),
    ctz: (a) => BigInt(digits(a).replace(/.*1/, '').length),
    popcnt: (a) => BigInt(digits(a).replaceAll('0', '').length),
    extend8_s: (a) => BigInt.asIntN(8, a),
    extend16_s: (a) => BigInt.asIntN(16, a),
    ...(type === 'i64' && { extend32_s: (a: bigint) => BigInt.asIntN(32, a) }),
  }
  forEach(binaries, (name, compute) => {
    binary(`${type}.${name}`, (a, b) => wrap[type](compute(BigInt(a), BigInt(b))))
  })
  forEach(comparisons, (name, compare) => {
    binary(`${type}.${name}`, (a, b) => Number(compare(BigInt(a), BigInt(b))))
  })
  forEach(unaries, (name, compute) => {
    unary(`${type}.${name}`, (a) => wrap[type](compute(BigInt(a))))
  })
  unary(`${type}.eqz`, (a) => Number(BigInt(a) === 0n))
}

const view = new DataView(new ArrayBuffer(8))

interface Format {
  /** The number that bits stand for. */
  readonly decode: (bits: Value) => number
  /** Bits of a number, rounded if need be; every NaN is the canonical one, as the metered module makes it. */
  readonly encode: (value: number) => Value
}

const f32: Format = {
  decode(bits) {
    view.setUint32(0, bits as number)
    return view.getFloat32(0)
  },
  encode(value) {
    if (Number.isNaN(value)) return 0x7fc00000
    view.setFloat32(0, value)
    return view.getUint32(0)
  },
}

const f64: Format = {
  decode(bits) {
    view.setBigUint64(0, bits as bigint)
    return view.getFloat64(0)
  },
  encode(value) {
    if (Number.isNaN(value)) return 0x7ff8000000000000n
    view.setFloat64(0, value)
    return view.getBigUint64(0)
  },
}

/** A value as JavaScript gets it from V8: a float as a number, whose NaN has lost its bits. */
export function asHostSees(type: ValueType, value: Value): Value {
  if (type === 'f32') return f32.decode(value)
  return type === 'f64' ? f64.decode(value) : value
}

function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0)
}

/** To the nearest integer, ties to the even one: from 2^52 on a double has no fraction, and adding rounds it away. */
function nearest(value: number): number {
  const magnitude = Math.abs(value)
  if (!(magnitude < 2 ** 52)) return value
  const rounded = magnitude + 2 ** 52 - 2 ** 52
  return isNegative(value) ? -rounded : rounded
}

/** An f32's own operations are exact in f64 and rounded once more: what comes of it is the same (IEEE 754). */
function defineFloats(type: 'f32' | 'f64', { decode, encode }: Format, sign: Value): void {
  const binaries: Record<string, (a: number, b: number) => number> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div: (a, b) => a / b,
    min: Math.min,
    max: Math.max,
  }
  const comparisons: Record<string, (a: number, b: number) => boolean> = {
    eq: (a, b) => a === b,
    ne: (a, b) => a !== b,
    lt: (a, b) => a < b,
    gt: (a, b) => a > b,
    le: (a, b) => a <= b,
    ge: (a, b) => a >= b,
  }
  const { ceil, floor, trunc, sqrt } = Math
  forEach(binaries, (name, compute) => {
    binary(`${type}.${name}`, (a, b) => encode(compute(decode(a), decode(b))))
  })
  forEach(comparisons, (name, compare) => {
    binary(`${type}.${name}`, (a, b) => Number(compare(decode(a), decode(b))))
  })
  forEach({ ceil, floor, trunc, nearest, sqrt }, (name, compute) => {
    unary(`${type}.${name}`, (a) => encode(compute(decode(a))))
  })
  // These only touch the sign's bit, also of a NaN.
  const mask = BigInt(sign)
  const bits = (value: bigint): Value => (type === 'f32' ? Number(value) : value)
  unary(`${type}.abs`, (a) => bits(BigInt(a) & ~mask))
  unary(`${type}.neg`, (a) => bits(BigInt(a) ^ mask))
  binary(`${type}.copysign`, (a, b) => bits((BigInt(a) & ~mask) | (BigInt(b) & mask)))
}

/** The nearest f32. A bigint may have more bits than a double: what is cut off stays as one bit that tells of it. */
function integerToF32(value: bigint): number {
  const magnitude = value < 0n ? -value : value
  if (magnitude < 2n ** 53n) return Math.fround(Number(value))
  const kept = magnitude >> 16n
  const isExact = kept << 16n === magnitude
  const rounded = Math.fround(Number(isExact ? kept : kept | 1n)) * 2 ** 16
  return value < 0n ? -rounded : rounded
}

function defineConversions(type: 'i32' | 'i64', bits: 32 | 64): void {
  const unsigned = (value: Value) => BigInt.asUintN(bits, BigInt(value))
  const ranges = {
    s: { least: -(2n ** BigInt(bits - 1)), most: 2n ** BigInt(bits - 1) - 1n },
    u: { least: 0n, most: 2n ** BigInt(bits) - 1n },
  }
  forEach(ranges, (sign, { least, most }) => {
    forEach({ f32, f64 }, (from, { decode }) => {
      unary(`${type}.trunc_${from}_${sign}`, (a) => {
        const value = Math.trunc(decode(a))
        if (!Number.isFinite(value)) throw new Trap('conversion')
        if (BigInt(value) < least || BigInt(value) > most) throw new Trap('conversion')
        return wrap[type](BigInt(value))
      })
      unary(`${type}.trunc_sat_${from}_${sign}`, (a) => {
        const value = Math.trunc(decode(a))
        if (Number.isNaN(value)) return wrap[type](0n)
        if (value <= Number(least)) return wrap[type](least)
        return wrap[type](value >= Number(most) ? most : BigInt(value))
      })
    })
  })
  unary(`f32.convert_${type}_s`, (a) => f32.encode(integerToF32(BigInt(a))))
  unary(`f32.convert_${type}_u`, (a) => f32.encode(integerToF32(unsigned(a))))
  unary(`f64.convert_${type}_s`, (a) => f64.encode(Number(a)))
  unary(`f64.convert_${type}_u`, (a) => f64.encode(Number(unsigned(a))))
}

defineIntegers('i32', 32)
defineIntegers('i64', 64)
defineFloats('f32', f32, 0x8000_0000)
defineFloats('f64', f64, 0x8000_0000_0000_0000n)
defineConversions('i32', 32)
defineConversions('i64', 64)
unary<bigint>('i32.wrap_i64', wrap.i32)
unary<number>('i64.extend_i32_s', (a) => BigInt(a))
unary<number>('i64.extend_i32_u', (a) => BigInt(a >>> 0))
unary('f32.demote_f64', (a) => f32.encode(f64.decode(a)))
unary('f64.promote_f32', (a) => f64.encode(f32.decode(a)))
unary<number>('i32.reinterpret_f32', (a) => a | 0)
unary<number>('f32.reinterpret_i32', (a) => a >>> 0)
unary<bigint>('i64.reinterpret_f64', (a) => BigInt.asIntN(64, a))
unary<bigint>('f64.reinterpret_i64', (a) => BigInt.asUintN(64, a))
