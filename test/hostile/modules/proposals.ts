// Proposals beyond what a policy may use, one module for each door that they open. They are refused by name, whatever the
// engine of the day would take: what is not metered must not run.

import { type Hostile, harmless, refused } from '../hostile.ts'
import { allowed, at, inUser, policy } from '../prelude.ts'
import {
  damaged,
  END,
  I32,
  id,
  joined,
  list,
  named,
  replacing,
  section,
  sized,
  withUser,
} from '../sections.ts'

const feature = refused('ERR_MODULE_FEATURE')
const unknown = refused('ERR_MODULE_MALFORMED')

/** As text, with what the assembler has to be told to write it. */
function text(name: string, cheats: string, body: string, more = '', ...options: string[]): Hostile {
  return {
    name: `proposal-${name}`,
    cheats,
    bytes: inUser(`${body} ${allowed}`, more, { options }),
    must: feature,
  }
}

/** As bytes of a body, for what the assembler does not know. */
function code(name: string, cheats: string, bytes: readonly number[], must = feature): Hostile {
  return { name: `proposal-${name}`, cheats, bytes: withUser(bytes), must }
}

function part(name: string, cheats: string, number: number, ...content: number[]): Hostile {
  return { name: `proposal-${name}`, cheats, bytes: replacing(section(number, ...content)), must: feature }
}

const table = '(table $table 4 funcref) (func $idle) (elem (i32.const 0) $idle)'
const I32_0 = [0x41, 0]

