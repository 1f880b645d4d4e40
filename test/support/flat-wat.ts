// Modules in the text format's flat notation, one instruction after the other, without a tool: enough for code that is written
// by hand where exact instructions count, such as the worst cases of the benchmark.

import { op, opcodeOf, operationOf } from '../../host/engine/wasm/instructions.ts'
import type { FunctionBody, Instruction, Locals, Module, ValueType } from '../../host/engine/wasm/module.ts'
import { writeModule } from '../../host/engine/wasm/write-module.ts'

function isNumber(token: string | undefined): token is string {
  return token !== undefined && /^-?(\d|0x)/.test(token)
}

function isType(token: string | undefined): token is ValueType {
  return token !== undefined && /^[if](32|64)$/.test(token)
}

function float(name: string, token: string): number | bigint {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, Number(token))
  if (name === 'f64.const') return view.getBigUint64(0)
  view.setFloat32(0, Number(token))
  return view.getUint32(0)
}

function constantOf(name: string, token: string): number | bigint {
  if (name === 'i64.const') return BigInt.asIntN(64, BigInt(token))
  return name === 'i32.const' ? Number(token) | 0 : float(name, token)
}

/** What follows a name: how many tokens were taken, and what they mean. */
function immediatesOf(name: string, tokens: readonly string[]): Partial<Instruction> & { taken: number } {
  const opcode = opcodeOf(name)
  const { immediate } = operationOf(opcode) as { immediate: string }
  const [first] = tokens
  const end = tokens.findIndex((token) => !isNumber(token))
  const numbers = tokens.slice(0, end < 0 ? tokens.length : end).map(Number)
  switch (immediate) {
    case 'none':
      return { taken: 0 }
    case 'block':
      return isType(first) ? { taken: 1, result: first } : { taken: 0 }
    case 'i32':
    case 'i64':
    case 'f32':
    case 'f64':
      return { taken: 1, constant: constantOf(name, first ?? '') }
    case 'memory':
      return { taken: Math.min(numbers.length, 1), operands: [0, numbers[0] ?? 0] } // unaligned, and an offset
    case 'indirect':
      return { taken: 1, operands: [numbers[0] ?? 0, 0] }
    case 'zero':
      return { taken: 0, operands: [0] }
    case 'zeros':
      return { taken: 0, operands: [0, 0] }
    default:
      return { taken: numbers.length, operands: numbers }
  }
}

/** Instructions without the `end` of the function: `local.get 0 i32.const 1 i32.add`, `block i32 ... end`. */
export function flat(text: string): Instruction[] {
  const tokens = text.split(/\s+/).filter((token) => token !== '')
  const instructions: Instruction[] = []
  for (let at = 0; at < tokens.length; ) {
    const name = tokens[at] as string
    const { taken, ...given } = immediatesOf(name, tokens.slice(at + 1, at + 1100))
    const none = { operands: [], constant: undefined, result: undefined }
    instructions.push({ opcode: opcodeOf(name), offset: 0, ...none, ...given })
    at += 1 + taken
  }
  return instructions
}

export interface FlatFunction {
  readonly parameters?: readonly ValueType[]
  readonly result?: ValueType
  readonly locals?: readonly Locals[]
  readonly code: string
}

/**
 * A module of these functions with a memory of `pages`, all functions in a table and exported as "0", "1" and so on, the memory as
 * "memory". A function's number is also that of its type.
 */
export function flatModule(functions: readonly FlatFunction[], pages = 1): Uint8Array<ArrayBuffer> {
  const end: Instruction = {
    opcode: op.end,
    offset: 0,
    operands: [],
    constant: undefined,
    result: undefined,
  }
  const zero = { ...end, opcode: op.i32_const, constant: 0 }
  const numbers = functions.map((_, index) => index)
  const module: Module = {
    types: functions.map(({ parameters = [], result }) => ({ parameters, result })),
    imports: [],
    functions: numbers,
    table: { minimum: functions.length, maximum: functions.length },
    memory: { minimum: pages, maximum: pages },
    globals: [{ type: 'i32', mutable: true, initial: zero }],
    exports: [
      { name: 'memory', kind: 'memory', index: 0 },
      ...numbers.map((index) => ({ name: String(index), kind: 'function', index }) as const),
    ],
    start: undefined,
    elements: [{ offset: zero, functions: numbers }],
    bodies: functions.map(
      ({ locals = [], code }): FunctionBody => ({ locals, instructions: [...flat(code), end] }),
    ),
    data: [],
  }
  return writeModule(module)
}
