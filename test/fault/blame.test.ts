// An evaluator that dies while it runs a policy: the question that it had is not asked again of the same policy, other tenants
// lose nothing, two such deaths end a policy's career, and what was done to the evaluator from outside is blamed on nobody.

import { readFileSync } from 'node:fs'

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { tellHost } from '../../host/cli/operator-client.ts'
import type { ServeProcess } from '../../host/cli/serve-process.ts'
import { readRunning } from '../../host/control/read-message.ts'
import { runningPage } from '../../host/wire/layout.ts'
import { runProgram } from '../support/command.ts'
import { eventually, settled, sleep, Testbed, told, user } from '../support/testbed.ts'

let bed: Testbed
let host: ServeProcess
let suspect: number
let other: number

const slowly = { ...user, senderName: 'CONTOSO\\slow' }

beforeAll(async () => {
  bed = new Testbed()
  host = await bed.host([
    { name: 'suspect', policy: 'slow' },
    { name: 'other', policy: 'slow' },
  ])
  suspect = bed.startup('suspect')
  other = bed.startup('other')
  for (const instance of [suspect, other]) await bed.winrm.ask(instance, user)
})

afterAll(async () => {
  const violations = bed.winrm.violations()
  await bed.close()
  expect(violations).toEqual({})
})

const quarantine = () => tellHost(bed.endpoint, { command: 'quarantine' }) as Promise<unknown[]>

beforeEach(async () => {
  await tellHost(bed.endpoint, { command: 'lift', tenant: 'suspect', who: 'test' })
  await sleep(2_100) // what was suspected is forgotten
  await settled(host)
})

function servingPid(): number {
  return Number(
    host.entries.filter(({ event, evaluator }) => event === 'evaluator-serving' && evaluator === 0).at(-1)
      ?.evaluatorPid,
  )
}

/** Whether a process runs the suspect's policy at this moment: its page says so, wherever and however fast it runs. */
function runsSuspect(pid: number): boolean {
  const running = readRunning(readFileSync(`/proc/${pid}/fd/4`).subarray(0, runningPage.bytes))
  return running?.tenant === 'suspect' && running.phase === 'tenant'
}

/** Has one of two evaluators get a signal while it runs the suspect's policy, some 10 ms a question at the least, with the other tenant's behind. */
async function signalWhileRunning(signal: NodeJS.Signals) {
  const pid = servingPid()
  // A new evaluator loads a policy with its first question: that is not what is to be hit.
  const decided = () =>
    host.entries
      .slice(
        host.entries.findIndex(
          ({ event, evaluatorPid }) => event === 'evaluator-serving' && evaluatorPid === pid,
        ),
      )
      .some(({ event, evaluator, tenant }) => event === 'decision' && evaluator === 0 && tenant === 'suspect')
  await eventually(
    async () => {
      await Promise.all(Array.from({ length: 8 }, () => bed.winrm.ask(suspect, user)))
      return decided()
    },
    (loaded) => loaded,
  )
  // The questions may all have gone to the other evaluator: then they are asked again.
  for (;;) {
    const slow = Array.from({ length: 4 }, () => bed.winrm.ask(suspect, slowly))
    const others = Array.from({ length: 3 }, () => bed.winrm.ask(other, user))
    for (let ms = 0; ms < 300; ms++) {
      if (runsSuspect(pid)) return endedBy(signal, pid, slow, others)
      await sleep(1)
    }
    await Promise.all([...slow, ...others])
  }
}

type Asked = readonly ReturnType<typeof bed.winrm.ask>[]

async function endedBy(signal: NodeJS.Signals, pid: number, slow: Asked, others: Asked) {
  process.kill(pid, signal)
  const answers = {
    suspect: (await Promise.all(slow)).map(told),
    other: (await Promise.all(others)).map(told),
  }
  await eventually(
    async () =>
      host.entries.some(({ event, evaluatorPid }) => event === 'evaluator-died' && evaluatorPid === pid),
    (died) => died,
  )
  await settled(host)
  return answers
}

/** A signal may come between two questions, or while the other tenant's runs: one that does not. */
async function signalThatHits(signal: NodeJS.Signals) {
  for (let round = 0; round < 10; round++) {
    const before = host.entries.length
    const answers = await signalWhileRunning(signal)
    const entries = () => host.entries.slice(before)
    const blamed = entries().find(({ event }) => event === 'policy-suspected')
    if (blamed?.tenant === 'suspect' && blamed.phase === 'tenant') return { ...answers, entries }
    await sleep(2_100)
  }
  throw new Error('no signal came while the policy ran')
}

