// Numbers that are not numbers: the bits of a NaN may differ between processors, between an engine's tiers and between two
// runs, so a policy that decides by them would decide by chance. Here they are what the specification calls canonical.

import { type Hostile, harmless, stopped } from '../hostile.ts'
import { allowed, at, denied, inUser, place, repeat } from '../prelude.ts'

/** Allows if the bits of a float are these, and denies otherwise. */
function bits32(name: string, cheats: string, value: string, expected: number, more = ''): Hostile {
  const test = `(i32.eq (i32.reinterpret_f32 ${value}) (i32.const ${expected}))`
  return {
    name: `float-${name}`,
    cheats,
    bytes: inUser(`(select ${allowed} ${denied} ${test})`, more),
    must: harmless(),
  }
}

function bits64(name: string, cheats: string, value: string, expected: string, more = ''): Hostile {
  const test = `(i64.eq (i64.reinterpret_f64 ${value}) (i64.const ${expected}))`
  return {
    name: `float-${name}`,
    cheats,
    bytes: inUser(`(select ${allowed} ${denied} ${test})`, more),
    must: harmless(),
  }
}

const NAN32 = 0x7fc00000
const NAN64 = '0x7ff8000000000000'
const strange32 = '(f32.const nan:0x5ec8e7)'
const strange64 = '(f64.const nan:0xdeadbeef5ec8e)'
const zero32 = '(f32.convert_i32_s (i32.shr_u (local.get $given) (i32.const 31)))'
const zero64 = '(f64.convert_i32_s (i32.shr_u (local.get $given) (i32.const 31)))'

