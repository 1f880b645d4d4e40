// For each instruction a module that uses it, in the text format, and what to call it with. What can be derived from an
// instruction's name and operands is derived here, so that a new one in the table has a program at once; control and
// variables are in carriers.ts.

import { type Operation, operationOf } from '../../host/engine/wasm/instructions.ts'
import type { ValueType } from '../../host/engine/wasm/module.ts'
import { carriers } from './carriers.ts'
import { edges, fewEdges } from './edge-values.ts'
import { bitsType, every, fromBits, literal, type Program, toBits } from './text-format.ts'

/** Of an instruction that is named by its type: what it takes, what it leaves. */
export function signatureOf(name: string): { operand: ValueType; result: ValueType } {
  const [type, what = ''] = name.split('.') as [ValueType, string?]
  const from = /_([if](?:32|64))/.exec(what)?.[1] as ValueType | undefined
  const compares = /^(eqz?|ne|[lg][te](_[su])?)$/.test(what)
  return { operand: from ?? type, result: compares ? 'i32' : type }
}

function computing(name: string, takes: number): Program {
  const { operand, result } = signatureOf(name)
  const operands = Array.from({ length: takes }, (_, index) => fromBits(operand, index)).join(' ')
  const parameters = Array.from({ length: takes }, () => bitsType[operand]).join(' ')
  return {
    text: `(func (export "run") (param ${parameters}) (result ${bitsType[result]})
      ${toBits(result, `(${name} ${operands})`)})`,
    calls: every(...Array.from({ length: takes }, () => edges[operand])).map((given) => ({
      name: 'run',
      given,
    })),
  }
}

/** The value is a part of the module, so there is a function for each. */
function constant(type: ValueType): Program {
  const functions = edges[type].map((bits, index) => {
    const value = toBits(type, `(${type}.const ${literal(type, bits)})`)
    return `(func (export "${index}") (result ${bitsType[type]}) ${value})`
  })
  return {
    text: functions.join('\n'),
    calls: edges[type].map((_, index) => ({ name: `${index}`, given: [] })),
  }
}

const page = 65_536
/** With and without a sign bit, for what extends. */
const atBegin = '\\81\\12\\c3\\34\\f5\\56\\97\\e8\\79\\aa'
const atEnd = '\\ff\\7f\\80\\c0\\9a\\bc\\de\\f1\\92\\b3'
const memory = `(memory (export "memory") 1 3)
  (data (i32.const 0) "${atBegin}") (data (i32.const ${page - 10}) "${atEnd}")`

const fromEnd = [9, 8, 7, 5, 4, 3, 2, 1, 0, -1].map((back) => page - back)
const addresses = [0, 1, 2, 9, ...fromEnd, -1, -4, -8, 1 << 31]
const offsets = [0, 1, 8, page - 9, page - 4, page, 0xfffffff8, 0xffffffff]

/** Loads and stores, with every offset and both aligned and not. */
function accessing(name: string, takes: number): Program {
  const type = name.slice(0, 3) as ValueType
  const immediates = offsets.flatMap((offset) => [`offset=${offset}`, `offset=${offset} align=1`])
  const functions = immediates.map((immediate) => {
    const head = `(func (export "${immediate}") (param i32 ${bitsType[type]})`
    const access = `${name} ${immediate} (local.get 0)`
    if (takes === 2) return `${head} (${access} ${fromBits(type, 1)}))`
    return `${head} (result ${bitsType[type]}) ${toBits(type, `(${access})`)})`
  })
  const given = every(addresses, takes === 2 ? fewEdges[type] : fewEdges[type].slice(0, 1))
  return {
    text: `${memory}\n${functions.join('\n')}`,
    calls: immediates.flatMap((immediate) => given.map((one) => ({ name: immediate, given: one }))),
  }
}

/** memory.copy and memory.fill: overlapping either way, of no bytes, up to the end and across it. */
function bulk(name: string): Program {
  const targets = [0, 5, 100, page - 20, page - 1, page, page + 1, -1]
  const sources = name === 'memory.copy' ? targets : [0, 0x5a, 0x1ff, -1]
  const counts = [0, 1, 7, 20, 1000, page, page + 1, 1 << 31, -1]
  return {
    text: `${memory} (func (export "run") (param i32 i32 i32)
      (${name} (local.get 0) (local.get 1) (local.get 2)))`,
    calls: every(targets, sources, counts).map((given) => ({ name: 'run', given })),
  }
}

/** memory.size and memory.grow, to the maximum and not beyond it. */
const growing: Program = {
  text: `${memory}
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size))`,
  calls: [0, 1, -1, 2, 65_536, 1, 1, 0].flatMap((pages) => [
    { name: 'grow', given: [pages] },
    { name: 'size', given: [] },
  ]),
}

/** The module for an admitted instruction. */
export function programOf(opcode: number): Program {
  const { name, immediate, takes } = operationOf(opcode) as Operation
  if (name === 'memory.size' || name === 'memory.grow') return growing
  if (name.startsWith('memory.')) return bulk(name)
  if (immediate === 'memory') return accessing(name, takes)
  if (name.endsWith('.const')) return constant(immediate as ValueType)
  return /^[if](32|64)\./.test(name) ? computing(name, takes) : carriers(name)
}
