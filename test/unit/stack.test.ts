// Our own stack limit comes before V8's, whose overflow depends on its version and tier: frames as wide as they can be, calls as deep
// as they go, every way of holding values, on each Node that is installed and in each tier.

import { describe, expect, it } from 'vitest'

import { frameSlotsMin, stackDepthMax, stackSlotsMax } from '../../host/limits.ts'
import { assembleText, type FunctionText } from '../support/assembly.ts'
import { meter, plenty, runElsewhere } from '../support/metered.ts'
import { nodeVersions, tiers } from '../support/nodes.ts'

type Type = 'i32' | 'i64' | 'f32' | 'f64'

const makes: Record<Type, string> = {
  i32: 'global.get 0',
  i64: 'global.get 0 i64.extend_i32_s',
  f32: 'global.get 0 f32.convert_i32_s',
  f64: 'global.get 0 f64.convert_i32_s',
}

const uses: Record<Type, string> = {
  i32: 'global.get 0 i32.add global.set 0',
  i64: 'i32.wrap_i64 global.get 0 i32.add global.set 0',
  f32: 'i32.trunc_sat_f32_s global.get 0 i32.add global.set 0',
  f64: 'i32.trunc_sat_f64_s global.get 0 i32.add global.set 0',
}

const times = (count: number, text: string | ((index: number) => string)) =>
  Array.from({ length: count }, (_, index) => (typeof text === 'string' ? text : text(index))).join(' ')

/** Sets so many locals before it calls itself and uses all of them after, so that each is alive during the call. */
function locals(count: number, type: Type): FunctionText[] {
  const set = times(count, (index) => `${makes[type]} local.set ${index}`)
  const use = times(count, (index) => `local.get ${index} ${uses[type]}`)
  return [{ locals: Array<Type>(count).fill(type), code: `${set} call 0 ${use}` }]
}

/** Holds so many operands during the call. */
function operands(count: number, type: Type): FunctionText[] {
  return [{ code: `${times(count, makes[type])} call 0 ${times(count, uses[type])}` }]
}

function parameters(count: number, type: Type): FunctionText[] {
  const own = times(count, (index) => `local.get ${index}`)
  return [
    { code: `${times(count, makes[type])} call 1` },
    {
      parameters: Array<Type>(count).fill(type),
      code: `${own} call 1 ${times(count, (index) => `local.get ${index} ${uses[type]}`)}`,
    },
  ]
}

const shapes: [string, FunctionText[]][] = [
  ['nothing at all', [{ code: 'call 0' }]],
  ['two functions in turn', [{ code: 'call 1' }, { code: 'call 0' }]],
  ['an indirect call', [{ code: 'i32.const 0 call_indirect 0' }]],
  [
    'narrow and wide frames in turn',
    [
      { code: 'call 1' },
      {
        ...(locals(900, 'i64')[0] as FunctionText),
        code: `${times(900, (index) => `${makes.i64} local.set ${index}`)} call 0 ${times(900, (index) => `local.get ${index} ${uses.i64}`)}`,
      },
    ],
  ],
  ...([1, 8, 50, 56, 57, 300, 1_000] as const).map((count): [string, FunctionText[]] => [
    `${count} locals of 64 bits`,
    locals(count, 'i64'),
  ]),
  ...(['i32', 'f32', 'f64'] as const).map((type): [string, FunctionText[]] => [
    `1,000 locals of ${type}`,
    locals(1_000, type),
  ]),
  ...([56, 300, 3_000] as const).map((count): [string, FunctionText[]] => [
    `${count} operands`,
    operands(count, 'i64'),
  ]),
  ['2,000 operands of f64', operands(2_000, 'f64')],
  ...([9, 64, 128] as const).map((count): [string, FunctionText[]] => [
    `${count} parameters`,
    parameters(count, 'i64'),
  ]),
  ['128 parameters of f64', parameters(128, 'f64')],
]

const modules = shapes.map(([, functions]) =>
  meter(
    assembleText({
      functions,
      memory: { minimum: 1 },
      globals: ['i32.const 1'],
      table: { entries: 1, functions: [0] },
    }),
  ),
)

describe.each(nodeVersions())('on $name', ({ path }) => {
  it.each(tiers)(
    'in %s every recursion ends in our limit',
    (_, flags) => {
      // Often enough that functions move up a tier, where there is one to move to.
      for (const calls of [1, 400]) {
        const runs = runElsewhere(modules, flags, calls, plenty, path)
        const ends = runs.map(({ error, fuelLeft, stackLeft }, index) => ({
          shape: shapes[index]?.[0],
          error,
          isOurs: fuelLeft >= 0 && stackLeft < 0,
        }))
        expect(ends).toEqual(shapes.map(([shape]) => ({ shape, error: 'RuntimeError', isOurs: true })))
      }
    },
    120_000,
  )
})

describe('the stack', () => {
  it('has room for as many narrow frames as the depth says', () => {
    // Counts down in an argument; the last call does not call.
    const countdown = {
      parameters: ['i32' as const],
      code: 'local.get 0 if local.get 0 i32.const 1 i32.sub call 1 end',
    }
    const deep = (depth: number) =>
      meter(
        assembleText({
          functions: [{ code: `i32.const ${depth} call 1` }, countdown],
          memory: { minimum: 1 },
        }),
      )
    // The frame of `main` is one, and counting down from 0 is another.
    const [fits, tooDeep] = runElsewhere([deep(stackDepthMax - 2), deep(stackDepthMax - 1)], [], 1, plenty)
    expect(fits).toMatchObject({ hasEnded: true, stackLeft: stackSlotsMax })
    expect(tooDeep).toMatchObject({ hasEnded: false, stackLeft: -frameSlotsMin })
  })
})
