// Counting what runs changes nothing that is counted with: same answer, same fuel; and the counts are the true ones.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { decideAlone } from '../../host/admission/decide-alone.ts'
import { TracedPolicy } from '../../host/cli/author/traced-policy.ts'
import { Policy } from '../../host/engine/policy.ts'
import { compilePolicy } from '../../host/engine/policy-module.ts'
import { meterModule } from '../../host/engine/wasm/meter.ts'
import { parseModule } from '../../host/engine/wasm/parse-module.ts'
import { reserved } from '../../host/engine/wasm/reserved.ts'
import { traceModule } from '../../host/engine/wasm/trace.ts'
import { writeModule } from '../../host/engine/wasm/write-module.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { readSettings } from '../../host/tenant/settings.ts'
import { readVectors } from '../../host/winrm/vectors.ts'
import { assembleText, type FunctionText } from '../support/assembly.ts'

const examples = readdirSync(join(root, 'policies/examples'))

describe.each(examples)('%s, traced', (name) => {
  const folder = join(root, 'policies/examples', name)
  const bytes = readFileSync(join(root, 'build/policies', `${name}.wasm`))
  const settingsFile = join(folder, 'settings.json')
  const settings = existsSync(settingsFile) ? readSettings(settingsFile) : undefined
  const plain = new Policy(compilePolicy(bytes, settings))

  it('decides its vectors as in a host, with the same fuel', () => {
    for (const { block } of readVectors(join(folder, 'vectors.jsonl'))) {
      const traced = new TracedPolicy(bytes, settings)
      expect(decideAlone(traced, block, fuelPerDecision)).toEqual(decideAlone(plain, block, fuelPerDecision))
    }
  })
})

interface Count {
  readonly instructions: number
  readonly times: number
}

/** Calls `main`, whatever becomes of it, and gives the counts of its pieces in their order. */
function countsOf(functions: readonly FunctionText[]): Count[] {
  const upload = parseModule(assembleText({ functions, memory: { minimum: 1 } }))
  const metered = meterModule(upload, upload.exports, 10_000)
  const { module, pieces } = traceModule(metered)
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(writeModule(module)))
  try {
    ;(exports.main as () => void)()
  } catch (error) {
    expect(error).toBeInstanceOf(WebAssembly.RuntimeError)
  }
  return pieces.map(({ offsets }, index) => {
    const counter = exports[reserved.global(metered.globals.length + index)] as WebAssembly.Global
    return { instructions: offsets.length, times: counter.value }
  })
}

const timesOf = (...functions: FunctionText[]) => countsOf(functions).map(({ times }) => times)

describe('the counts of pieces', () => {
  it('are those of both arms of an if, and of what comes before and after', () => {
    const code = (condition: number) => `i32.const ${condition} if nop else nop nop end nop`
    expect(timesOf({ code: code(1) })).toEqual([1, 1, 0, 1])
    expect(timesOf({ code: code(0) })).toEqual([1, 0, 1, 1])
  })

  it('are those of each pass of a loop', () => {
    const next = 'local.get 0 i32.const 1 i32.add local.tee 0'
    const code = `loop ${next} i32.const 7 i32.lt_s br_if 0 end`
    expect(timesOf({ locals: ['i32'], code })).toEqual([1, 7, 1, 1])
  })

  it('are those of each call', () => {
    expect(timesOf({ code: 'call 1 call 1 call 1' }, { code: 'nop' })).toEqual([1, 3])
  })

  it('say nothing of what a branch passes over', () => {
    expect(timesOf({ code: 'block br 0 nop end nop' })).toEqual([1, 1])
    expect(timesOf({ code: 'block block i32.const 1 br_table 0 1 0 end nop end nop' })).toEqual([1, 0, 1])
  })

  it('stay after a trap, and after the fuel has run out', () => {
    expect(timesOf({ code: 'i32.const 1 if unreachable end nop' })).toEqual([1, 1, 0])
    const [before = 0, pass = 0] = timesOf({ code: 'loop br 0 end' })
    expect(before).toBe(1)
    expect(pass).toBeGreaterThan(1_000)
  })

  it('cover every instruction of the upload but a return, which the rewriter replaces', () => {
    const code = 'i32.const 1 if nop else nop end block i32.const 0 br_if 0 end nop'
    const total = countsOf([{ code }]).reduce((sum, { instructions }) => sum + instructions, 0)
    expect(total).toBe(11 + 1) // and the function's own end
  })
})
