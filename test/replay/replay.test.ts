// A recording answers again as it did: 10^5 decisions of a guard and several policies, with every way in which a decision can end,
// on every Node that the engine is tried on. What has changed in it, or what another policy changes, is said exactly.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../../host/paths.ts'
import { changeOf, changes } from '../../host/replay/compare.ts'
import { decisionsPath, fileNumbers } from '../../host/replay/recording-format.ts'
import { replay } from '../../host/replay/replay.ts'
import { answerOf } from '../../host/replay/replay-messages.ts'
import { Chance, seed } from '../differential/chance.ts'
import { nodeVersions } from '../support/nodes.ts'
import { moduleOf, RandomQuestions, RecordingHost, temporaryFolder } from './recorded.ts'

const quotaTiers = JSON.parse(readFileSync(join(root, 'policies/examples/quota-tiers/settings.json'), 'utf8'))

/** Of a recording of everything: the two that many ask, and one for each way in which a decision ends. */
const tenants = [
  { name: 'roles', policy: 'examples/role-by-group' },
  { name: 'tiers', policy: 'examples/quota-tiers', settings: quotaTiers },
  { name: 'hours', policy: 'examples/working-hours' },
  { name: 'trap', policy: 'trap' },
  { name: 'abort', policy: 'abort-message' },
  { name: 'stack', policy: 'recursion' },
  { name: 'fuel', policy: 'endless', fuelPerDecision: 10_000 },
  { name: 'result', policy: 'bad-result' },
  { name: 'grow', policy: 'grow' },
  {
    name: 'ceiling',
    policy: 'examples/role-by-group',
    rules: { allowAdministrator: false, quotaCeiling: [3, 3, 3, 3], quotaWithoutAnswer: [1, 1, 1, 1] },
  },
] as const
const guard = { policy: 'examples/provider-guard' }

const decisions = 100_000
const waitMs = 300_000

describe(`a recording (seed ${seed})`, () => {
  const folder = temporaryFolder()
  let host: RecordingHost

  beforeAll(() => {
    host = new RecordingHost(tenants, guard, folder)
    const chance = new Chance(1)
    const questions = new RandomQuestions(chance)
    const [roles, tiers, ...rare] = tenants
    for (let count = 0; count < decisions; count++) {
      const { name } = chance.below(20) > 0 ? chance.pick([roles, tiers]) : chance.pick(rare)
      host.ask(name, questions.next())
    }
    host.recorder.close()
  }, waitMs)

  afterAll(() => rmSync(folder, { recursive: true }))

  it('has every way in which a decision can end', () => {
    const ends = new Set(host.records.map(({ outcome, by, error }) => `${outcome} ${by} ${error}`))
    expect([...ends]).toEqual(
      expect.arrayContaining([
        'allow undefined undefined',
        'deny guard undefined',
        'deny tenant undefined',
        'no-answer tenant ERR_POLICY_TRAP',
        'no-answer tenant ERR_POLICY_ABORT',
        'no-answer tenant ERR_POLICY_FUEL',
        'no-answer tenant ERR_POLICY_STACK',
        'no-answer tenant ERR_POLICY_RESULT',
      ]),
    )
  })

  it.each(nodeVersions())(
    'is answered again to the last unit of fuel, on $name',
    async ({ path }) => {
      const startedMs = performance.now()
      const report = await replay(folder, { node: path })
      const seconds = (performance.now() - startedMs) / 1000
      console.info(`${Math.round(decisions / seconds)} decisions a second`)
      expect(report).toMatchObject({
        decisions,
        replayed: decisions,
        equal: decisions,
        different: { count: 0, examples: [] },
        ended: { count: 0 },
        notComparable: {},
        changes: null,
        fuel: { decisions, changed: 0, median: 0, most: 0, least: 0 },
        remarks: [],
      })
    },
    waitMs,
  )

  it(
    'with another module changes what that module changes, and nothing else',
    async () => {
      const other = 'examples/read-only-auditor'
      const module = Buffer.from(moduleOf(other))
      const report = await replay(folder, { replacement: { module, of: { tenant: 'roles' } } })
      // The same questions, decided here with the other module.
      const again = new RecordingHost([{ name: 'roles', policy: other }], guard)
      const expected = Object.fromEntries(changes.map((change) => [change, 0])) as Record<string, number>
      let equal = 0
      let asked = 0
      const questions = blocksOf(folder, 'roles')
      for (const { record, block } of questions) {
        asked++
        const after = again.askBlock('roles', block)
        const change = changeOf(record.kind, answerOf(record), answerOf(after))
        if (change !== undefined) expected[change] = (expected[change] ?? 0) + 1
        else if (record.fuelUsed === after.fuelUsed) equal++
      }
      rmSync(again.folder, { recursive: true })
      const counts = Object.fromEntries(changes.map((change) => [change, report.changes?.[change].count]))
      expect(counts).toEqual(expected)
      expect(expected.denied).toBeGreaterThan(0)
      expect(report).toMatchObject({ equal, replayed: asked, otherTenants: decisions - asked, decisions })
      expect(report.changes?.denied.examples[0]).toMatchObject({
        tenant: 'roles',
        before: { outcome: 'allow' },
        after: { outcome: 'deny' },
      })
    },
    waitMs,
  )
})

