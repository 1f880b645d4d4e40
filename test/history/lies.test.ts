// The checker takes what a host that behaves writes, and finds the one lie in what is forged, under its right name and no other.
// PORTCULLIS_FUZZ sets the number of histories, PORTCULLIS_SEED repeats a run.

import { describe, expect, it } from 'vitest'

import { checkHistory } from '../../host/history/check.ts'
import type { HistoryEvent } from '../../host/history/event.ts'
import { Explainer } from '../../host/history/explain.ts'
import { historyOf } from '../../host/history/history.ts'
import { violationKinds } from '../../host/history/violation.ts'
import { historyAroundMax } from '../../host/limits.ts'
import { type Chance, casesOr, eachCase, seed } from '../differential/chance.ts'
import { lies, noAnswersOf } from './lies.ts'
import { type Plan, shuffled, simulate, usualPlan } from './simulated-host.ts'

function planOf(chance: Chance): Plan {
  return {
    evaluators: 1 + chance.below(4),
    callers: 1 + chance.below(8),
    questionsPerCaller: 5 + chance.below(30),
    activations: chance.below(16),
    versions: 1 + chance.below(6),
    killed: chance.pick([0, 20, 300]),
    refused: chance.pick([0, 150, 500]),
    unheard: chance.pick([0, 100, 500]),
    unrecorded: chance.pick([0, 200, 1000]),
  }
}

/** What was found, in words. */
function told(events: readonly HistoryEvent[], noAnswersMax: number): string[] {
  const history = historyOf(events)
  const explainer = new Explainer(history)
  return checkHistory(history, { noAnswersMax }).violations.map(
    (violation) => explainer.explain(violation).text,
  )
}

describe('histories of a host that behaves', () => {
  const count = casesOr(300)

  it(`hold, in whichever order they are written (${count} histories, seed ${seed})`, () => {
    let [contested, repeated, noAnswers, unheard, refused] = [0, 0, 0, 0, 0]
    let events: HistoryEvent[] = []
    let most = 0
    const run = (chance: Chance) => {
      const made = simulate(chance, planOf(chance))
      events = shuffled(chance, made.events)
      most = made.noAnswers
      const verdict = checkHistory(historyOf(events), { noAnswersMax: most })
      expect([verdict.holds, verdict.total, verdict.counts, verdict.generationsChecked]).toEqual([
        true,
        0,
        {},
        true,
      ])
      const { figures } = verdict
      expect([figures.questions, figures.noAnswers]).toEqual([made.questions.length, made.noAnswers])
      expect(figures.decided + figures.noAnswers).toBe(figures.questions)
      contested += figures.contested ?? 0
      repeated += made.questions.filter(({ records }) => records.length > 1).length
      noAnswers += figures.noAnswers
      unheard += figures.activations.unheard
      refused += figures.activations.refused
    }
    eachCase(count, run, () => told(events, most).join('\n'))
    console.log(
      `${count} histories (seed ${seed}): ${contested} contested questions, ${repeated} with two records, ` +
        `${noAnswers} without an answer, ${unheard} activations unheard, ${refused} refused`,
    )
    for (const figure of [contested, repeated, noAnswers, unheard, refused])
      expect(figure).toBeGreaterThan(count / 10)
  })

  it('have old answers after new ones while evaluators are switched one by one', () => {
    const back = [
      { type: 'start', generation: 1, versions: { guard: 1, tenant: 1 } },
      {
        type: 'activation',
        generation: 2,
        versions: { guard: 1, tenant: 2 },
        requested: 10,
        acknowledged: 20,
      },
      { type: 'asked', id: 'a', caller: '1', at: 11 },
      { type: 'answered', id: 'a', at: 12, outcome: 'allow', shows: { tenant: 2 } },
      { type: 'asked', id: 'b', caller: '1', at: 13 },
      { type: 'answered', id: 'b', at: 21, outcome: 'allow', shows: { tenant: 1 } },
    ] as const
    expect(checkHistory(historyOf(back)).holds).toBe(true)
  })
})

describe('a history with one lie', () => {
  it('is made of every kind', () => {
    expect([...new Set(lies.map(([, kind]) => kind))].sort()).toEqual(Object.keys(violationKinds).sort())
  })

  it.each(lies)('is found out: %s (%s)', (_, kind, lie) => {
    const count = Math.ceil(casesOr(90) / 3)
    let events: HistoryEvent[] = []
    let most = 0
    let found = 0
    const run = (chance: Chance) => {
      const made = simulate(chance, {
        ...usualPlan,
        unheard: kind === 'went-back' ? 400 : usualPlan.unheard,
        killed: 200,
      })
      const forged = lie(made, chance)
      if (forged === undefined) return
      events = shuffled(chance, forged)
      most = noAnswersOf(made, events, kind)
      const history = historyOf(events)
      const verdict = checkHistory(history, { noAnswersMax: most })
      expect([verdict.holds, verdict.counts]).toEqual([false, { [kind]: 1 }])
      const [violation] = verdict.violations
      expect(violation?.kind).toBe(kind)
      if (violation === undefined) return
      const { text, around } = new Explainer(history).explain(violation)
      expect(text.startsWith(`${violationKinds[kind]}: `)).toBe(true)
      expect(around.length).toBeLessThanOrEqual(historyAroundMax)
      if (kind !== 'no-answers')
        for (const line of violation.lines) expect(around.join('\n')).toContain(`line ${line} `)
      found++
    }
    eachCase(count, run, () => told(events, most).join('\n'))
    expect(found).toBeGreaterThan(0)
  })

  it(`is found out in any history (seed ${seed})`, () => {
    const perLie = new Map<string, number>()
    let events: HistoryEvent[] = []
    let most = 0
    const run = (chance: Chance, number: number) => {
      const [name, kind, lie] = lies[number % lies.length] as (typeof lies)[number]
      const made = simulate(chance, planOf(chance))
      if (made.questions.length === made.noAnswers) return
      const forged = lie(made, chance)
      if (forged === undefined) return
      events = shuffled(chance, forged)
      most = noAnswersOf(made, events, kind)
      expect([name, checkHistory(historyOf(events), { noAnswersMax: most }).counts]).toEqual([
        name,
        { [kind]: 1 },
      ])
      perLie.set(name, (perLie.get(name) ?? 0) + 1)
    }
    const count = casesOr(120 * lies.length)
    eachCase(count, run, () => told(events, most).join('\n'))
    const figures = [...perLie].map(([name, times]) => `${times} ${name}`)
    console.log(`lies of ${count} histories (seed ${seed}):\n  ${figures.join('\n  ')}`)
    expect(perLie.size).toBe(lies.length)
  })
})
