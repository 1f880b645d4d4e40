// A host that behaves: evaluators that are switched one by one, callers that ask in parallel, evaluators that are killed and
// questions that are asked again on another one. What it writes is a history that holds. Its times are its own.
//
//   activations -> when each evaluator switches -> callers ask, an evaluator decides by what it has at that moment -> events

import type {
  ActivationEvent,
  AnsweredEvent,
  AskedEvent,
  HistoryEvent,
  RecordedEvent,
  Versions,
} from '../../host/history/event.ts'
import type { Chance } from '../differential/chance.ts'

export interface Plan {
  readonly evaluators: number
  readonly callers: number
  readonly questionsPerCaller: number
  readonly activations: number
  /** Versions of each subject that are activated in turn; few of them come back often. */
  readonly versions: number
  /** Of 1,000. */
  readonly killed: number
  readonly refused: number
  readonly unheard: number
  /** Answers of which the record is missing, of 1,000. */
  readonly unrecorded: number
}

export interface Question {
  readonly asked: AskedEvent
  readonly answered: AnsweredEvent
  readonly records: readonly RecordedEvent[]
}

export interface Made {
  readonly events: HistoryEvent[]
  readonly questions: readonly Question[]
  /** The start, then all that took effect. */
  readonly generations: readonly { number: number; versions: Versions; event?: ActivationEvent }[]
  readonly refused: readonly ActivationEvent[]
  readonly noAnswers: number
}

export const usualPlan: Plan = {
  evaluators: 3,
  callers: 8,
  questionsPerCaller: 25,
  activations: 12,
  versions: 4,
  killed: 20,
  refused: 150,
  unheard: 100,
  unrecorded: 200,
}

/** Versions that only refused activations have. */
const refusedVersion = 1_000

/** A question takes up to so long; an activation likewise. */
const duration = 40

interface Switching {
  readonly activations: ActivationEvent[]
  readonly generations: Made['generations'][number][]
  /** For each evaluator when it has which generation, by time. */
  readonly switches: { at: number; place: number }[][]
}

function activate(chance: Chance, plan: Plan): Switching {
  const versions = { guard: 1, tenant: 1 }
  const generations: Made['generations'][number][] = [{ number: 1, versions: { ...versions } }]
  const switches = Array.from({ length: plan.evaluators }, () => [{ at: 0, place: 0 }])
  const activations: ActivationEvent[] = []
  const pause = Math.ceil((plan.questionsPerCaller * duration) / (plan.activations + 1) / 2)
  let time = 0
  for (let number = 0; number < plan.activations; number++) {
    const requested = time + chance.below(2 * pause)
    const subject = chance.pick(['guard', 'tenant'] as const)
    const generation = (generations.at(-1)?.number ?? 0) + 1
    if (chance.below(1000) < plan.refused) {
      const refused = requested + chance.below(duration)
      const wrong = { ...versions, [subject]: refusedVersion + number }
      // The number of a refused one is given to the next.
      const named = chance.below(2) === 0 ? { generation } : {}
      activations.push({ type: 'activation', ...named, versions: wrong, requested, refused })
      time = refused
      continue
    }
    versions[subject] = 1 + chance.below(plan.versions)
    const through = requested + chance.below(duration)
    const place = generations.length
    for (const own of switches) {
      const at = Math.max(own.at(-1)?.at ?? 0, requested + chance.below(through - requested + 1))
      own.push({ at, place })
    }
    const acknowledged = through + chance.below(5)
    const heard = chance.below(1000) < plan.unheard ? {} : { acknowledged }
    const event: ActivationEvent = {
      type: 'activation',
      generation,
      versions: { ...versions },
      requested,
      ...heard,
    }
    activations.push(event)
    generations.push({ number: generation, versions: event.versions, event })
    time = acknowledged
  }
  return { activations, generations, switches }
}

/** The place of the generation that this evaluator has. */
function placeAt(own: readonly { at: number; place: number }[], time: number): number {
  let [low, high] = [0, own.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((own[middle]?.at ?? 0) <= time) low = middle + 1
    else high = middle
  }
  return own[low - 1]?.place ?? 0
}

function shownOf(chance: Chance, generation: number, { guard, tenant }: Versions): AnsweredEvent['shows'] {
  return chance.pick([{ guard, tenant }, { guard, tenant, generation }, { tenant }, { generation }])
}

/** One question; a kill costs the first attempt, two kills the answer. */
function ask(
  chance: Chance,
  plan: Plan,
  { generations, switches }: Switching,
  id: string,
  caller: string,
  at: number,
): Question {
  const answeredAt = at + chance.below(duration)
  const records: RecordedEvent[] = []
  const outcome = chance.pick(['allow', 'deny'] as const)
  const isRecorded = chance.below(1000) >= plan.unrecorded
  let decided = at
  for (let attempt = 1; attempt <= 2; attempt++) {
    const isKilled = chance.below(1000) < plan.killed
    decided += chance.below(answeredAt - decided + 1)
    const { number: generation, versions } = generations[
      placeAt(chance.pick(switches), decided)
    ] as Made['generations'][number]
    const record = { type: 'recorded', id, attempt, outcome, generation, ...versions } as const
    if (isKilled) {
      if (chance.below(2) === 0) records.push(record)
      continue
    }
    if (isRecorded) records.push(record)
    const shows = shownOf(chance, generation, versions)
    // What is neither recorded nor shows anything could not be checked.
    const isShown = !isRecorded || chance.below(4) > 0
    const isFirstLeft = !isRecorded && records.length > 0
    if (isFirstLeft) records.length = 0
    return {
      asked: { type: 'asked', id, caller, at },
      answered: {
        type: 'answered',
        id,
        at: answeredAt,
        outcome,
        ...(isShown && shows !== undefined ? { shows } : {}),
      },
      records,
    }
  }
  const answered = { type: 'answered', id, at: answeredAt, outcome: 'no-answer' } as const
  return { asked: { type: 'asked', id, caller, at }, answered, records }
}

export function simulate(chance: Chance, plan: Plan): Made {
  const switching = activate(chance, plan)
  const questions: Question[] = []
  for (let caller = 0; caller < plan.callers; caller++) {
    let time = chance.below(duration)
    for (let number = 0; number < plan.questionsPerCaller; number++) {
      const question = ask(chance, plan, switching, `${caller}-${number}`, `caller ${caller}`, time)
      questions.push(question)
      time = question.answered.at + chance.below(2)
    }
  }
  const { activations, generations } = switching
  const [{ number: generation, versions }] = generations as [Made['generations'][number]]
  const events: HistoryEvent[] = [{ type: 'start', generation, versions }, ...activations]
  for (const { asked, answered, records } of questions) events.push(asked, answered, ...records)
  return {
    events,
    questions,
    generations,
    refused: activations.filter(({ refused }) => refused !== undefined),
    noAnswers: questions.filter(({ answered: { outcome } }) => outcome === 'no-answer').length,
  }
}

/** The same events in any order, as callers that write for themselves would leave them. */
export function shuffled(chance: Chance, events: readonly HistoryEvent[]): HistoryEvent[] {
  const all = [...events]
  for (let left = all.length; left > 1; left--) {
    const other = chance.below(left)
    const [a, b] = [all[left - 1] as HistoryEvent, all[other] as HistoryEvent]
    all[left - 1] = b
    all[other] = a
  }
  return all
}
