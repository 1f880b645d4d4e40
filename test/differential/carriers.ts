// Programs for control and variables: each moves a value of every type past a condition, so that a wrong branch, a wrong
// variable or a changed bit shows in what comes out, or in a global that notes the way that was taken.

import type { ValueType } from '../../host/engine/wasm/module.ts'
import { fewEdges } from './edge-values.ts'
import { bitsType, every, fromBits, type Program, toBits, types } from './text-format.ts'

const value = '(local.get $value)'
const condition = '(local.get $condition)'
const note = (way: number) =>
  `(global.set $way (i32.or (i32.shl (global.get $way) (i32.const 4)) (i32.const ${way})))`

/** Of an instruction: the body of a function from a value and a condition to a value. T is the type. */
const bodies: Readonly<Record<string, string>> = {
  unreachable: `(if ${condition} (then (unreachable))) ${value}`,
  nop: `(nop) ${value} (nop)`,
  block: `(block (result T) ${note(1)} ${value}) (block ${note(2)})`,
  loop: `(local $count i32)
    (loop $again (result T) ${note(1)}
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $count) (i32.and ${condition} (i32.const 7))))
      ${value})`,
  if: `(if (result T) ${condition} (then ${note(1)} ${value}) (else ${note(2)} (T.const 1)))
    (if ${condition} (then ${note(3)}))`,
  else: `(if (result T) ${condition} (then (T.const 1)) (else ${note(1)} ${value}))
    (if ${condition} (then) (else ${note(2)}))`,
  end: `(block (result T) (block ${note(1)}) (loop (result T) ${value}))`,
  br: `(block $out (result T) (T.const 1) (br $out ${value}) ${note(1)})`,
  br_if: `(block $out (result T) (T.const 1) (br_if $out ${value} ${condition})
    ${note(1)} (drop) (drop) (T.const 2))`,
  br_table: `(block $c (result T)
    (block $b (result T)
      (block $a (result T) (T.const 1) (br_table $a $b $c $a $b ${value} ${condition}) ${note(9)})
      ${note(1)})
    ${note(2)})
    (block $only (br_table $only ${condition}))`,
  return: `(block (T.const 1) (T.const 2) (if ${condition} (then (return ${value}))) ${note(1)} (drop) (drop))
    ${note(2)} (return (T.const 3)) (T.const 4)`,
  call: `${note(1)} (call $same_T ${value}) ${note(2)}`,
  call_indirect: `${note(1)} (call_indirect (type $same_T) ${value} ${condition}) ${note(2)}`,
  drop: `${value} (T.const 1) (drop)`,
  select: `(select ${value} (T.const 1) ${condition})`,
  'local.get': `(local $other T) (select (local.get $other) ${value} ${condition})`,
  'local.set': `(local $other T) (local.set $other ${value})
    (local.set $value (T.const 1)) (local.get $other)`,
  'local.tee': `(local $other T) (drop (local.tee $other ${value})) (local.tee $value (local.get $other))`,
  'global.get': `(select (global.get $constant_T) (global.get $variable_T) ${condition})
    (global.set $variable_T ${value})`,
  'global.set': `(global.set $variable_T ${value}) (T.const 1) (drop) (global.get $variable_T)`,
}

/** The table has an entry for each type, one of another type and none; $condition chooses. */
function shared(): string {
  return `(memory (export "memory") 1)
    (global $way (export "way") (mut i32) (i32.const 0))
    (table 6 funcref)
    (elem (i32.const 0) ${types.map((type) => `$same_${type}`).join(' ')} $other)
    (func $other (param i32 i32))`
}

function perType(type: ValueType, body: string): string {
  const bits = bitsType[type]
  return `(type $same_${type} (func (param ${type}) (result ${type})))
    (global $constant_${type} (export "constant_${type}") ${type} (${type}.const 11))
    (global $variable_${type} (export "variable_${type}") (mut ${type}) (${type}.const 22))
    (func $same_${type} (param ${type}) (result ${type}) ${note(8)} (local.get 0))
    (func $carry_${type} (param $value ${type}) (param $condition i32) (result ${type})
      ${body.replaceAll(/\bT\b|(?<=_)T\b/g, type)})
    (func (export "${type}") (param ${bits} i32) (result ${bits})
      ${toBits(type, `(call $carry_${type} ${fromBits(type, 0)} (local.get 1))`)})`
}

/** By the instruction's name. */
export function carriers(name: string): Program {
  const body = bodies[name]
  if (body === undefined) throw new Error(`there is no program for ${name}; write one`)
  const conditions = [0, 1, 2, 3, 4, 5, 6, 100, 1 << 31, -1]
  return {
    text: `${shared()}\n${types.map((type) => perType(type, body)).join('\n')}`,
    calls: types.flatMap((type) => every(fewEdges[type], conditions).map((given) => ({ name: type, given }))),
  }
}
