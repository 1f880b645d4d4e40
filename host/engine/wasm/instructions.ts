/**
 * The instructions that are admitted: the first version of WebAssembly, sign extension, non-trapping conversions,
 * memory.copy and memory.fill. What is not in this table is refused, by the proposal it belongs to where that is known.
 * Opcodes: core specification, section 5.4; proposals' opcodes from their own documents.
 */

import type { Feature } from './refusal.ts'

/** What follows an opcode in the binary format. */
export type Immediate =
  | 'none'
  | 'block'
  | 'label'
  | 'labels'
  | 'function'
  | 'indirect'
  | 'local'
  | 'global'
  | 'memory'
  | 'zero'
  | 'zeros'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'

/** The opcodes that the parser itself has to know. */
export const op = {
  block: 0x02,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  i32_const: 0x41,
  i64_const: 0x42,
  f32_const: 0x43,
  f64_const: 0x44,
} as const

/** Opcodes after the prefix 0xfc are 0xfc00 and their number. */
export const PREFIX_MISC = 0xfc
const memoryCopy = 0xfc0a
const memoryFill = 0xfc0b

const immediates = new Map<number, Immediate>()

function admit(first: number, last: number, immediate: Immediate): void {
  for (let opcode = first; opcode <= last; opcode++) immediates.set(opcode, immediate)
}

admit(0x00, 0x01, 'none') // unreachable, nop
admit(0x02, 0x04, 'block') // block, loop, if
admit(0x05, 0x05, 'none') // else
admit(0x0b, 0x0b, 'none') // end
admit(0x0c, 0x0d, 'label') // br, br_if
admit(0x0e, 0x0e, 'labels') // br_table
admit(0x0f, 0x0f, 'none') // return
admit(0x10, 0x10, 'function') // call
admit(0x11, 0x11, 'indirect') // call_indirect
admit(0x1a, 0x1b, 'none') // drop, select
admit(0x20, 0x22, 'local') // local.get, local.set, local.tee
admit(0x23, 0x24, 'global') // global.get, global.set
admit(0x28, 0x3e, 'memory') // loads and stores
admit(0x3f, 0x40, 'zero') // memory.size, memory.grow
admit(0x41, 0x41, 'i32')
admit(0x42, 0x42, 'i64')
admit(0x43, 0x43, 'f32')
admit(0x44, 0x44, 'f64')
admit(0x45, 0xc4, 'none') // comparisons, arithmetic, conversions, sign extension
admit(0xfc00, 0xfc07, 'none') // non-trapping conversions
admit(memoryCopy, memoryCopy, 'zeros')
admit(memoryFill, memoryFill, 'zero')

export function immediateOf(opcode: number): Immediate | undefined {
  return immediates.get(opcode)
}

/** Binary logarithm of the natural alignment of each load and store, from 0x28 on. */
export const naturalAlignment = [2, 3, 2, 3, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 2, 3, 2, 3, 0, 1, 0, 1, 2] as const

/** The proposal that an opcode outside the table belongs to; undefined if it is none that we know. */
export function featureOf(opcode: number): Feature | undefined {
  if ([0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f].includes(opcode)) return 'exceptions'
  if (opcode === 0x12 || opcode === 0x13) return 'tail calls'
  if (opcode === 0x14 || opcode === 0x15 || (opcode >= 0xd4 && opcode <= 0xd6))
    return 'typed function references'
  if (opcode === 0x25 || opcode === 0x26 || (opcode >= 0xfc0c && opcode <= 0xfc11)) return 'table mutation'
  if (opcode === 0x1c || (opcode >= 0xd0 && opcode <= 0xd2)) return 'reference types'
  if (opcode === 0xd3 || opcode === 0xfb) return 'garbage collection'
  if (opcode === 0xfc08 || opcode === 0xfc09) return 'passive segments'
  if (opcode === 0xfd) return 'SIMD'
  if (opcode === 0xfe) return 'threads'
  if (opcode >= 0xe0 && opcode <= 0xe6) return 'stack switching'
  return undefined
}
