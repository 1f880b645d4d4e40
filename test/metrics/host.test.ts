// A real host, asked through the plug-in: what it remembers and what it counts is what its callers were told.

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { AuditStatus } from '../../host/audit/audit.ts'
import { tellHost } from '../../host/cli/operator-client.ts'
import type { ServeProcess } from '../../host/cli/serve-process.ts'
import { root } from '../../host/paths.ts'
import type { LatestDecision, LatestDecisions } from '../../host/supervisor/latest-decisions.ts'
import type { Question } from '../../host/winrm/question.ts'
import { runProgram } from '../support/command.ts'
import { eventually, operation, quota, settled, type TenantSpec, Testbed, user } from '../support/testbed.ts'
import { samplesOf } from './text.ts'

const tenants: TenantSpec[] = [
  { name: 'a', policy: 'as-told' },
  { name: 'b', policy: 'endless', fuelPerDecision: 2 ** 30 },
  { name: 'quiet', policy: 'as-told' },
]

const audited = { audit: { folder: 'audit' } }

let bed: Testbed
let host: ServeProcess
let [a, b] = [0, 0]

beforeAll(async () => {
  bed = new Testbed()
  host = await bed.host(tenants, audited)
  await settled(host)
  a = bed.startup('a')
  b = bed.startup('b')
})

afterAll(() => bed.close())

async function metrics(): Promise<Map<string, number>> {
  const answer = (await tellHost(bed.endpoint, { command: 'metrics' })) as Record<string, string>
  expect(answer.contentType).toMatch(/^text\/plain; version=0\.0\.4/)
  return samplesOf(answer.text ?? '')
}

const decisions = (query: object = {}) =>
  tellHost(bed.endpoint, { command: 'decisions', ...query }) as Promise<LatestDecisions>

const run = (command: string, ...options: string[]) =>
  runProgram('main', bed.folder, command, '--config', 'portcullis.json', ...options)

const named = (senderName: string) => ({ ...user, senderName })

/** Until it is remembered: evaluators tell of what they decided each for itself, and the next may be quicker. */
async function ask(instance: number, question: Question): Promise<void> {
  const { cursor } = await decisions()
  await bed.winrm.ask(instance, question)
  await eventually(
    () => decisions({ after: cursor }),
    (answer) => answer.decisions.length > 0,
  )
}