export const floats: readonly Hostile[] = [
  bits32('zero-by-zero', 'decides by the bits of 0/0', `(f32.div ${zero32} ${zero32})`, NAN32),
  bits64('zero-by-zero-64', 'decides by the bits of 0/0 in 64 bits', `(f64.div ${zero64} ${zero64})`, NAN64),
  bits32(
    'folded-zero-by-zero',
    'decides by the bits of a 0/0 that a compiler may compute itself',
    '(f32.div (f32.const 0) (f32.const 0))',
    NAN32,
  ),
  bits64(
    'root-of-minus-one',
    'decides by the bits of a root',
    `(f64.sqrt (f64.sub ${zero64} (f64.const 1)))`,
    NAN64,
  ),
  bits64(
    'infinity-minus-infinity',
    'decides by the bits of inf - inf',
    '(f64.sub (f64.const inf) (f64.const inf))',
    NAN64,
  ),
  bits32('infinity-by-zero', 'decides by the bits of inf * 0', `(f32.mul (f32.const inf) ${zero32})`, NAN32),
  bits32(
    'sum-of-strange',
    'adds 1 to a NaN that carries a message',
    `(f32.add ${strange32} (f32.const 1))`,
    NAN32,
  ),
  bits64(
    'sum-of-two-strange',
    'adds two NaNs, of which processors keep the first or the second',
    `(f64.add ${strange64} (f64.const nan:0x1))`,
    NAN64,
  ),
  bits32('minimum', 'takes the minimum of a NaN and a number', `(f32.min ${strange32} (f32.const 1))`, NAN32),
  bits64('maximum', 'takes the maximum of a number and a NaN', `(f64.max (f64.const 1) ${strange64})`, NAN64),
  bits32('nearest', 'rounds a NaN that carries a message', `(f32.nearest ${strange32})`, NAN32),
  bits64('floor', 'takes the floor of a NaN that carries a message', `(f64.floor ${strange64})`, NAN64),
  bits32('demoted', 'makes a NaN shorter', `(f32.demote_f64 ${strange64})`, NAN32),
  bits64('promoted', 'makes a NaN longer', `(f64.promote_f32 ${strange32})`, NAN64),
  bits64(
    'negative-nan',
    'decides by the sign that a processor gives a NaN',
    `(f64.copysign (f64.const 1) (f64.div ${zero64} ${zero64}))`,
    '0x3ff0000000000000',
  ),
  bits32('negated', 'negates a NaN, which keeps all its bits but one', `(f32.neg ${strange32})`, 0xffdec8e7),
  bits32(
    'absolute',
    'takes a signalling NaN without its sign',
    '(f32.abs (f32.reinterpret_i32 (i32.const 0xffa00001)))',
    0x7fa00001,
  ),
  bits32(
    'through-memory',
    'sends a signalling NaN through memory, where nothing may change it',
    `(block (result f32)
      (f32.store ${at(place.text)} (f32.reinterpret_i32 (i32.const 0x7fa00001)))
      (f32.load ${at(place.text)}))`,
    0x7fa00001,
  ),
  bits64(
    'through-a-global',
    'sends a signalling NaN through a global',
    `(block (result f64)
      (global.set $kept (f64.reinterpret_i64 (i64.const 0xfff4000000000001)))
      (global.get $kept))`,
    '0xfff4000000000001',
    '(global $kept (mut f64) (f64.const 0))',
  ),
  bits64(
    'through-a-call',
    'sends a signalling NaN through parameters, locals and results',
    '(call $same (f64.reinterpret_i64 (i64.const 0x7ff4000000000001)))',
    '0x7ff4000000000001',
    '(func $same (param f64) (result f64) (local f64) (local.set 1 (local.get 0)) (select (local.get 1) (f64.const 0) (i32.const 1)))',
  ),
  {
    name: 'float-initial-nan',
    cheats: 'begins a global with a NaN whose message no host can put back, and denies once it has changed',
    bytes: inUser(
      `(select ${allowed} ${denied} (i64.eq
        (i64.and (i64.reinterpret_f64 (global.get $kept)) (i64.const ${NAN64})) (i64.const ${NAN64})))`,
      `(global $kept (mut f64) ${strange64})`,
    ),
    must: harmless(),
  },
  {
    name: 'float-makes-its-record',
    cheats: 'makes the kind of its record from the sign of 0/0: allow or deny',
    bytes: inUser(
      `(i32.store16 offset=4 ${at(place.deny)} (i32.add ${at(1)}
        (i32.shr_u (i32.reinterpret_f32 (f32.div ${zero32} ${zero32})) ${at(31)}))) ${at(place.deny)}`,
    ),
    must: harmless(),
  },
  {
    name: 'float-in-both-tiers',
    cheats: 'computes 0/0 until another tier of the engine takes over, and denies if its bits then differ',
    bytes: inUser(
      `(local $round i32) (local $value f64)
      (local.set $value ${zero64})
      (loop $again
        (if (i64.ne (i64.reinterpret_f64 (f64.div (local.get $value) (local.get $value))) (i64.const ${NAN64}))
          (then (return ${denied})))
        (local.set $round (i32.add (local.get $round) ${at(1)}))
        (br_if $again (i32.lt_u (local.get $round) ${at(10_000)})))
      ${allowed}`,
    ),
    must: harmless(),
  },
  {
    name: 'float-long-chain',
    cheats: 'hands a NaN through 500 operations in the hope that one of them keeps its message',
    bytes: inUser(
      `(select ${allowed} ${denied} (i32.eq (i32.const ${NAN32}) (i32.reinterpret_f32
        ${repeat(500, '(f32.add (f32.const 1)')} ${strange32} ${repeat(500, ')')})))`,
    ),
    must: harmless(),
  },
  bits64(
    'subnormal',
    'denies if a subnormal number is flushed to zero',
    '(f64.mul (f64.const 0x1p-1022) (f64.const 0.5))',
    '0x0008000000000000',
  ),
  bits64(
    'rounded-twice',
    'denies if a sum is rounded twice, as old processors did',
    '(f64.add (f64.const 9007199254740992) (f64.const 1.00001))',
    '0x4340000000000001',
  ),
  {
    name: 'float-saturating',
    cheats: 'converts a NaN without a trap, and denies if that is not 0',
    bytes: inUser(`(select ${denied} ${allowed} (i32.trunc_sat_f32_s ${strange32}))`),
    must: harmless(),
  },
  {
    name: 'float-unordered',
    cheats: 'allows only if a NaN is equal to itself',
    bytes: inUser(`(if (f32.eq ${strange32} ${strange32}) (then (return ${allowed}))) unreachable`),
    must: stopped('ERR_POLICY_TRAP', 'user'),
  },
]
