// The checker against the model itself: small histories at random, true and untrue, are held against every way to place the windows
// of their activations. The checker must say exactly what that search says. PORTCULLIS_FUZZ and PORTCULLIS_SEED as elsewhere.

import { describe, expect, it } from 'vitest'

import { checkHistory } from '../../host/history/check.ts'
import type { HistoryEvent } from '../../host/history/event.ts'
import { historyOf } from '../../host/history/history.ts'
import { type Chance, casesOr, eachCase, seed } from '../differential/chance.ts'

interface Activation {
  readonly generation: number
  readonly requested: number
  readonly acknowledged: number | undefined
}

interface Question {
  readonly asked: number
  readonly answered: number
  readonly generation: number
}

/** Times are from 0 to this. */
const timeMax = 7

/** All constraints are "not before", so whole numbers are enough; nobody hears of what is still open at the end. */
function canBe(activations: readonly Activation[], questions: readonly Question[]): boolean {
  const search = (index: number, time: number, windows: readonly (readonly [number, number])[]): boolean => {
    const activation = activations[index]
    if (activation === undefined) return questions.every((question) => isOf(question, activations, windows))
    const { requested, acknowledged } = activation
    // Without an acknowledgement it may also never have taken effect: a window at no time.
    if (acknowledged === undefined && search(index + 1, time, [...windows, [Number.NaN, Number.NaN]]))
      return true
    for (let begun = Math.max(time, requested); begun <= (acknowledged ?? timeMax + 1); begun++) {
      for (let done = begun; done <= (acknowledged ?? timeMax + 1); done++) {
        if (search(index + 1, done, [...windows, [begun, done]])) return true
      }
    }
    return false
  }
  return search(0, 0, [])
}

function isOf(
  { asked, answered, generation }: Question,
  activations: readonly Activation[],
  windows: readonly (readonly [number, number])[],
): boolean {
  const own = windows[activations.findIndex((activation) => activation.generation === generation)]
  if (own !== undefined && !(own[0] <= answered)) return false
  const next = windows.find(([begun], index) => {
    return (activations[index]?.generation ?? 0) > generation && !Number.isNaN(begun)
  })
  return next === undefined || next[1] >= asked
}

function drawn(chance: Chance): { activations: Activation[]; questions: Question[] } {
  const activations: Activation[] = []
  let time = 0
  for (let generation = 2; generation <= 4; generation++) {
    const requested = Math.min(timeMax, time + chance.below(3))
    const through = Math.min(timeMax, requested + chance.below(4))
    const acknowledged = chance.below(2) === 0 ? undefined : through
    activations.push({ generation, requested, acknowledged })
    // The next may be requested while one of which nobody heard is still under way.
    time = acknowledged ?? requested
  }
  const questions = Array.from({ length: 1 + chance.below(5) }, () => {
    const asked = chance.below(timeMax + 1)
    const answered = Math.min(timeMax, asked + chance.below(3))
    return { asked, answered, generation: 1 + chance.below(4) }
  })
  return { activations, questions }
}

function eventsOf(activations: readonly Activation[], questions: readonly Question[]): HistoryEvent[] {
  const versionsOf = (generation: number) => ({ guard: null, tenant: generation })
  return [
    { type: 'start', generation: 1, versions: versionsOf(1) },
    ...activations.map(({ generation, requested, acknowledged }): HistoryEvent => {
      const heard = acknowledged === undefined ? {} : { acknowledged }
      return { type: 'activation', generation, versions: versionsOf(generation), requested, ...heard }
    }),
    ...questions.flatMap(({ asked, answered, generation }, index): HistoryEvent[] => {
      const id = String(index)
      return [
        { type: 'asked', id, caller: id, at: asked },
        { type: 'answered', id, at: answered, outcome: 'allow', shows: { tenant: generation } },
      ]
    }),
  ]
}

describe('the checker', () => {
  it(`says what a search through all windows says (seed ${seed})`, () => {
    const count = casesOr(4_000)
    const told: Record<string, number> = { holds: 0, stale: 0, early: 0, 'went-back': 0 }
    let detail = ''
    const run = (chance: Chance) => {
      const { activations, questions } = drawn(chance)
      detail = JSON.stringify({ activations, questions })
      const verdict = checkHistory(historyOf(eventsOf(activations, questions)))
      expect(verdict.generationsChecked).toBe(true)
      expect(verdict.holds).toBe(canBe(activations, questions))
      const kinds = verdict.holds ? ['holds'] : Object.keys(verdict.counts)
      for (const kind of kinds) told[kind] = (told[kind] ?? 0) + 1
    }
    eachCase(count, run, () => detail)
    console.log(`${count} small histories (seed ${seed}): ${JSON.stringify(told)}`)
    for (const kind of ['holds', 'stale', 'early', 'went-back'])
      expect(told[kind]).toBeGreaterThan(count / 200)
  })
})
