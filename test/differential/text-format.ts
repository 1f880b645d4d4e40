// Pieces of WebAssembly's text format that name no instruction under test: how a float crosses between JavaScript and a
// module as the integer that has its bits, so that no NaN is changed on the way, and how its bits are written down.

import type { ValueType } from '../../host/engine/wasm/module.ts'
import type { Bits } from './edge-values.ts'

export const types: readonly ValueType[] = ['i32', 'i64', 'f32', 'f64']
export const bitsType = { i32: 'i32', i64: 'i64', f32: 'i32', f64: 'i64' } as const

/** An operand of the given type, from the bits in a local. */
export function fromBits(type: ValueType, local: number): string {
  const bits = `(local.get ${local})`
  return type === bitsType[type] ? bits : `(${type}.reinterpret_${bitsType[type]} ${bits})`
}

export function toBits(type: ValueType, value: string): string {
  return type === bitsType[type] ? value : `(${bitsType[type]}.reinterpret_${type} ${value})`
}

/** Fraction bits and the exponent of infinity. */
const formats = {
  f32: { width: 32, fraction: 23n, most: 0xffn },
  f64: { width: 64, fraction: 52n, most: 0x7ffn },
}

/** A constant; of a float every bit, a NaN's payload too. */
export function literal(type: ValueType, bits: Bits): string {
  if (type === 'i32' || type === 'i64') return `${bits}`
  const { width, fraction, most } = formats[type]
  const whole = BigInt.asUintN(width, BigInt(bits))
  const sign = whole >> BigInt(width - 1) === 1n ? '-' : ''
  const exponent = (whole >> fraction) & most
  const payload = whole & ((1n << fraction) - 1n)
  if (exponent === most) return payload === 0n ? `${sign}inf` : `${sign}nan:0x${payload.toString(16)}`
  const isSubnormal = exponent === 0n
  const significand = isSubnormal ? payload : payload | (1n << fraction)
  const power = (isSubnormal ? 1n : exponent) - (most >> 1n) - fraction
  return `${sign}0x${significand.toString(16)}p${power}`
}

/** All combinations of one of each. */
export function every(...lists: (readonly Bits[])[]): Bits[][] {
  return lists.reduce<Bits[][]>(
    (all, list) => all.flatMap((one) => list.map((value) => [...one, value])),
    [[]],
  )
}

/** A module, and what to call in it. */
export interface Program {
  readonly text: string
  readonly calls: readonly { readonly name: string; readonly given: readonly Bits[] }[]
}
