// Every decision is recorded or in a gap of the right size, whatever happens to evaluators and to the supervisor: what the log has is
// compared with what the evaluators' pages say, which nobody but the evaluators has written.

import { closeSync, openSync, writeSync } from 'node:fs'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { tellHost } from '../../host/cli/operator-client.ts'
import type { ServeProcess } from '../../host/cli/serve-process.ts'
import { runningPage } from '../../host/wire/layout.ts'
import { Pages } from '../support/pages.ts'
import { eventually, settled, sleep, Testbed, told, user } from '../support/testbed.ts'

/** More records than an evaluator's queue of 1 MiB and the socket behind it hold. */
const MORE_THAN_FIT = 8_000

let bed: Testbed
let host: ServeProcess
let pages: Pages

beforeEach(() => {
  bed = new Testbed()
})

afterEach(async () => {
  const violations = bed.winrm.violations()
  pages.close()
  await bed.close()
  expect(violations).toEqual({})
})

async function serve(policies: readonly string[], evaluators: number): Promise<number[]> {
  host = await bed.host(
    policies.map((policy) => ({ name: policy, policy })),
    { evaluators },
  )
  await settled(host, evaluators)
  pages = new Pages(host.pid)
  return policies.map((policy) => bed.startup(policy))
}

const gaps = () => host.entries.filter(({ event }) => event === 'gap')
const lost = () => gaps().reduce((sum, gap) => sum + Number(gap.lost), 0)
const recorded = () => host.entries.filter(({ event }) => event === 'decision')
const died = () => host.entries.filter(({ event }) => event === 'evaluator-died')

/** Asks so many questions, some at a time. Returns how many were answered by an evaluator. */
async function ask(instance: number, count: number): Promise<number> {
  let [asked, answered] = [0, 0]
  const one = async () => {
    while (asked++ < count) if (told(await bed.winrm.ask(instance, user)).code === 0) answered++
  }
  await Promise.all(Array.from({ length: 16 }, one))
  return answered
}

const allCounted = () =>
  eventually(
    async () => ({ told: recorded().length + lost(), decided: pages.decided() }),
    (sums) => sums.told === sums.decided,
  )

describe('decisions', () => {
  it('that a supervisor which does not listen cannot be told of are a gap of exactly their number', async () => {
    const [instance = 0] = await serve(['slow'], 1)
    await ask(instance, 10)
    host.kill('SIGSTOP')
    const answered = await ask(instance, MORE_THAN_FIT)
    host.kill('SIGCONT')
    expect(answered).toBeGreaterThan(MORE_THAN_FIT / 2)
    const { decided } = await allCounted()
    expect(decided).toBeGreaterThanOrEqual(answered)
    expect(gaps().every(({ cause }) => cause === 'backlog')).toBe(true)
    expect(lost()).toBeGreaterThan(0)
  })

  it('that a killed evaluator could not tell of any more are a gap of exactly their number', async () => {
    const [instance = 0] = await serve(['slow'], 1)
    host.kill('SIGSTOP')
    const answered = await ask(instance, MORE_THAN_FIT)
    for (const pid of pages.hold()) process.kill(pid, 'SIGKILL')
    host.kill('SIGCONT')
    await eventually(
      async () => died().length,
      (count) => count === 2,
    )
    const { decided } = await allCounted()
    expect(decided).toBeGreaterThanOrEqual(answered)
    expect(gaps()).toMatchObject([{ evaluator: 0, cause: 'evaluator ended' }])
  })

  it('of evaluators that are killed at any moment are recorded or in a gap, each once', async () => {
    const [instance = 0] = await serve(['slow'], 2)
    let [answered, isDone] = [0, false]
    const asking = (async () => {
      while (!isDone) answered += await ask(instance, 200)
    })()
    for (let round = 0; round < 12; round++) {
      const alive = pages.hold()
      await sleep(40 + 17 * round)
      process.kill(alive[round % alive.length] ?? 0, 'SIGKILL')
      await eventually(
        async () => died().length,
        (count) => count === round + 1,
      )
      await settled(host)
      pages.hold()
    }
    isDone = true
    await asking
    const { decided } = await allCounted()
    expect(decided).toBeGreaterThanOrEqual(answered)
    const once = new Set(recorded().map(({ id, attempt }) => `${id} ${attempt}`))
    expect(once.size).toBe(recorded().length)
  })

  it("of the watchdog are counted as the evaluator's own, without a gap", async () => {
    const [bad = 0, good = 0] = await serve(['endless', 'slow'], 1)
    for (let round = 1; round <= 3; round++) {
      pages.hold()
      expect(await ask(good, 20)).toBe(20)
      expect(told(await bed.winrm.ask(bad, { ...user, senderName: 'endless' })).code).toBe(1460)
      await eventually(
        async () => died().length,
        (count) => count === round,
      )
      await settled(host, 1)
      await tellHost(bed.endpoint, { command: 'lift', tenant: 'endless', who: 'test' })
    }
    await allCounted()
    expect(recorded().filter(({ error }) => error === 'ERR_POLICY_TIME')).toHaveLength(3)
    expect(gaps()).toEqual([])
  })

  it.each([
    ['more than it can have decided', 2n ** 60n],
    ['less than it has told', 3n],
  ])('of an evaluator whose page says %s are a gap of unknown size', async (_, count) => {
    const [instance = 0] = await serve(['slow'], 1)
    await ask(instance, 10)
    await eventually(
      async () => recorded().length,
      (records) => records === 10,
    )
    const [pid = 0] = pages.hold().filter((one) => pages.decided(one) > 0)
    const lie = Buffer.alloc(8)
    lie.writeBigUInt64LE(count)
    const page = openSync(`/proc/${pid}/fd/4`, 'r+')
    writeSync(page, lie, 0, lie.length, runningPage.at.decided)
    closeSync(page)
    process.kill(pid, 'SIGKILL')
    await eventually(
      async () => died().length,
      (dead) => dead === 1,
    )
    expect(gaps()).toMatchObject([{ evaluator: 0, lost: 'unknown', cause: 'evaluator ended' }])
  })

  it('are all recorded when the host is closed under questions', async () => {
    const [instance = 0] = await serve(['slow'], 2)
    const asking = ask(instance, 400)
    await sleep(50)
    expect(await host.close()).toBe(0)
    await asking
    expect(recorded().length).toBe(pages.decided())
    expect(gaps()).toEqual([])
  })
})