/** A signal may come between two questions, and is then no proof; of those that did not, there must have been two. */
async function endUntilQuarantined(signal: NodeJS.Signals): Promise<void> {
  const blamed = () =>
    host.entries.filter(
      ({ event, tenant, phase }) =>
        /^policy-(suspected|quarantined)$/.test(`${event}`) && tenant === 'suspect' && phase === 'tenant',
    )
  const before = blamed().length
  for (let round = 0; round < 20 && (await quarantine()).length === 0; round++)
    await signalWhileRunning(signal)
  await eventually(
    async () => blamed().length - before,
    (count) => count === 2,
  )
}

const allowed = { code: 0, noAnswer: false }
const unanswered = { code: 1359, noAnswer: true }

describe('an evaluator that ends itself while it runs a policy', () => {
  it("has that policy's questions answered without being asked again, and the other tenant's asked elsewhere", async () => {
    const answers = await signalThatHits('SIGSEGV')
    expect(answers.other).toEqual(answers.other.map(() => allowed))
    const lost = answers.suspect.filter(({ code }) => code !== 0)
    expect(lost.length).toBeGreaterThan(0)
    expect(lost).toEqual(lost.map(() => unanswered))
    const unasked = await eventually(
      async () => answers.entries().filter(({ error }) => error === 'ERR_POLICY_SUSPECTED'),
      ({ length }) => length === lost.length,
    )
    for (const decision of unasked) expect(decision).toMatchObject({ tenant: 'suspect', attempt: 2 })
    expect(await quarantine()).toEqual([])
  })

  it('is a suspicion for a while only: the next questions are asked', async () => {
    await signalThatHits('SIGSEGV')
    expect(told(await bed.winrm.ask(suspect, user))).toEqual(allowed)
  })

  it('is proof the second time', async () => {
    await endUntilQuarantined('SIGABRT')
    expect(await quarantine()).toMatchObject([{ tenant: 'suspect', reason: 'deaths' }])
    expect(told(await bed.winrm.ask(suspect, user))).toEqual(unanswered)
    expect(told(await bed.winrm.ask(other, user))).toEqual(allowed)
  })
})

describe('an evaluator that something is done to from outside', () => {
  it('has all its questions asked elsewhere when it is killed, and nobody is blamed', async () => {
    for (let round = 0; round < 3; round++) {
      const answers = await signalWhileRunning('SIGKILL')
      for (const answer of [...answers.suspect, ...answers.other]) expect(answer).toEqual(allowed)
    }
    expect(await quarantine()).toEqual([])
  })

  it('is not blamed for two seconds in which it was stopped', async () => {
    const pid = servingPid()
    const asked = bed.winrm.ask(suspect, slowly)
    await sleep(8)
    process.kill(pid, 'SIGSTOP')
    await sleep(2_000)
    process.kill(pid, 'SIGCONT')
    await asked
    await eventually(
      () => bed.winrm.ask(suspect, user),
      ({ code }) => code === 0,
    )
    expect(await quarantine()).toEqual([])
    expect(
      host.entries.filter(({ event, evaluatorPid }) => event === 'evaluator-died' && evaluatorPid === pid),
    ).toEqual([])
  })
})

describe('the command quarantine', () => {
  const run = (...args: string[]) =>
    runProgram('main', bed.folder, 'quarantine', '--config', 'portcullis.json', ...args)

  it('shows what is quarantined, and lifts it', async () => {
    expect(run()).toMatchObject({ status: 0, stdout: 'nothing is quarantined\n' })
    await endUntilQuarantined('SIGSEGV')
    expect(run().stdout).toMatch(
      /^suspect +[0-9a-f]{12} +\S+Z +evaluators ended themselves while they ran it$/m,
    )
    expect(JSON.parse(run('--json').stdout)).toMatchObject([{ tenant: 'suspect', reason: 'deaths' }])
    const lifted = run('--lift', 'suspect', '--reason', 'ticket 12')
    expect(lifted).toMatchObject({ status: 0 })
    expect(lifted.stdout).toMatch(/^suspect: its policies are asked again; .*\ntenant +policy/)
    expect(run('--lift', 'suspect')).toMatchObject({
      status: 1,
      stdout: 'nothing of suspect was quarantined\n',
    })
    await sleep(2_100)
    expect(host.entries.findLast(({ event }) => event === 'quarantine-lifted')).toMatchObject({
      why: 'ticket 12',
    })
    expect(told(await bed.winrm.ask(suspect, user))).toEqual(allowed)
  })
})
