// Values at which instructions behave differently, as the bits that they have: an i32 or f32 as a number, an i64 or f64
// as a bigint, which is how they cross between JavaScript and a module without being touched.

import type { ValueType } from '../../host/engine/wasm/module.ts'

export type Bits = number | bigint

const scratch = new DataView(new ArrayBuffer(8))

export function f32Bits(value: number): number {
  scratch.setFloat32(0, value)
  return scratch.getInt32(0)
}

export function f64Bits(value: number): bigint {
  scratch.setFloat64(0, value)
  return scratch.getBigInt64(0)
}

/** Zero, one, minus one, the ends of each width that is extended from or written in, shift counts around the width. */
const i32 = [
  ...[0, 1, -1, 2, -2, 3, 7, 10, 31, 32, 33, 0x55555555, 0x12345678],
  ...[63, 64, -64, -65, 8191, 8192, -8192, -8193],
  ...[0x7f, 0x80, -0x80, 0xff, 0x7fff, 0x8000, -0x8000, 0xffff, 0x7ffffffe, 0x7fffffff, -0x80000000],
]

const i64 = [
  ...i32.map(BigInt),
  ...[65n, 127n, 0xffffffffn, 0x80000000n, 0x100000000n, 0x5555555555555555n, 0x123456789abcdef0n],
  ...[0x7ffffffffffffffen, 0x7fffffffffffffffn, -0x8000000000000000n, -0x7fffffffffffffffn],
]

/** Halves, for what rounds; and the borders of conversions to integers, to which their neighbours are added. */
const plain = [0, 1, 0.5, 1.5, 2.5, 3, 10, 1e10, 1e-10, Math.PI, 8388607.5, 4503599627370495.5]
const borders = [1, 2 ** 24, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63, 2 ** 64]

/** Magnitudes as bits, each with its two neighbours. */
function around<Magnitude extends Bits>(
  magnitudes: Magnitude[],
  next: (bits: Magnitude, step: 1 | -1) => Magnitude,
) {
  return magnitudes.flatMap((bits) => [bits, next(bits, 1), next(bits, -1)])
}

/** In both signs. NaNs: canonical, with another payload, signalling, and with every bit of the payload. */
const f32 = [
  ...plain.map(f32Bits),
  ...around(borders.map(f32Bits), (bits, step) => bits + step),
  ...[0x00000001, 0x007fffff, 0x00800000, 0x7f7fffff], // the ends of the subnormal and of the normal numbers
  ...[0x7f800000, 0x7fc00000, 0x7fc00001, 0x7fe12345, 0x7f800001, 0x7fa00000, 0x7fffffff],
].flatMap((bits) => [bits, bits | 0x80000000])

const f64 = [
  ...plain.map(f64Bits),
  ...around(borders.map(f64Bits), (bits, step) => bits + BigInt(step)),
  ...[2 ** 31 - 0.5, 2 ** 31 + 0.5, 2 ** 32 - 0.5].map(f64Bits),
  // What becomes the largest f32, infinity or a subnormal number when it is demoted, and what almost does.
  ...[
    0x47efffffe0000000n,
    0x47efffffefffffffn,
    0x47effffff0000000n,
    0x36a0000000000000n,
    0x3690000000000000n,
  ],
  ...[0x1n, 0x000fffffffffffffn, 0x0010000000000000n, 0x7fefffffffffffffn],
  ...[0x7ff0000000000000n, 0x7ff8000000000000n, 0x7ff8000000000001n, 0x7ffc123456789abcn],
  ...[0x7ff0000000000001n, 0x7ff4000000000000n, 0x7fffffffffffffffn],
].flatMap((bits) => [bits, BigInt.asIntN(64, bits | (1n << 63n))])

export const edges: Readonly<Record<ValueType, readonly Bits[]>> = { i32, i64, f32, f64 }

export const canonicalNan = { f32: 0x7fc00000, f64: 0x7ff8000000000000n } as const

/** A few of each, for where every pair would be too much: both zeros, both infinities, NaNs of each kind. */
export const fewEdges: Readonly<Record<ValueType, readonly Bits[]>> = {
  i32: [0, 1, -1, 0x12345678, -0x80000000],
  i64: [0n, 1n, -1n, 0x123456789abcdef0n, -0x8000000000000000n],
  f32: [0, 1 << 31, 1, 0x7f800000, -0x800000, 0x7fc00000, 0x7fe12345, 0x7f800001, -1].map((bits) => bits | 0),
  f64: [0n, -(1n << 63n), 1n, f64Bits(1 / 3), f64Bits(-1 / 0), 0x7ff8000000000000n, 0x7ff0000000000001n, -1n],
}

export function isNan(type: 'f32' | 'f64', bits: Bits): boolean {
  if (type === 'f32') return (Number(bits) & 0x7fffffff) > 0x7f800000
  return (BigInt(bits) & 0x7fffffffffffffffn) > 0x7ff0000000000000n
}
