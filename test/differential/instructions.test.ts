// Every admitted instruction by itself, on the values at its edges: what the metered module computes is what the upload
// computes, to the last bit, and where one traps the other does, with the same message. One difference is wanted: a NaN
// that an instruction made is the canonical one after metering, whatever it was before.

import { describe, expect, it } from 'vitest'

import { admittedOpcodes, operationOf } from '../../host/engine/wasm/instructions.ts'
import { fromText, reasonToSkip } from '../support/tools.ts'
import { type Bits, canonicalNan, isNan } from './edge-values.ts'
import { variants } from './framed.ts'
import { Pair, sameEnding, show, showEnding } from './pair.ts'
import { programOf, signatureOf } from './programs.ts'

const opcodes = [...admittedOpcodes()]
const named = opcodes.map((opcode) => [operationOf(opcode)?.name ?? '', opcode] as const)

/** Whose NaNs have no bits of their own (core specification, sections 4.3.3 and 4.3.4). */
const choosesNan =
  /^f(32|64)\.(add|sub|mul|div|min|max|sqrt|ceil|floor|trunc|nearest|demote_f64|promote_f32)$/
const canTrap = /^(unreachable|call_indirect|memory\.(copy|fill))$|\.(load|store)|^i\d+\.((div|rem)_|trunc_f)/

interface Tally {
  calls: number
  traps: number
  chosenNans: number
}

/** Runs a program's calls in the upload and in what was made of it. */
function compare(name: string, pair: Pair, calls: ReturnType<typeof programOf>['calls']): Tally {
  const tally = { calls: 0, traps: 0, chosenNans: 0 }
  const { result } = signatureOf(name)
  for (const { name: exported, given } of calls) {
    const { original, metered } = pair.call(exported, given)
    let wanted = original
    if (choosesNan.test(name) && 'returned' in original) {
      const type = result as 'f32' | 'f64'
      if (isNan(type, original.returned as Bits)) {
        wanted = { returned: canonicalNan[type] }
        tally.chosenNans++
      }
    }
    tally.calls++
    if ('trap' in original) tally.traps++
    const difference = sameEnding(wanted, metered)
      ? pair.difference()
      : `${showEnding(wanted)} and ${showEnding(metered)}`
    if (difference === undefined && !pair.exhausted) continue
    throw new Error(`${exported}${show([...given])}: ${difference ?? 'a counter is below zero'}`)
  }
  return tally
}

describe('the table of instructions', () => {
  it('has those of the first version, sign extension, saturating conversion and two bulk ones', () => {
    expect(opcodes).toHaveLength(172 + 5 + 8 + 2)
    expect(new Set(named.map(([name]) => name)).size).toBe(opcodes.length)
  })
})

const skipped = reasonToSkip('wat2wasm')
describe.skipIf(skipped !== '').each(variants)(`metering leaves %s${skipped}:`, (_, variant) => {
  it.each(named)('%s', (name, opcode) => {
    const { text, calls } = programOf(opcode)
    const pair = new Pair(variant(fromText(`(module ${text})`)))
    const used = pair.upload.bodies.flatMap(({ instructions }) => instructions)
    expect(used.some((instruction) => instruction.opcode === opcode)).toBe(true)
    const tally = compare(name, pair, calls)
    expect(tally.calls).toBe(calls.length)
    expect(tally.traps > 0).toBe(canTrap.test(name))
    expect(tally.chosenNans > 0).toBe(choosesNan.test(name))
  })
})
