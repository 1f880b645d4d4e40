// Loops that never end, of every shape and in every function of the interface. Whatever the loop does or does not do, its
// fuel has to run out: a shape whose pass cost nothing would keep an evaluator until the watchdog killed it.

import { type Hostile, harmless, stopped } from '../hostile.ts'
import { allowed, at, functionText, inUser, place, policy, repeat, start } from '../prelude.ts'

const inUsers = stopped('ERR_POLICY_FUEL', 'user')
const forever = '(loop $again (br $again)) unreachable'

/** A table of one function that does nothing. */
const idle = '(table 1 funcref) (elem (i32.const 0) $idle) (func $idle)'

export const loops: readonly Hostile[] = [
  { name: 'loop-plain', cheats: 'branches back for ever', bytes: inUser(forever), must: inUsers },
  {
    name: 'loop-conditional',
    cheats: 'branches back on a condition that always holds',
    bytes: inUser(`(loop $again (br_if $again ${at(1)})) ${allowed}`),
    must: inUsers,
  },
  {
    name: 'loop-with-result',
    cheats: 'promises a result that its loop never comes to',
    bytes: inUser('(loop $again (result i32) (br $again))'),
    must: inUsers,
  },
  {
    name: 'loop-nested',
    cheats: 'goes back to the outermost of three loops, so that the inner ones never make a second pass',
    bytes: inUser('(loop $a (loop $b (loop $c (br $a)))) unreachable'),
    must: inUsers,
  },
  {
    name: 'loop-from-deep-inside',
    cheats: 'goes back from 250 blocks deep',
    bytes: inUser(`(loop $again ${repeat(250, '(block')} (br $again) ${repeat(250, ')')}) unreachable`),
    must: inUsers,
  },
  {
    name: 'loop-by-table',
    cheats: 'goes back through a table of branches, all of them to the loop',
    bytes: inUser(`(loop $again (br_table $again $again $again (local.get $given))) unreachable`),
    must: inUsers,
  },
  {
    name: 'loop-two-that-take-turns',
    cheats: 'goes from one loop to the other and back, as a state machine does',
    bytes: inUser(`(local $state i32)
      (loop $even
        (local.set $state (i32.xor (local.get $state) ${at(1)}))
        (loop $odd
          (local.set $state (i32.xor (local.get $state) ${at(1)}))
          (br_table $odd $even (local.get $state))))
      unreachable`),
    must: inUsers,
  },
  {
    name: 'loop-in-the-arm-not-taken',
    cheats: 'has its way back in one arm of an if and a return in the other, which is never taken',
    bytes: inUser(`(loop $again
      (if ${at(0)} (then (return ${allowed})) (else (br $again)))) unreachable`),
    must: inUsers,
  },
  {
    name: 'loop-of-direct-calls',
    cheats: 'calls an empty function for ever',
    bytes: inUser('(loop $again (call $idle) (br $again)) unreachable', '(func $idle)'),
    must: inUsers,
  },
  {
    name: 'loop-of-indirect-calls',
    cheats: 'calls an empty function through the table for ever',
    bytes: inUser(`(loop $again (call_indirect ${at(0)}) (br $again)) unreachable`, idle),
    must: inUsers,
  },
  {
    name: 'loop-of-memory-size',
    cheats: 'asks for the size of memory for ever',
    bytes: inUser('(loop $again (drop (memory.size)) (br $again)) unreachable'),
    must: inUsers,
  },
  {
    name: 'loop-of-growth-by-nothing',
    cheats: 'grows memory by 0 pages for ever, which detaches a buffer each time',
    bytes: inUser(`(loop $again (drop (memory.grow ${at(0)})) (br $again)) unreachable`),
    must: inUsers,
  },
  {
    name: 'loop-of-empty-fills',
    cheats: 'fills no bytes for ever: a call into the engine that is paid by the byte',
    bytes: inUser(`(loop $again (memory.fill ${at(0)} ${at(0)} ${at(0)}) (br $again)) unreachable`),
    must: inUsers,
  },
  {
    name: 'loop-of-empty-copies',
    cheats: 'copies no bytes for ever',
    bytes: inUser(`(loop $again (memory.copy ${at(0)} ${at(0)} ${at(0)}) (br $again)) unreachable`),
    must: inUsers,
  },
  {
    name: 'loop-of-free-instructions',
    cheats: 'has 30,000 instructions in its pass that cost nothing each',
    bytes: inUser(`(loop $again ${repeat(10_000, 'nop (block)')} (br $again)) unreachable`),
    must: inUsers,
  },
  {
    name: 'loop-of-divisions',
    cheats: 'spends its fuel on the slowest arithmetic: each quotient waits for the one before',
    bytes: inUser(`(local $value i64) (local.set $value (i64.const -1))
      (loop $again
        (local.set $value (i64.div_u (i64.const 0x7fffffffffffffff) (i64.or (local.get $value) (i64.const 1))))
        (br $again))
      unreachable`),
    must: inUsers,
  },
  {
    name: 'loop-of-subnormals',
    cheats: 'spends its fuel on subnormal numbers, which processors handle in microcode',
    bytes: inUser(`(local $value f64) (local.set $value (f64.const 0x1p-1060))
      (loop $again
        (local.set $value (f64.div (f64.mul (local.get $value) (f64.const 0.75)) (f64.const 0.75)))
        (br $again))
      unreachable`),
    must: inUsers,
  },
  {
    name: 'loop-of-cache-misses',
    cheats: 'spends its fuel on loads that wait for each other, all over 1 MiB',
    bytes: inUser(
      `(local $address i32)
      (loop $again
        (local.set $address
          (i32.and
            (i32.add (i32.mul (local.get $address) (i32.const 1664525)) (i32.const 1013904223))
            (i32.const 0xffff8)))
        (local.set $address (i32.add (local.get $address) (i32.load8_u (local.get $address))))
        (br $again))
      unreachable`,
      '(memory (export "memory") 16)',
    ),
    must: inUsers,
  },
  {
    name: 'loop-of-table-misses',
    cheats: 'jumps by a table of 1,024 targets, each time to another of 200 places',
    bytes: inUser(`(local $next i32)
      (loop $again
        (local.set $next (i32.add (local.get $next) (i32.const 0x9e3779b1)))
        ${repeat(200, '(block')}
        (br_table ${repeat(1024, (index) => String(index % 200))} 0 (i32.shr_u (local.get $next) (i32.const 22)))
        ${repeat(200, ')')}
        (br $again))
      unreachable`),
    must: inUsers,
  },
  {
    name: 'loop-that-would-end',
    cheats: 'counts to 2^63 and would then allow',
    bytes: inUser(`(local $count i64)
      (loop $again
        (local.set $count (i64.add (local.get $count) (i64.const 1)))
        (br_if $again (i64.gt_s (local.get $count) (i64.const 0))))
      ${allowed}`),
    must: inUsers,
  },
  {
    name: 'loop-never-entered',
    cheats: 'has a loop for ever where no control comes, in the hope of being taken for endless',
    bytes: inUser(`(if ${at(0)} (then (loop $again (br $again)))) ${allowed}`),
    must: harmless(),
  },
  {
    name: 'loop-in-operation',
    cheats: 'allows the user and loops when it is asked about the operation',
    bytes: policy(functionText('authzOperation', forever)),
    must: stopped('ERR_POLICY_FUEL', 'operation'),
    entry: 'authzOperation',
  },
  {
    name: 'loop-in-quota',
    cheats: 'loops only when it is asked for a quota',
    bytes: policy(functionText('queryQuota', forever)),
    must: stopped('ERR_POLICY_FUEL', 'quota'),
    entry: 'queryQuota',
  },
  {
    name: 'loop-in-request',
    cheats: 'loops where it should only say where it wants its block',
    bytes: policy(functionText('portcullis_request_v1', forever)),
    must: stopped('ERR_POLICY_FUEL', 'every question'),
    entry: 'portcullis_request_v1',
  },
  {
    name: 'loop-in-settings',
    cheats: 'loops where it should only say where it wants its settings',
    bytes: policy(functionText('portcullis_settings_v1', forever)),
    must: stopped('ERR_POLICY_FUEL', 'start'),
    settings: { administrators: ['ada'] },
    entry: 'portcullis_settings_v1',
  },
  {
    name: 'loop-in-start',
    cheats: 'loops in its start function, which some engines run inside instantiation',
    bytes: policy(start('(loop $again (br $again))')),
    must: stopped('ERR_POLICY_FUEL', 'start'),
  },
  {
    name: 'loop-in-an-export-nobody-knows',
    cheats: 'loops in an export that no host asks for',
    bytes: policy('(func (export "toJSON") (loop $again (br $again)))'),
    must: harmless(),
  },
  {
    name: 'loop-over-its-own-record',
    cheats: 'flips its record between allow and deny for ever, for a host that reads while it runs',
    bytes: inUser(`(loop $again
      (i32.store16 offset=4 ${allowed} (i32.xor (i32.load16_u offset=4 ${allowed}) ${at(3)}))
      (br $again)) unreachable`),
    must: inUsers,
  },
  {
    name: 'loop-writes-all-memory',
    cheats: `writes everywhere but where its record stands (${place.allow}), for ever`,
    bytes: inUser(`(local $address i32)
      (loop $again
        (local.set $address (i32.and (i32.add (local.get $address) (i32.const 4)) (i32.const 0xfffc)))
        (if (i32.gt_u (local.get $address) (i32.const 1024))
          (then (i32.store (local.get $address) (i32.const -1))))
        (br $again))
      unreachable`),
    must: inUsers,
  },
]
