// What must hold of an audit log, with real processes: its records and its gaps add up to what the evaluators' pages say was decided,
// every answer that a caller got is among them, and the chain holds; while evaluators are killed, the host is, or the disk takes nothing.
//
// CI asks fewer questions; PORTCULLIS_LOAD=full asks a million (npm run test:load).

import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { AuditStatus } from '../../host/audit/audit.ts'
import { tellHost } from '../../host/cli/operator-client.ts'
import { ServeProcess } from '../../host/cli/serve-process.ts'
import { root } from '../../host/paths.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import { auditRecords, countedIn } from '../support/audit-log.ts'
import { Pages } from '../support/pages.ts'
import { configOf, eventually, sleep } from '../support/testbed.ts'

const full = process.env.PORTCULLIS_LOAD === 'full'
const questions = full ? 1_000_000 : 100_000
const timeout = full ? 1_200_000 : 180_000
const evaluators = 2

/** How often an evaluator is killed: the spare has taken its place by then, and mostly there is another spare. */
const KILL_EVERY_MS = 500

/** What a quota question gets when a policy does not answer; not when nobody may be asked. */
const aQuota = { concurrentShells: 1, concurrentOperations: 1, timeslotSeconds: 1, operationsPerTimeslot: 1 }

let folder: string
let audit: string
let endpoint: string
let plugin: string
let host: ServeProcess
let pages: Pages

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-audit-'))
  audit = join(folder, 'audit')
  endpoint = join(folder, 'endpoint')
  mkdirSync(join(folder, 'plugin'))
  plugin = join(folder, 'plugin', 'libportcullis.so')
  copyFileSync(join(root, 'build', 'native', 'libportcullis.so'), plugin)
  const settings = `endpoint = ${endpoint}\nowner = ${ownAccount()}\n`
  writeFileSync(join(folder, 'plugin', 'portcullis.settings'), settings)
})

afterEach(async () => {
  pages.close()
  host.kill('SIGKILL')
  await host.ended()
  rmSync(folder, { recursive: true, force: true })
})

/** Starts a host with an audit log, and waits until the spare is there too. */
async function serve(more: object = {}, ofA: object = {}): Promise<void> {
  const tenants = [
    { name: 'A', policy: 'mirror', ...ofA },
    { name: 'B', policy: 'mirror' },
  ]
  const config = configOf(tenants, { evaluators, audit: { folder: 'audit', ...more } }) as {
    tenants: { name: string }[]
  }
  for (const tenant of config.tenants) tenant.name = tenant.name.toLowerCase()
  const path = join(folder, 'portcullis.json')
  writeFileSync(path, JSON.stringify(config))
  host = new ServeProcess(path, '--log-level', 'warn')
  await eventually(
    async () => isServing(),
    (is) => is,
  )
  pages = new Pages(host.pid)
  await eventually(
    async () => pages.hold().length,
    (alive) => alive === evaluators + 1,
  )
}

async function isServing(): Promise<boolean> {
  try {
    const status = (await tellHost(endpoint, { command: 'status' })) as { state: string }
    return status.state === 'running'
  } catch {
    return false
  }
}

const statusOf = () => tellHost(endpoint, { command: 'audit' }) as Promise<AuditStatus>

interface Summary {
  readonly questions: number
  readonly allowed: number
  readonly denied: number
  readonly wrong: number
  readonly noAnswer: number
  readonly violations: Readonly<Record<string, number>>
}

/** Asks so many questions on 64 threads. What it comes to has been compared with the policy's answers. */
async function ask(count: number): Promise<Summary> {
  const driver = join(root, 'build', 'native', 'portcullis_driver')
  const applications = ['--application', 'wsman/A', '--application', 'wsman/B']
  const options = ['--threads', '64', '--questions', `${count}`, ...applications, '--tolerate-no-answer']
  const { stdout } = await promisify(execFile)(driver, ['load', plugin, ...options])
  const summary = JSON.parse(stdout) as Summary
  expect(summary).toMatchObject({ questions: count, wrong: 0 })
  expect(Object.values(summary.violations).every((violations) => violations === 0)).toBe(true)
  return summary
}