describe('what was asked', () => {
  it('is remembered with everything that the log has of it, and counted', async () => {
    const { cursor } = await decisions()
    await ask(a, user)
    await ask(a, { ...operation, senderName: 'deny not today' })
    await ask(a, quota)
    const { decisions: latest, omitted } = await eventually(
      () => decisions({ after: cursor }),
      (answer) => answer.decisions.length === 3,
    )
    expect(omitted).toBe(0)
    expect(latest.map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ['user', 'allow'],
      ['operation', 'deny'],
      ['quota', 'allow'],
    ])
    const logged = await eventually(
      async () => host.entries.filter(({ event }) => event === 'decision'),
      ({ length }) => length === 3,
    )
    for (const [index, decision] of latest.entries()) {
      const { cursor: _, toldMs, ...fields } = decision
      expect(logged[index]).toMatchObject(fields)
      expect(toldMs).toBeGreaterThan(Date.now() - 60_000)
    }
    const told = await metrics()
    const count = (outcome: string, tenant = 'a') =>
      told.get(`portcullis_decisions_total{tenant="${tenant}",outcome="${outcome}"}`)
    expect([count('allow'), count('deny'), count('no-answer'), count('allow', 'quiet')]).toEqual([2, 1, 0, 0])
    expect(told.get('portcullis_decision_duration_seconds_count{tenant="a"}')).toBe(3)
    expect(told.get('portcullis_serving')).toBe(1)
    expect(told.get('portcullis_evaluators{state="serving"}')).toBe(2)
    expect(told.get('portcullis_connections{tenant="a"}')).toBeGreaterThan(0)
    expect(told.get('portcullis_connections_accepted_total')).toBeGreaterThan(0)
    expect(told.get('process_resident_memory_bytes')).toBeGreaterThan(1_000_000)
  })

  it('and was answered by the watchdog is there too, with what followed', async () => {
    const { cursor } = await decisions({ tenant: 'b' })
    await ask(b, named('endless'))
    const { decisions: latest } = await eventually(
      () => decisions({ tenant: 'b', after: cursor }),
      (answer) => answer.decisions.length > 0,
    )
    expect(latest[0]).toMatchObject({ outcome: 'no-answer', error: 'ERR_POLICY_TIME', phase: 'tenant' })
    const ends = 'portcullis_evaluator_ends_total{how="watchdog"}'
    // Its end comes after its last word.
    const told = await eventually(
      metrics,
      (samples) => samples.get(ends) === 1 && samples.get('portcullis_serving') === 1,
    )
    expect(told.get('portcullis_no_answers_total{error="ERR_POLICY_TIME"}')).toBe(1)
    expect(told.get('portcullis_quarantines_total{reason="processor time"}')).toBe(1)
    expect(told.get('portcullis_quarantined_policies')).toBe(1)
    expect(run('quarantine', '--lift', 'b').status).toBe(0)
    const lifted = await metrics()
    expect(lifted.get('portcullis_acts_total{act="lift",result="done"}')).toBe(1)
    expect(lifted.get('portcullis_quarantined_policies')).toBe(0)
  })

  it('while an evaluator was killed from outside is counted as that', async () => {
    const before = await metrics()
    const victim = host.entries.findLast(({ event }) => event === 'evaluator-serving')?.evaluatorPid as number
    process.kill(victim, 'SIGKILL')
    const told = await eventually(
      metrics,
      (samples) => samples.get('portcullis_evaluator_ends_total{how="outside"}') === 1,
    )
    const starts = 'portcullis_evaluator_starts_total'
    expect(told.get(starts)).toBe((before.get(starts) ?? 0) + 1)
  })
})

describe('the command decisions', () => {
  it('prints a line each, the newest last, and the fields with --json', async () => {
    await ask(a, named('deny \u001b[31mred'))
    await ask(a, named('the last'))
    const found = await eventually(
      async () => run('decisions', '--tenant', 'a', '--limit', '2'),
      ({ stdout }) => stdout.includes('the last'),
    )
    expect(found).toMatchObject({ status: 0, stderr: '' })
    const [first = '', last = ''] = found.stdout.split('\n')
    expect(first).toMatch(
      /^20\S+Z {2}a {2}deny 5 {2}deny \\u001b\[31mred {2}user {2}tenant: \\u001b\[31mred {2}[0-9a-f]{32}$/,
    )
    expect(last).toMatch(/^20\S+Z {2}a {2}allow 0 {2}the last {2}user {2}[0-9a-f]{32}$/)
    const json = run('decisions', '--json', '--outcome', 'deny', '--sender', 'RED')
    const objects = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as LatestDecision)
    expect(objects).toMatchObject([{ tenant: 'a', outcome: 'deny', reason: '\u001b[31mred' }])
    expect(run('decisions', '--id', objects[0]?.id ?? '').stdout).toBe(`${first}\n`)
    expect(run('decisions', '--error', 'ERR_POLICY_TIME').stdout).toMatch(
      /Z {2}b {2}no-answer 1460 {2}\? {2}user {2}host: ERR_POLICY_TIME: \d+ ms of processor time/,
    )
    expect(run('decisions', '--tenant', 'quiet')).toMatchObject({ status: 0, stdout: '' })
  })

  it.each<[string, string[], RegExp]>([
    ['an outcome that is none', ['--outcome', 'maybe'], /Allowed choices are allow, deny, no-answer/],
    ['a code that is none', ['--error', 'ERR_NONE'], /Give a code such as ERR_POLICY_FUEL/],
    ['a code of the prototype', ['--error', 'constructor'], /Give a code/],
    ['an id that is none', ['--id', '12'], /An id has 32 digits/],
    ['no limit', ['--limit', '0'], /from 1 to 500/],
    ['too much', ['--limit', '501'], /from 1 to 500/],
  ])('with %s ends with status 2', (_, options, message) => {
    const { status, stderr } = run('decisions', ...options)
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)])
  })

  it('of a tenant that there is not ends with status 1', () => {
    const { status, stderr } = run('decisions', '--tenant', 'nobody')
    expect([status, stderr]).toEqual([1, expect.stringMatching(/no tenant nobody \[ERR_VERSION_SUBJECT\]/)])
  })

  it('with --follow goes on with every decision that comes, once', async () => {
    const main = join(root, 'build', 'host', 'cli', 'main.js')
    const options = [
      'decisions',
      '--config',
      bed.configPath,
      '--tenant',
      'a',
      '--limit',
      '1',
      '--follow',
      '--json',
    ]
    const child: ChildProcess = spawn(process.execPath, [main, ...options])
    let out = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString()
    })
    try {
      await eventually(
        async () => out,
        (text) => text.includes('\n'),
      )
      for (let n = 1; n <= 5; n++) await ask(a, named(`followed ${n}`))
      const senders = () =>
        out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).sender as string]))
      const told = await eventually(
        async () => senders(),
        ({ length }) => length >= 6,
      )
      expect(told.slice(1)).toEqual(Array.from({ length: 5 }, (_, index) => `followed ${index + 1}`))
    } finally {
      child.kill()
    }
  })
})

