// A policy that never ends. The watchdog answers for it, kills its evaluator, and nobody else notices more than a pause.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { tellHost } from '../../host/cli/operator-client.ts'
import type { ServeProcess } from '../../host/cli/serve-process.ts'
import type { HostStatus } from '../../host/supervisor/status.ts'
import type { Question } from '../../host/winrm/question.ts'
import { eventually, operation, settled, Testbed, told, user } from '../support/testbed.ts'

let bed: Testbed
let host: ServeProcess
let bad: number
let good: number

beforeAll(async () => {
  bed = new Testbed()
  host = await bed.host([
    { name: 'bad', policy: 'endless' },
    { name: 'good', policy: 'slow' },
    { name: 'metered', policy: 'endless', fuelPerDecision: 1_000_000 },
  ])
  bad = bed.startup('bad')
  good = bed.startup('good')
})

/** Evaluators that the tests so far have cost. */
let kills = 0

// The answer comes before the kill: each test begins when the dead are counted and the spare is warm again.
beforeEach(async () => {
  await eventually(
    async () => died().length,
    (count) => count === kills,
  )
  await tellHost(bed.endpoint, { command: 'lift', tenant: 'bad', who: 'test' })
  await settled(host)
})

afterAll(async () => {
  const violations = bed.winrm.violations()
  await bed.close()
  expect(violations).toEqual({})
})

function askEndless(question: Question = { ...user, senderName: 'endless' }) {
  kills++
  return bed.winrm.ask(bad, question)
}

/** The answer comes before the kill, and the supervisor hears of it after that. */
async function askUntilQuarantined() {
  const before = host.entries.length
  await askEndless()
  await eventually(
    async () => host.entries.slice(before),
    (entries) => entries.some(({ event }) => event === 'policy-quarantined'),
  )
}

function died() {
  return host.entries.filter(({ event }) => event === 'evaluator-died')
}

describe('an endless policy with the usual fuel', () => {
  it('is answered with "no answer" when its fuel is gone, and its evaluator goes on', async () => {
    const endless = { ...user, senderName: 'endless' }
    for (let round = 0; round < 3; round++) {
      const completion = await bed.winrm.ask(bed.startup('metered'), endless)
      expect(told(completion)).toEqual({ code: 1359, noAnswer: true })
    }
    const decisions = await eventually(
      async () => host.entries.filter(({ tenant, event }) => tenant === 'metered' && event === 'decision'),
      ({ length }) => length === 3,
    )
    for (const decision of decisions) {
      expect(decision).toMatchObject({ error: 'ERR_POLICY_FUEL', by: 'tenant', fuelUsed: 1_000_000 })
    }
    expect(died()).toHaveLength(kills)
  })
})

describe('an endless policy that has fuel for seconds', () => {
  it('is answered with "no answer, time" and its evaluator is killed; the question is not asked again', async () => {
    const completion = await askEndless()
    expect(told(completion)).toEqual({ code: 1460, noAnswer: true })
    await eventually(
      async () => died().length,
      (count) => count === kills,
    )
    const decisions = host.entries.filter(({ error }) => error === 'ERR_POLICY_TIME')
    expect(decisions.at(-1)).toMatchObject({
      event: 'decision',
      tenant: 'bad',
      outcome: 'no-answer',
      code: 1460,
      attempt: 1,
    })
    expect(completion.extended).toContain(decisions.at(-1)?.id)
    const { tenants } = (await tellHost(bed.endpoint, { command: 'status' })) as HostStatus
    expect(tenants.list.find(({ name }) => name === 'bad')?.decisions).toBe(decisions.length)
  })

  it('in the operation function ends the same way', async () => {
    const question = { ...operation, action: 'http://example.com/endless' }
    expect(told(await askEndless(question))).toEqual({ code: 1460, noAnswer: true })
  })

  it('does not keep another tenant from its answers at that moment', async () => {
    // Two evaluators, one of them occupied: eight questions of the other tenant overlap the endless one.
    const asked = askEndless()
    const others = await Promise.all(Array.from({ length: 8 }, () => bed.winrm.ask(good, user)))
    expect(others.map(told)).toEqual(others.map(() => ({ code: 0, noAnswer: false })))
    expect(told(await asked).code).toBe(1460)
  })

  it("takes nobody else's decision out of the log: what was answered before it is recorded", async () => {
    // One slow question keeps an evaluator while the others queue behind it, and the endless one last.
    const slow = { ...user, senderName: 'CONTOSO\\slow' }
    const before = host.entries.filter(({ outcome }) => outcome === 'allow').length
    const others = [...Array.from({ length: 4 }, () => slow), ...Array.from({ length: 30 }, () => user)]
    const asked = others.map((question) => bed.winrm.ask(good, question))
    const ended = askEndless()
    const allowed = (await Promise.all(asked)).filter(({ code }) => code === 0).length
    await ended
    const recorded = () => host.entries.filter(({ outcome }) => outcome === 'allow').length - before
    await eventually(
      async () => recorded(),
      (count) => count >= allowed,
    )
    expect(host.entries.filter(({ event }) => event === 'gap')).toEqual([])
  })

  it('is quarantined: its tenant gets no answer any more, and no second evaluator is lost', async () => {
    await askUntilQuarantined()
    for (const question of [{ ...user, senderName: 'endless' }, user, operation]) {
      expect(told(await bed.winrm.ask(bad, question))).toEqual({ code: 1359, noAnswer: true })
    }
    expect(told(await bed.winrm.ask(good, user)).code).toBe(0)
    await eventually(
      // One that was sent to the evaluator while that died comes a second time, and is not asked for another reason.
      async () =>
        host.entries.filter(({ error }) => /^ERR_POLICY_(QUARANTINED|SUSPECTED)$/.test(`${error}`)).length,
      (count) => count === 3,
    )
    expect(await tellHost(bed.endpoint, { command: 'quarantine' })).toMatchObject([
      { tenant: 'bad', reason: 'processor time' },
    ])
    expect(died()).toHaveLength(kills)
  })

  it('answers again once the operator has lifted the quarantine', async () => {
    await askUntilQuarantined()
    const lifted = await tellHost(bed.endpoint, { command: 'lift', tenant: 'bad', who: 'test' })
    expect(lifted).toMatchObject([{ tenant: 'bad' }])
    await eventually(
      () => bed.winrm.ask(bad, user),
      ({ code }) => code === 0,
    )
    expect(host.entries.find(({ event }) => event === 'quarantine-lifted')).toMatchObject({ tenant: 'bad' })
  })
})