/** Decisions of a tenant with their blocks, read without the product's reader. */
function blocksOf(folder: string, tenant: string) {
  return fileNumbers(readdirSync(folder))
    .flatMap((number) => readFileSync(decisionsPath(folder, number), 'utf8').split('\n'))
    .filter((line) => line.startsWith('{"type":"decision"'))
    .map((line) => JSON.parse(line))
    .filter(({ record }) => record.tenant === tenant)
    .map(({ record, block }) => ({ record, block: Buffer.from(block, 'base64') }))
}

describe('a recording in which something is not as it was', () => {
  let folder: string
  let lines: string[]

  beforeAll(() => {
    const host = new RecordingHost([{ name: 'roles', policy: 'examples/role-by-group' }], guard)
    const questions = new RandomQuestions(new Chance(2))
    for (let count = 0; count < 50; count++) host.ask('roles', questions.next())
    host.recorder.close()
    folder = host.folder
    lines = readFileSync(decisionsPath(folder, 1), 'utf8').split('\n')
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  const write = (text: string) => writeFileSync(decisionsPath(folder, 1), text)
  const changed = (line: number, change: (text: string) => string) =>
    write(lines.map((text, index) => (index === line - 1 ? change(text) : text)).join('\n'))

  it('has a tenant, a guard and decisions, a line each', () => {
    expect(lines.slice(0, 3).map((line) => JSON.parse(line).type)).toEqual(['tenant', 'guard', 'decision'])
    expect(lines.length).toBe(2 + 50 + 1)
  })

  it.each([
    [
      'fuel',
      /"fuelUsed":(\d)/,
      (_: string, digit: string) => `"fuelUsed":${(Number(digit) % 9) + 1}`,
      'fuelUsed',
    ],
    ['code', /"code":\d/, () => '"code":7', 'code'],
  ])('is told from what it was by one changed byte of %s', async (_, pattern, replacement, member) => {
    const line = 20
    changed(line, (text) => text.replace(pattern, replacement as (text: string) => string))
    const report = await replay(folder)
    expect(report).toMatchObject({ decisions: 50, equal: 49, different: { count: 1 } })
    expect(report.different.examples).toMatchObject([{ line, members: [member] }])
  })

  it('is read up to a last line that has no end, and says so', async () => {
    write(lines.join('\n').slice(0, -30))
    const report = await replay(folder)
    expect(report).toMatchObject({ decisions: 49, equal: 49 })
    expect(report.remarks).toEqual([expect.stringMatching(/line 52: \d+ bytes without a line end/)])
  })

  it.each([
    ['is no JSON', (text: string) => text.slice(0, -3), /decisions-1\.jsonl, line 20, column/],
    [
      'has a member too many',
      (text: string) => text.replace('{', '{"more":1,'),
      /line 20[\s\S]*"more" is not a known/,
    ],
    [
      'has another tenant',
      (text: string) => text.replace('"tenantKey":1', '"tenantKey":2'),
      /line 20: no line before it is tenant 2/,
    ],
    [
      'has another kind',
      (text: string) => text.replace(/"kind":"\w+"/, '"kind":"x"'),
      /line 20[\s\S]*must be one of/,
    ],
    ['has another id', (text: string) => text.replace(/"id":"./, '"id":"_'), /line 20[\s\S]*\/record\/id/],
    [
      'has another time',
      (text: string) => text.replace(/"timeMs":1/, '"timeMs":2'),
      /line 20: its block is another question's/,
    ],
    [
      'has another block',
      (text: string) => text.replace(/"block":"..../, '"block":"AAAA'),
      /line 20: its block is malformed \(magic\)/,
    ],
  ])('is refused with the line that %s', async (_, change, message) => {
    changed(20, change)
    await expect(replay(folder)).rejects.toMatchObject({
      code: 'ERR_RECORDING_FILE',
      message: expect.stringMatching(message),
    })
  })

  it('is refused without its module, and with another one in its place', async () => {
    write(lines.join('\n'))
    const digest = JSON.parse(lines[0] as string).tenant.policy
    const path = join(folder, 'modules', `${digest}.wasm`)
    const bytes = readFileSync(path)
    writeFileSync(path, moduleOf('trap'))
    await expect(replay(folder)).rejects.toMatchObject({ code: 'ERR_RECORDING_MODULE' })
    rmSync(path)
    await expect(replay(folder)).rejects.toMatchObject({ code: 'ERR_RECORDING_MODULE' })
    writeFileSync(path, bytes)
    expect((await replay(folder)).equal).toBe(50)
  })

  it('does not compare what was decided while no policy was active', async () => {
    changed(1, (text) => text.replace(/"policy":"\w+",/, ''))
    expect(await replay(folder)).toMatchObject({ replayed: 0, notComparable: { ERR_POLICY_NONE: 50 } })
  })

  it('counts what depended on more than the question, and does not compare it', async () => {
    const record = { ...JSON.parse(lines[19] as string) }
    record.record = {
      ...record.record,
      outcome: 'no-answer',
      code: 1460,
      error: 'ERR_POLICY_TIME',
      fuelUsed: 0,
    }
    changed(20, () => JSON.stringify(record))
    expect(await replay(folder)).toMatchObject({
      equal: 49,
      notComparable: { ERR_POLICY_TIME: 1 },
      decisions: 50,
    })
    write(lines.join('\n'))
  })
})