/** The host has ended in order: whatever was decided is in its log, or in a gap. */
function expectAllCounted(answered: number) {
  const { recorded, lost, unknown, twice } = countedIn(audit)
  expect({ told: recorded + lost, unknown, twice }).toEqual({ told: pages.decided(), unknown: 0, twice: 0 })
  expect(recorded + lost).toBeGreaterThanOrEqual(answered)
  return { recorded, lost }
}

describe('evaluators that are killed', () => {
  it(`while ${questions} questions are asked leave records and gaps of exactly what they decided`, {
    timeout,
  }, async () => {
    await serve()
    const began = performance.now()
    let kills = 0
    const holding = setInterval(() => pages.hold(), 50)
    const killing = setInterval(() => {
      const deciding = pages.hold().filter((pid) => pages.decided(pid) > 0)
      // With one left that decides, so that most questions are decided, however slow the machine is to start another.
      const pid = deciding.length < evaluators ? undefined : deciding[kills % deciding.length]
      if (pid === undefined) return
      process.kill(pid, 'SIGKILL')
      kills++
    }, KILL_EVERY_MS)
    const { allowed, denied, noAnswer } = await ask(questions).finally(() => {
      clearInterval(killing)
      clearInterval(holding)
    })
    const seconds = Math.round((performance.now() - began) / 1000)
    pages.hold()
    expect(await host.close()).toBe(0)
    const counted = expectAllCounted(allowed + denied)
    expect(kills).toBeGreaterThan(0)
    expect(noAnswer).toBeLessThan(questions / 2)
    console.log({
      questions,
      seconds,
      kills,
      decided: pages.decided(),
      ...counted,
      allowed,
      denied,
      noAnswer,
    })
  })
})

describe('a host that is told to end while it is asked', () => {
  it('has recorded everything that was decided when it has ended', { timeout }, async () => {
    await serve()
    const asking = ask(50_000)
    await eventually(
      async () => pages.decided(),
      (decided) => decided > 1_000,
    )
    expect(await host.close()).toBe(0)
    const { allowed, denied } = await asking
    const { lost } = expectAllCounted(allowed + denied)
    expect(lost).toBe(0)
    expect(allowed + denied).toBeLessThan(50_000)
  })
})

describe('a host that is killed', () => {
  it('leaves a log that the next one goes on with, and a gap that says so', { timeout }, async () => {
    await serve()
    const asking = ask(20_000)
    await sleep(700)
    host.kill('SIGKILL')
    await host.ended()
    await asking
    const before = pages.decided()
    const first = countedIn(audit)
    expect(first.recorded + first.lost).toBeLessThanOrEqual(before)
    pages.close()

    await serve()
    expect(await statusOf()).toMatchObject({ gaps: 1, lost: 0 })
    const { allowed, denied } = await ask(2_000)
    expect(allowed + denied).toBe(2_000)
    expect(await host.close()).toBe(0)
    const both = countedIn(audit)
    // Nobody is left to count what the first had not written: that is one gap, and of the second host everything is there.
    expect(both).toMatchObject({ lost: first.lost, unknown: 1, twice: 0 })
    expect(both.recorded - first.recorded).toBe(pages.decided())
    expect(auditRecords(audit).filter(({ type }) => type === 'started' || type === 'stopped')).toMatchObject([
      { type: 'started' },
      { type: 'started' },
      { type: 'stopped' },
    ])
  })
})

/** The disk takes no more from the host than it has, or takes all again. */
function fill(): void {
  const bytes = statSync(join(audit, 'audit-00000001.jsonl')).size
  execFileSync('prlimit', ['--pid', `${host.pid}`, `--fsize=${bytes}:unlimited`])
}

function empty(): void {
  execFileSync('prlimit', ['--pid', `${host.pid}`, '--fsize=unlimited:unlimited'])
}

