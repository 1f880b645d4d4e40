// Traps of every kind, and indices that aim at what the host has added to a module: its two counters, its locals, the block
// around a function. A trap is no answer; an index beyond what the module itself has is refused before anything is added.

import { type Hostile, harmless, refused, stopped } from '../hostile.ts'
import { allowed, at, functionText, inUser, policy, repeat } from '../prelude.ts'
import { END, I32, id, list, named, replacing, section, withUser } from '../sections.ts'

const trapped = stopped('ERR_POLICY_TRAP', 'user')
const noSuch = refused('ERR_MODULE_INDEX')

function trap(name: string, cheats: string, body: string, more = ''): Hostile {
  return { name: `trap-${name}`, cheats, bytes: inUser(`${body} ${allowed}`, more), must: trapped }
}

/** A body with an index that is one beyond what there is. An honest policy has 4 functions, 4 types and no global. */
function index(
  name: string,
  cheats: string,
  code: readonly number[],
  locals: readonly number[] = [0],
): Hostile {
  return { name: `index-${name}`, cheats, bytes: withUser([...code, 0x41, 0], locals), must: noSuch }
}

function part(name: string, cheats: string, number: number, ...content: number[]): Hostile {
  return { name: `index-${name}`, cheats, bytes: replacing(section(number, ...content)), must: noSuch }
}

const LARGEST = [0xff, 0xff, 0xff, 0xff, 0x0f]
/** Three entries: a function of another type, nothing, and the function itself. */
const table = `(type $policy (func (param i32) (result i32))) (table 3 funcref)
  (elem ${at(0)} $other) (func $other (param f64))`

