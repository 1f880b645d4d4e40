// The strict parser: what it admits, what it refuses and how it names it. Modules are put together from sections by hand,
// so that each test is wrong in one place only. That no bytes whatever bring it down is in differential/mutants.test.ts.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ByteReader } from '../../host/engine/wasm/byte-reader.ts'
import type { Module } from '../../host/engine/wasm/module.ts'
import { parseModule } from '../../host/engine/wasm/parse-module.ts'
import { Refusal } from '../../host/engine/wasm/refusal.ts'
import { root } from '../../host/paths.ts'
import { unsigned } from '../support/wasm.ts'

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const I32 = 0x7f
const END = 0x0b

const section = (id: number, ...content: number[]) => [id, ...unsigned(content.length), ...content]
const list = (items: number[][]) => [...unsigned(items.length), ...items.flat()]
const named = (text: string) => [...unsigned(Buffer.byteLength(text)), ...Buffer.from(text)]
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item)

const nullary = [0x60, 0, 0]
const types = section(1, ...list([nullary]))
const functions = section(3, ...list([[0]]))
const table = section(4, 1, 0x70, 0, 2)
const memory = section(5, 1, 1, 1, 16)
const oneGlobal = section(6, 1, I32, 1, 0x41, 0, END)

const body = (code: number[], locals: number[] = [0]) => {
  const bytes = [...locals, ...code, END]
  return [...unsigned(bytes.length), ...bytes]
}
const code = (...instructions: number[]) => section(10, ...list([body(instructions)]))

const module = (...sections: number[][]) => Uint8Array.from([...HEADER, ...sections.flat()])

/** A module with one function of these instructions, a table, a memory and a global. */
const running = (...instructions: number[]) =>
  module(types, functions, table, memory, oneGlobal, code(...instructions))

