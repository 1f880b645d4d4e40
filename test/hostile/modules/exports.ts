// Exports: names that mean something to JavaScript or to other hosts, names that belong to this one, and things of the wrong
// kind or type behind the right names. What a host does not know it must neither touch nor trip over.

import { type Hostile, harmless, refused } from '../hostile.ts'
import { allowed, at, functionText, inUser, moduleText, policy, repeat } from '../prelude.ts'

const wrong = refused('ERR_MODULE_EXPORT')

/** A function under a name that means something elsewhere; it loops for ever should anybody call it. */
function trapdoor(name: string, cheats: string, exported: string): Hostile {
  return {
    name: `export-${name}`,
    cheats,
    bytes: policy(`(func (export "${exported}") (result i32) (loop (br 0)) unreachable)`),
    must: harmless(),
  }
}

function reserved(name: string, exported: string, what: string): Hostile {
  return {
    name: `export-${name}`,
    cheats: `exports ${what} as "${exported}", which is the host's own name`,
    bytes: policy(`(global $mine (mut i32) ${at(0x7fffffff)}) (func $idle)
      (export "${exported}" (${what === 'a global' ? 'global $mine' : 'func $idle'}))`),
    must: wrong,
  }
}

/** Something else in the place of an export. */
function instead(name: string, cheats: string, fields: string): Hostile {
  return { name: `export-${name}`, cheats, bytes: policy(fields), must: wrong }
}

function without(name: string): Hostile {
  return {
    name: `export-without-${name.toLowerCase().replaceAll('_', '-')}`,
    cheats: `exports no ${name}`,
    bytes: policy('', { without: [name] }),
    must: wrong,
  }
}

