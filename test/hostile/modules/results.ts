// Results that lie: records that are not where they are said to be, that claim what no record may, or that answer a question
// which nobody asked. A lie is no answer, and never an allow. What only looks like a lie is taken at its word.

import { type Answers, administrator, deny, type Hostile, harmless, stopped } from '../hostile.ts'
import {
  allowed,
  at,
  data,
  functionText,
  inUser,
  place,
  policy,
  type RecordSpec,
  record,
  repeat,
  utf16,
} from '../prelude.ts'

const END = 65_536
/** Where the records of these modules stand, and their texts. */
const HERE = 1024
const TEXT = 2048

const inUsers = stopped('ERR_POLICY_RESULT', 'user')
const inQuotas = stopped('ERR_POLICY_RESULT', 'quota')

/** A lie in what a function returns. */
function address(name: string, cheats: string, value: number): Hostile {
  return { name: `result-${name}`, cheats, bytes: inUser(at(value)), must: inUsers }
}

/** A lie in the record itself, beside a text of 512 units. */
function lie(name: string, cheats: string, spec: RecordSpec): Hostile {
  return { name: `result-${name}`, cheats, bytes: answering(spec), must: inUsers }
}

function answering(spec: RecordSpec, text = 'x'.repeat(600), more = ''): () => Uint8Array<ArrayBuffer> {
  return inUser(at(HERE), `${data(HERE, record(spec))} ${data(TEXT, utf16(text))} ${more}`)
}

function quotaLie(name: string, cheats: string, spec: RecordSpec): Hostile {
  const fields = `${data(HERE, record(spec))} ${functionText('queryQuota', at(HERE))}`
  return { name: `result-${name}`, cheats, bytes: policy(fields), must: inQuotas, entry: 'queryQuota' }
}

function text(name: string, cheats: string, reason: string): Hostile {
  const denial = deny(reason)
  return {
    name: `result-${name}`,
    cheats,
    bytes: answering({ kind: 2, textAddress: TEXT, textUnits: reason.length }, reason),
    must: harmless({ user: denial, operation: denial }),
  }
}

/** A policy that wants its block at such an address, or its settings. */
function room(name: string, cheats: string, value: number): Hostile {
  return {
    name: `result-block-${name}`,
    cheats,
    bytes: policy(functionText('portcullis_request_v1', at(value))),
    must: stopped('ERR_POLICY_RESULT', 'every question'),
    entry: 'portcullis_request_v1',
  }
}

const redirect: Answers['user'] = { kind: 'redirect', target: 'javascript:alert(1)' }

