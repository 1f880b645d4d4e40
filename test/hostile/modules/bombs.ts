// Bombs: small uploads that mean much work for whoever reads, validates, compiles or instantiates them. What is over a bound is
// refused before anybody works on it; what is just below has to be done with in little time.

import { bounds } from '../../../host/engine/wasm/bounds.ts'
import { type Hostile, harmless, refused, stopped } from '../hostile.ts'
import { allowed, at, functionText, inUser, policy, repeat } from '../prelude.ts'
import { damaged, I32, id, joined, replacing, section, unsigned, withUser } from '../sections.ts'

const overBound = refused('ERR_MODULE_BOUND')
const LARGEST = [0xff, 0xff, 0xff, 0xff, 0x0f]
const times = (count: number, ...bytes: number[]) => Array.from({ length: count }, () => bytes).flat()

/** A vector that says it has 2^32 - 1 items. */
function endless(name: string, number: number): Hostile {
  return {
    name: `bomb-endless-${name}`,
    cheats: `says that it has 4,294,967,295 ${name}`,
    bytes: replacing(section(number, ...LARGEST)),
    must: overBound,
  }
}

function tooMany(name: string, cheats: string, fields: string): Hostile {
  return { name: `bomb-${name}`, cheats, bytes: policy(fields), must: overBound }
}

/** A body that goes over a bound. */
function body(
  name: string,
  cheats: string,
  code: readonly number[],
  locals: readonly number[] = [0],
): Hostile {
  return { name: `bomb-${name}`, cheats, bytes: withUser(code, locals), must: overBound }
}

function burden(name: string, cheats: string, fields: string, must = harmless()): Hostile {
  return { name: `bomb-${name}`, cheats, bytes: policy(fields), must }
}

const nested = (depth: number) => [...times(depth, 0x02, 0x40), ...times(depth, 0x0b), 0x41, 0x80, 0x04]
const branches = (count: number) => [0x41, 0, 0x0e, ...unsigned(count), ...times(count + 1, 0)]
const roots = (count: number) => `(f64.const 2) ${repeat(count, 'f64.sqrt')} drop`

/** A type of a parameter, such that lists of them differ with their number. */
const odd = (number: number, place: number) => ((number >> (place % 10)) & 1 ? 'i64' : 'f64')

