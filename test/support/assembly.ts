// From instructions as text to an upload, for tests that need whole programs: with locals, a table, mutable globals.
// What it writes is in the order and under the names of the text format, but flat: `block i32 i32.const 1 br 0 end`.
// wasm.ts beside it makes modules that are wrong on purpose; what comes from here is only ever right.

import { opcodeOf, operationOf } from '../../host/engine/wasm/instructions.ts'
import type { ValueType } from '../../host/engine/wasm/module.ts'
import { unsigned } from './wasm.ts'

export interface FunctionText {
  readonly parameters?: readonly ValueType[]
  readonly result?: ValueType | undefined
  readonly locals?: readonly ValueType[]
  /** Without the `end` of the function. A float's constant is a number, or its bits as 0x and digits. */
  readonly code: string
}

export interface ModuleText {
  /** Function 0 is exported as `main`; the type of each has the function's own number. */
  readonly functions: readonly FunctionText[]
  /** Pages of the memory, which is exported as `memory`. */
  readonly memory: { readonly minimum: number; readonly maximum?: number }
  /** Initial values of mutable globals, each one instruction. */
  readonly globals?: readonly string[]
  /** Functions from the first entry on, of a table with so many entries. */
  readonly table?: { readonly entries: number; readonly functions: readonly number[] }
  readonly data?: readonly { readonly address: number; readonly bytes: readonly number[] }[]
}

const END = 0x0b
const EMPTY = 0x40
const typeBytes: Readonly<Record<string, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c }

/** Signed LEB128 of any size. */
function signed(value: bigint): number[] {
  const low = Number(BigInt.asUintN(7, value))
  const rest = value >> 7n
  const isLast = rest === (low < 0x40 ? 0n : -1n)
  return isLast ? [low] : [low | 0x80, ...signed(rest)]
}

function floatBytes(text: string, size: 4 | 8): number[] {
  const bytes = new DataView(new ArrayBuffer(size))
  if (text.startsWith('0x')) {
    if (size === 4) bytes.setUint32(0, Number(text), true)
    else bytes.setBigUint64(0, BigInt(text), true)
  } else if (size === 4) bytes.setFloat32(0, Number(text), true)
  else bytes.setFloat64(0, Number(text), true)
  return [...new Uint8Array(bytes.buffer)]
}

class CodeWriter {
  readonly #words: string[]

  constructor(code: string) {
    this.#words = code.split(/\s+/).filter((word) => word !== '')
  }

  #word(): string {
    return this.#words.shift() as string
  }

  #index(): number[] {
    return unsigned(Number(this.#word()))
  }

  #labels(): number[] {
    const targets: number[][] = []
    while (/^\d+$/.test(this.#words[0] ?? '')) targets.push(this.#index())
    return [...unsigned(targets.length - 1), ...targets.flat()]
  }

  #immediate(kind: string | undefined): number[] {
    switch (kind) {
      case 'none':
        return []
      case 'block':
        return [(this.#words[0] ?? '') in typeBytes ? (typeBytes[this.#word()] as number) : EMPTY]
      case 'labels':
        return this.#labels()
      case 'indirect':
        return [...this.#index(), 0]
      case 'memory':
        // An alignment of one byte suits every access; an offset of 0 may be left out.
        return [0, ...(/^\d+$/.test(this.#words[0] ?? '') ? this.#index() : [0])]
      case 'zero':
        return [0]
      case 'zeros':
        return [0, 0]
      case 'i32':
        return signed(BigInt.asIntN(32, BigInt(this.#word())))
      case 'i64':
        return signed(BigInt.asIntN(64, BigInt(this.#word())))
      case 'f32':
        return floatBytes(this.#word(), 4)
      case 'f64':
        return floatBytes(this.#word(), 8)
      default:
        return this.#index()
    }
  }

  write(): number[] {
    const bytes: number[] = []
    while (this.#words.length > 0) {
      const opcode = opcodeOf(this.#word())
      bytes.push(...(opcode < 0x100 ? [opcode] : [opcode >> 8, opcode & 0xff]))
      bytes.push(...this.#immediate(operationOf(opcode)?.immediate))
    }
    return bytes
  }
}

function encode(code: string): number[] {
  return [...new CodeWriter(code).write(), END]
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()]
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content]
}

function text(name: string): number[] {
  return sized([...Buffer.from(name)])
}

function types(list: readonly ValueType[]): number[][] {
  return list.map((type) => [typeBytes[type] as number])
}

function limits({ minimum, maximum }: ModuleText['memory']): number[] {
  return maximum === undefined ? [0, ...unsigned(minimum)] : [1, ...unsigned(minimum), ...unsigned(maximum)]
}

function list<Type>(result: Type | undefined): Type[] {
  return result === undefined ? [] : [result]
}

export function assembleText(module: ModuleText): Uint8Array<ArrayBuffer> {
  const { functions, memory, globals = [], table, data = [] } = module
  const sections: Record<number, number[]> = {
    1: vector(
      functions.map(({ parameters = [], result }) => [
        0x60,
        ...vector(types(parameters)),
        ...vector(types(list(result))),
      ]),
    ),
    3: vector(functions.map((_, index) => unsigned(index))),
    4: vector(list(table).map(({ entries }) => [0x70, ...limits({ minimum: entries })])),
    5: vector([limits(memory)]),
    6: vector(globals.map((initial) => [typeBytes[initial.slice(0, 3)] as number, 1, ...encode(initial)])),
    7: vector([
      [...text('main'), 0, 0],
      [...text('memory'), 2, 0],
    ]),
    9: vector(
      list(table).map((one) => [0, ...encode('i32.const 0'), ...vector(one.functions.map(unsigned))]),
    ),
    10: vector(
      functions.map(({ locals = [], code }) =>
        sized([...vector(types(locals).map((type) => [1, ...type])), ...encode(code)]),
      ),
    ),
    11: vector(data.map(({ address, bytes }) => [0, ...encode(`i32.const ${address}`), ...sized(bytes)])),
  }
  // In the order of their numbers, which is how JavaScript keeps such keys.
  const content = Object.entries(sections).flatMap(([id, bytes]) => [Number(id), ...sized(bytes)])
  return Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...content])
}
