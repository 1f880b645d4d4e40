// A sweep says of every point what two policies say of it, asked one question at a time in this process: brute force, at random. And a
// million points take no longer than a coffee machine.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { decideAlone } from '../../host/admission/decide-alone.ts'
import { Policy } from '../../host/engine/policy.ts'
import { compilePolicy } from '../../host/engine/policy-module.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { changes, descriptionChange } from '../../host/replay/compare.ts'
import { defaultSweepTime } from '../../host/replay/default-time.ts'
import { PointBlocks, pointCount, pointOf } from '../../host/replay/point-blocks.ts'
import { describePoint, sweep } from '../../host/replay/sweep.ts'
import { type Points, readPoints } from '../../host/replay/sweep-files.ts'
import type { Question } from '../../host/winrm/question.ts'
import { questionBlock } from '../../host/winrm/question-block.ts'
import { Chance, seed } from '../differential/chance.ts'
import { moduleOf, RandomQuestions } from './recorded.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-diff-'))
afterAll(() => rmSync(folder, { recursive: true }))

const principalsPath = join(folder, 'principals.jsonl')
const resourcesPath = join(folder, 'resources.jsonl')
const lines = (items: readonly object[]) => items.map((item) => `${JSON.stringify(item)}\n`).join('')

/** As files, read by the product. */
function pointsOf(principals: readonly object[], resources: readonly object[]): Points {
  writeFileSync(principalsPath, lines(principals))
  writeFileSync(resourcesPath, lines(resources))
  return readPoints(principalsPath, resourcesPath, defaultSweepTime)
}

function randomPrincipals(chance: Chance, count: number): object[] {
  const questions = new RandomQuestions(chance)
  return Array.from({ length: count }, () => {
    const { kind: _, operation: _o, action: _a, resourceUri: _r, ...principal } = questions.next()
    return { ...principal, application: 'wsman/contoso' }
  })
}

function randomResources(chance: Chance, count: number): object[] {
  const action = (name: string) => `http://schemas.xmlsoap.org/ws/2004/09/transfer/${name}`
  const known = [
    'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service',
    'http://schemas.microsoft.com/powershell/Microsoft.PowerShell',
    'ümläut',
  ]
  return Array.from({ length: count }, (_, index) => ({
    resourceUri: `${chance.pick(known)}${chance.below(3) === 0 ? '' : index}`,
    actions: ['Get', 'Put', 'Delete', 'Create']
      .filter((_, at) => at === 0 || chance.below(2) === 0)
      .map(action),
    ...(chance.below(2) === 0 && { operation: chance.below(20) }),
  }))
}

const quotaTiers = JSON.parse(readFileSync(join(root, 'policies/examples/quota-tiers/settings.json'), 'utf8'))
const subjects = [
  { policy: 'examples/role-by-group' },
  { policy: 'examples/read-only-auditor' },
  { policy: 'examples/provider-guard' },
  { policy: 'examples/jea-endpoint' },
  { policy: 'examples/quota-tiers', settings: quotaTiers },
  { policy: 'examples/working-hours' },
  { policy: 'trap' },
]