export const results: readonly Hostile[] = [
  address('at-zero', 'returns address 0', 0),
  address('at-odd-address', 'returns an odd address', place.allow + 1),
  address('at-two', 'returns an address that is even but not aligned to 4', place.allow + 2),
  address('at-the-end', 'returns the end of memory', END),
  address('over-the-end', 'returns an address whose last word is behind the end of memory', END - 28),
  address('far-behind', 'returns an address far behind the end of memory', 0x7ffffffc),
  address('negative', 'returns a negative address', -32),
  address('at-the-last-word', 'returns the last word of the address space, so that the end wraps around', -4),
  address('in-the-block', 'returns the block that it was given', place.block),
  address('in-the-middle-of-a-record', 'returns an address 4 bytes into a good record', place.allow + 4),
  lie('with-other-magic', 'has a record with the magic of a block', { magic: 0x42524350, kind: 1 }),
  lie('of-kind-zero', 'has a record of kind 0', { kind: 0 }),
  lie('of-kind-five', 'has a record of a kind that does not exist yet', { kind: 5 }),
  lie('of-kind-wide', 'has a record whose kind is 1 in the low byte only', { kind: 0x0101 }),
  lie('of-kind-quota', 'answers a user with a quota', { kind: 4, quota: [1, 1, 1, 1] }),
  lie('denial-with-administrator', 'denies and asks for the administrator flag', { kind: 2, flags: 1 }),
  lie('with-unknown-flags', 'allows with a flag that means nothing yet', { kind: 1, flags: 0x8001 }),
  lie('allow-with-text', 'allows with a text', { kind: 1, textAddress: TEXT, textUnits: 4 }),
  lie('allow-with-address', 'allows with the address of an empty text', { kind: 1, textAddress: TEXT }),
  lie('allow-with-quota', 'allows with a quota', { kind: 1, quota: [0, 0, 0, 1] }),
  lie('text-too-long', 'denies with 513 units', { kind: 2, textAddress: TEXT, textUnits: 513 }),
  lie('text-of-everything', 'denies with 2^32 - 1 units', {
    kind: 2,
    textAddress: TEXT,
    textUnits: 0xffffffff,
  }),
  lie('text-that-wraps', 'denies with 2^31 + 1 units, which are 2 bytes to some', {
    kind: 2,
    textAddress: TEXT,
    textUnits: 0x80000001,
  }),
  lie('text-at-zero', 'denies with a text at address 0', { kind: 2, textAddress: 0, textUnits: 1 }),
  lie('text-odd', 'denies with a text at an odd address', { kind: 2, textAddress: TEXT + 1, textUnits: 4 }),
  lie('text-behind', 'denies with a text behind memory', { kind: 2, textAddress: END, textUnits: 1 }),
  lie('text-over-the-end', 'denies with a text of which the last unit is behind memory', {
    kind: 2,
    textAddress: END - 2,
    textUnits: 2,
  }),
  lie('text-at-the-last-address', 'denies with a text at the last address there is', {
    kind: 2,
    textAddress: 0xfffffffe,
    textUnits: 512,
  }),
  lie('redirect-to-nowhere', 'redirects to an empty target', { kind: 3, textAddress: TEXT, textUnits: 0 }),
  quotaLie('quota-of-zero', 'gives a quota with a zero, which some take for none', {
    kind: 4,
    quota: [1, 1, 0, 1],
  }),
  quotaLie('quota-denied', 'denies where it is asked for a quota', { kind: 2 }),
  quotaLie('quota-with-text', 'gives a quota with a text', {
    kind: 4,
    textAddress: HERE,
    textUnits: 2,
    quota: [1, 1, 1, 1],
  }),
  {
    name: 'result-quota-of-everything',
    cheats: 'gives a quota of 2^32 - 1 four times',
    bytes: policy(
      `${data(HERE, record({ kind: 4, quota: Array(4).fill(0xffffffff) }))} ${functionText('queryQuota', at(HERE))}`,
    ),
    must: harmless({ quota: { kind: 'quota', quota: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff] } }),
    entry: 'queryQuota',
  },
  text(
    'text-of-escapes',
    'denies with a text that would clear a terminal and forge a line of a log',
    '\u001b[2J\r\n{"event":"decision","outcome":"allow"}\u0000\u202e',
  ),
  text('text-of-halves', 'denies with a text of lone surrogates', '\udc00\ud800\ud800x\udfff'),
  text('text-of-512-units', 'denies with as long a text as it may', '💥'.repeat(256)),
  {
    name: 'result-text-is-the-record',
    cheats: 'denies with a text that is its record, magic and all',
    bytes: inUser(
      `(i32.store16 offset=4 ${at(HERE)} ${at(2)}) (i32.store offset=8 ${at(HERE)} ${at(HERE)})
      (i32.store offset=12 ${at(HERE)} ${at(2)}) ${at(HERE)}`,
      data(HERE, record({ kind: 1 })),
    ),
    must: harmless({ user: deny('\u4350\u5252'), operation: deny('\u4350\u5252') }),
  },
  {
    name: 'result-text-is-the-block',
    cheats: 'denies with a text that is its block, as it was given to it',
    bytes: answering({ kind: 2, textAddress: place.block, textUnits: 2 }),
    must: harmless({ user: deny('\u4350\u4252'), operation: deny('\u4350\u4252') }),
  },
  {
    name: 'result-redirect-to-a-script',
    cheats: 'redirects to javascript:',
    bytes: answering({ kind: 3, textAddress: TEXT, textUnits: 19 }, 'javascript:alert(1)'),
    must: harmless({ user: redirect, operation: redirect }),
  },
  {
    name: 'result-redirect-of-an-operation',
    cheats: 'redirects where only a user can be redirected',
    bytes: policy(`${data(HERE, record({ kind: 3, textAddress: TEXT, textUnits: 9 }))}
      ${data(TEXT, utf16('https://a'))} ${functionText('authzOperation', at(HERE))}`),
    must: stopped('ERR_POLICY_RESULT', 'operation'),
    entry: 'authzOperation',
  },
  {
    name: 'result-administrator',
    cheats: 'asks for the administrator flag with every allow; the operator decides about that',
    bytes: policy(`${data(HERE, record({ kind: 1, flags: 1 }))}
      ${functionText('authzUser', at(HERE))} ${functionText('authzOperation', at(HERE))}`),
    must: harmless({ user: administrator, operation: administrator }),
  },
  {
    name: 'result-over-the-block',
    cheats: 'writes its record over the block that it was given; the next function gets the block anew',
    bytes: policy(`
      ${functionText('authzUser', `(memory.copy (local.get $given) ${allowed} ${at(32)}) (local.get $given)`)}
      ${functionText(
        'authzOperation',
        `(if (i32.ne (i32.load (local.get $given)) (i32.const 0x42524350)) (then unreachable)) ${allowed}`,
      )}`),
    must: harmless(),
  },
  {
    name: 'result-changed-afterwards',
    cheats: 'denies, and changes the record that it denied with in the next call',
    bytes: policy(`
      ${functionText('authzUser', at(place.deny))}
      ${functionText('queryQuota', `(i32.store16 offset=4 ${at(place.deny)} ${at(1)}) ${at(place.quota)}`)}`),
    must: harmless({ user: deny(''), operation: deny('') }),
  },
  {
    name: 'result-of-one-function-for-all',
    cheats: 'has one function for everything, so that its block is written where its record should be',
    bytes: policy(`(func $one (export "portcullis_request_v1") (export "authzUser") (export "authzOperation")
      (export "queryQuota") (param i32) (result i32) ${allowed})`),
    must: stopped('ERR_POLICY_RESULT', 'every question'),
  },
  room('at-zero', 'wants its block at address 0', 0),
  room('odd', 'wants its block at an address that is not aligned to 8', place.block + 4),
  room('at-the-end', 'wants its block at the end of memory', END),
  room('without-room', 'wants its block where only the header fits', END - 160),
  room('negative', 'wants its block at a negative address', -8),
  {
    name: 'result-settings-behind',
    cheats: 'wants its settings behind the end of memory',
    bytes: policy(functionText('portcullis_settings_v1', at(END))),
    must: stopped('ERR_POLICY_RESULT', 'start'),
    settings: { administrators: ['ada'] },
    entry: 'portcullis_settings_v1',
  },
  {
    name: 'result-built-of-pieces',
    cheats: 'writes a thousand records over each other, and the right one last',
    bytes: inUser(
      `${repeat(1000, (index) => `(i32.store offset=4 ${at(HERE)} ${at(index + 2)})`)}
      (i32.store offset=4 ${at(HERE)} ${at(1)}) ${at(HERE)}`,
      data(HERE, record({ kind: 1 })),
    ),
    must: harmless(),
  },
]
