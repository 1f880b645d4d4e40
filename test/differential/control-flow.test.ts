// Shapes of control flow and of whole modules, each called in the upload and in what was made of it: same results, same
// traps, same calls out, same memory and globals. The shapes are in shapes.ts; here is how they are run.

import { describe, expect, it } from 'vitest'

import { fromText, reasonToSkip } from '../support/tools.ts'
import { variants } from './framed.ts'
import { type MakeImports, Pair, sameEnding, show, showEnding } from './pair.ts'
import { shapes } from './shapes.ts'

/** What any of the shapes imports; each side has its own. */
const imports: MakeImports = (record) => ({
  env: {
    tell: (...given: unknown[]) => {
      record('tell', ...given)
      return 5
    },
    nothing: () => record('nothing'),
    fail: () => {
      record('fail')
      throw new WebAssembly.RuntimeError('thrown outside')
    },
    memory: new WebAssembly.Memory({ initial: 1, maximum: 4 }),
    table: new WebAssembly.Table({ initial: 4, element: 'anyfunc' }),
    constant: new WebAssembly.Global({ value: 'i32' }, 2),
    variable: new WebAssembly.Global({ value: 'i64', mutable: true }, 1n),
  },
})

const skipped = reasonToSkip('wat2wasm')
describe.skipIf(skipped !== '').each(variants)(`metering leaves %s${skipped}:`, (_, variant) => {
  it.each(Object.entries(shapes))('%s', (_name, { text, calls }) => {
    const pair = new Pair(variant(fromText(`(module ${text})`)), imports)
    expect(pair.metered.started).toEqual(pair.original.started)
    expect(pair.difference()).toBeUndefined()
    for (const { name, given } of calls) {
      const { original, metered } = pair.call(name, given)
      const called = `${name}${show([...given])}`
      expect(pair.exhausted, called).toBe(false)
      expect(
        sameEnding(original, metered),
        `${called}: ${showEnding(original)}, ${showEnding(metered)}`,
      ).toBe(true)
      expect(pair.difference(), called).toBeUndefined()
    }
  })
})
