// How much fuel a metered module uses, to the unit. The numbers are part of what the product promises: they go into
// records, and an operator sets limits by them, so they are written out here and not computed from the table of costs.
// And what happens at the limit: exactly enough is enough, one unit less ends the call before what it cannot pay for.

import { describe, expect, it } from 'vitest'

import type { ValueType } from '../../host/engine/wasm/module.ts'
import { stackSlotsMax } from '../../host/limits.ts'
import { assembleText } from '../support/assembly.ts'
import { MeteredInstance, meter, plenty, runElsewhere } from '../support/metered.ts'
import { nodeVersions } from '../support/nodes.ts'

/**
 * Function 0 is the program, with two locals; 1 is empty, 2 calls itself as often as it is told, 3 and 4 never stop doing
 * so. Entries of the table are 1, 2, 4 and nothing.
 */
function metered(code: string, result?: ValueType): Uint8Array<ArrayBuffer> {
  return meter(
    assembleText({
      functions: [
        { locals: ['i32', 'i32'], result, code },
        { code: '' },
        { parameters: ['i32'], code: 'local.get 0 if local.get 0 i32.const 1 i32.sub call 2 end' },
        { code: 'call 3' },
        { code: 'i32.const 2 call_indirect 4' },
      ],
      memory: { minimum: 1, maximum: 2 },
      globals: ['i32.const 0'],
      table: { entries: 4, functions: [1, 2, 4] },
      data: [{ address: 100, bytes: [1, 2, 3, 4] }],
    }),
  )
}

/** `left` is decreased until it is 0. */
const again = (left: number) => `local.get ${left} i32.const 1 i32.sub local.tee ${left} br_if 0`

const programs: readonly [what: string, fuel: number, code: string][] = [
  ['nothing', 4, ''], // entry
  ['two constants and an addition', 7, 'i32.const 1 i32.const 2 i32.add drop'], // 4 + 3
  ['locals and globals', 9, 'i32.const 1 local.tee 0 global.set 0 global.get 0 local.set 0'], // 4 + 5
  ['a selection', 8, 'i32.const 1 i32.const 2 i32.const 0 select drop'], // 4 + 4
  ['what costs nothing', 4, 'nop block nop end'], // 4
  ['one arm of an if', 7, 'i32.const 0 if i32.const 1 drop end'], // 4 + 2 + 1, though it does not run
  [
    'ifs within ifs', // 4 + 2 + (2 + 0 + 1) + 2: every arm
    11,
    'i32.const 1 if i32.const 0 if nop else i32.const 5 drop end else i32.const 6 drop i32.const 7 drop end',
  ],
  ['what a branch passes over', 6, 'block br 0 i32.const 1 drop end'], // 4 + 1 + 1
  ['what stands behind a return', 7, 'return i32.const 1 drop i32.const 2 drop'], // 4 + 1 + 2
  ['a loop of one pass', 6, 'loop i32.const 1 drop end'], // 4 + (1 + 1)
  ['a loop of ten passes', 66, `i32.const 10 local.set 0 loop ${again(0)} end`], // 4 + 2 + 10 * (1 + 5)
  [
    'a block in a loop of ten passes', // 4 + 2 + 10 * (1 + 1 + 5)
    76,
    `i32.const 10 local.set 0 loop block i32.const 1 drop end ${again(0)} end`,
  ],
  [
    'a loop in a loop', // 4 + 2 + 3 * (1 + 2 + 5) + 3 * 4 * (1 + 5)
    102,
    `i32.const 3 local.set 0 loop i32.const 4 local.set 1 loop ${again(1)} end ${again(0)} end`,
  ],
  ['a loop that is left at once', 8, 'loop return i32.const 1 drop br 0 end'], // 4 + (1 + 1 + 1 + 1)
  ['a loop that is not reached', 5, 'return loop i32.const 1 drop br 0 end'], // 4 + 1
  ['a call', 12, 'call 1'], // 4 + 4, 4
  ['a call by the table', 13, 'i32.const 0 call_indirect 1'], // 4 + 1 + 4, 4
  ['a recursion of six calls', 87, 'i32.const 5 call 2'], // 4 + 1 + 4, 6 * (4 + 1 + 1 + 3 + 4)
  ['a jump by a table', 9, 'block block i32.const 1 br_table 0 1 end end'], // 4 + 1 + 4
  ['i32.div_s', 22, 'i32.const 9 i32.const -2 i32.div_s drop'], // 4 + 2 + 16, as the seven that follow
  ['i32.div_u', 22, 'i32.const 9 i32.const -2 i32.div_u drop'],
  ['i32.rem_s', 22, 'i32.const 9 i32.const -2 i32.rem_s drop'],
  ['i32.rem_u', 22, 'i32.const 9 i32.const -2 i32.rem_u drop'],
  ['i64.div_s', 22, 'i64.const 9 i64.const -2 i64.div_s drop'],
  ['i64.div_u', 22, 'i64.const 9 i64.const -2 i64.div_u drop'],
  ['i64.rem_s', 22, 'i64.const 9 i64.const -2 i64.rem_s drop'],
  ['i64.rem_u', 22, 'i64.const 9 i64.const -2 i64.rem_u drop'],
  ['a multiplication', 7, 'i64.const 9 i64.const -2 i64.mul drop'], // 4 + 3
  ['an addition of floats', 38, 'f64.const 1 f64.const 2 f64.add drop'], // 4 + 2 + 32
  ['a root and a comparison', 70, 'f32.const 2 f32.sqrt f32.const 1 f32.lt drop'], // 4 + 2 + 2 * 32
  [
    'conversions of floats', // 4 + 1 + 4 * 32
    133,
    'f64.const 1 i32.trunc_f64_s f32.convert_i32_s f64.promote_f32 i64.trunc_sat_f64_u drop',
  ],
  ['bits of a float', 9, 'f64.const 1 f64.neg f64.abs i64.reinterpret_f64 i32.wrap_i64 drop'], // 4 + 5
  ['a load and a store', 14, 'i32.const 8 i32.const 16 i32.load 0 i32.store 0'], // 4 + 2 + 2 * 4
  ['a load and a store of floats', 14, 'i32.const 8 i32.const 16 f64.load 0 f64.store 0'], // 4 + 2 + 2 * 4
  ['the size of the memory', 5, 'memory.size drop'], // 4 + 1
  ['a memory that grows by nothing', 4_005, 'i32.const 0 memory.grow drop'], // 4 + 1 + 4000
  ['a memory that cannot grow', 4_005, 'i32.const 2 memory.grow drop'], // 4 + 1 + 4000
  ['a memory that is not made to grow', 7, 'i32.const 0 if i32.const 1 memory.grow drop end'], // 4 + 2 + 1
  ['filling no bytes', 71, 'i32.const 0 i32.const 1 i32.const 0 memory.fill'], // 4 + 3 + 64
  ['filling 7 bytes', 71, 'i32.const 0 i32.const 1 i32.const 7 memory.fill'], // 4 + 3 + 64
  ['filling 8 bytes', 72, 'i32.const 0 i32.const 1 i32.const 8 memory.fill'], // 4 + 3 + 64 + 1
  ['filling 1000 bytes', 196, 'i32.const 0 i32.const 1 i32.const 1000 memory.fill'], // 4 + 3 + 64 + 125
  [
    'what is not filled', // 4 + 1 + 3
    8,
    'return i32.const 0 i32.const 1 i32.const 1000 memory.fill',
  ],
  ['copying no bytes', 71, 'i32.const 0 i32.const 1 i32.const 0 memory.copy'], // 4 + 3 + 64
  ['copying 8 bytes', 72, 'i32.const 0 i32.const 1 i32.const 8 memory.copy'], // 4 + 3 + 64 + 1
  ['copying 1000 bytes', 196, 'i32.const 0 i32.const 1 i32.const 1000 memory.copy'], // 4 + 3 + 64 + 125
]

