// What one call leaves for the next. Each module hides a trace of the question it was asked in something that could survive the
// call, and traps or denies if it ever finds one. Every question begins from the same state, so none ever does.

import { type Hostile, harmless } from '../hostile.ts'
import { allowed, at, denied, functionText, inAll, place, policy, repeat } from '../prelude.ts'

const END = 65_536

/** All three functions look for a trace, trap if there is one, and leave one. */
function trace(name: string, cheats: string, look: string, leave: string, more = ''): Hostile {
  return {
    name: `state-${name}`,
    cheats: `leaves a trace ${cheats}`,
    bytes: inAll((answer) => `(if ${look} (then unreachable)) ${leave} ${answer}`, more),
    must: harmless(),
  }
}

/** A trace in a word of memory, which the module's own data have set to `before`. */
function word(name: string, cheats: string, address: number, before = 0): Hostile {
  const look = `(i32.ne (i32.load ${at(address)}) ${at(before)})`
  return trace(name, cheats, look, `(i32.store ${at(address)} ${at(0x5ec8e7)})`)
}

function variable(
  name: string,
  cheats: string,
  type: string,
  initial: string,
  left: string,
  look: string,
): Hostile {
  return trace(name, cheats, look, `(global.set $kept ${left})`, `(global $kept (mut ${type}) ${initial})`)
}
export const state: readonly Hostile[] = [
  word('first-word', 'in the first word of memory, which no pointer leads to', 0),
  word('before-its-data', 'just before its data', place.allow - 4),
  word('in-its-record', 'in its record for denials', place.deny + 4, 2),
  word('behind-its-data', 'behind its data', 2048),
  word('far-behind', 'in the middle of memory', END / 2),
  word('last-word', 'in the last word of memory', END - 4),
  trace(
    'last-byte',
    'in the last byte of memory',
    `(i32.load8_u ${at(END - 1)})`,
    `(i32.store8 ${at(END - 1)} ${at(1)})`,
  ),
  trace(
    'everywhere',
    'in every byte behind its block',
    `(i64.ne (i64.load ${at(END - 8)}) (i64.const 0))`,
    `(memory.fill ${at(8192)} ${at(170)} ${at(END - 8192)})`,
  ),
  trace(
    'zeros-over-its-data',
    'by zeros over its own record for denials',
    `(i32.eqz (i32.load ${at(place.deny)}))`,
    `(memory.fill ${at(place.deny)} ${at(0)} ${at(32)})`,
  ),
  trace(
    'new-page',
    'in a page that it has made, and makes it again to look',
    `(i32.or (i32.ne (memory.grow ${at(1)}) ${at(1)}) (i32.load ${at(END)}))`,
    `(i32.store ${at(END)} ${at(1)})`,
  ),
  trace('size', 'in the size of memory', `(i32.ne (memory.size) ${at(1)})`, `(drop (memory.grow ${at(1)}))`),
  {
    name: 'state-behind-the-block',
    cheats: 'looks behind its block for what is left of a longer one',
    bytes: inAll(
      (answer) => `(if (i64.ne (i64.const 0)
        (i64.load (i32.add (local.get $given) (i32.load offset=8 (local.get $given)))))
        (then unreachable)) ${answer}`,
    ),
    must: harmless(),
  },
  {
    name: 'state-in-place-of-the-block',
    cheats: 'looks where its block will be, before it says where it wants it',
    bytes: policy(
      functionText(
        'portcullis_request_v1',
        `(if (i32.load ${at(place.block)}) (then unreachable)) ${at(place.block)}`,
      ),
    ),
    must: harmless(),
  },
  {
    name: 'state-moving-block',
    cheats: 'wants its block somewhere else each time, and denies once that has moved',
    bytes: policy(`(global $next (mut i32) ${at(place.block)})
      ${functionText('portcullis_request_v1', `(global.set $next (i32.add (global.get $next) ${at(8)})) (global.get $next)`)}
      ${functionText('authzUser', `(select ${allowed} ${denied} (i32.eq (local.get $given) ${at(place.block + 8)}))`)}`),
    must: harmless(),
  },
  variable('i32-global', 'in a global', 'i32', at(7), at(8), `(i32.ne (global.get $kept) ${at(7)})`),
  variable(
    'i64-global',
    'in the upper half of a 64-bit global',
    'i64',
    '(i64.const -7)',
    '(i64.const 0x1fffffff9)',
    '(i64.ne (global.get $kept) (i64.const -7))',
  ),
  variable(
    'f32-global',
    'in a global of 32 bits',
    'f32',
    '(f32.const 0.1)',
    '(f32.const 0.2)',
    '(f32.ne (global.get $kept) (f32.const 0.1))',
  ),
  variable(
    'f64-global',
    'in a global of 64 bits',
    'f64',
    '(f64.const 0.1)',
    '(f64.const 0x1p-1074)',
    '(f64.ne (global.get $kept) (f64.const 0.1))',
  ),
  variable(
    'minus-zero',
    'in the sign of a zero',
    'f64',
    '(f64.const 0)',
    '(f64.const -0)',
    '(i64.ne (i64.reinterpret_f64 (global.get $kept)) (i64.const 0))',
  ),
  variable(
    'nan-in-f32',
    'in the bits of a NaN of 32 bits, all of which are equal to JavaScript',
    'f32',
    '(f32.const nan)',
    '(f32.const nan:0x5ec8e7)',
    '(i32.ne (i32.reinterpret_f32 (global.get $kept)) (i32.const 0x7fc00000))',
  ),
  variable(
    'nan-in-f64',
    'in the bits of a NaN of 64 bits',
    'f64',
    '(f64.const nan)',
    '(f64.const nan:0xdeadbeef5ec8e)',
    '(i64.ne (i64.reinterpret_f64 (global.get $kept)) (i64.const 0x7ff8000000000000))',
  ),
  variable(
    'nan-in-its-sign',
    'in the sign of a NaN',
    'f64',
    '(f64.const nan)',
    '(f64.const -nan)',
    '(i64.lt_s (i64.reinterpret_f64 (global.get $kept)) (i64.const 0))',
  ),
  trace(
    'thousand-globals',
    'in the last of 990 globals',
    '(global.get 989)',
    `(global.set 989 ${at(1)})`,
    repeat(990, '(global (mut i32) (i32.const 0))'),
  ),
]