export const exports: readonly Hostile[] = [
  trapdoor('then', 'has an export "then", which an await of its exports would call', 'then'),
  trapdoor('proto', 'has an export "__proto__"', '__proto__'),
  trapdoor('constructor', 'has an export "constructor"', 'constructor'),
  trapdoor('to-string', 'has an export "toString", which a message about its exports would call', 'toString'),
  trapdoor('value-of', 'has an export "valueOf", which an arithmetic with its exports would call', 'valueOf'),
  trapdoor('has-own-property', 'has an export "hasOwnProperty"', 'hasOwnProperty'),
  trapdoor('without-name', 'has an export whose name is empty', ''),
  trapdoor('next', 'has an export "next", as an iterator has', 'next'),
  trapdoor('initialize', 'has an export "_initialize", which WASI hosts call at once', '_initialize'),
  trapdoor('hs-init', 'has an export "hs_init", which one host calls at once', 'hs_init'),
  trapdoor('indices', 'has an export "0", as an array has', '0'),
  trapdoor('lookalike', 'has an export that only looks like authzUser: its е is Cyrillic', 'authzUsеr'),
  trapdoor(
    'lookalike-of-fuel',
    "has an export that only looks like the host's own: its colon is wide",
    'portcullis：fuel',
  ),
  trapdoor('in-other-letters', 'has an export PORTCULLIS:FUEL', 'PORTCULLIS:FUEL'),
  trapdoor('with-nul', 'has an export "memory" that goes on behind a NUL', 'memory\\00x'),
  trapdoor('with-escapes', 'has an export whose name would clear a terminal', '\\1b[2J\\0d\\0a'),
  reserved('named-fuel', 'portcullis:fuel', 'a global'),
  reserved('named-stack', 'portcullis:stack', 'a global'),
  reserved('named-global', 'portcullis:global:0', 'a global'),
  reserved('named-start', 'portcullis:start', 'a function'),
  reserved('named-prefix', 'portcullis:', 'a function'),
  trapdoor('long-name', 'has an export whose name has 100 bytes, as many as it may', 'n'.repeat(100)),
  {
    name: 'export-longer-name',
    cheats: 'has an export whose name has 101 bytes',
    bytes: policy(`(func (export "${'n'.repeat(101)}"))`),
    must: refused('ERR_MODULE_BOUND'),
  },
  {
    name: 'export-name-of-a-hundred-thousand',
    cheats: 'has an export whose name has 100,000 bytes',
    bytes: policy(`(func (export "${'n'.repeat(100_000)}"))`),
    must: refused('ERR_MODULE_BOUND'),
  },
  {
    name: 'export-many',
    cheats: 'has 995 exports beside the interface',
    bytes: policy(`(func $idle) ${repeat(995, (index) => `(export "e${index}" (func $idle))`)}`),
    must: harmless(),
  },
  {
    name: 'export-too-many',
    cheats: 'has 1,000 exports beside the interface',
    bytes: policy(`(func $idle) ${repeat(1000, (index) => `(export "e${index}" (func $idle))`)}`),
    must: refused('ERR_MODULE_BOUND'),
  },
  {
    name: 'export-its-state',
    cheats: 'exports its globals, its table and its memory under names of its own',
    bytes: policy(`(global $count (export "count") (mut i32) ${at(0)})
      (table (export "table") 1 10 funcref) (export "also memory" (memory 0))
      ${functionText('authzUser', `(if (global.get $count) (then unreachable)) (global.set $count ${at(1)}) ${allowed}`)}`),
    must: harmless(),
  },
  instead(
    'user-is-a-global',
    'exports a global as authzUser',
    `(global (export "authzUser") i32 ${allowed})`,
  ),
  instead('user-is-a-table', 'exports a table as authzUser', '(table (export "authzUser") 1 funcref)'),
  {
    name: 'export-user-is-the-memory',
    cheats: 'exports its memory as authzUser too',
    bytes: policy('(memory $memory (export "memory") 1) (export "authzUser" (memory $memory))'),
    must: wrong,
  },
  {
    name: 'export-memory-is-a-function',
    cheats: 'exports a function as memory',
    bytes: policy('(memory 1) (func (export "memory") (result i32) unreachable)'),
    must: wrong,
  },
  {
    name: 'export-memory-is-a-global',
    cheats: 'exports a global as memory',
    bytes: policy('(memory 1) (global (export "memory") i32 (i32.const 1))'),
    must: wrong,
  },
  instead(
    'user-takes-i64',
    'takes an i64, which JavaScript would want as a BigInt',
    '(func (export "authzUser") (param i64) (result i32) unreachable)',
  ),
  instead(
    'user-returns-i64',
    'returns an i64',
    '(func (export "authzUser") (param i32) (result i64) (i64.const 512))',
  ),
  instead(
    'user-returns-f32',
    'returns a float, which may be a NaN',
    '(func (export "authzUser") (param i32) (result f32) (f32.const nan))',
  ),
  instead('user-returns-nothing', 'returns nothing', '(func (export "authzUser") (param i32))'),
  instead('user-takes-nothing', 'takes nothing', `(func (export "authzUser") (result i32) ${allowed})`),
  instead(
    'user-takes-two',
    'takes two numbers',
    `(func (export "authzUser") (param i32 i32) (result i32) ${allowed})`,
  ),
  instead(
    'request-takes-nothing',
    'takes no size for its block',
    `(func (export "portcullis_request_v1") (result i32) ${at(4096)})`,
  ),
  instead(
    'quota-is-a-global',
    'exports a global as queryQuota, which is optional',
    `(global (export "queryQuota") i32 ${at(576)})`,
  ),
  instead(
    'settings-return-nothing',
    'has a portcullis_settings_v1 that returns nothing, and is given no settings',
    '(func (export "portcullis_settings_v1") (param i32))',
  ),
  instead(
    'user-is-imported',
    'exports the imported env.abort as authzUser',
    '(import "env" "abort" (func $abort (param i32 i32 i32 i32))) (export "authzUser" (func $abort))',
  ),
  {
    name: 'export-without-memory',
    cheats: 'has a memory and does not export it',
    bytes: policy('(memory 1)', { without: ['memory'] }),
    must: wrong,
  },
  without('portcullis_request_v1'),
  without('authzUser'),
  without('authzOperation'),
  {
    name: 'export-without-quota',
    cheats: 'has no queryQuota, which it need not have',
    bytes: policy('', { without: ['queryQuota'] }),
    must: harmless({ quota: 'no such function' }),
  },
  {
    name: 'export-nothing',
    cheats: 'is a valid module that has nothing at all',
    bytes: moduleText(''),
    must: refused('ERR_MODULE_MEMORY'),
  },
  {
    name: 'export-same-function-twice',
    cheats: 'has one function for users and operations, and tells them apart by nothing but its block',
    bytes: policy(`(func (export "authzUser") (export "authzOperation") (param i32) (result i32)
      (select ${allowed} ${at(0)} (i32.le_u (i32.load16_u offset=12 (local.get 0)) ${at(2)})))`),
    must: harmless(),
  },
  {
    name: 'export-settings-nobody-gave',
    cheats: 'traps when it is asked where it wants its settings, and there are none',
    bytes: policy(functionText('portcullis_settings_v1', 'unreachable')),
    must: harmless(),
  },
  {
    name: 'export-user-that-calls-the-others',
    cheats: 'calls every other function of the interface in authzUser',
    bytes: inUser(
      `(drop (call $quota (local.get $given))) (drop (call $room (i32.const -1))) ${allowed}`,
      `(func $quota (export "queryQuota") (param i32) (result i32) ${at(576)})
      (func $room (export "portcullis_request_v1") (param i32) (result i32) ${at(4096)})`,
    ),
    must: harmless(),
  },
]