const isBehind = (expected: boolean) => eventually(statusOf, (status) => status.isBehind === expected)

describe('a disk that takes nothing more', () => {
  it('denies every question with "deny", and none any more when it takes something again', async () => {
    await serve({}, { quotaWithoutAnswer: aQuota })
    expect(await ask(500)).toMatchObject({ noAnswer: 0 })
    fill()
    await ask(10)
    expect(await isBehind(true)).toMatchObject({ whenBehind: 'deny', error: { code: 'ERR_AUDIT_WRITE' } })
    expect(await ask(500)).toMatchObject({ noAnswer: 500 })
    // Who begins meanwhile is told too: neither of the two that served is left.
    const served = pages.hold().filter((pid) => pages.decided(pid) > 0)
    for (const pid of served) process.kill(pid, 'SIGKILL')
    await eventually(
      async () => pages.hold().filter((pid) => !served.includes(pid)).length,
      (others) => others === evaluators + 1,
    )
    expect((await ask(500)).noAnswer).toBe(500)
    empty()
    await isBehind(false)
    expect(await ask(500)).toMatchObject({ noAnswer: 0 })
    expect(await host.close()).toBe(0)

    const { lost } = expectAllCounted(1_000)
    const refused = auditRecords(audit).filter(({ error }) => error === 'ERR_AUDIT_BEHIND')
    expect(refused.length + lost).toBeGreaterThanOrEqual(500)
    expect(refused[0]).toMatchObject({ type: 'decision', outcome: 'no-answer', code: 1359, by: 'host' })
    const events = host.entries.map(({ event }) => event)
    for (const event of ['audit-failed', 'audit-behind', 'audit-caught-up']) expect(events).toContain(event)
  })

  it('denies nothing with "spill", and what has no room is a gap of exactly its size', {
    timeout,
  }, async () => {
    await serve({ whenBehind: 'spill' })
    expect(await ask(500)).toMatchObject({ noAnswer: 0 })
    fill()
    expect(await ask(150_000)).toMatchObject({ noAnswer: 0 })
    expect(await isBehind(true)).toMatchObject({ whenBehind: 'spill', error: { code: 'ERR_AUDIT_WRITE' } })
    empty()
    await isBehind(false)
    await eventually(statusOf, ({ gaps, lag }) => gaps > 0 && lag === 0)
    expect(await ask(500)).toMatchObject({ noAnswer: 0 })
    expect(await host.close()).toBe(0)

    expectAllCounted(151_000)
    const records = auditRecords(audit)
    expect(records.filter(({ error }) => error === 'ERR_AUDIT_BEHIND')).toEqual([])
    const [gap, ...others] = records.filter(({ cause }) => cause === 'no room before the disk')
    expect(gap).toMatchObject({ types: { decision: gap?.lost } })
    expect(gap?.lost).toBeGreaterThan(10_000)
    expect(others).toEqual([])
  })
})

describe('a host that does not take what evaluators tell', () => {
  /** Callers who were let in, and how many of them the log can name, when the supervisor stands still for a while. */
  async function letIn(whenBehind: 'deny' | 'spill') {
    await serve({ whenBehind })
    const asking = ask(30_000)
    await sleep(200)
    process.kill(host.pid, 'SIGSTOP')
    await sleep(1_500)
    process.kill(host.pid, 'SIGCONT')
    const { allowed, denied } = await asking
    expect(await host.close()).toBe(0)
    expectAllCounted(allowed + denied)
    const named = auditRecords(audit).filter(({ outcome }) => outcome === 'allow').length
    return { allowed, named }
  }

  it('lets nobody in with "deny" whose record has no room', { timeout }, async () => {
    const { allowed, named } = await letIn('deny')
    expect(allowed).toBeGreaterThan(0)
    expect(named).toBeGreaterThanOrEqual(allowed)
  })

  it('goes on with "spill", and the gap says for how many', { timeout }, async () => {
    const { allowed, named } = await letIn('spill')
    expect(named).toBeLessThan(allowed)
  })
})
