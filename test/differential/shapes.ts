// Modules whose shape, more than any one instruction, is what the rewriter could get wrong: ways out of a function,
// operands that are left behind, code that cannot be reached, what counts indices. In the text format, with the calls.

import type { Program } from './text-format.ts'

const call = (name: string, ...given: Program['calls'][number]['given']) => ({ name, given })
const numbers = (name: string, ...values: number[]) => values.map((value) => call(name, value))
const repeat = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ')

const note = '(global $seen (export "seen") (mut i32) (i32.const 0))'
const seen = (value: number) => `(global.set $seen (i32.const ${value}))`
const mixed = ['i32', 'i64', 'f32', 'f64'] as const
const inner = '(i32.const 7) (f64.const 1) (i64.const 2)'

export const shapes: Readonly<Record<string, Program>> = {
  'a return, at every depth of blocks, loops and ifs, over operands that are left behind': {
    text: `${note} (func (export "run") (param i32) (result i32) (i32.const 1)
      (if (i32.eq (local.get 0) (i32.const 0)) (then (return (i32.const 100))))
      (block ${inner} (loop (result f32) (f32.const 3)
        (if (result i64) (i32.eq (local.get 0) (i32.const 1))
          (then (i64.const 4) (return (i32.const 101)))
          (else (block (result i64) (i32.const 5)
            (if (i32.eq (local.get 0) (i32.const 2)) (then ${inner} (return (i32.const 102))))
            (drop) (i64.const 6))))
        (drop))
        (drop) (drop) (drop) (drop) ${seen(1)})
      (return (i32.const 103)))`,
    calls: numbers('run', 0, 1, 2, 3),
  },
  "branches to the function's own label, by br, br_if and br_table, with operands left behind": {
    text: `${note} (func (export "run") (param i32) (result i32)
      ${inner}
      (block (loop
        (i64.const 9)
        (br_if 2 (i32.const 200) (i32.eqz (local.get 0))) (drop)
        (if (i32.eq (local.get 0) (i32.const 1)) (then (f32.const 1) (br 3 (i32.const 201))))
        (block (result i32) (br_table 0 3 0 3 (i32.const 202) (local.get 0)))
        (drop) (drop) ${seen(2)}))
      (drop) (drop))`,
    calls: numbers('run', 0, 1, 2, 3, 4, -1),
  },
  'a br_table of many targets and its default': {
    text: `${note} (func (export "run") (param i32) (result i32)
      ${repeat(40, () => '(block')}
        (br_table ${repeat(40, (index) => String(39 - index))} 17 (local.get 0))
      ${repeat(40, (index) => `) (global.set $seen (i32.add (global.get $seen) (i32.const ${index})))`)}
      (global.get $seen))`,
    calls: numbers('run', 0, 1, 20, 39, 40, 41, 1 << 31, -1),
  },
  'a function without a result that returns early, or by a branch, or at its end': {
    text: `${note} (func (export "run") (param i32)
      (if (i32.eq (local.get 0) (i32.const 1)) (then (i32.const 1) (return)))
      ${seen(1)} (f64.const 1) (br_if 0 (i32.eq (local.get 0) (i32.const 2))) (drop)
      (block (br_table 0 1 1 0 (local.get 0))) ${seen(2)})`,
    calls: numbers('run', 0, 1, 2, 3, 4),
  },
  'floats and bulk operations in code that cannot be reached, on a stack of any type': {
    text: `(memory (export "memory") 1) ${note}
      (func (export "after_unreachable") (result f32) (unreachable) (f32.add) (f32.sqrt) (drop) (memory.fill)
        (memory.copy) (f64.promote_f32) (f64.min) (f32.demote_f64) (return) (f64.nearest) (f32.demote_f64))
      (func (export "after_return") (param f64) (result i64)
        (return (i64.const 5)) (memory.grow) (memory.fill) (f64.div) (drop)
        (loop (br 0)) (i64.trunc_f64_s (f64.ceil (local.get 0))))
      (func (export "after_branch") (param i32) (result f64)
        (block (result f64) (br 0 (f64.const 3)) (i32.const 0) (memory.copy) (select) (f64.mul (f64.const 2))) (drop)
        (block (br_table 0 0 (local.get 0)) (call_indirect (param f32 f32)) (f32.max) (drop))
        (loop (result f64) (unreachable) (if (result f64)
          (then (unreachable) (f64.sub)) (else (return (f64.const 1)) (memory.fill) (f64.trunc)))))
      (func (export "dead_else") (param i32) (result f32)
        (if (result f32) (local.get 0)
          (then (unreachable) (f32.floor)) (else (return (f32.const 9)) (f32.neg))))
      (table 1 funcref)`,
    calls: [
      call('after_unreachable'),
      call('after_return', 1.5),
      ...numbers('after_branch', 0, 1),
      ...numbers('dead_else', 0, 1),
    ],
  },
  'a loop as the last instruction, with and without a result, and one in the arm of an if': {
    text: `${note} (func (export "result") (param i32) (result i64)
        (loop (result i64) (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br_if 0 (i32.gt_s (local.get 0) (i32.const 0))) (i64.extend_i32_s (local.get 0))))
      (func (export "none") (param i32)
        (loop (global.set $seen (i32.add (global.get $seen) (i32.const 1)))
          (br_if 0 (i32.lt_u (global.get $seen) (local.get 0)))))
      (func (export "nested") (param i32) (result i32) (local i32 i32)
        (loop (result i32)
          (local.set 1 (i32.const 0))
          (if (local.get 0) (then (loop
            (local.set 2 (i32.add (local.get 2) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))))
          (if (result i32) (local.get 0)
            (then (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br 1))
            (else (local.get 2)))))`,
    calls: ['result', 'none', 'nested'].flatMap((name) => numbers(name, 0, 1, 5, 30)),
  },
  'an if with a result, one without an else, arms that leave by different ways': {
    text: `${note} (func (export "run") (param i32) (result i32)
      (if (i32.and (local.get 0) (i32.const 1)) (then ${seen(1)}))
      (if (result i32) (i32.and (local.get 0) (i32.const 2))
        (then (if (result i32) (i32.and (local.get 0) (i32.const 4))
          (then (br 1 (i32.const 3))) (else (return (i32.const 4)))))
        (else (i32.const 5)))
      (if (param) (i32.const 0) (then) (else ${seen(9)})))`,
    calls: numbers('run', 0, 1, 2, 3, 4, 5, 6, 7),
  },
  'functions with 128 parameters of all types, and with as many locals as there may be': {
    text: `(func $wide (param ${repeat(128, (index) => mixed[index % 4] as string)}) (result f64)
        (local i64 f32 i32) (local.set 130 (i32.const 3))
        (f64.add (f64.add (local.get 127) (f64.promote_f32 (local.get 126)))
          (f64.convert_i64_s (i64.add (local.get 125)
            (i64.extend_i32_s (i32.add (local.get 0) (local.get 130)))))))
      (func (export "wide") (param f64) (result f64)
        (call $wide
          ${repeat(32, (index) => `(i32.const ${index}) (i64.const 8) (f32.const 9) (local.get 0)`)}))
      (func (export "deep") (param i32) (result f32)
        (local ${repeat(996, (index) => mixed[index % 4] as string)} f32 f64 i64)
        (local.set 999 (i64.const 5)) (local.set 997 (f32.sqrt (f32.const 2)))
        (f32.add (local.get 997)
          (f32.convert_i64_s (i64.add (local.get 999) (i64.extend_i32_s (local.get 0))))))`,
    calls: [call('wide', 0.5), call('wide', -1), ...numbers('deep', 0, -7)],
  },
  'calls in cycles, direct and through the table, that come back': {
    text: `(type $t (func (param i32) (result i32))) (table funcref (elem $even $odd))
      (func $even (param i32) (result i32) (if (result i32) (local.get 0)
        (then (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1)))
        (else (i32.const 1))))
      (func $odd (param i32) (result i32) (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
        (call $even (i32.sub (local.get 0) (i32.const 1))))
      (export "even" (func $even)) (export "odd" (func $odd))
      (func (export "fibonacci") (param i32) (result i64)
        (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (i64.extend_i32_u (local.get 0)))))
        (i64.add (call 2 (i32.sub (local.get 0) (i32.const 1)))
          (call 2 (i32.sub (local.get 0) (i32.const 2)))))`,
    calls: [
      ...['even', 'odd'].flatMap((name) => numbers(name, 0, 1, 7, 100)),
      ...numbers('fibonacci', 0, 1, 15),
    ],
  },
  'indirect calls of another type, of an empty entry, and out of range': {
    text: `(type $t (func (param i32) (result i32))) (table (export "table") 5 9 funcref) ${note}
      (elem (i32.const 1) $same $none $wide $same)
      (func $same (type $t) ${seen(1)} (local.get 0)) (func $none)
      (func $wide (param i64) (result i64) (local.get 0))
      (func (export "run") (param i32) (result i32) (call_indirect (type $t) (i32.const 6) (local.get 0)))`,
    calls: numbers('run', 0, 1, 2, 3, 4, 5, 8, 9, 1 << 31, -1),
  },
  'a start function, which runs once and before anything else': {
    text: `${note} (memory (export "memory") 1) (data (i32.const 0) "\\01") (start $begin)
      (func $begin (if (global.get $seen) (then (unreachable)))
        (global.set $seen (i32.add (i32.const 41) (i32.load8_u (i32.const 0))))
        (i32.store (i32.const 8) (global.get $seen)))
      (func (export "run") (result i32) (global.get $seen))`,
    calls: [call('run'), call('run')],
  },
  'a start function that traps': {
    text: `(memory 1) (start 0) (func (drop (i32.load (i32.const -1))))`,
    calls: [],
  },
  'many segments, the later over the earlier': {
    text: `(memory (export "memory") 1) (table 4 funcref) (func $zero (result i32) (i32.const 10))
      ${repeat(6, (index) => `(data (i32.const ${3 * index}) "${'abcdef'.slice(index)}")`)}
      (elem (i32.const 0) $zero $zero) (elem (i32.const 1) $one) (elem (i32.const 2) $one $zero)
      (func $one (result i32) (i32.const 11))
      (func (export "run") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))`,
    calls: numbers('run', 0, 1, 2, 3, 4),
  },
  'a segment that does not fit': {
    text: `(memory 1) (data (i32.const 65535) "\\01\\02")`,
    calls: [],
  },
  'a trap in the midst, with what was done before it and a call that comes after it': {
    text: `${note} (memory (export "memory") 1)
      (func $divide (param i32) (result i32)
        (i32.store (i32.const 4) (local.get 0)) (i32.div_s (i32.const 8) (local.get 0)))
      (func (export "run") (param i32) (result i32) ${seen(1)} (call $divide (local.get 0)) ${seen(2)})`,
    calls: numbers('run', 2, 0, 4, 0, 1),
  },
  'mutable globals of all types, exported under two names, beside constant ones': {
    text: mixed
      .map((type) => {
        const set = {
          i32: 'i32.sub (i32.const 3)',
          i64: 'i64.extend_i32_s',
          f32: 'f32.convert_i32_s',
          f64: 'f64.convert_i32_s',
        }[type]
        return `(global $${type} (mut ${type}) (${type}.const 4)) (global ${type} (${type}.const 5))
          (export "${type}" (global $${type})) (export "again ${type}" (global $${type}))
          (func (export "set ${type}") (param i32)
            (global.set $${type} (${set} (local.get 0))))`
      })
      .join('\n'),
    calls: mixed.flatMap((type) => numbers(`set ${type}`, 1, -1, 1 << 31)),
  },
  'imports of every kind, so that indices do not begin at zero': {
    text: `(import "env" "tell" (func $tell (param i32 f64) (result i32)))
      (import "env" "memory" (memory 1 4)) (import "env" "constant" (global $constant i32))
      (import "env" "variable" (global $variable (mut i64)))
      (import "env" "table" (table 4 funcref)) (import "env" "nothing" (func $nothing))
      (global $own (export "own") (mut i32) (global.get $constant))
      (global (export "fixed") f32 (f32.const 2)) (global $last (export "last") (mut f64) (f64.const 3))
      (elem (global.get $constant) $tell $own) (data (global.get $constant) "abc")
      (export "memory" (memory 0)) (export "variable" (global $variable)) (export "tell" (func $tell))
      (func $own (param i32 f64) (result i32) (call $nothing) (local.get 0))
      (func (export "run") (param i32) (result i32)
        (global.set $own (i32.add (global.get $own) (call $tell (local.get 0) (global.get $last))))
        (global.set $variable (i64.add (global.get $variable) (i64.const 1)))
        (global.set $last (f64.div (global.get $last) (f64.const 2)))
        (memory.copy (i32.const 10) (i32.const 0) (i32.const 5))
        (call_indirect (param i32 f64) (result i32) (local.get 0) (f64.const 8) (local.get 0)))`,
    calls: [...numbers('run', 0, 1, 2, 3, 4), call('tell', 4, 2.5)],
  },
  'an import that throws, in the midst of calls': {
    text: `(import "env" "fail" (func $fail)) ${note}
      (func $inner (result i32) (call $fail) (i32.const 1))
      (func (export "run") (result i32) ${seen(3)} (call $inner) ${seen(4)})
      (func (export "after") (result i32) (global.get $seen))`,
    calls: [call('run'), call('after'), call('run')],
  },
  'growth up to the declared maximum': {
    text: `(memory (export "memory") 1 3)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "reach") (param i32) (result i32)
        (i32.store (local.get 0) (i32.const 1)) (memory.size))`,
    calls: [1, 1, 1].flatMap((pages, index) => [
      call('reach', (index + 1) * 65_536 - 2),
      call('grow', pages),
    ]),
  },
}
