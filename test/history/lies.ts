// Histories that hold but for one lie. Each lie knows the kind that the checker must find, and nothing else.

import type {
  ActivationEvent,
  AnsweredEvent,
  HistoryEvent,
  RecordedEvent,
  Version,
} from '../../host/history/event.ts'
import type { ViolationKind } from '../../host/history/violation.ts'
import type { Chance } from '../differential/chance.ts'
import type { Made, Question } from './simulated-host.ts'

/** Undefined where this history has no place for it. */
export type Lie = (made: Made, chance: Chance) => HistoryEvent[] | undefined

/** A number that nothing in a simulated history has. */
const nobodys = 999_999

function without(made: Made, ...gone: readonly HistoryEvent[]): HistoryEvent[] {
  return made.events.filter((event) => !gone.includes(event))
}

function instead(made: Made, old: HistoryEvent | undefined, event: HistoryEvent): HistoryEvent[] {
  return made.events.map((each) => (each === old ? event : each))
}

function pickFrom<Item>(chance: Chance, items: readonly Item[]): Item | undefined {
  return items.length === 0 ? undefined : chance.pick(items)
}

type Generation = Made['generations'][number]

/** One more question, of a caller of its own, that tells all of its generation. */
export function forged(
  id: string,
  from: number,
  to: number,
  { number, versions }: Generation,
  how = 'both',
): HistoryEvent[] {
  const shows = { generation: number, ...versions }
  const bare = { type: 'answered', id, at: to, outcome: 'deny' } as const
  const answered: AnsweredEvent = how === 'record' ? bare : { ...bare, shows }
  const events: HistoryEvent[] = [{ type: 'asked', id, caller: id, at: from }, answered]
  if (how !== 'answer') {
    events.push({ type: 'recorded', id, attempt: 1, outcome: 'deny', generation: number, ...versions })
  }
  return events
}

const ways = ['both', 'answer', 'record']

function decided({ questions }: Made): Question[] {
  return questions.filter(({ answered }) => answered.outcome !== 'no-answer')
}

function recorded(made: Made): Question[] {
  return decided(made).filter(({ records }) => records.length > 0)
}

/** Says of a question's answer, and of its last record, that these versions gave it. */
function retold(
  made: Made,
  { answered, records }: Question,
  guard: Version,
  tenant: Version,
  number?: number,
): HistoryEvent[] {
  const last = records.at(-1)
  const named = number === undefined ? {} : { generation: number }
  const told = instead(made, answered, { ...answered, shows: { guard, tenant, ...named } })
  if (last === undefined) return told
  return told.map((event) => (event === last ? { ...last, guard, tenant, ...named } : event))
}

function heard({ generations }: Made): {
  before: Generation
  generation: Generation
  event: ActivationEvent & { acknowledged: number }
}[] {
  return generations.flatMap((generation, place) => {
    const [event, before] = [generation.event, generations[place - 1]]
    if (event?.acknowledged === undefined || before === undefined) return []
    return [{ before, generation, event: { ...event, acknowledged: event.acknowledged } }]
  })
}

/** A pair that was never live, of versions that were. */
function mixture({ generations }: Made, chance: Chance): { guard: Version; tenant: Version } | undefined {
  const live = new Set(generations.map(({ versions: { guard, tenant } }) => `${guard}/${tenant}`))
  const pairs = generations.flatMap(({ versions: { guard } }) =>
    generations.map(({ versions: { tenant } }) => ({ guard, tenant })),
  )
  return pickFrom(
    chance,
    pairs.filter(({ guard, tenant }) => !live.has(`${guard}/${tenant}`)),
  )
}

