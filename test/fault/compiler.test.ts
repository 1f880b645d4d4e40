// What a tenant's code can make V8's compilers do is bounded too: a module that is small, valid and cheap in fuel must not make the
// process that runs it grow with every question.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { rewritePolicy } from '../../host/engine/policy-module.ts'
import { parseModule } from '../../host/engine/wasm/parse-module.ts'
import { writeModule } from '../../host/engine/wasm/write-module.ts'
import { engineFlags } from '../../host/engine-flags.ts'
import { root } from '../../host/paths.ts'
import { assembleText } from '../support/assembly.ts'
import { policyModule } from '../support/wasm.ts'

const QUESTIONS = 100
const MIB = 2 ** 20

/** Three functions of many locals and many branches: for an optimising compiler each is some thirteen million values. */
function branchy(): Uint8Array {
  // Every local has another value on the first branch than on the others, so that it is one of its own for each of them.
  const locals = Array.from({ length: 989 }, (_, index) => `local.get 0 local.set ${index + 1}`).join(' ')
  const branch = 'local.get 0 br_if 0 '
  const code = `${branch} ${locals} ${branch.repeat(12_000)}`
  const function_ = { parameters: ['i32'], locals: Array(990).fill('i32'), code } as const
  const filler = { code: '' }
  const caller = {
    parameters: ['i32'],
    result: 'i32',
    code: `${'i32.const 0 call 4 i32.const 0 call 5 i32.const 0 call 6 '.repeat(9)} i32.const 512`,
  } as const
  const functions = [filler, caller, filler, filler, function_, function_, function_]
  const text = parseModule(assembleText({ functions, memory: { minimum: 1 } }))
  const base = parseModule(policyModule({ more: [1, 2, 3].map(() => ({ params: ['i32'], code: [] })) }))
  const bodies = base.bodies.map((body, index) =>
    index === 1 || index >= 4 ? (text.bodies[index] ?? body) : body,
  )
  return rewritePolicy(writeModule({ ...base, bodies })).bytes
}

const script = `
  const { Policy } = await import(process.argv[1])
  const { compileMetered } = await import(process.argv[2])
  const bytes = Buffer.from(require('node:fs').readFileSync(0, 'utf8'), 'base64')
  const policy = new Policy(compileMetered(bytes))
  const block = new Uint8Array(160)
  const before = process.memoryUsage.rss()
  let answer
  for (let question = 0; question < ${QUESTIONS}; question++) {
    answer = policy.call('user', block, 1_000_000)
    policy.tidy()
  }
  await new Promise((resolve) => setTimeout(resolve, 1000)) // for whatever compiles beside us
  console.log(JSON.stringify({ answer, growth: process.memoryUsage.rss() - before }))`

describe('a module that is dear to compile and cheap to run', () => {
  it('does not make its process grow', () => {
    const engine = (name: string) => join(root, 'build/host/engine', name)
    const main = `(async () => {${script}})()`
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [...engineFlags, '--eval', main, engine('policy.js'), engine('policy-module.js')],
      { input: Buffer.from(branchy()).toString('base64'), encoding: 'utf8' },
    )
    const { answer, growth } = JSON.parse(stdout || stderr) as {
      answer: { answer: { kind: string }; fuelUsed: number }
      growth: number
    }
    expect(answer.answer.kind).toBe('allow')
    expect(answer.fuelUsed).toBeGreaterThan(100_000)
    expect(growth).toBeLessThan(100 * MIB)
  }, 60_000)
})
