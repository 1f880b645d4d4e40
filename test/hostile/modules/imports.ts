// Imports of everything but env.abort: what JavaScript's objects would give away to whoever asks by name, what other hosts
// offer, and env.abort itself as something that it is not.

import { type Hostile, harmless, refused } from '../hostile.ts'
import { inUser, policy, repeat } from '../prelude.ts'
import { id, list, named, replacing, section } from '../sections.ts'

const importRefused = refused('ERR_MODULE_IMPORT')
const abortType = '(param i32 i32 i32 i32)'

/** Imports a function and calls it with one number. */
function calls(name: string, cheats: string, from: string, imported: string): Hostile {
  return {
    name: `import-${name}`,
    cheats,
    bytes: inUser(
      '(drop (call $taken (local.get $given))) (i32.const 512)',
      `(import "${from}" "${imported}" (func $taken (param i32) (result i32)))`,
    ),
    must: importRefused,
  }
}

function imports(name: string, cheats: string, fields: string, must = importRefused): Hostile {
  return { name: `import-${name}`, cheats, bytes: policy(fields), must }
}

/** An import section byte by byte; a function's type is number 0. */
function raw(name: string, cheats: string, entry: readonly number[], must = importRefused): Hostile {
  return { name: `import-${name}`, cheats, bytes: replacing(section(id.import, ...list([entry]))), must }
}

export const imported: readonly Hostile[] = [
  calls('function-maker', 'imports Function by way of prototypes', 'constructor', 'constructor'),
  calls('object-maker', 'imports Object by way of the prototype of env', 'env', 'constructor'),
  calls('proto-constructor', 'imports __proto__.constructor', '__proto__', 'constructor'),
  calls('env-proto', 'imports the prototype of env as a function', 'env', '__proto__'),
  calls('env-to-string', 'imports toString, which every object has', 'env', 'toString'),
  calls('define-getter', 'imports __defineGetter__, which changes objects', 'env', '__defineGetter__'),
  calls('date', 'imports Date.constructor, as an old compiler runtime did', 'Date', 'constructor'),
  calls('process-exit', 'imports process.exit', 'process', 'exit'),
  calls('require', 'imports require', 'env', 'require'),
  calls('without-names', 'imports something whose names are empty', '', ''),
  calls(
    'own-fuel',
    'imports a function under the name that the host gives its fuel',
    'env',
    'portcullis:fuel',
  ),
  calls(
    'js-string',
    'imports a builtin for strings, which some engines supply themselves',
    'wasm:js-string',
    'length',
  ),
  calls('abort-in-capitals', 'imports ENV.ABORT', 'ENV', 'ABORT'),
  calls('abort-and-nul', 'imports env.abort that goes on behind a NUL', 'env', 'abort\\00x'),
  imports('date-now', 'imports Date.now, a clock', '(import "Date" "now" (func (result f64)))'),
  imports('random', 'imports env.seed, a source of chance', '(import "env" "seed" (func (result f64)))'),
  imports('console', 'imports console.log', '(import "console" "log" (func (param i32)))'),
  imports('trace', 'imports env.trace', '(import "env" "trace" (func (param i32 i32 f64 f64 f64 f64 f64)))'),
  imports(
    'wasi',
    'imports WASI, and with it files',
    '(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))',
  ),
  imports(
    'extism',
    "imports another host's kernel, and with it variables that outlive a call",
    '(import "extism:host/env" "var_set" (func (param i64 i64)))',
  ),
  imports('opa', "imports another host's abort", '(import "env" "opa_abort" (func (param i32)))'),
  {
    name: 'import-memory',
    cheats: 'imports its memory, which another may have had before',
    bytes: policy('(import "env" "memory" (memory 1)) (export "memory" (memory 0))'),
    must: importRefused,
  },
  imports('table', 'imports a table', '(import "env" "table" (table 1 funcref))'),
  imports('global', 'imports a global', '(import "env" "__memory_base" (global i32))'),
  imports(
    'mutable-global',
    'imports a global that both sides can change',
    '(import "env" "count" (global (mut i32)))',
  ),
  imports('abort-as-global', 'imports env.abort as a global', '(import "env" "abort" (global i32))'),
  imports('abort-of-nothing', 'imports env.abort without parameters', '(import "env" "abort" (func))'),
  imports(
    'abort-of-i64',
    'imports env.abort with a parameter that JavaScript gets as a BigInt',
    '(import "env" "abort" (func (param i64 i32 i32 i32)))',
  ),
  imports(
    'abort-that-returns',
    'imports env.abort as something that returns a number',
    `(import "env" "abort" (func ${abortType} (result i32)))`,
  ),
  imports('abort-twice', 'imports env.abort twice', `(import "env" "abort" (func ${abortType}))`.repeat(2)),
  imports(
    'abort-and-more',
    'imports env.abort, and behind it the constructor of env',
    `(import "env" "abort" (func ${abortType})) (import "env" "constructor" (func ${abortType}))`,
  ),
  imports(
    'more-and-abort',
    'imports something else before env.abort',
    `(import "env" "aborted" (func ${abortType})) (import "env" "abort" (func ${abortType}))`,
  ),
  imports(
    'five-thousand',
    'imports env.abort 5,001 times',
    repeat(5_001, `(import "env" "abort" (func ${abortType}))`),
    refused('ERR_MODULE_BOUND'),
  ),
  raw('long-name', 'imports something whose name has 50,000 bytes', [
    ...named('e'.repeat(50_000)),
    ...named('abort'),
    0,
    0,
  ]),
  raw(
    'tag',
    'imports an exception',
    [...named('env'), ...named('tag'), 4, 0, 0],
    refused('ERR_MODULE_FEATURE'),
  ),
  raw(
    'of-no-kind',
    'imports something of a kind that there is not',
    [...named('env'), ...named('abort'), 9, 0],
    refused('ERR_MODULE_MALFORMED'),
  ),
  imports(
    'abort-unused',
    'imports env.abort and never calls it',
    `(import "env" "abort" (func ${abortType}))`,
    harmless(),
  ),
]
