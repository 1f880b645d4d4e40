// Metered modules against a plain interpreter that knows nothing of metering: they compute the same, bit for bit, and are
// charged no less than what the interpreter saw run. Every instruction meets the edges of arithmetic, programs are drawn at
// random, and the example policies answer the golden questions. PORTCULLIS_FUZZ raises the number of programs.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { policyFunctions, requestFunction } from '../../host/engine/interface.ts'
import type { Module, ValueType } from '../../host/engine/wasm/module.ts'
import { parseModule } from '../../host/engine/wasm/parse-module.ts'
import { reserved } from '../../host/engine/wasm/reserved.ts'
import { stackSlotsMax } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { assembleText } from '../support/assembly.ts'
import { writeBlock } from '../support/block.ts'
import { readGoldens } from '../support/golden.ts'
import { Exhausted, Interpreter } from '../support/interpreter.ts'
import { asHostSees, Trap } from '../support/interpreter-arithmetic.ts'
import { MeteredInstance, type MeteredRun, meter, plenty, runElsewhere } from '../support/metered.ts'
import { constants, signatures } from '../support/random-instructions.ts'
import { program, straightProgram } from '../support/random-program.ts'

const numRuns = Math.max(400, Math.ceil(Number(process.env.PORTCULLIS_FUZZ ?? 0) / 50))

/** Far more than most random programs use; those that never end are stopped here. */
const budget = 200_000

function endingOf(interpret: () => unknown): MeteredRun['ending'] {
  try {
    interpret()
    return 'returned'
  } catch (error) {
    if (error instanceof Trap) return error.reason
    if (error instanceof Exhausted) return 'fuel'
    throw error
  }
}

function interpret(module: Module): { interpreter: Interpreter; ending: MeteredRun['ending'] } {
  const interpreter = new Interpreter(module)
  interpreter.budget = budget
  return { interpreter, ending: endingOf(() => interpreter.call(0, [])) }
}

function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length)
  // Told in few words: printing all bytes of both would take minutes.
  expect(actual.findIndex((byte, at) => byte !== expected[at])).toBe(-1)
}

describe('an instruction that computes', () => {
  const instructions = signatures.flatMap(([result, operands, names]) =>
    names.map((name) => ({ name, result, operands })),
  )

  it.each(instructions)('has one result, bit for bit, or one trap: $name', ({ name, result, operands }) => {
    // Operands pass through the memory, so that their NaNs are those of the table and no compiler knows them.
    const type = operands[0] as ValueType
    const values = constants[type].map((value, index) => [index * 8, `${type}.const ${value}`] as const)
    const stores = values.map(([address, value]) => `i32.const ${address} ${value} ${type}.store 0`)
    const loads = operands.map((_, index) => `local.get ${index} ${type}.load 0`)
    const code = [...stores, 'i32.const 1024', ...loads, name, `${result}.store 0`].join(' ')
    const upload = assembleText({ functions: [{ parameters: ['i32', 'i32'], code }], memory: { minimum: 1 } })

    const instance = new MeteredInstance(meter(upload))
    const interpreter = new Interpreter(parseModule(upload))
    for (const [first, firstText] of values) {
      for (const [second, secondText] of operands.length === 1 ? values.slice(0, 1) : values) {
        const { ending } = instance.run(plenty, 'main', first, second)
        const expected = endingOf(() => interpreter.call(0, [first, second]))
        const bytes = (memory: Uint8Array) => memory.slice(1024, 1032).join()
        expect([firstText, secondText, ending, bytes(instance.memory)]).toEqual([
          firstText,
          secondText,
          expected,
          bytes(interpreter.memory.bytes),
        ])
      }
    }
  })
})

