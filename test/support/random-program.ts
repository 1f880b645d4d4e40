// Draws programs for the metering to be tested on: three functions that call each other, and one that calls the first of
// them and leaves what came of it in the memory. They are text, which is what a failing property prints.

import fc from 'fast-check'

import type { ModuleText } from './assembly.ts'
import { BodyMaker } from './random-body.ts'
import { Tape } from './random-instructions.ts'

/** What the globals that random functions know begin with. */
const callsMax = 40
const passesMax = 150

/** Calls function 1 and leaves every result and global in the memory, bit for bit. */
const main = `
  i32.const 0 i32.const 5 i64.const 6 f32.const 0.25 f64.const -7 call 1 i32.store 0
  i32.const 8 global.get 2 i32.store 0
  i32.const 16 global.get 3 i64.store 0
  i32.const 24 global.get 4 f32.store 0
  i32.const 32 global.get 5 f64.store 0`

function programOf(tapes: readonly Uint8Array[], maximum: number, isStraight: boolean): ModuleText {
  const made = tapes.map((tape, index) => new BodyMaker(new Tape(tape), index + 1, isStraight).make())
  return {
    functions: [{ code: main }, ...made],
    memory: { minimum: 1, maximum },
    globals: [
      `i32.const ${callsMax}`,
      `i32.const ${passesMax}`,
      'i32.const -3',
      'i64.const 11',
      'f32.const 0x7fa12345',
      'f64.const 0xfff4000000000123',
    ],
    table: { entries: 6, functions: [1, 2, 3, 0] },
    data: [{ address: 40, bytes: [1, 2, 3, 250, 251, 252, 0x7f, 0xf4, 0xff] }],
  }
}

const tape = fc.uint8Array({ maxLength: 500, size: 'max' })

function programs(isStraight: boolean): fc.Arbitrary<ModuleText> {
  return fc
    .tuple(fc.tuple(tape, tape, tape), fc.constantFrom(1, 3, 20))
    .map(([tapes, maximum]) => programOf(tapes, maximum, isStraight))
}

export const program = programs(false)

/** Has no branch but the one back of a loop that counts its passes: unless it traps, all that is begun is ended. */
export const straightProgram = programs(true)
