// What admission says beside its verdict: warnings of what is near a bound, and vectors that are not met,
// each with what was expected and what came.

import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { parseVectors } from '../../host/winrm/vectors.ts'
import { policyPath } from '../support/testbed.ts'
import { op, policyModule } from '../support/wasm.ts'
import { admitted, refused } from './verdict.ts'

const uploadOf = (name: string) => readFileSync(policyPath(name))

describe('a warning', () => {
  const user = { kind: 'user', application: 'a', senderName: 'b' }
  const allow = parseVectors(JSON.stringify({ question: user, expect: { outcome: 'allow' } }), 'test')

  it('says that memory grows', async () => {
    const code = [...op.i32Const(3), ...op.memoryGrow, ...op.drop, ...op.i32Const(512)]
    const upload = policyModule({ memory: { min: 1 }, user: { params: ['i32'], results: ['i32'], code } })
    const admission = await admitted(upload, { vectors: allow })
    expect(admission.report.warnings).toEqual([
      { code: 'WARN_MEMORY_GROWS', message: expect.stringMatching(/from 1 to 4 pages in 1 of 1 vectors/) },
    ])
    expect(admission.report.memoryPages.used).toBe(4)
  })

  it('says which function returned what is no decision', async () => {
    const wrong = { params: ['i32'], results: ['i32'], code: op.i32Const(1) } as const
    const { report } = await admitted(
      policyModule({ operation: { ...wrong, params: ['i32'], results: ['i32'] } }),
    )
    expect(report.warnings).toEqual([
      {
        code: 'WARN_WRONG_RESULT',
        message: expect.stringMatching(
          /^authzOperation returned no Decision to a sample question \(its address .*\);/,
        ),
      },
    ])
    expect((await admitted(uploadOf('mirror'))).report.warnings).toEqual([])
  })

  it('names exports that are dropped', async () => {
    const upload = policyModule({ exports: { extra: { kind: 'function', index: 0 } } })
    const admission = await admitted(upload)
    expect(admission.report).toMatchObject({
      droppedExports: ['extra'],
      warnings: [{ code: 'WARN_EXPORTS_DROPPED', message: expect.stringMatching(/: extra$/) }],
    })
  })

  it('names what is near its bound', async () => {
    const most = { memory: { min: 13 }, globals: Array<number>(801).fill(0) }
    const near = await admitted(policyModule(most))
    expect(near.report.warnings.map(({ message }) => message)).toEqual([
      'globals: 801 of at most 1000',
      'pages of memory: 13 of at most 16',
    ])
    const far = await admitted(policyModule({ memory: { min: 12 }, globals: Array<number>(800).fill(0) }))
    expect(far.report.warnings).toEqual([])
  })

  it('names fuel that is nearly gone, in a vector and against what the tenant has', async () => {
    const { report } = await admitted(uploadOf('mirror'), { vectors: allow })
    const used = report.vectors?.fuel?.most as number
    const enough = await admitted(uploadOf('mirror'), { vectors: allow, fuelPerDecision: used })
    expect(enough.report.warnings).toEqual([
      {
        code: 'WARN_NEAR_BOUND',
        message: `fuel of a decision, in the vector line 1: ${used} of at most ${used}`,
      },
    ])
    const short = await refused(uploadOf('mirror'), { vectors: allow, fuelPerDecision: used - 1 })
    expect(short.errors).toMatchObject([
      { code: 'ERR_ADMISSION_VECTOR', message: expect.stringContaining('ERR_POLICY_FUEL') },
    ])
  })
})

describe('a vector that is not met', () => {
  const vectorOf = (senderName: string, expected: object, name?: string) =>
    JSON.stringify({ name, question: { kind: 'user', application: 'a', senderName }, expect: expected })

  it('is named with what was expected and what came', async () => {
    const lines = [
      vectorOf('ada', { outcome: 'deny', reason: 'no' }, 'ada is kept out'),
      '',
      vectorOf('hugo', { outcome: 'allow' }),
      vectorOf('ada', { outcome: 'allow', administrator: true }),
    ]
    const { errors, report } = await refused(policyModule(), { vectors: parseVectors(lines.join('\n'), '') })
    expect(errors.map(({ code }) => code)).toEqual(['ERR_ADMISSION_VECTOR', 'ERR_ADMISSION_VECTOR'])
    expect(errors[0]?.message).toContain(
      '"ada is kept out" (line 1): expected {"outcome":"deny","reason":"no"}, came {"outcome":"allow"}',
    )
    expect(errors[1]?.message).toContain('line 4: expected {"outcome":"allow","administrator":true}')
    expect(errors[1]?.message).toContain('came {"outcome":"allow","administrator":false}')
    expect(report?.vectors).toMatchObject({ count: 3, failed: 2 })
  })

  it('is one of at most 20 that are named', async () => {
    const lines = Array.from({ length: 30 }, () => vectorOf('ada', { outcome: 'no-answer' }))
    const admission = await refused(policyModule(), {
      vectors: parseVectors(lines.join('\n'), ''),
    })
    expect(admission.errors).toHaveLength(20)
    expect(admission.report?.vectors).toMatchObject({ count: 30, failed: 30 })
  })

  it('can be one of a policy that aborts, or answers with nonsense', async () => {
    const lines = [vectorOf('ada', { outcome: 'allow' })]
    const vectors = parseVectors(lines.join('\n'), '')
    for (const [name, code] of [
      ['abort-message', 'ERR_POLICY_ABORT'],
      ['trap', 'ERR_POLICY_TRAP'],
      ['recursion', 'ERR_POLICY_STACK'],
    ] as const) {
      const { errors } = await refused(uploadOf(name), { vectors })
      expect(errors).toMatchObject([{ code: 'ERR_ADMISSION_VECTOR', message: expect.stringContaining(code) }])
    }
  })
})