describe('a random program, metered', () => {
  it('computes what the interpreter computes and pays at least for what runs', () => {
    const endings = new Set<string>()
    fc.assert(
      fc.property(program, fc.nat(999), (text, share) => {
        const upload = assembleText(text)
        const module = parseModule(upload)
        const metered = meter(upload)
        const { interpreter, ending } = interpret(module)
        endings.add(ending)
        if (ending === 'fuel') {
          // Elsewhere, because it would never end here if nothing were charged.
          expect(runElsewhere([metered], [], 1, budget)[0]?.fuelLeft).toBeLessThan(0)
          return
        }

        const instance = new MeteredInstance(metered)
        const run = instance.run()
        expect(run.ending).toBe(ending)
        expectSameBytes(instance.memory, interpreter.memory.bytes)
        const globals = module.globals.map(({ type }, index) =>
          asHostSees(type, interpreter.globals[index] ?? 0),
        )
        expect(instance.globals).toEqual(globals)
        if (ending === 'returned') expect(run.stackLeft).toBe(stackSlotsMax)

        const charged = plenty - run.fuelLeft
        expect(charged).toBeGreaterThanOrEqual(interpreter.executed)
        expect(new MeteredInstance(metered).run(charged)).toMatchObject({ ending, fuelLeft: 0 })
        expect(new MeteredInstance(metered).run(charged - 1).ending).toBe('fuel')
        const tooLittle = Math.floor((interpreter.executed * share) / 1000)
        expect(new MeteredInstance(metered).run(tooLittle).ending).toBe('fuel')
      }),
      { numRuns },
    )
    // What is drawn has not become so tame that it proves nothing.
    expect([...endings]).toEqual(expect.arrayContaining(['returned', 'fuel', 'unreachable', 'memory']))
  }, 600_000)

  it('pays exactly for what runs if nothing that it has is passed over', () => {
    let returned = 0
    fc.assert(
      fc.property(straightProgram, (text) => {
        const upload = assembleText(text)
        const { interpreter, ending } = interpret(parseModule(upload))
        if (ending !== 'returned') return
        returned++
        const run = new MeteredInstance(meter(upload)).run()
        expect(run.ending).toBe('returned')
        expect(plenty - run.fuelLeft).toBe(interpreter.executed)
      }),
      { numRuns },
    )
    expect(returned).toBeGreaterThan(numRuns / 10)
  }, 600_000)

  it('uses the same fuel and leaves the same memory with each compiler of V8', () => {
    const seed = Date.now() % 2 ** 31
    const texts = fc.sample(program, { seed, numRuns: Math.ceil(numRuns / 4) })
    const modules = texts.map((text) => meter(assembleText(text)))
    const [first, second] = ['--liftoff-only', '--no-liftoff'].map((flag) =>
      runElsewhere(modules, [flag], 1, budget),
    )
    texts.forEach((text, index) => {
      expect(second?.[index], `seed ${seed}: ${JSON.stringify(text)}`).toEqual(first?.[index])
    })
  }, 600_000)
})

const policies = join(root, 'build', 'policies')

class Aborted extends Error {}

function abort(...values: unknown[]): never {
  throw new Aborted(`abort ${values}`)
}

/** What a call returns, or how it has aborted. */
function outcome(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    if (error instanceof Aborted) return error.message
    throw error
  }
}

describe.each(readdirSync(policies))('%s, metered', (name) => {
  const upload = readFileSync(join(policies, name))
  const module = parseModule(upload)
  const metered = meter(upload)

  it.each(readGoldens())(
    'answers $name as the interpreter does and pays at least for what runs',
    (golden) => {
      const block = writeBlock(golden.question)
      const instance = new MeteredInstance(metered, { env: { abort } })
      const interpreter = new Interpreter(module, [abort])
      if (module.start !== undefined) {
        interpreter.call(module.start, [])
        instance.run(plenty, reserved.start)
      }

      const call = (exported: string, value: number): unknown => {
        const before = interpreter.executed
        const index = module.exports.find((one) => one.name === exported)?.index as number
        const expected = outcome(() => interpreter.call(index, [value]))
        const actual = outcome(() => instance.run(plenty, exported, value).returned)
        expect(actual).toBe(expected)
        expect(plenty - instance.fuelLeft).toBeGreaterThanOrEqual(interpreter.executed - before)
        expectSameBytes(instance.memory, interpreter.memory.bytes)
        return actual
      }

      const address = call(requestFunction, block.length) as number
      instance.memory.set(block, address)
      interpreter.memory.write(address, block)
      const asked = policyFunctions[golden.question.kind]
      if (!module.exports.some((one) => one.name === asked)) return
      expect(call(asked, address)).not.toBe(0)
    },
  )
})
