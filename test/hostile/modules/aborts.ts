// The one import, env.abort, with everything that can be said to it: messages that are not where they are said to be, that
// are longer than they may be, or that would do something to whoever reads a log. It never returns, whatever comes after it.

import { type Hostile, stopped } from '../hostile.ts'
import { allowed, at, data, functionText, inUser, policy, repeat, start, utf16 } from '../prelude.ts'
import { down } from './recursion.ts'

const END = 65_536
/** Where a text stands; its size is in the word before it. */
const TEXT = 8192
const abortImport = '(import "env" "abort" (func $abort (param i32 i32 i32 i32)))'
const aborted = stopped('ERR_POLICY_ABORT', 'user')

const call = (message = 0, file = 0, line = 1, column = 2) =>
  `(call $abort ${at(message)} ${at(file)} ${at(line)} ${at(column)})`

function prefixed(address: number, text: string, bytes = 2 * text.length): string {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(bytes)
  return data(address - 4, Buffer.concat([size, utf16(text)]))
}

/** Aborts with such a message, of which the host reads `read`. */
function message(name: string, cheats: string, address: number, texts: string, read: string): Hostile {
  return {
    name: `abort-${name}`,
    cheats,
    bytes: inUser(`${call(address)} ${allowed}`, `${abortImport} ${texts}`),
    must: stopped('ERR_POLICY_ABORT', 'user', {}, `${read} (:1:2)`),
  }
}

function inside(name: string, cheats: string, body: string, more = ''): Hostile {
  return { name: `abort-${name}`, cheats, bytes: inUser(body, `${abortImport} ${more}`), must: aborted }
}

const long = 'm'.repeat(25_000)
const escapes = '\u001b]0;owned\u0007\u001b[2J\r\n{"event":"decision","outcome":"allow"}\u0000\u202e'

