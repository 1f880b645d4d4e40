// The modules that mutants are made of: what the compiler makes of policies, small ones by hand in which each byte
// matters, and one that has every section and every admitted instruction.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import {
  admittedOpcodes,
  FIRST_ACCESS,
  type Immediate,
  naturalAlignment,
  op,
  operationOf,
} from '../../host/engine/wasm/instructions.ts'
import type { Instruction, Module } from '../../host/engine/wasm/module.ts'
import { writeModule } from '../../host/engine/wasm/write-module.ts'
import { root } from '../../host/paths.ts'
import { assemble, policyModule, op as raw } from '../support/wasm.ts'
import { dissect, type Specimen } from './specimen.ts'

const plain = { offset: 0, operands: [], constant: undefined, result: undefined }
const zero: Instruction = { ...plain, opcode: op.i32_const, constant: 0 }
const end: Instruction = { ...plain, opcode: op.end }

/** What an instruction carries, if it is the only one of its function. */
function carried(opcode: number, immediate: Immediate): Partial<Instruction> {
  switch (immediate) {
    case 'none':
    case 'block':
      return {}
    case 'i32':
    case 'f32':
      return { constant: 0x7fc00001 }
    case 'i64':
    case 'f64':
      return { constant: 0x7ff8000000000001n }
    case 'memory':
      return { operands: [naturalAlignment[opcode - FIRST_ACCESS] ?? 0, 300] }
    case 'labels':
      return { operands: [0, 0, 0] }
    case 'zeros':
    case 'indirect':
      return { operands: [0, 0] }
    default:
      return { operands: [0] }
  }
}

/** Behind an `unreachable` an instruction finds whatever operands it needs. */
function instructionsOf(opcode: number): Instruction[] {
  const { immediate } = operationOf(opcode) as { immediate: Immediate }
  const itself = { ...plain, opcode, ...carried(opcode, immediate) }
  const unreachable = { ...plain, opcode: op.unreachable }
  if (immediate === 'block') return [unreachable, itself, end]
  if (opcode === op.else) return [unreachable, { ...plain, opcode: op.if }, itself, end]
  return opcode === op.end ? [] : [unreachable, itself]
}

const everything: Module = {
  types: [
    { parameters: ['i32'], result: undefined },
    { parameters: [], result: undefined },
  ],
  imports: [],
  functions: [0, 1],
  table: { minimum: 2, maximum: 3 },
  memory: { minimum: 1, maximum: 20 },
  globals: [{ type: 'i32', mutable: true, initial: zero }],
  exports: [
    { name: 'function', kind: 'function', index: 0 },
    { name: 'table', kind: 'table', index: 0 },
    { name: 'memory', kind: 'memory', index: 0 },
    { name: 'global', kind: 'global', index: 0 },
  ],
  start: 1,
  elements: [{ offset: zero, functions: [0, 1] }],
  bodies: [
    {
      locals: [{ count: 2, type: 'f64' }],
      instructions: [...[...admittedOpcodes()].flatMap(instructionsOf), end],
    },
    { locals: [], instructions: [end] },
  ],
  data: [{ offset: zero, bytes: Uint8Array.of(1, 2, 3) }],
}

function byHand(): Uint8Array[] {
  return [
    policyModule(),
    policyModule({
      imports: [{ module: 'env', name: 'abort', kind: 'function', params: ['i32', 'i32', 'i32', 'i32'] }],
      globals: [1, 2],
    }),
    assemble({
      imports: [
        { module: 'a', name: 'b', kind: 'function', params: ['f64'], results: ['f32'] },
        { module: 'a', name: 'c', kind: 'memory' },
        { module: 'a', name: 'd', kind: 'global' },
        { module: 'a', name: 'e', kind: 'table' },
      ],
      functions: [{ params: ['i32'], results: ['i32'], code: [...raw.localGet(0), ...raw.memoryGrow] }],
      exports: { f: { kind: 'function', index: 1 }, g: { kind: 'global', index: 0 } },
    }),
    writeModule(everything),
  ]
}

function compiled(): Uint8Array[] {
  const folders = ['policies', 'test-policies'].map((name) => join(root, 'build', name))
  return folders.flatMap((folder) => readdirSync(folder).map((name) => readFileSync(join(folder, name))))
}

/** As many by hand as compiled ones. */
export function specimens(): Specimen[] {
  const small = byHand()
  const large = compiled()
  return large.flatMap((file, index) => [file, small[index % small.length] as Uint8Array]).map(dissect)
}