export const bombs: readonly Hostile[] = [
  {
    name: 'bomb-no-bytes',
    cheats: 'is empty',
    bytes: damaged(() => []),
    must: refused('ERR_MODULE_SIZE'),
  },
  {
    name: 'bomb-a-byte-too-large',
    cheats: 'has 256 KiB and a byte, nearly all of it in a section that means nothing',
    bytes: damaged((bytes) => {
      const size = 2 ** 18 + 1 - bytes.length - 4
      return joined(bytes, [0], unsigned(size), times(size, 0))
    }),
    must: refused('ERR_MODULE_SIZE'),
  },
  {
    name: 'bomb-custom-sections',
    cheats: 'has 80,000 sections that mean nothing',
    bytes: damaged((bytes) => joined(bytes, times(80_000, 0, 1, 0))),
    must: harmless(),
  },
  body('nesting-of-257', 'nests 257 blocks, over which compilers recurse', nested(257)),
  body('nesting-of-20000', 'nests 20,000 blocks, as many as fit into a function', nested(20_000)),
  body('nesting-of-80000', 'nests 80,000 blocks in a function of 240 KB', nested(80_000)),
  burden(
    'nesting-of-256',
    'nests as many loops as it may',
    functionText('authzUser', `${repeat(256, '(loop')} ${repeat(256, ')')} ${allowed}`),
  ),
  body('branches-of-65000', 'has a table of 65,000 branches', branches(65_000)),
  body('branches-of-1025', 'has a table of 1,025 branches', branches(1_025)),
  body('branches-endless', 'says that it has 4,294,967,295 branches in a table', [0x41, 0, 0x0e, ...LARGEST]),
  burden(
    'many-branch-tables',
    'has 60 tables of 1,000 branches each, with locals that meet at every target',
    functionText(
      'authzUser',
      `(local ${repeat(60, 'i32')})
      ${repeat(60, (index) => {
        const table = `(br_table ${repeat(1000, '0')} 0 (local.get $given))`
        return `(block (local.set ${index + 1} ${at(index)}) ${table})`
      })} ${allowed}`,
    ),
  ),
  burden(
    'merges',
    'changes 200 locals in 200 nested loops, and can go back from the innermost to any of them',
    functionText(
      'authzUser',
      `(local ${repeat(200, 'i64')})
      ${repeat(200, (index) => {
        const other = ((index * 7) % 200) + 1
        return `(loop (local.set ${index + 1} (i64.add (local.get ${other}) (i64.const 3)))`
      })}
      (br_table ${repeat(200, String)} 0 (i32.wrap_i64 (i64.rem_u (local.get 77) (i64.const 211))))
      ${repeat(200, ')')} unreachable`,
    ),
    stopped('ERR_POLICY_FUEL', 'user'),
  ),
  burden(
    'optimiser',
    'is harmless until an optimising compiler takes it up: 900 locals, 20,480 branches, 60 loops to go back to',
    functionText(
      'authzUser',
      `(local ${repeat(900, 'i64')}) ${repeat(60, '(loop')}
      ${repeat(899, (index) => `(local.set ${index + 1} (i64.add (local.get ${index + 2}) (i64.const 1)))`)}
      ${repeat(20, (index) => {
        const table = `(br_table ${repeat(1024, (target) => String(1 + (target % 60)))} 1`
        return `(if (i32.wrap_i64 (local.get ${index + 1})) (then ${table} (i32.wrap_i64 (local.get 30)))))`
      })}
      (br 0) ${repeat(60, ')')} unreachable`,
    ),
    stopped('ERR_POLICY_FUEL', 'user'),
  ),
  body('locals-of-50000', 'has 50,000 locals, as many as engines allow', [], [1, ...unsigned(50_000), I32]),
  body(
    'locals-that-wrap',
    'has twice 4,294,967,295 locals, which are few in 32 bits',
    [],
    [2, ...LARGEST, I32, ...LARGEST, I32],
  ),
  body(
    'locals-of-nothing',
    'declares no local a thousand times, and says that it goes on so for ever',
    [],
    [...LARGEST, ...times(1_100, 0, I32)],
  ),
  burden(
    'locals-everywhere',
    'has 4,000 functions of 999 locals each',
    repeat(4_000, `(func (param i32) (local ${repeat(999, 'i64')}))`),
  ),
  tooMany('functions-of-5001', 'has 5,001 functions', repeat(4_997, '(func)')),
  burden('functions-of-5000', 'has 5,000 functions', repeat(4_996, '(func)')),
  body('body-too-large', 'has a function of 64 KiB and a byte', times(65_535, 0x01)),
  burden(
    'body-of-nothing',
    'has a function of 65,000 bytes that do nothing',
    functionText('authzUser', `${repeat(65_000, 'nop')} ${allowed}`),
  ),
  burden(
    'body-dearer-than-fuel',
    'has 35,000 square roots in a row, more than its fuel before one of them runs',
    functionText('authzUser', `${roots(35_000)} ${allowed}`),
    stopped('ERR_POLICY_FUEL', 'user'),
  ),
  tooMany(
    'body-that-expands',
    'has four functions of 60,000 square roots, each of which metering makes 18 times as long',
    repeat(4, `(func ${roots(60_000)})`),
  ),
  tooMany(
    'body-of-loops',
    'has four functions of 20,000 loops without a pass, each of which metering makes longer',
    repeat(4, `(func ${repeat(20_000, '(loop)')})`),
  ),
  burden(
    'body-that-just-fits',
    'has a function of 36,000 square roots and 1,500 loops, nearly as much as fits once it is metered',
    `(func ${roots(36_000)} ${repeat(1_500, '(loop)')})`,
  ),
  burden(
    'body-never-reached',
    'has 60,000 additions where no control comes and the stack has no height',
    functionText('authzUser', `unreachable ${repeat(60_000, 'i32.add')}`),
    stopped('ERR_POLICY_TRAP', 'user'),
  ),
  burden(
    'operands-of-32000',
    'holds 32,000 operands at once in its only frame',
    functionText('authzUser', `${repeat(32_000, at(0))} (return ${allowed})`),
  ),
  burden(
    'operands-of-a-whole-stack',
    'holds so many operands at once that its only frame is larger than the stack',
    functionText('authzUser', `${repeat(32_760, at(0))} return`),
    stopped('ERR_POLICY_STACK', 'user'),
  ),
  tooMany('parameters-of-129', 'has a function of 129 parameters', `(func (param ${repeat(129, 'i32')}))`),
  tooMany('types-too-many', 'has more types than it may', repeat(bounds.types + 1, '(type (func))')),
  burden(
    'types-of-128-parameters',
    'has nearly as many types as it may, of 128 parameters each, and no two are alike',
    repeat(bounds.types - 2, (index) => `(type (func (param ${repeat(128, (place) => odd(index, place))})))`),
  ),
  tooMany('globals-of-1001', 'has 1,001 globals', repeat(1_001, '(global i32 (i32.const 0))')),
  burden(
    'globals-of-1000',
    'has 1,000 globals that a host has to put back',
    repeat(1_000, '(global (mut f64) (f64.const 1.5))'),
  ),
  tooMany('data-of-1001', 'has 1,001 data segments', repeat(998, '(data (i32.const 0) "")')),
  tooMany(
    'elements-of-1001',
    'has 1,001 element segments',
    `(table 1 funcref) ${repeat(1_001, '(elem (i32.const 0))')}`,
  ),
  tooMany(
    'element-of-1001',
    'places 1,001 functions at once',
    `(table 1000 funcref) (func $idle) (elem (i32.const 0) ${repeat(1_001, '$idle')})`,
  ),
  tooMany('table-of-1001', 'has a table of 1,001 entries', '(table 1001 funcref)'),
  tooMany('table-of-ten-million', 'has a table of ten million entries, 270 MB', '(table 10000000 funcref)'),
  tooMany(
    'table-that-could-grow',
    'has a table that may become as large as there is',
    '(table 1 4294967295 funcref)',
  ),
  endless('types', id.type),
  endless('imports', id.import),
  endless('functions', id.function),
  endless('tables', id.table),
  endless('globals', id.global),
  endless('exports', id.export),
  endless('elements', id.element),
  endless('bodies', id.code),
  endless('data', id.data),
  {
    name: 'bomb-endless-parameters',
    cheats: 'says that a function has 4,294,967,295 parameters',
    bytes: replacing(section(id.type, 1, 0x60, ...LARGEST)),
    must: overBound,
  },
  {
    name: 'bomb-calls-with-128-arguments',
    cheats: 'calls a function of 128 parameters 60 times in one expression after the other',
    bytes: inUser(
      `${repeat(60, `(call $wide ${repeat(128, '(local.get $given)')})`)} ${allowed}`,
      `(func $wide (param ${repeat(128, 'i32')}))`,
    ),
    must: harmless(),
  },
]