export const traps: readonly Hostile[] = [
  trap('unreachable', 'comes to where control never comes', 'unreachable'),
  trap('division-by-zero', 'divides by zero', `(drop (i32.div_s ${at(1)} ${at(0)}))`),
  trap('remainder-by-zero', 'takes a remainder by zero', '(drop (i64.rem_u (i64.const 1) (i64.const 0)))'),
  trap(
    'division-overflow',
    'divides the least number by minus one',
    `(drop (i32.div_s (i32.const 0x80000000) ${at(-1)}))`,
  ),
  trap(
    'division-overflow-64',
    'divides the least 64-bit number by minus one',
    '(drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))',
  ),
  {
    name: 'trap-not-by-remainder',
    cheats: 'takes the remainder of the least number by minus one, which faults on some processors',
    bytes: inUser(`(if (i32.rem_s (i32.const 0x80000000) ${at(-1)}) (then unreachable)) ${allowed}`),
    must: harmless(),
  },
  trap('conversion', 'converts a float that is too large', '(drop (i32.trunc_f64_s (f64.const 1e300)))'),
  trap('conversion-of-nan', 'converts what is not a number', '(drop (i64.trunc_f32_u (f32.const nan)))'),
  trap('load-behind', 'loads from just behind memory', '(drop (i32.load8_u (i32.const 65536)))'),
  trap(
    'load-over-the-end',
    'loads eight bytes of which one is behind memory',
    '(drop (i64.load (i32.const 65529)))',
  ),
  trap('load-negative', 'loads from a negative address', `(drop (i32.load ${at(-4)}))`),
  trap(
    'load-with-offset',
    'loads from an address whose sum with its offset is 0 in 32 bits',
    '(drop (i32.load offset=0xfffffffc (i32.const 4)))',
  ),
  trap(
    'load-far',
    'loads from 8 GiB, as far as an address and its offset reach',
    `(drop (i32.load offset=0xffffffff ${at(-1)}))`,
  ),
  trap(
    'store-behind',
    'stores behind memory, where the next tenant may be',
    '(i64.store (i32.const 65536) (i64.const -1))',
  ),
  trap(
    'store-over-the-end',
    'stores four bytes of which three would fit',
    '(i32.store (i32.const 65533) (i32.const -1))',
  ),
  trap(
    'call-of-nothing',
    'calls an entry of the table that was never set',
    `(drop (call_indirect (type $policy) ${at(0)} ${at(1)}))`,
    table,
  ),
  trap(
    'call-of-other-type',
    'calls a function through the table as if it were of another type',
    `(drop (call_indirect (type $policy) ${at(0)} ${at(0)}))`,
    table,
  ),
  trap(
    'call-behind',
    'calls an entry behind the table',
    `(drop (call_indirect (type $policy) ${at(0)} ${at(3)}))`,
    table,
  ),
  trap(
    'call-negative',
    'calls an entry at a negative index',
    `(drop (call_indirect (type $policy) ${at(0)} ${at(-1)}))`,
    table,
  ),
  {
    name: 'trap-call-of-like-type',
    cheats: 'calls a function through the table by another type that is the same in every part',
    bytes: inUser(
      `(call_indirect (type $alike) ${allowed} ${at(0)})`,
      `(type $one (func (param i32) (result i32))) (type $alike (func (param i32) (result i32)))
      (table 1 funcref) (elem ${at(0)} $echo) (func $echo (type $one) (local.get 0))`,
    ),
    must: harmless(),
  },
  {
    name: 'trap-in-operation',
    cheats: 'allows the user and traps in the operation',
    bytes: policy(functionText('authzOperation', 'unreachable')),
    must: stopped('ERR_POLICY_TRAP', 'operation'),
    entry: 'authzOperation',
  },
  {
    name: 'trap-in-request',
    cheats: 'traps where it should say where it wants its block',
    bytes: policy(functionText('portcullis_request_v1', 'unreachable')),
    must: stopped('ERR_POLICY_TRAP', 'every question'),
    entry: 'portcullis_request_v1',
  },
  {
    name: 'trap-in-quota',
    cheats: 'traps when it is asked for a quota',
    bytes: policy(functionText('queryQuota', 'unreachable')),
    must: stopped('ERR_POLICY_TRAP', 'quota'),
    entry: 'queryQuota',
  },
  {
    name: 'trap-in-settings',
    cheats: 'traps when it is given its settings',
    bytes: policy(functionText('portcullis_settings_v1', 'unreachable')),
    must: stopped('ERR_POLICY_TRAP', 'start'),
    settings: { administrators: ['ada'] },
    entry: 'portcullis_settings_v1',
  },
  index('global-get', 'reads the global behind its own, where the fuel is', [0x23, 0, 0x1a]),
  index('global-set', 'writes the global behind its own, where the fuel is', [0x41, 0x7f, 0x24, 0]),
  index(
    'global-of-stack',
    'writes the second global behind its own, where the stack is',
    [0x41, 0x7f, 0x24, 1],
  ),
  index('global-last', 'writes global 4,294,967,295', [0x41, 0x7f, 0x24, ...LARGEST]),
  index('global-never-reached', 'writes the fuel where no control comes', [0x0f, 0x41, 0x7f, 0x24, 0]),
  index('local-get', 'reads the local behind its own, where the host keeps a number', [0x20, 1, 0x1a]),
  index('local-set', 'writes the local behind its own', [0x41, 0, 0x21, 3], [1, 2, I32]),
  index('local-tee', 'writes local 4,294,967,295', [0x41, 0, 0x22, ...LARGEST, 0x1a]),
  index('function', 'calls the function behind its own', [0x10, 4]),
  index('type', 'calls through the table by the type behind its own', [0x41, 0, 0x11, 9, 0]),
  index('table', 'calls through a table that it does not have', [0x41, 0, 0x41, 0, 0x11, 0, 0, 0x1a]),
  index('label', 'leaves the block around its function, which the host has added', [0x0c, 1]),
  index('label-of-table', 'leaves that block by a table of branches', [0x41, 0, 0x0e, 1, 0, 1]),
  index('label-in-blocks', 'leaves it from three blocks deep', [
    0x02,
    0x40,
    0x02,
    0x40,
    0x02,
    0x40,
    0x0c,
    4,
    END,
    END,
    END,
  ]),
  part(
    'exported-global',
    'exports the global behind its own',
    id.export,
    ...list([[...named('fuel'), 3, 0]]),
  ),
  part(
    'exported-function',
    'exports the function behind its own',
    id.export,
    ...list([[...named('authzUser'), 0, 4]]),
  ),
  part('exported-memory', 'exports a second memory', id.export, ...list([[...named('memory'), 2, 1]])),
  part('start', 'starts with the function behind its own', id.start, 4),
  part(
    'type-of-function',
    'has functions of a type that it does not have',
    id.function,
    ...list([[0], [1], [2], [9]]),
  ),
  part('element-without-table', 'places a function and has no table', id.element, 1, 0, 0x41, 0, END, 1, 0),
  {
    name: 'index-own-label',
    cheats: 'leaves its function by a branch to its own label, past where the host counts',
    bytes: inUser(`${repeat(20, '(block')} (br 20 ${allowed}) ${repeat(20, ')')} unreachable`),
    must: harmless(),
  },
  {
    name: 'index-own-last-global',
    cheats: 'writes minus one to its own last global, next to the fuel',
    bytes: inUser(
      `(global.set $last (i32.const -1)) (loop $again (br_if $again (i32.eqz (global.get $last)))) ${allowed}`,
      `${repeat(100, '(global (mut i32) (i32.const 0))')} (global $last (mut i32) (i32.const 0))`,
    ),
    must: harmless(),
  },
]