export const proposals: readonly Hostile[] = [
  text(
    'multi-value-function',
    'returns two results',
    '(call $two) drop drop',
    `(func $two (result i32 i32) ${at(1)} ${at(2)})`,
  ),
  text(
    'multi-value-block',
    'has a block with two results',
    `(block (result i32 i32) ${at(1)} ${at(2)}) drop drop`,
  ),
  text('multi-value-loop', 'has a loop that takes an operand', `${at(1)} (loop (param i32) drop)`),
  text('simd', 'computes with vectors', '(drop (v128.const i32x4 1 2 3 4))'),
  text('simd-load', 'loads a vector', `(drop (v128.load ${at(0)}))`),
  text(
    'simd-relaxed',
    'computes with relaxed vectors, whose results differ between machines',
    '(drop (f32x4.relaxed_madd (v128.const i32x4 0 0 0 0) (v128.const i32x4 0 0 0 0) (v128.const i32x4 0 0 0 0)))',
    '',
    '--enable-relaxed-simd',
  ),
  {
    name: 'proposal-shared-memory',
    cheats: 'shares its memory with threads',
    bytes: policy('(memory (export "memory") 1 2 shared)', { options: ['--enable-threads'] }),
    must: feature,
  },
  text(
    'atomic-wait',
    'waits for a notification that never comes, which costs no processor time',
    `(drop (memory.atomic.wait32 ${at(0)} ${at(0)} (i64.const -1)))`,
    '(memory (export "memory") 1 2 shared)',
    '--enable-threads',
  ),
  text(
    'atomic-add',
    'adds atomically',
    `(drop (i32.atomic.rmw.add ${at(0)} ${at(1)}))`,
    '',
    '--enable-threads',
  ),
  text('atomic-fence', 'has a fence', '(atomic.fence)', '', '--enable-threads'),
  part('shared-global', 'shares a global with threads', id.global, 1, I32, 3, ...I32_0, END),
  text(
    'catch-all',
    'catches whatever is thrown, an abort by its host too, and goes on',
    '(loop $again (try (do (call $user)) (catch_all (br $again))))',
    '(tag $mine) (func $user (throw $mine))',
    '--enable-exceptions',
  ),
  text('throw', 'throws an exception of its own', '(throw $mine)', '(tag $mine)', '--enable-exceptions'),
  text('delegate', 'delegates an exception', '(try (do (nop)) (delegate 0))', '', '--enable-exceptions'),
  code('try-table', 'catches with a table, as the newer form of exceptions does', [0x1f, 0x40, 1, 2, 0, END]),
  code('throw-reference', 'throws again what it caught', [0xd0, 0x69, 0x0a]),
  part(
    'exception-reference',
    'has a function that takes an exception',
    id.type,
    ...list([[0x60, 1, 0x69, 0]]),
  ),
  part('tag', 'declares an exception', id.tag, 1, 0, 0),
  text(
    'tail-call',
    'calls itself without a frame, for ever',
    '(call $endless)',
    '(func $endless (return_call $endless))',
    '--enable-tail-call',
  ),
  text(
    'tail-call-indirect',
    'calls through the table without a frame',
    '(call $endless)',
    `${table} (func $endless (return_call_indirect ${at(0)}))`,
    '--enable-tail-call',
  ),
  text('reference-null', 'has a reference to nothing', '(drop (ref.null extern))'),
  text('reference-function', 'has a reference to a function', '(drop (ref.func $idle))', `${table}`),
  text('reference-parameter', 'takes an object of JavaScript', '', '(func (param externref))'),
  text(
    'reference-global',
    'keeps an object of JavaScript from one call to the next',
    '',
    '(global (mut externref) (ref.null extern))',
  ),
  text('reference-select', 'selects with a type', `(drop (select (result i32) ${at(1)} ${at(2)} ${at(3)}))`),
  {
    name: 'proposal-two-tables',
    cheats: 'has two tables',
    bytes: policy('(table 1 funcref) (table 1 funcref)'),
    must: refused('ERR_MODULE_BOUND'),
  },
  text('table-of-objects', 'has a table of objects of JavaScript', '', '(table 1 externref)'),
  text(
    'table-set',
    'changes its table, which nobody would put back',
    `(table.set $table ${at(0)} (ref.null func))`,
    table,
  ),
  text('table-get', 'reads its table', `(drop (table.get $table ${at(0)}))`, table),
  text('table-grow', 'grows its table', `(drop (table.grow $table (ref.null func) ${at(1)}))`, table),
  text(
    'table-fill',
    'fills its table, which takes as long as it is long',
    `(table.fill $table ${at(0)} (ref.null func) ${at(4)})`,
    table,
  ),
  text('table-copy', 'copies its table onto itself', `(table.copy ${at(1)} ${at(0)} ${at(2)})`, table),
  text(
    'table-init',
    'fills its table from a segment',
    `(table.init 1 ${at(0)} ${at(0)} ${at(1)})`,
    `${table} (elem func $idle)`,
  ),
  text(
    'element-drop',
    'drops a segment, which a second call would notice',
    '(elem.drop 1)',
    `${table} (elem func $idle)`,
  ),
  text('element-declared', 'declares functions that it refers to', '', `${table} (elem declare func $idle)`),
  text(
    'memory-init',
    'fills memory from a segment when it is asked',
    `(memory.init 0 ${at(0)} ${at(0)} ${at(1)})`,
    '(data "x")',
  ),
  text('data-drop', 'drops a segment, which a second call would notice', '(data.drop 0)', '(data "x")'),
  text('data-passive', 'has data that are placed later or never', '', '(data "x")'),
  code('call-reference', 'calls by a typed reference', [...I32_0, 0x14, 0]),
  part(
    'typed-reference',
    'has a function that takes a typed reference',
    id.type,
    ...list([[0x60, 1, 0x64, 0, 0]]),
  ),
  part(
    'struct',
    'has a struct, which the engine would have to collect',
    id.type,
    ...list([[0x5f, 1, I32, 1]]),
  ),
  part('array', 'has an array, whose length it may choose', id.type, ...list([[0x5e, I32, 1]])),
  part('recursive-types', 'has types that refer to each other', id.type, ...list([[0x4e, 1, 0x60, 0, 0]])),
  code('new-array', 'makes an array of 4,294,967,295 items', [0x41, 0x7f, 0xfb, 7, 0]),
  code('new-integer', 'makes a small integer that is an object', [...I32_0, 0xfb, 0x1c]),
  code('null-of-any', 'tests a reference of the newer kind', [0xd3]),
  {
    name: 'proposal-memory64',
    cheats: 'has a memory of 64-bit addresses',
    bytes: policy('(memory (export "memory") i64 1 2)', { options: ['--enable-memory64', '--no-check'] }),
    must: feature,
  },
  part('table64', 'has a table of 64-bit indices', id.table, 1, 0x70, 5, 1, 1),
  text(
    'two-memories',
    'has a second memory that nobody looks at',
    '',
    '(memory (export "memory") 1 2) (memory 1)',
    '--enable-multi-memory',
  ),
  code('second-memory', 'asks for the size of another memory', [0x3f, 1, 0x1a]),
  code('second-memory-load', 'loads from another memory', [...I32_0, 0x28, 0x42, 1, 0, 0x1a]),
  part('small-pages', 'has pages of a byte', id.memory, 1, 9, 1, 1, 0),
  text(
    'extended-constant',
    'computes an initial value',
    '',
    '(global i32 (i32.add (i32.const 1) (i32.const 2)))',
    '--enable-extended-const',
  ),
  part(
    'constant-of-a-global',
    'begins a global with another',
    id.global,
    2,
    I32,
    0,
    ...I32_0,
    END,
    I32,
    0,
    0x23,
    0,
    END,
  ),
  part('continuation', 'has a continuation', id.type, ...list([[0x5d, 0]])),
  code('suspend', 'suspends itself, which no fuel would count', [0xe2, 0]),
  code('wide-arithmetic', 'adds 128 bits', [0x42, 0, 0x42, 0, 0x42, 0, 0x42, 0, 0xfc, 0x13], unknown),
  code('memory-discard', 'gives pages back', [...I32_0, ...I32_0, 0xfc, 0x12, 0], unknown),
  code('half-floats', 'loads a float of 16 bits', [...I32_0, 0xfc, 0x30, 1, 0], unknown),
  {
    name: 'proposal-component',
    cheats: 'is a component, which begins like a module',
    bytes: damaged((bytes) => joined(bytes.slice(0, 4), [0x0d, 0, 1, 0], bytes.slice(8))),
    must: unknown,
  },
  {
    name: 'proposal-branch-hint',
    cheats: 'tells the compiler which branch to take, where there is none',
    bytes: damaged((bytes) =>
      joined(bytes, [0], sized([...named('metadata.code.branch_hint'), 1, 1, 1, 99, 1, 1])),
    ),
    must: harmless(),
  },
]
