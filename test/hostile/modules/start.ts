// What runs before the first question: start functions, data and elements that are placed then. An engine runs them inside
// instantiation, where nobody has set a bound yet and where an exception is the host's; here they have their own measure
// of fuel, and what they leave is what every question begins with.

import { type Hostile, harmless, refused, stopped } from '../hostile.ts'
import {
  allowed,
  at,
  data,
  functionText,
  inAll,
  moduleText,
  place,
  policy,
  record,
  repeat,
  spending,
  start,
} from '../prelude.ts'

const failed = stopped('ERR_POLICY_START', 'start')
const END = 65_536

function segment(name: string, cheats: string, fields: string, must = failed): Hostile {
  return { name: `start-${name}`, cheats, bytes: policy(fields), must }
}

/** Instructions that write these bytes one by one. */
function writes(address: number, bytes: Buffer): string {
  return [...bytes].map((byte, index) => `(i32.store8 ${at(address + index)} ${at(byte)})`).join(' ')
}

export const starts: readonly Hostile[] = [
  {
    name: 'start-traps',
    cheats: 'traps before it is asked',
    bytes: policy(start('unreachable')),
    must: failed,
  },
  {
    name: 'start-divides-by-zero',
    cheats: 'divides by zero before it is asked',
    bytes: policy(start(`(drop (i32.div_u ${at(1)} ${at(0)}))`)),
    must: failed,
  },
  {
    name: 'start-reads-behind',
    cheats: 'reads behind its memory before it is asked',
    bytes: policy(start(`(drop (i32.load (i32.const ${END})))`)),
    must: failed,
  },
  {
    name: 'start-with-a-parameter',
    cheats: 'has a start function that takes something',
    bytes: moduleText(
      `(memory (export "memory") 1) (func $start (param i32)) (start $start)
      (func (export "portcullis_request_v1") (param i32) (result i32) ${at(4096)})
      (func (export "authzUser") (export "authzOperation") (param i32) (result i32) ${allowed})`,
      ['--no-check'],
    ),
    must: refused('ERR_MODULE_INVALID'),
  },
  {
    name: 'start-is-abort',
    cheats: 'has the imported env.abort for its start function',
    bytes: policy('(import "env" "abort" (func $abort (param i32 i32 i32 i32))) (start $abort)', {
      options: ['--no-check'],
    }),
    must: refused('ERR_MODULE_INVALID'),
  },
  {
    name: 'start-spends-nearly-all',
    cheats: 'spends nearly all fuel before it is asked, and then as much in its answer',
    bytes: policy(`${start(spending(99_000))}
      ${functionText('authzUser', `${spending(99_000)} ${allowed}`)}`),
    must: harmless(),
  },
  {
    name: 'start-again-and-again',
    cheats: 'spends nearly all fuel before it is asked, and grows in every question so as to be started anew',
    bytes: policy(`${start(spending(99_000))}
      ${functionText('authzUser', `${spending(99_000)} (drop (memory.grow ${at(1)})) ${allowed}`)}
      ${functionText('queryQuota', `(drop (memory.grow ${at(1)})) ${at(place.quota)}`)}`),
    must: harmless(),
  },
  {
    name: 'start-spends-too-much',
    cheats: 'does so much work before it is asked that its fuel runs out',
    bytes: policy(start(spending(200_000))),
    must: stopped('ERR_POLICY_FUEL', 'start'),
  },
  {
    name: 'start-fills-memory',
    cheats: 'leaves 16 pages without a zero, so that every question begins with copying a megabyte',
    bytes: policy(
      `(memory (export "memory") 16)
      ${start(`(memory.fill ${at(8192)} ${at(255)} (i32.const ${16 * END - 8192}))`)}
      ${functionText('authzUser', `(memory.fill ${at(8192)} ${at(0)} (i32.const ${16 * END - 8192})) ${allowed}`)}
      ${functionText('queryQuota', `(if (i32.ne (i32.load (i32.const ${16 * END - 4})) ${at(-1)}) (then unreachable)) ${at(place.quota)}`)}`,
    ),
    must: harmless(),
  },
  {
    name: 'start-counts-itself',
    cheats: 'counts how often it was started, and traps if that is not once',
    bytes: inAll(
      (answer) => `(if (i32.ne (global.get $count) ${at(1)}) (then unreachable))
        (if (i32.ne (i32.load ${at(place.text)}) ${at(1)}) (then unreachable)) ${answer}`,
      `(global $count (mut i32) ${at(0)})
      ${start(`(global.set $count (i32.add (global.get $count) ${at(1)}))
        (i32.store ${at(place.text)} (i32.add (i32.load ${at(place.text)}) ${at(1)}))`)}`,
    ),
    must: harmless(),
  },
  {
    name: 'start-called-again',
    cheats: 'calls its start function again in every question',
    bytes: policy(`(global $count (mut i32) ${at(0)})
      ${start(`(global.set $count (i32.add (global.get $count) ${at(1)}))`)}
      ${functionText('authzUser', `(call $start) (if (i32.ne (global.get $count) ${at(2)}) (then unreachable)) ${allowed}`)}`),
    must: harmless(),
  },
  {
    name: 'start-answers',
    cheats: 'asks itself in its start function, before there is a question, and spoils its record with that',
    bytes: policy(`(func $user (export "authzUser") (param i32) (result i32)
      (if (i32.ne (i32.load (local.get 0)) (i32.const 0x42524350))
        (then (i32.store16 offset=4 ${allowed} ${at(9)})))
      ${allowed})
      ${functionText('authzOperation', at(place.deny))}
      ${start(`(drop (call $user ${at(place.block)}))`)}`),
    must: stopped('ERR_POLICY_RESULT', 'user'),
  },
  {
    name: 'start-makes-the-records',
    cheats: 'has no data; its start function writes every record, byte by byte',
    bytes: policy(
      start(
        writes(place.allow, record({ kind: 1 })) +
          writes(place.quota, record({ kind: 4, quota: [1, 2, 3, 4] })),
      ),
      { withoutRecords: true },
    ),
    must: harmless(),
  },
  segment('data-behind', 'places data behind its memory', data(END, [1])),
  segment(
    'data-over-the-end',
    'places data of which the last byte is behind memory',
    data(END - 7, Array(8).fill(1)),
  ),
  segment('data-at-negative', 'places data at a negative offset', data(-8, Array(16).fill(1))),
  segment('empty-data-behind', 'places no bytes behind its memory', data(END + 1, [])),
  segment(
    'empty-data-at-the-end',
    'places no bytes just at the end of its memory',
    data(END, []),
    harmless(),
  ),
  segment(
    'data-over-data',
    'places 900 segments over each other, the last of them right',
    repeat(900, (index) => data(place.allow, [index & 255, 1, 2, 3, 4, 5])),
    harmless(),
  ),
  segment(
    'elements-behind',
    'places functions behind its table',
    `(table 1 funcref) (func $idle) (elem ${at(1)} $idle)`,
  ),
  segment(
    'elements-at-negative',
    'places functions at a negative offset',
    `(table 4 funcref) (func $idle) (elem ${at(-1)} $idle $idle)`,
  ),
  segment(
    'elements-over-elements',
    'places 900 functions over each other in the table',
    `(table 1 funcref) (func $idle) ${repeat(900, `(elem ${at(0)} $idle)`)}`,
    harmless(),
  ),
  segment(
    'good-data-then-bad',
    'places good data, then data behind its memory, for an engine that keeps what it placed',
    `${data(1024, record({ kind: 1 }))} ${data(END - 1, [1, 1])}`,
  ),
]
