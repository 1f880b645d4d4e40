// The reference page of metering says what is charged for every instruction.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { cost, weightOf } from '../../host/engine/wasm/costs.ts'
import { admittedOpcodes, operationOf } from '../../host/engine/wasm/instructions.ts'
import { COST_TABLE_VERSION } from '../../host/engine/wasm/versions.ts'
import {
  frameSlotsMin,
  frameSlotsOverhead,
  fuelPerDecision,
  stackDepthMax,
  stackSlotsMax,
} from '../../host/limits.ts'
import { root } from '../../host/paths.ts'

const page = readFileSync(join(root, 'docs/reference/metering.md'), 'utf8')

const rows = [...page.matchAll(/^\| (`.*`) \| (.*) \|$/gm)].map(([, names = '', fuel = '']) => ({
  patterns: names.split(' ').map((name) => {
    const literal = name.replaceAll('`', '').replaceAll('.', '\\.').replaceAll('*', '.*')
    return new RegExp(`^${literal}$`)
  }),
  fuel,
}))

const numbers = (count: number) => count.toLocaleString('en-US')

describe('the reference page of metering', () => {
  it.each([...admittedOpcodes()].map((opcode) => [operationOf(opcode)?.name ?? '', opcode] as const))(
    'has the fuel of %s',
    (name, opcode) => {
      const row = rows.find(({ patterns }) => patterns.some((pattern) => pattern.test(name)))
      expect(row?.fuel).toBe(
        name.startsWith('memory.') && name !== 'memory.size' ? 'see below' : String(weightOf(opcode)),
      )
    },
  )

  it('has no row that stands for nothing', () => {
    expect(rows).toHaveLength(7)
    const names = [...admittedOpcodes()].map((opcode) => operationOf(opcode)?.name ?? '')
    for (const pattern of rows.flatMap(({ patterns }) => patterns)) {
      expect(
        names.some((name) => pattern.test(name)),
        String(pattern),
      ).toBe(true)
    }
  })

  it.each([
    `each entry of a function | ${cost.entry} |`,
    `locals that it declares | 1 for each ${cost.localsForOne} |`,
    `each pass of a loop | ${cost.iteration} |`,
    `when they run | ${cost.bulk}, and 1 for each ${2 ** cost.bulkShift} bytes |`,
    `when it runs | ${numbers(cost.memoryGrow)} |`,
    `version ${COST_TABLE_VERSION} of the table`,
    `has ${numbers(fuelPerDecision)} units`,
    `and ${frameSlotsOverhead} more; frames of less than ${frameSlotsMin} count as ${frameSlotsMin}`,
    `${numbers(stackSlotsMax)} slots, so at most ${stackDepthMax} calls`,
  ])('says "%s"', (text) => {
    expect(page.replaceAll('\n', ' ')).toContain(text)
  })
})
