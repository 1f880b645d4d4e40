// What admission makes of uploads: who is admitted, with what figures; who is refused, by which step and with
// which code.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { admit } from '../../host/admission/admission.ts'
import type { Report } from '../../host/admission/report.ts'
import { rewritePolicy } from '../../host/engine/policy-module.ts'
import { COST_TABLE_VERSION, rewriter } from '../../host/engine/wasm/versions.ts'
import type { ErrorCode } from '../../host/errors.ts'
import { meteredBytesMax, moduleBytesMax } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { parseVectors, readVectors } from '../../host/winrm/vectors.ts'
import { controlBytesMax } from '../../host/wire/layout.ts'
import { policyPath } from '../support/testbed.ts'
import { op, type PolicySpec, policyModule } from '../support/wasm.ts'
import { admitted, refused } from './verdict.ts'

const examples = ['provider-guard', 'read-only-auditor', 'role-by-group'] as const

const uploadOf = (name: string) => readFileSync(policyPath(name))
const exampleVectors = (name: string) =>
  readVectors(join(root, 'policies', 'examples', name, 'vectors.jsonl'))
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const warnings = ({ report }: { report: Report | null }) => report?.warnings.map(({ code }) => code)

describe('an example', () => {
  it.each(examples)('is admitted with its vectors, and is what the rewriter makes: %s', async (name) => {
    const upload = uploadOf(`examples/${name}`)
    const { metered, report } = await admitted(upload, { vectors: exampleVectors(name) })
    const rewritten = rewritePolicy(upload)
    expect(metered.equals(rewritten.bytes)).toBe(true)
    expect(report).toMatchObject({
      sha256: sha256(upload),
      bytes: upload.length,
      meteredSha256: sha256(rewritten.bytes),
      meteredBytes: rewritten.bytes.length,
      costTable: COST_TABLE_VERSION,
      rewriter,
      functions: rewritten.upload.functions.length,
      memoryPages: { minimum: 1, maximum: 16, used: 1 },
      droppedExports: [],
      vectors: { count: exampleVectors(name).length, failed: 0 },
      warnings: [],
    })
    const { least, median, most } = report.vectors?.fuel ?? { least: 0, median: 0, most: 0 }
    expect(0 < least && least <= median && median <= most).toBe(true)
  })

  it('has the same report again, but for milliseconds', async () => {
    const options = { vectors: exampleVectors('role-by-group') }
    const upload = uploadOf('examples/role-by-group')
    const [first, second] = await Promise.all([admitted(upload, options), admitted(upload, options)])
    expect({ ...first.report, compileMs: 0 }).toEqual({ ...second.report, compileMs: 0 })
  })

  it('is admitted beside many others at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => admit(uploadOf('examples/provider-guard'))))
    expect(all.map((one) => one.admitted)).toEqual(Array(8).fill(true))
  })
})

describe('settings', () => {
  it('are placed before the vectors are asked', async () => {
    const question = { kind: 'user', application: 'a', senderName: 'list admins' }
    const line = JSON.stringify({ question, expect: { outcome: 'deny', reason: 'ada|zoë' } })
    const vectors = parseVectors(line, 'test')
    const upload = uploadOf('settings')
    const { report } = await admitted(upload, { vectors, settings: { admins: ['ada', 'zoë'] } })
    const without = await admitted(upload)
    expect(report.startFuelUsed).toBeGreaterThan(without.report.startFuelUsed as number)
    expect((await refused(upload, { vectors })).errors).toMatchObject([{ code: 'ERR_ADMISSION_VECTOR' }])
  })

  it('for a module that takes none are refused', async () => {
    const { errors, report } = await refused(policyModule(), { settings: { a: [] } })
    expect(errors).toMatchObject([{ code: 'ERR_MODULE_EXPORT', offset: null }])
    expect(report).toMatchObject({ functions: 4, compileMs: null, vectors: null })
  })
})

/** Some 60,000 bytes of loops, four times: metering makes seven times as much of them. */
const loops = { code: Array.from({ length: 20_000 }, () => [0x03, 0x40, 0x0b]).flat() }

const ugly = '\u0001'.repeat(100)

describe('the rewrite step refuses', () => {
  it.each<[string, Uint8Array, ErrorCode, number | null]>([
    ['nothing', new Uint8Array(), 'ERR_MODULE_SIZE', null],
    ['too much', new Uint8Array(moduleBytesMax + 1), 'ERR_MODULE_SIZE', null],
    ['text', Buffer.from('hello'), 'ERR_MODULE_MALFORMED', 0],
    ['17 pages', policyModule({ memory: { min: 17 } }), 'ERR_MODULE_MEMORY', 47],
    ['a missing export', policyModule({ without: ['authzUser'] }), 'ERR_MODULE_EXPORT', null],
    ['an export of another type', policyModule({ user: { code: [] } }), 'ERR_MODULE_EXPORT', null],
    [
      'an import with the longest and ugliest names',
      policyModule({ imports: [{ module: ugly, name: ugly, kind: 'function' }] }),
      'ERR_MODULE_IMPORT',
      41,
    ],
    ['a type error', policyModule({ more: [{ code: [0x6a] }] }), 'ERR_MODULE_INVALID', null],
    [
      'what grows too large by metering',
      policyModule({ more: Array(4).fill(loops) }),
      'ERR_MODULE_BOUND',
      null,
    ],
  ])('%s', async (_, upload, code, offset) => {
    const { errors, report } = await refused(upload)
    expect([errors.map((error) => [error.code, error.offset]), report]).toEqual([[[code, offset]], null])
    expect(errors[0]?.message).toContain(`[${code}]`)
  })

  it('what no control frame could carry to an evaluator', () => {
    const envelope = 1024
    expect(Math.ceil(meteredBytesMax / 3) * 4 + envelope).toBeLessThan(controlBytesMax)
  })
})

const start = (code: number[], spec: PolicySpec = {}) =>
  policyModule({ memory: { min: 1 }, ...spec, more: [{ code }], start: 4 })

describe('the try step refuses', () => {
  it.each<[string, Uint8Array, ErrorCode, RegExp]>([
    [
      'a start function without end',
      start([0x03, 0x40, 0x0c, 0, 0x0b]),
      'ERR_POLICY_FUEL',
      /before it was asked/,
    ],
    ['a start function that traps', start([...op.unreachable]), 'ERR_POLICY_START', /unreachable/],
    ['a start function that calls itself', start([...op.call(4)]), 'ERR_POLICY_STACK', /before it was asked/],
    [
      'data that its memory does not hold',
      policyModule({ data: [{ address: 65_530, bytes: new Uint8Array(16) }] }),
      'ERR_POLICY_START',
      /data segment/,
    ],
  ])('%s', async (_, upload, code, message) => {
    const { errors, report } = await refused(upload)
    expect(errors).toEqual([{ code, message: expect.stringMatching(message), offset: null }])
    expect(report).toMatchObject({ bytes: upload.length, startFuelUsed: null, vectors: null })
  })

  it('no start function that takes all the memory that it may have, and says so', async () => {
    // Grows by a page until that fails.
    const grow = [...op.i32Const(1), ...op.memoryGrow, ...op.i32Const(-1), 0x47, 0x0d, 0]
    const admission = await admitted(start([0x03, 0x40, ...grow, 0x0b]))
    expect(admission.report.memoryPages).toEqual({ minimum: 1, maximum: null, used: 16 })
    expect(warnings(admission)).toEqual(['WARN_NEAR_BOUND'])
  })
})
