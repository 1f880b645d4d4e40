// Modules byte by byte, for what no assembler writes: damaged ones, ones that claim more than they have, and ones of
// proposals that are younger than the assembler. Most begin as an honest policy whose sections are taken apart and put
// together otherwise.

import { policyModule, unsigned } from '../support/wasm.ts'

export { unsigned }

export const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
export const END = 0x0b
export const I32 = 0x7f

export const id = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const

type Bytes = readonly number[]
type Make = () => Uint8Array<ArrayBuffer>

export interface Section {
  readonly id: number
  readonly content: Bytes
}

/** Without spreading, because so many arguments as a large section has bytes do not fit onto a stack. */
export function joined(...parts: readonly Bytes[]): number[] {
  return parts.flat()
}

export function sized(content: Bytes): number[] {
  return joined(unsigned(content.length), content)
}

export function list(items: readonly Bytes[]): number[] {
  return joined(unsigned(items.length), items.flat())
}

export function named(text: string): number[] {
  return sized([...Buffer.from(text)])
}

export function section(number: number, ...content: number[]): Section {
  return { id: number, content }
}

export function write(sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(joined(header, ...sections.map((one) => joined([one.id], sized(one.content)))))
}

/** The sections of an honest policy of four functions: types 0 to 3 and functions 0 to 3 are (i32) -> i32. */
export function honestSections(): Section[] {
  const bytes = [...policyModule()]
  const sections: Section[] = []
  let at = header.length
  const number = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const one = bytes[at++] as number
    const size = number()
    sections.push({ id: one, content: bytes.slice(at, at + size) })
    at += size
  }
  return sections
}

/** An honest policy whose sections have been changed. */
export function rearranged(change: (sections: Section[]) => readonly Section[]): Make {
  return () => write(change(honestSections()))
}

/** An honest policy with another section in the place of one, or at the place where it belongs. */
export function replacing(replacement: Section): Make {
  return rearranged((sections) => {
    const others = sections.filter((one) => one.id !== replacement.id)
    const at = others.findIndex((one) => orderOf(one) > orderOf(replacement))
    return at < 0 ? [...others, replacement] : others.toSpliced(at, 0, replacement)
  })
}

/** The tags stand behind the memories, the data count before the code. */
function orderOf(one: Section): number {
  if (one.id === id.tag) return id.memory + 0.5
  return one.id === id.dataCount ? id.code - 0.5 : one.id
}

/** The bytes of an honest policy, changed. */
export function damaged(change: (bytes: number[]) => Bytes): Make {
  return () => Uint8Array.from(change([...policyModule()]))
}

/** An honest policy in which the body of `authzUser` is these bytes, locals first and without its end. */
export function withUser(code: Bytes, locals: Bytes = [0]): Make {
  return replacing({ id: id.code, content: bodies(code, locals) })
}

/** The code section of an honest policy with another body for its second function. */
export function bodies(code: Bytes, locals: Bytes = [0]): number[] {
  const returning = (value: Bytes) => sized([0, 0x41, ...value, END])
  const user = sized(joined(locals, code, [END]))
  // The addresses of `place` in test/support/wasm.ts, as signed LEB128.
  return list([returning([0x80, 0x20]), user, returning([0x80, 0x04]), returning([0xc0, 0x04])])
}