describe('the locals of a function', () => {
  it.each([
    [0, 8],
    [15, 8],
    [16, 9],
    [990, 69],
  ])('cost a unit for each sixteen: %i of them with the call %i', (count, fuel) => {
    // 4 for the entry of main, 4 for the call, 4 for the entry of what it calls
    const locals = Array<'i64'>(count).fill('i64')
    const functions = [{ code: 'call 1' }, { locals, code: '' }]
    const { fuelLeft } = new MeteredInstance(meter(assembleText({ functions, memory: { minimum: 1 } }))).run()
    expect(plenty - fuelLeft).toBe(fuel + 4)
  })
})

describe('the fuel for', () => {
  it.each(programs)('%s is %i', (_, fuel, code) => {
    const { ending, fuelLeft } = new MeteredInstance(metered(code)).run()
    expect([ending, plenty - fuelLeft]).toEqual(['returned', fuel])
  })

  describe.each(nodeVersions())('each of them is the same on $name', ({ path }) => {
    it.each([
      ['the first compiler of V8', '--liftoff-only'],
      ['the second compiler of V8', '--no-liftoff'],
      ['a change from one to the other', '--wasm-tiering-budget=1000'],
    ])(
      'with %s, in the first call and in the ten thousandth',
      (_, flag) => {
        const modules = programs.map(([, , code]) => metered(code))
        const expected = programs.map(([what, fuel]) => [what, fuel])
        for (const calls of [1, 10_000]) {
          const runs = runElsewhere(modules, [flag], calls, plenty, path)
          const used = runs.map(({ fuelLeft }, index) => [programs[index]?.[0], plenty - fuelLeft])
          expect(used).toEqual(expected)
        }
      },
      60_000,
    )
  })
})