export const aborts: readonly Hostile[] = [
  message('plain', 'aborts with a message, as honest policies do', TEXT, prefixed(TEXT, 'no'), 'no'),
  message('giant', 'aborts with 25,000 units', TEXT, prefixed(TEXT, long), 'm'.repeat(512)),
  message(
    'size-of-everything',
    'aborts with a message of 4,294,967,295 bytes',
    TEXT,
    prefixed(TEXT, 'x'.repeat(600), 0xffffffff),
    'x'.repeat(512),
  ),
  message(
    'size-over-the-end',
    'aborts with a message that is longer than what is left of memory',
    END - 8,
    prefixed(END - 8, 'abcd', 100),
    '',
  ),
  message('size-odd', 'aborts with a message of three bytes', TEXT, prefixed(TEXT, 'ab', 3), 'a'),
  message('size-of-one', 'aborts with a message of one byte', TEXT, prefixed(TEXT, 'a', 1), ''),
  message('unaligned', 'aborts with a message at an odd address', TEXT + 1, prefixed(TEXT, 'no'), ''),
  message('at-one', 'aborts with a message at address 1', 1, '', ''),
  message('at-two', 'aborts with a message whose size is before memory', 2, '', ''),
  message(
    'at-four',
    'aborts with a message whose size is at address 0',
    4,
    data(0, [4, 0, 0, 0, 65, 0, 66, 0]),
    '',
  ),
  message('at-the-end', 'aborts with a message at the end of memory', END, data(END - 4, [4, 0, 0, 0]), ''),
  message('behind', 'aborts with a message behind memory', END * 2, '', ''),
  message('negative', 'aborts with a message at a negative address', -16, '', ''),
  message('at-minus-one', 'aborts with a message at the last address there is', -1, '', ''),
  message(
    'escapes',
    'aborts with what would clear a terminal, name a window and forge a line of a log',
    TEXT,
    prefixed(TEXT, escapes),
    escapes,
  ),
  message(
    'halves',
    'aborts with lone surrogates',
    TEXT,
    prefixed(TEXT, '\ud800\ud800\udc00\udfff'),
    '\ud800\ud800\udc00\udfff',
  ),
  message('its-own-record', 'aborts with its record for a message', 512, '', ''),
  {
    name: 'abort-giant-file',
    cheats: 'aborts with a giant message, a giant file, and line and column below zero',
    bytes: inUser(
      `${call(TEXT, 20_000, -1, -2147483648)} ${allowed}`,
      `${abortImport} ${prefixed(TEXT, 'm'.repeat(3000))} ${prefixed(20_000, 'f'.repeat(3000))}`,
    ),
    must: stopped(
      'ERR_POLICY_ABORT',
      'user',
      {},
      `${'m'.repeat(512)} (${'f'.repeat(512)}:4294967295:2147483648)`,
    ),
  },
  inside('and-goes-on', 'aborts and then allows, should the abort return', `${call()} ${allowed}`),
  inside('in-a-loop', 'aborts in a loop for ever', `(loop $again ${call()} (br $again)) unreachable`),
  inside(
    'twice',
    'aborts twice, the second time with another message',
    `${call()} ${call(TEXT)} ${allowed}`,
    prefixed(TEXT, 'other'),
  ),
  inside(
    'from-deep-inside',
    'aborts 500 frames deep',
    `(call $dive ${at(500)}) ${allowed}`,
    `
    (func $dive (param $left i32)
      (if (local.get $left) (then (call $dive (i32.sub (local.get $left) ${at(1)}))) (else ${call()})))`,
  ),
  inside(
    'through-the-table',
    'aborts through the table',
    `(call_indirect (type $abort_type) ${repeat(5, at(0))}) ${allowed}`,
    '(type $abort_type (func (param i32 i32 i32 i32))) (table 1 funcref) (elem (i32.const 0) $abort)',
  ),
  {
    name: 'abort-through-the-table-as-another',
    cheats: 'calls the abort through the table as if it were a policy function',
    bytes: inUser(
      `(call_indirect (type $policy) ${at(0)} ${at(0)})`,
      `${abortImport} (type $policy (func (param i32) (result i32))) (table 1 funcref) (elem ${at(0)} $abort)`,
    ),
    must: stopped('ERR_POLICY_TRAP', 'user'),
  },
  {
    name: 'abort-from-new-memory',
    cheats: 'grows, so that the old buffer is detached, and aborts with a message in the new page',
    bytes: inUser(
      `(drop (memory.grow ${at(1)})) (i32.store ${at(END)} ${at(4)}) (i32.store ${at(END + 4)} (i32.const 0x6f006e))
      ${call(END + 4)} ${allowed}`,
      abortImport,
    ),
    must: stopped('ERR_POLICY_ABORT', 'user', {}, 'no (:1:2)'),
  },
  {
    name: 'abort-after-its-record',
    cheats: 'returns from a function that could not be left, with a record that allows',
    bytes: inUser(
      `(drop (call $no)) ${allowed}`,
      `${abortImport} (func $no (result i32) ${call()} ${at(1)})`,
    ),
    must: aborted,
  },
  {
    name: 'abort-never-called',
    cheats: 'uses up its stack on the way to an abort',
    bytes: inUser(`(call $down ${at(600)}) ${call()} ${allowed}`, `${abortImport} ${down()}`),
    must: stopped('ERR_POLICY_STACK', 'user'),
  },
  {
    name: 'abort-in-operation',
    cheats: 'allows the user and aborts in the operation',
    bytes: policy(`${abortImport} ${functionText('authzOperation', `${call()} ${allowed}`)}`),
    must: stopped('ERR_POLICY_ABORT', 'operation'),
    entry: 'authzOperation',
  },
  {
    name: 'abort-in-request',
    cheats: 'aborts where it should say where it wants its block',
    bytes: policy(`${abortImport} ${functionText('portcullis_request_v1', `${call()} ${at(4096)}`)}`),
    must: stopped('ERR_POLICY_ABORT', 'every question'),
    entry: 'portcullis_request_v1',
  },
  {
    name: 'abort-in-settings',
    cheats: 'aborts when it is given its settings',
    bytes: policy(`${abortImport} ${functionText('portcullis_settings_v1', `${call()} ${at(4096)}`)}`),
    must: stopped('ERR_POLICY_ABORT', 'start'),
    settings: { administrators: ['ada'] },
    entry: 'portcullis_settings_v1',
  },
  {
    name: 'abort-in-start',
    cheats: 'aborts before it is asked, while a host may not have its memory yet',
    bytes: policy(`${abortImport} ${prefixed(TEXT, 'early')} ${start(call(TEXT))}`),
    must: stopped('ERR_POLICY_ABORT', 'start', {}, 'early (:1:2)'),
  },
]