it('the audit log is looked at as its status has it', async () => {
  const told = await eventually(metrics, (samples) => samples.get('portcullis_audit_lag_records') === 0)
  expect(told.get('portcullis_audit_records_total')).toBeGreaterThan(3)
  const { head, sequence } = (await tellHost(bed.endpoint, { command: 'audit' })) as AuditStatus
  const told12 = told.get('portcullis_audit_head')?.toString(16).padStart(12, '0')
  expect([told12, told.get('portcullis_audit_records_total')]).toEqual([head.slice(0, 12), sequence])
  expect(told.get('portcullis_audit_written_bytes_total')).toBeGreaterThan(1_000)
  expect([told.get('portcullis_audit_behind'), told.get('portcullis_audit_failed')]).toEqual([0, 0])
})

it('the command metrics prints what a collector reads', () => {
  const { status, stdout } = run('metrics')
  expect(status).toBe(0)
  expect(stdout.endsWith('\n')).toBe(true)
  expect(samplesOf(stdout).get('portcullis_tenants')).toBe(3)
})

it('a reload takes a removed tenant’s decisions and series away', async () => {
  expect(run('decisions', '--tenant', 'b').stdout).not.toBe('')
  bed.writeConfig(
    tenants.filter(({ name }) => name !== 'b'),
    audited,
  )
  expect(run('reload').status).toBe(0)
  await expect(decisions({ tenant: 'b' })).rejects.toThrow(/ERR_VERSION_SUBJECT/)
  expect((await decisions({ limit: 500 })).decisions.filter(({ tenant }) => tenant === 'b')).toEqual([])
  const told = await metrics()
  expect([...told.keys()].filter((name) => name.includes('tenant="b"'))).toEqual([])
  expect(told.get('portcullis_acts_total{act="reload",result="done"}')).toBe(1)
  expect(told.get('portcullis_tenants')).toBe(2)
  bed.writeConfig([])
  // Not by the command, which reads the file itself before it tells a host.
  await expect(tellHost(bed.endpoint, { command: 'reload', who: 'test' })).rejects.toThrow(
    /ERR_CONFIG_SCHEMA/,
  )
  expect((await metrics()).get('portcullis_acts_total{act="reload",result="ERR_CONFIG_SCHEMA"}')).toBe(1)
})