describe(`a sweep (seed ${seed})`, () => {
  it('writes the blocks that questions written one by one have', () => {
    const chance = new Chance(11)
    const points = pointsOf(randomPrincipals(chance, 20), randomResources(chance, 20))
    const blocks = new PointBlocks(
      points.blocks,
      points.operations.map(({ operation, action, resourceUri }) => ({
        operation,
        action: Buffer.from(action, 'utf16le'),
        resourceUri: Buffer.from(resourceUri, 'utf16le'),
      })),
    )
    const count = pointCount(points.principals.length, points.operations.length, true)
    for (let round = 0; round < 2000; round++) {
      const point = chance.below(count)
      const { principal, kind, operation } = pointOf(point, points.operations.length, true)
      expect(blocks.write(principal, kind, operation)).toEqual(
        questionBlock(questionOf(points, point, true), ''),
      )
    }
  })

  it.each([0, 1, 2, 3, 4, 5])('finds what brute force finds, case %i', async (number) => {
    const chance = new Chance(100 + number)
    const [a, b] = [chance.pick(subjects), chance.pick(subjects)]
    const points = pointsOf(
      randomPrincipals(chance, 1 + chance.below(40)),
      randomResources(chance, 1 + chance.below(150)),
    )
    const modules = [a, b].map(({ policy, settings }) => ({
      bytes: Buffer.from(moduleOf(policy)),
      name: policy,
      ...(settings && { settings }),
    }))
    const report = await sweep(points, modules as never)
    const policies = [a, b].map(
      ({ policy, settings }) => new Policy(compilePolicy(moduleOf(policy), settings)),
    )
    const [policyA, policyB] = policies as [Policy, Policy]
    expect(report.hasQuota).toBe(policyA.hasQuota || policyB.hasQuota)
    const found = new Map<string, number>()
    const fuel: number[] = []
    const descriptions = new Map<number, object>()
    for (let point = 0; point < report.points; point++) {
      const question = questionOf(points, point, report.hasQuota)
      const block = questionBlock(question, '')
      const { description: ofA } = decideAlone(policyA, block, fuelPerDecision)
      const { description: ofB } = decideAlone(policyB, block, fuelPerDecision)
      descriptions.set(point, { point, a: ofA, b: ofB })
      fuel.push(ofB.fuelUsed - ofA.fuelUsed)
      const change = descriptionChange(question.kind, ofA, ofB)
      if (change === undefined) continue
      const { principal } = pointOf(point, points.operations.length, report.hasQuota)
      for (const key of [change, `${change} ${principal}`]) found.set(key, (found.get(key) ?? 0) + 1)
    }
    expect(report.points).toBe(
      pointCount(points.principals.length, points.operations.length, report.hasQuota),
    )
    for (const change of changes) {
      expect([change, report.changes[change].count]).toEqual([change, found.get(change) ?? 0])
      for (const { principal, count, examples } of report.changes[change].principals) {
        expect(count).toBe(found.get(`${change} ${principal}`))
        for (const example of examples) expect(example).toEqual(descriptions.get(example.point))
      }
    }
    const sorted = fuel.sort((one, other) => one - other)
    expect(report.fuel).toEqual({
      decisions: fuel.length,
      changed: fuel.filter((change) => change !== 0).length,
      median: sorted[Math.floor((fuel.length - 1) / 2)],
      most: Math.max(0, sorted.at(-1) as number),
      least: Math.min(0, sorted[0] as number),
    })
  })

  it('of a million points takes well under a minute', async () => {
    const chance = new Chance(12)
    const principals = randomPrincipals(chance, 1000)
    const actions = ['Get', 'Put', 'Delete', 'Create', 'Invoke']
    const resources = Array.from({ length: 200 }, (_, index) => ({
      resourceUri: `http://r.example/${index}`,
      actions,
    }))
    const points = pointsOf(principals, resources)
    const [a, b] = subjects
      .slice(0, 2)
      .map(({ policy }) => ({ bytes: Buffer.from(moduleOf(policy)), name: policy }))
    const startedMs = performance.now()
    const report = await sweep(points, [a, b] as never)
    const seconds = (performance.now() - startedMs) / 1000
    console.info(`${Math.round(report.points / seconds)} points a second`)
    expect(report.points).toBe(1_002_000)
    expect(report.fuel.decisions).toBe(1_002_000)
    expect(seconds).toBeLessThan(60)
  }, 120_000)

  it('ends with an error if its process does, and leaves no point out in silence', async () => {
    const points = pointsOf(randomPrincipals(new Chance(13), 2), [{ resourceUri: 'r', actions: ['a'] }])
    const module = { bytes: Buffer.from(moduleOf('trap')), name: 'trap' }
    const main = join(folder, 'dies.mjs')
    writeFileSync(main, 'process.abort()')
    await expect(sweep(points, [module, module], { main })).rejects.toMatchObject({
      code: 'ERR_ADMISSION_CRASH',
    })
    writeFileSync(
      main,
      `process.stdout.write(JSON.stringify({ next: 6, changes: [], fuel: [[0, 5]], most: null, least: null }) + '\\n')
       process.stdin.resume()`,
    )
    await expect(sweep(points, [module, module], { main })).rejects.toMatchObject({
      code: 'ERR_ADMISSION_CRASH',
    })
  })
})

/** The question of a point, as somebody would write it. */
function questionOf(points: Points, point: number, hasQuota: boolean): Question {
  const { principal, kind, ...operation } = describePoint(points, point, hasQuota)
  return { ...(principal as Points['principals'][number]), kind, ...operation, time: defaultSweepTime }
}