describe('exactly as much fuel as it uses', () => {
  it.each(programs)('is enough for %s, and one unit less is not', (_, fuel, code) => {
    const module = metered(code)
    expect(new MeteredInstance(module).run(fuel)).toMatchObject({ ending: 'returned', fuelLeft: 0 })
    const { ending, fuelLeft } = new MeteredInstance(module).run(fuel - 1)
    expect(ending).toBe('fuel')
    expect(fuelLeft).toBeLessThan(0)
  })

  it.each([
    ['unreachable', 'unreachable', 'unreachable'],
    ['a division by zero', 'division by zero', 'i32.const 1 i32.const 0 i32.div_s drop'],
    ['a quotient that is too large', 'overflow', 'i32.const -2147483648 i32.const -1 i32.div_s drop'],
    ['a float that is no integer', 'conversion', 'f64.const nan i32.trunc_f64_s drop'],
    ['an address out of bounds', 'memory', 'i32.const -1 i32.load 0 drop'],
    ['a fill out of bounds', 'memory', 'i32.const 65535 i32.const 1 i32.const 2 memory.fill'],
    ['a copy of all addresses', 'memory', 'i32.const 0 i32.const 0 i32.const -1 memory.copy'],
    ['an index out of bounds', 'table', 'i32.const 4 call_indirect 1'],
    ['an entry without a function', 'signature', 'i32.const 3 call_indirect 1'],
    ['a function of another type', 'signature', 'i32.const 1 call_indirect 1'],
    ['a recursion without end', 'stack', 'call 3'],
    ['a recursion by the table without end', 'stack', 'call 4'],
  ])('is left at zero, not below, by %s', (_, ending, code) => {
    const module = metered(code)
    const fuel = plenty - new MeteredInstance(module).run().fuelLeft
    expect(new MeteredInstance(module).run(fuel)).toMatchObject({ ending, fuelLeft: 0 })
    expect(new MeteredInstance(module).run(fuel - 1).ending).toBe('fuel')
  })
})

describe('what works on much memory and cannot be paid for', () => {
  it.each([
    ['a fill', 196, 'i32.const 100 i32.const 7 i32.const 1000 memory.fill'],
    ['a copy', 196, 'i32.const 200 i32.const 100 i32.const 1000 memory.copy'],
    ['a growth', 4_005, 'i32.const 1 memory.grow drop'],
  ])('does not run: %s', (_, fuel, code) => {
    const module = metered(code)
    const untouched = new MeteredInstance(module).memory.slice()
    const short = new MeteredInstance(module)
    expect(short.run(fuel - 1).ending).toBe('fuel')
    expect(Buffer.compare(short.memory, untouched)).toBe(0)
    const enough = new MeteredInstance(module)
    expect(enough.run(fuel).ending).toBe('returned')
    expect(Buffer.compare(enough.memory, untouched)).not.toBe(0)
  })

  it('is found to be out of fuel before it is found to be out of bounds', () => {
    const module = metered('i32.const 0 i32.const 0 i32.const -1 memory.fill')
    expect(new MeteredInstance(module).run(2 ** 29).ending).toBe('fuel')
  })
})

describe('a frame is given back to the stack by a function that is left', () => {
  it.each([
    ['by its end', 'i32.const 1'],
    ['by a return', 'i32.const 1 return'],
    ['by a return from within', 'block loop i32.const 1 if i32.const 1 return end end end i32.const 2'],
    ['by a return with operands to spare', 'i32.const 5 i32.const 6 i32.const 1 return'],
    ['by a branch', 'i32.const 1 br 0'],
    ['by a branch from within', 'block loop i32.const 1 br 2 end end i32.const 2'],
    ['by a branch on a condition', 'block i32.const 1 i32.const 1 br_if 1 drop end i32.const 2'],
    ['without the branch on a condition', 'i32.const 1 i32.const 0 br_if 0'],
    ['by a jump in a table', 'block i32 i32.const 1 i32.const 0 br_table 1 0 end i32.const 1 i32.add'],
    ['by the default of a table', 'block i32 i32.const 1 i32.const 9 br_table 0 1 end i32.const 1 i32.add'],
    ['by a return in an arm that has a result', 'i32.const 1 if i32 i32.const 1 return else i32.const 2 end'],
    ['after calls of others', 'call 1 i32.const 0 call_indirect 1 i32.const 5 call 2 i32.const 1'],
  ])('%s', (_, code) => {
    // One that calls nothing may have no frame.
    for (const body of [code, `call 1 ${code}`]) {
      const run = new MeteredInstance(metered(body, 'i32')).run()
      expect(run).toMatchObject({ ending: 'returned', returned: 1, stackLeft: stackSlotsMax })
    }
  })
})

describe('the stack', () => {
  /** How a chain of so many functions ends, `main` included, whose last calls one that has so many locals. */
  const chain = (functions: number, locals: number) => {
    const last = 'local.get 0 if local.get 0 i32.const 1 i32.sub call 1 else call 2 end'
    const upload = assembleText({
      functions: [
        { code: `i32.const ${functions - 2} call 1` },
        { parameters: ['i32'], code: last },
        { locals: Array<ValueType>(locals).fill('i32'), code: '' },
      ],
      memory: { minimum: 0 },
    })
    return new MeteredInstance(meter(upload)).run().ending
  }

  it('is enough for 512 functions, and not for one more', () => {
    expect(chain(512, 0)).toBe('returned')
    expect(chain(513, 0)).toBe('stack')
  })

  it('is used by a function that calls nothing, unless that is small', () => {
    expect(chain(512, 40)).toBe('returned')
    expect(chain(510, 500)).toBe('stack')
    expect(chain(480, 500)).toBe('returned')
  })
})
