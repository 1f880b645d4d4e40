// Versions with opposite answers are activated one after the other while 64 callers ask without pause. What they saw, and what the
// host recorded, is written down as a history, and the checker that is shipped proves that nothing was lost or mixed.

import { afterEach, describe, expect, it } from 'vitest'

import type { ServeProcess } from '../../host/cli/serve-process.ts'
import { checkHistory } from '../../host/history/check.ts'
import type { HistoryEvent, Versions } from '../../host/history/event.ts'
import { Explainer } from '../../host/history/explain.ts'
import { historyOf } from '../../host/history/history.ts'
import { eventually, settled, sleep, told, user } from '../support/testbed.ts'
import { StoreHost, tenant } from './store-host.ts'

const CALLERS = 64
const timeout = 300_000

let site: StoreHost

afterEach(async () => {
  const violations = site.bed.winrm.violations()
  await site.close()
  expect(violations).toEqual({})
})

const now = () => Number(process.hrtime.bigint())

/** Version 1 allows what the callers ask, version 2 denies it. The guard's two versions allow it both, and are seen in records. */
async function begin(): Promise<{ instance: number; host: ServeProcess }> {
  site = new StoreHost()
  const host = await site.serve({ guard: {} })
  for (const subject of ['guard', tenant] as const) {
    const first = await site.push(subject, 'settings', { admins: ['ada'] })
    const second = await site.push(subject, 'settings', {
      admins: subject === 'guard' ? ['ada', 'bob'] : ['bob'],
    })
    expect([first.number, second.number]).toEqual([1, 2])
    await site.activate(subject, 1)
  }
  const instance = site.bed.startup('a')
  await eventually(
    async () =>
      told(await site.bed.winrm.ask(instance, { ...user, senderName: 'contains admins ada warm' })).code,
    (code) => code === 0,
  )
  return { instance, host }
}

/** Activates so often, every tenth time the guard, while the callers ask, and returns all that was seen. */
async function record(instance: number, activations: number): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = []
  const versions: { guard: number; tenant: number } = { guard: 1, tenant: 1 }
  const first = await site.activate(tenant, 1)
  events.push({ type: 'start', generation: first.generation, versions: { ...versions } })
  let goesOn = true
  const call = async (caller: string) => {
    for (let number = 1; goesOn; number++) {
      const id = `${caller}-${number}`
      events.push({ type: 'asked', id, caller, at: now() })
      const answer = await site.bed.winrm.ask(instance, { ...user, senderName: `contains admins ada ${id}` })
      const at = now()
      const { code, noAnswer } = told(answer)
      if (noAnswer) events.push({ type: 'answered', id, at, outcome: 'no-answer' })
      else if (code === 0) events.push({ type: 'answered', id, at, outcome: 'allow', shows: { tenant: 1 } })
      else events.push({ type: 'answered', id, at, outcome: 'deny', shows: { tenant: 2 } })
    }
  }
  const callers = Array.from({ length: CALLERS }, (_, index) => call(`c${index}`))
  for (let count = 1; count <= activations; count++) {
    const subject = count % 10 === 0 ? 'guard' : tenant
    const name = subject === 'guard' ? 'guard' : 'tenant'
    versions[name] = 3 - versions[name]
    const requested = now()
    const { generation, changed } = await site.activate(subject, versions[name])
    const acknowledged = now()
    expect(changed).toBe(true)
    await sleep(1) // so that there are questions, too, that no activation touches
    events.push({
      type: 'activation',
      generation,
      versions: { ...versions } as Versions,
      requested,
      acknowledged,
    })
  }
  goesOn = false
  await Promise.all(callers)
  return events
}

/** What the host's log has of the callers' questions. */
function recorded(): HistoryEvent[] {
  return (site.host?.entries ?? []).flatMap((entry): HistoryEvent[] => {
    const id = /^contains admins ada (c\d+-\d+)$/.exec(`${entry.sender}`)?.[1]
    if (entry.event !== 'decision' || id === undefined) return []
    const { attempt, outcome, generation, guardVersion, version } = entry
    return [
      {
        type: 'recorded',
        id,
        attempt,
        outcome,
        generation,
        guard: guardVersion,
        tenant: version,
      } as HistoryEvent,
    ]
  })
}

/** Checked, with the violations in words. */
function judge(events: readonly HistoryEvent[], noAnswersMax: number) {
  const history = historyOf(events)
  const verdict = checkHistory(history, { noAnswersMax })
  const explainer = new Explainer(history)
  const explained = verdict.violations.slice(0, 5).map((violation) => explainer.explain(violation).text)
  return { ...verdict, explained }
}

describe('versions with opposite answers, activated while 64 callers ask', () => {
  it('lose no question, mix none, and answer none by the old version after the acknowledgement', {
    timeout,
  }, async () => {
    const activations = 1000
    const { instance } = await begin()
    const began = Date.now()
    const events = await record(instance, activations)
    const asked = events.filter(({ type }) => type === 'asked').length
    console.log(`${activations} activations in ${Date.now() - began} ms, ${asked} questions meanwhile`)
    await eventually(
      async () => recorded().length,
      (count) => count >= asked,
      60_000,
    )
    const { holds, explained, figures } = judge([...events, ...recorded()], 0)
    expect(explained).toEqual([])
    expect(holds).toBe(true)
    expect(figures).toMatchObject({ questions: asked, decided: asked, recorded: asked })
    expect(figures.activations).toEqual({ acknowledged: activations, refused: 0, unheard: 0 })
    expect(figures.contested).toBeGreaterThan(0)
    expect(figures.contested).toBeLessThan(asked)
  })

  it('do so while evaluators are killed', { timeout }, async () => {
    const activations = 200
    const { instance, host } = await begin()
    let goesOn = true
    let killed = 0
    const kill = async (host: ServeProcess) => {
      while (goesOn) {
        await sleep(200)
        await settled(host)
        const serving = host.entries.findLast(({ event }) => event === 'evaluator-serving')
        process.kill(Number(serving?.evaluatorPid), 'SIGKILL')
        killed++
      }
    }
    const killing = kill(host)
    const events = await record(instance, activations)
    goesOn = false
    await killing
    const asked = events.filter(({ type }) => type === 'asked').length
    // A question that meets two evaluators' ends is denied; each end can be met by what was on its connections.
    const { holds, explained, figures } = judge([...events, ...recorded()], killed * CALLERS)
    console.log(`${killed} evaluators killed, ${asked} questions`, figures)
    expect(explained).toEqual([])
    expect(holds).toBe(true)
    expect(killed).toBeGreaterThan(3)
    expect(figures.questions).toBe(asked)
    expect(figures.activations).toEqual({ acknowledged: activations, refused: 0, unheard: 0 })
    expect(figures.contested).toBeGreaterThan(0)
  })
})