export const lies: readonly (readonly [name: string, kind: ViolationKind, lie: Lie])[] = [
  [
    'an answer is taken away',
    'lost',
    (made, chance) => {
      const question = chance.pick(made.questions)
      return without(made, question.answered)
    },
  ],
  ['a question is taken away', 'unasked', (made, chance) => without(made, chance.pick(made.questions).asked)],
  [
    'an answer comes to an id that nobody has',
    'unasked',
    (made) => [
      ...made.events,
      { type: 'answered', id: 'nobody', at: 5, outcome: 'deny', shows: { generation: 1 } },
    ],
  ],
  [
    'a question is asked again under its id',
    'asked-twice',
    (made, chance) => {
      const { asked } = chance.pick(made.questions)
      return [...made.events, { ...asked, at: asked.at + chance.below(2) }]
    },
  ],
  [
    'an answer comes again',
    'answered-twice',
    (made, chance) => {
      const { answered } = chance.pick(made.questions)
      return [...made.events, { ...answered, at: answered.at + chance.below(2) }]
    },
  ],
  [
    'a record is of an id that nobody has',
    'record-unasked',
    (made, chance) => {
      const record = pickFrom(chance, recorded(made))?.records[0]
      return record === undefined ? undefined : [...made.events, { ...record, id: 'nobody' }]
    },
  ],
  [
    'a record comes again',
    'recorded-twice',
    (made, chance) => {
      const record = pickFrom(chance, recorded(made))?.records.at(-1)
      return record === undefined ? undefined : [...made.events, { ...record }]
    },
  ],
  [
    'the clock goes back by 1 between question and answer',
    'clock',
    (made, chance) => {
      const { asked, answered } = chance.pick(made.questions)
      return asked.at === 0 ? undefined : instead(made, answered, { ...answered, at: asked.at - 1 })
    },
  ],
  [
    'a caller asks two questions at once',
    'caller-overlap',
    (made, chance) => {
      const long = decided(made).filter(({ asked, answered }) => asked.at < answered.at)
      const question = pickFrom(chance, long)
      if (question === undefined) return undefined
      const again = [question.asked, question.answered, ...question.records].map((event) => ({
        ...event,
        id: 'second',
      }))
      return [...made.events, ...again]
    },
  ],
  [
    'an activation is acknowledged 1 before it is requested',
    'activation-clock',
    (made, chance) => {
      const event = pickFrom(
        chance,
        heard(made).filter(({ event }) => event.requested > 0),
      )?.event
      if (event === undefined) return undefined
      const old = made.generations.find(({ number }) => number === event.generation)?.event
      return instead(made, old, { ...event, acknowledged: event.requested - 1 })
    },
  ],
  [
    'an activation is refused 1 before it is requested',
    'activation-clock',
    (made, chance) => {
      const event = pickFrom(
        chance,
        made.refused.filter(({ requested }) => requested > 0),
      )
      return event && instead(made, event, { ...event, refused: event.requested - 1 })
    },
  ],
  [
    'two activations make the same generation',
    'generation-order',
    (made) => {
      const [, before, event] = made.generations
      if (before === undefined || event?.event === undefined) return undefined
      return instead(made, event.event, { ...event.event, generation: before.number })
    },
  ],
  [
    'an activation is requested 1 before the last one is acknowledged',
    'overlapping',
    (made, chance) => {
      const pairs = heard(made).flatMap(({ event }) => {
        const next = made.generations.find(({ number }) => number === (event.generation ?? 0) + 1)?.event
        const requested = event.acknowledged - 1
        return next === undefined || requested <= event.requested ? [] : [{ next, requested }]
      })
      const pair = pickFrom(chance, pairs)
      return pair && instead(made, pair.next, { ...pair.next, requested: pair.requested })
    },
  ],
  [
    'an answer shows a generation that is not there',
    'unknown',
    (made, chance) => {
      const { answered } = chance.pick(decided(made))
      return instead(made, answered, { ...answered, shows: { generation: nobodys } })
    },
  ],
  [
    'an answer shows a version that is not there',
    'unknown',
    (made, chance) => {
      const { answered } = chance.pick(decided(made))
      return instead(made, answered, {
        ...answered,
        shows: { ...chance.pick([{}, { guard: 1 }]), tenant: nobodys },
      })
    },
  ],
  [
    'a record has a generation that is not there',
    'unknown',
    (made, chance) => {
      const record = pickFrom(chance, recorded(made))?.records.at(-1)
      return record && instead(made, record, { ...record, generation: nobodys })
    },
  ],
  [
    'an answer mixes versions',
    'mixed',
    (made, chance) => {
      const pair = mixture(made, chance)
      const { answered } = chance.pick(decided(made))
      return pair && instead(made, answered, { ...answered, shows: pair })
    },
  ],
  [
    'answer and record mix versions',
    'mixed',
    (made, chance) => {
      const pair = mixture(made, chance)
      const question = pickFrom(chance, recorded(made))
      return pair && question && retold(made, question, pair.guard, pair.tenant)
    },
  ],
  [
    'a record has versions that are not those of its generation',
    'mixed',
    (made, chance) => {
      const record = pickFrom(chance, recorded(made))?.records.at(-1)
      const others = made.generations.filter(
        ({ versions: { guard, tenant } }) => guard !== record?.guard || tenant !== record?.tenant,
      )
      const other = pickFrom(chance, others)
      return record && other && instead(made, record, { ...record, ...other.versions })
    },
  ],
  [
    'a record of an attempt that was lost mixes versions',
    'mixed',
    (made, chance) => {
      const record = pickFrom(
        chance,
        recorded(made).filter(({ records }) => records.length > 1),
      )?.records[0]
      const pair = mixture(made, chance)
      return record && pair && instead(made, record, { ...record, ...pair })
    },
  ],
  [
    'an answer shows versions of a refused activation',
    'refused',
    (made, chance) => {
      const refused = pickFrom(chance, made.refused)
      const { answered } = chance.pick(decided(made))
      return refused && instead(made, answered, { ...answered, shows: { ...refused.versions } })
    },
  ],
  [
    'answer and record have the number and the versions of a refused activation',
    'refused',
    (made, chance) => {
      const refused = pickFrom(
        chance,
        made.refused.filter(({ generation }) => generation !== undefined),
      )
      const question = pickFrom(chance, recorded(made))
      if (refused === undefined || question === undefined) return undefined
      return retold(made, question, refused.versions.guard, refused.versions.tenant, refused.generation)
    },
  ],
  [
    'an answer tells nothing',
    'unidentified',
    (made, chance) => {
      const question = pickFrom(
        chance,
        decided(made).filter(({ records }) => records.length === 0),
      )
      if (question === undefined) return undefined
      const { shows: _, ...rest } = question.answered
      return instead(made, question.answered, rest)
    },
  ],
  [
    'a record has another outcome than the answer',
    'disagree',
    (made, chance) => {
      const record = pickFrom(chance, recorded(made))?.records.at(-1)
      return (
        record && instead(made, record, { ...record, outcome: record.outcome === 'allow' ? 'deny' : 'allow' })
      )
    },
  ],
  [
    'a record has another generation than the answer',
    'disagree',
    (made, chance) => {
      const shown = recorded(made).filter(({ answered }) => answered.shows?.generation !== undefined)
      const record = pickFrom(chance, shown)?.records.at(-1)
      const other = pickFrom(
        chance,
        made.generations.filter(({ number }) => number !== record?.generation),
      )
      return (
        record && other && instead(made, record, { ...record, generation: other.number, ...other.versions })
      )
    },
  ],
  [
    'a question asked 1 after an acknowledgement has the generation before',
    'stale',
    (made, chance) => {
      const pair = pickFrom(chance, heard(made))
      if (pair === undefined) return undefined
      const from = pair.event.acknowledged + 1
      return [...made.events, ...forged('late', from, from + chance.below(9), pair.before, chance.pick(ways))]
    },
  ],
  [
    'a question without an answer was decided by the generation before, 1 after an acknowledgement',
    'stale',
    (made, chance) => {
      const pair = pickFrom(chance, heard(made))
      if (pair === undefined) return undefined
      const at = pair.event.acknowledged + 1
      const [asked, , record] = forged('late', at, at, pair.before)
      return [
        ...made.events,
        asked as HistoryEvent,
        { type: 'answered', id: 'late', at, outcome: 'no-answer' },
        record as RecordedEvent,
      ]
    },
  ],
  [
    'a question answered 1 before a request has the generation that it makes',
    'early',
    (made, chance) => {
      const made2 = made.generations.filter(({ event }) => (event?.requested ?? 0) > 0)
      const generation = pickFrom(chance, made2)
      const to = (generation?.event?.requested ?? 0) - 1
      if (generation === undefined) return undefined
      return [
        ...made.events,
        ...forged('soon', Math.max(0, to - chance.below(9)), to, generation, chance.pick(ways)),
      ]
    },
  ],
  [
    'an answer goes back by two activations, the first of them never heard of again',
    'went-back',
    (made, chance) => {
      const { generations } = made
      const places = generations.flatMap(({ event }, place) => {
        const next = generations[place + 1]?.event
        const isUnheard = event !== undefined && event.acknowledged === undefined
        const isWide = next !== undefined && (next.acknowledged ?? nobodys) > next.requested
        return isUnheard && isWide ? [place] : []
      })
      const place = pickFrom(chance, places)
      if (place === undefined) return undefined
      const [before, generation, next] = generations.slice(place - 1, place + 2) as [
        Generation,
        Generation,
        Generation,
      ]
      const [first, second] = [generation.event?.requested ?? 0, next.event?.requested ?? 0]
      return [
        ...made.events,
        ...forged('seen', first, first, generation, chance.pick(ways)),
        ...forged('new', second, second, next, chance.pick(ways)),
        ...forged('old', second + 1, second + 1, before, chance.pick(ways)),
      ]
    },
  ],
  [
    'one question more than the limit comes to no answer',
    'no-answers',
    (made, chance) => {
      const { answered } = chance.pick(decided(made))
      const { shows: _, ...rest } = answered
      return instead(made, answered, { ...rest, outcome: 'no-answer' })
    },
  ],
]

/** So many questions of this lie's history come to no answer without being the lie. */
export function noAnswersOf(made: Made, events: readonly HistoryEvent[], kind: ViolationKind): number {
  if (kind === 'no-answers') return made.noAnswers
  return events.filter((event) => event.type === 'answered' && event.outcome === 'no-answer').length
}