function refusal(bytes: Uint8Array): Refusal | undefined {
  try {
    parseModule(bytes)
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

const feature = (bytes: Uint8Array) => {
  const refused = refusal(bytes)
  return refused?.code === 'ERR_MODULE_FEATURE' ? /it uses (.*?);/.exec(refused.detail)?.[1] : refused?.code
}

const policies = ['policies', 'test-policies'].flatMap((folder) =>
  readdirSync(join(root, 'build', folder)).map((name) => readFileSync(join(root, 'build', folder, name))),
)

describe('what asc makes of a policy', () => {
  it('is admitted, every example and every test policy', () => {
    expect(policies.length).toBeGreaterThan(10)
    for (const bytes of policies) expect(refusal(bytes)).toBeUndefined()
  })

  it('is understood as V8 understands it: the same exports, the same imports', () => {
    for (const bytes of policies) agrees(bytes, parseModule(bytes))
  })
})

/** Names and kinds as V8 sees them. */
function agrees(bytes: Uint8Array, parsed: Module): void {
  const compiled = new WebAssembly.Module(Uint8Array.from(bytes))
  const exports = WebAssembly.Module.exports(compiled).map(({ name, kind }) => `${kind} ${name}`)
  expect(parsed.exports.map(({ name, kind }) => `${kind} ${name}`)).toEqual(exports)
  expect(parsed.imports).toHaveLength(WebAssembly.Module.imports(compiled).length)
}

describe('a proposal that is not admitted is refused by its name', () => {
  it.each<[string, Uint8Array]>([
    ['multi-value', module(section(1, ...list([[0x60, 0, 2, I32, I32]])))],
    ['multi-value', running(0x02, 0x00, END)],
    ['multi-value', running(0x03, 0x80, 0x01, END)],
    ['SIMD', module(section(1, ...list([[0x60, 1, 0x7b, 0]])))],
    ['SIMD', running(0xfd, 0x0c)],
    ['reference types', module(section(1, ...list([[0x60, 1, 0x6f, 0]])))],
    ['reference types', running(0xd0, 0x70)],
    ['reference types', running(0x1c, 1, I32)],
    ['reference types', module(section(4, 1, 0x6f, 0, 1))],
    ['typed function references', running(0x14, 0)],
    ['typed function references', module(section(1, ...list([[0x60, 1, 0x64, 0, 0]])))],
    ['garbage collection', module(section(1, ...list([[0x5f, 0]])))],
    ['garbage collection', module(section(1, ...list([[0x4e, 1, 0x60, 0, 0]])))],
    ['garbage collection', running(0xfb, 0)],
    ['exceptions', running(0x06, 0x40, 0x19, END)],
    ['exceptions', running(0x08, 0)],
    ['exceptions', running(0x1f, 0x40, 0, END)],
    ['exceptions', module(types, section(13, 1, 0, 0))],
    ['tail calls', running(0x12, 0)],
    ['tail calls', running(0x13, 0, 0)],
    ['threads', running(0xfe, 3, 0)],
    ['threads', module(section(5, 1, 3, 1, 1))],
    ['memory64', module(section(5, 1, 5, 1, 1))],
    ['custom page sizes', module(section(5, 1, 9, 1, 1, 0))],
    ['several memories', module(section(5, 2, 1, 1, 1, 1, 1, 1))],
    ['several memories', running(0x3f, 1, 0x1a)],
    ['several memories', running(0x41, 0, 0x28, 0x42, 1, 0, 0x1a)],
    ['table mutation', running(0x41, 0, 0x25, 0, 0x1a)],
    ['table mutation', running(0xfc, 15, 0)],
    ['passive segments', running(0xfc, 8, 0, 0)],
    ['passive segments', module(types, functions, memory, code(), section(11, 1, 1, 0))],
    ['passive segments', module(types, functions, table, memory, section(9, 1, 1, 0, 1, 0))],
    ['extended constant expressions', module(section(6, 1, I32, 0, 0x41, 0, 0x41, 0, 0x6a, END))],
    ['extended constant expressions', module(section(6, 1, I32, 0, 0x23, 0, END))],
    ['stack switching', running(0xe0, 0)],
  ])('%s (%#)', (name, bytes) => {
    expect(feature(bytes)).toBe(name)
  })
})

describe('an index is held against what the module has', () => {
  it.each<[string, Uint8Array]>([
    ['a type', module(types, section(3, ...list([[1]])))],
    ['a function', running(0x10, 1)],
    ['a local', running(0x20, 0, 0x1a)],
    ['a global', running(0x23, 1, 0x1a)],
    ['a table', module(types, functions, memory, code(0x41, 0, 0x11, 0, 0))],
    ['a type in an indirect call', running(0x41, 0, 0x11, 1, 0)],
    ['a block to leave', running(0x0c, 1)],
    ['a block to leave in a table', running(0x41, 0, 0x0e, 1, 0, 7)],
    ['an exported function', module(types, functions, memory, section(7, 1, ...named('f'), 0, 1), code())],
    ['an exported table', module(memory, section(7, 1, ...named('t'), 1, 0))],
    ['an exported memory', module(memory, section(7, 1, ...named('m'), 2, 1))],
    ['an exported global', module(memory, oneGlobal, section(7, 1, ...named('g'), 3, 1))],
    ['a start function', module(types, functions, memory, section(8, 1), code())],
    [
      'a function in a segment',
      module(types, functions, table, memory, section(9, 1, 0, 0x41, 0, END, 1, 1), code()),
    ],
    ['a table for a segment', module(types, functions, memory, section(9, 1, 0, 0x41, 0, END, 1, 0), code())],
    ['a memory for a segment', module(types, functions, code(), section(11, 1, 0, 0x41, 0, END, 0))],
  ])('that of %s', (_, bytes) => {
    expect(refusal(bytes)?.code).toBe('ERR_MODULE_INDEX')
  })
})

describe('a bound', () => {
  const blocks = (depth: number) => [...times(depth, [0x02, 0x40]).flat(), ...times(depth, END)]
  const targets = (count: number) => [0x41, 0, 0x0e, ...unsigned(count), ...times(count + 1, 0)]
  const names = (count: number) => Array.from({ length: count }, (_, index) => [...named(`n${index}`), 2, 0])
  const many = (count: number) =>
    module(
      types,
      section(3, ...list(times(count, [0]))),
      memory,
      section(10, ...list(times(count, body([])))),
    )

  it.each<[string, number, (count: number) => Uint8Array]>([
    [
      'parameters',
      128,
      (count) => module(section(1, ...list([[0x60, ...unsigned(count), ...times(count, I32), 0]])), memory),
    ],
    ['types', 128, (count) => module(section(1, ...list(times(count, nullary))), memory)],
    ['functions', 5_000, many],
    [
      'locals',
      1_000,
      (count) =>
        module(types, functions, memory, section(10, ...list([body([], [1, ...unsigned(count), I32])]))),
    ],
    ['globals', 1_000, (count) => module(memory, section(6, ...list(times(count, [I32, 0, 0x41, 0, END]))))],
    ['table entries', 1_000, (count) => module(section(4, 1, 0x70, 0, ...unsigned(count)), memory)],
    ['exports', 1_000, (count) => module(memory, section(7, ...list(names(count))))],
    ['nested blocks', 256, (count) => running(...blocks(count))],
    ['targets', 1_024, (count) => running(...targets(count))],
    ['bytes of a name', 100, (count) => module(memory, section(7, 1, ...named('x'.repeat(count)), 2, 0))],
    [
      'data segments',
      1_000,
      (count) => module(memory, section(11, ...list(times(count, [0, 0x41, 0, END, 0])))),
    ],
  ])('of %s admits %i and not one more', (_, most, make) => {
    expect(refusal(make(most))).toBeUndefined()
    expect(refusal(make(most + 1))?.code).toBe('ERR_MODULE_BOUND')
  })

  it('of a function is 64 KiB', () => {
    // Without spreading: so many arguments do not fit onto a stack.
    const nops = (bytes: number) => {
      const bodies = list([body(times(bytes - 2, 0x01))])
      return module(types, functions, memory, [10, ...unsigned(bodies.length)], bodies)
    }
    expect(refusal(nops(65_536))).toBeUndefined()
    expect(refusal(nops(65_537))?.code).toBe('ERR_MODULE_BOUND')
  })

  it('of the memory is 16 pages to begin with, and as many at most as there can be', () => {
    expect(refusal(module(section(5, 1, 0, 16)))).toBeUndefined()
    expect(refusal(module(section(5, 1, 0, 17)))?.code).toBe('ERR_MODULE_MEMORY')
    expect(refusal(module(section(5, 1, 1, 1, ...unsigned(65_536))))).toBeUndefined()
    expect(refusal(module(section(5, 1, 1, 1, ...unsigned(65_537))))?.code).toBe('ERR_MODULE_MALFORMED')
  })

  it('of locals cannot be got round with counts that overflow', () => {
    const huge = [0xff, 0xff, 0xff, 0xff, 0x0f, I32]
    const bytes = module(types, functions, memory, section(10, ...list([body([], [2, ...huge, ...huge])])))
    expect(refusal(bytes)?.code).toBe('ERR_MODULE_BOUND')
  })
})

describe('a module whose form is wrong', () => {
  it.each<[string, Uint8Array]>([
    ['is empty', new Uint8Array()],
    ['has another version', Uint8Array.from([...HEADER.slice(0, 4), 2, 0, 0, 0])],
    ['has a section twice', module(types, types, memory)],
    ['has sections out of order', module(memory, types)],
    ['has a section that is none', module(memory, section(14))],
    ['has a section that is cut', module(memory, [1, 100, 0])],
    ['has a section that is too long', module(section(1, ...list([nullary]), 0), memory)],
    ['has bytes behind the last section', Uint8Array.from([...module(memory), 0x0a])],
    ['has a function without a body', module(types, functions, memory)],
    ['has a body without a function', module(types, memory, code())],
    ['has a body that goes on', running(END, 0x01)],
    ['has a body that does not end', running(0x02, 0x40)],
    ['has an else without an if', running(0x02, 0x40, 0x05, END)],
    ['has two elses', running(0x41, 0, 0x04, 0x40, 0x05, 0x05, END)],
    ['has an instruction that is none', running(0xff)],
    ['has an access beyond its alignment', running(0x41, 0, 0x2d, 1, 0, 0x1a)],
    ['has two exports of one name', module(memory, section(7, 2, ...named('m'), 2, 0, ...named('m'), 2, 0))],
    ['has a name that is not UTF-8', module(memory, section(7, 1, 1, 0xff, 2, 0))],
    ['has a maximum below its minimum', module(section(5, 1, 1, 4, 2))],
    ['says another number of data segments', module(types, functions, memory, section(12, 1), code())],
    ['has a custom section without a name', module(memory, section(0))],
  ])('because it %s is refused as malformed', (_, bytes) => {
    expect(refusal(bytes)?.code).toBe('ERR_MODULE_MALFORMED')
  })

  it('is refused with the place of what is wrong and with what to do', () => {
    const refused = refusal(running(0x01, 0x01, 0xfb, 0))
    expect(refused?.offset).toBe(running().length - 1 + 2)
    expect(refused?.detail).toBe(
      `it uses garbage collection; compile without garbage collection; the stub runtime needs none (byte ${refused?.offset})`,
    )
  })

  it('may have custom sections anywhere, whatever is in them', () => {
    const custom = section(0, ...named('name'), 0xff, 0xff)
    expect(refusal(module(custom, types, custom, memory, custom))).toBeUndefined()
  })
})

describe('a LEB128 number', () => {
  const encode = (value: bigint, bytes: number, signed: boolean) =>
    Uint8Array.from({ length: bytes }, (_, index) => {
      const low = Number(
        (signed ? BigInt.asIntN(80, value) >> BigInt(7 * index) : value >> BigInt(7 * index)) & 0x7fn,
      )
      return index < bytes - 1 ? low | 0x80 : low
    })

  it('without a sign is read in every length that the specification allows, and in no other', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.integer({ min: 1, max: 6 }), (value, bytes) => {
        const reader = new ByteReader(encode(BigInt(value), bytes, false))
        const fits = value < 2 ** (7 * bytes)
        if (fits && bytes <= 5) expect(reader.u32()).toBe(value)
        else if (bytes > 5) expect(() => reader.u32()).toThrow(Refusal)
      }),
    )
  })

  it.each([32, 64] as const)('with a sign and %i bits likewise', (bits) => {
    fc.assert(
      fc.property(
        fc.bigInt(-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n),
        fc.nat(4),
        (value, more) => {
          const most = Math.ceil(bits / 7)
          const needed = Math.max(
            1,
            Math.ceil(((value < 0n ? -value - 1n : value).toString(2).length + 1) / 7),
          )
          const bytes = Math.min(needed + more, most)
          const read = (length: number) => {
            const reader = new ByteReader(encode(value, length, true))
            return bits === 32 ? BigInt(reader.s32()) : reader.s64()
          }
          expect(read(bytes)).toBe(value)
          expect(() => read(most + 1)).toThrow(Refusal)
        },
      ),
    )
  })

  it.each([
    [[0xff, 0xff, 0xff, 0xff, 0x1f]],
    [[0x80, 0x80, 0x80, 0x80, 0x10]],
    [[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
    [[0x80]],
  ])('of 32 bits is refused as %j', (bytes) => {
    expect(() => new ByteReader(Uint8Array.from(bytes)).u32()).toThrow(Refusal)
  })
})
