// Operations at random on a store and on a model of it that is as simple as can be: after each they say the same, and so they do
// after the store was ended at a call at random, in a world at random. PORTCULLIS_FUZZ sets the number of sequences,
// PORTCULLIS_SEED repeats a run.

import { expect, it } from 'vitest'

import { PortcullisError } from '../../host/errors.ts'
import { versionsKept } from '../../host/limits.ts'
import { Store, type Subject } from '../../host/store/store.ts'
import { type Chance, casesOr, eachCase, seed } from '../differential/chance.ts'
import { MemoryDisk } from './memory-disk.ts'
import { before, isKilled, linesOf, worlds } from './worlds.ts'

interface ModelVersion {
  bytes: string
  admitted: string | undefined
  refused: boolean
  gone: boolean
}

interface Model {
  versions: ModelVersion[]
  active: number | null | undefined
  previous: number | null
  /** The one before the one that was for good, when a provisional one came. */
  earlier: number | null
  provisional: boolean
  quarantined: string[]
}

type Models = Record<string, Model>

const subjects: readonly Subject[] = ['guard', { tenant: 'a' }, { tenant: 'nul' }]
const by = { who: 'me' }
const nameOf = (subject: Subject) => (subject === 'guard' ? 'guard' : subject.tenant)
const digests = ['ab', 'cd'].map((text) => text.repeat(32))

interface Step {
  readonly text: string
  readonly store: (store: Store) => unknown
  /** The models after each line that is written; undefined if it is refused. */
  readonly models: (models: Models) => Models[] | undefined
}

function step(chance: Chance): Step {
  const subject = chance.pick(subjects)
  const name = nameOf(subject)
  const number = 1 + chance.below(6) * (1 + chance.below(5))
  const text = `${chance.below(40)}`
  const change = (act: (model: Model, models: Model[]) => boolean | 'nothing') => (models: Models) => {
    const copy: Models = structuredClone(models)
    const model = copy[name] as Model
    const between: Model[] = []
    const done = act(model, between)
    if (done === false) return undefined
    if (done === 'nothing') return []
    return [...between.map((each) => ({ ...copy, [name]: each })), copy]
  }
  const held = (model: Model) => {
    const version = model.versions[number - 1]
    return version === undefined || version.gone ? undefined : version
  }
  const steps: (() => Step)[] = [
    () => ({
      text: `${name}: upload ${text}`,
      store: (store) => store.upload(subject, { module: Buffer.from(text) }, by, 1),
      models: change((model, between) => {
        if (model.versions.some(({ bytes, gone }) => bytes === text && !gone)) return 'nothing'
        const kept = model.versions.filter(({ gone }) => !gone)
        const free = kept.filter((version) => {
          const itsNumber = model.versions.indexOf(version) + 1
          return itsNumber !== model.active && !(model.active !== undefined && itsNumber === model.previous)
        })
        const going = free.slice(0, Math.max(0, kept.length + 1 - versionsKept))
        for (const version of going) version.gone = true
        if (going.length > 0) between.push(structuredClone(model))
        model.versions.push({ bytes: text, admitted: undefined, refused: false, gone: false })
        return true
      }),
    }),
    () => ({
      text: `${name}: admit ${number} as ${text}`,
      store: (store) =>
        store.admitted(subject, number, { metered: Buffer.from(text), rewriter: 'r', profile: 'p' }, 2),
      models: change((model) => {
        const version = held(model)
        if (version === undefined) return false
        version.admitted = text
        version.refused = false
        return true
      }),
    }),
    () => ({
      text: `${name}: refuse ${number}`,
      store: (store) => store.refused(subject, number, { code: 'E', message: 'm' }, 3),
      models: change((model) => {
        const version = held(model)
        if (version === undefined || model.active === number) return false
        version.admitted = undefined
        version.refused = true
        return true
      }),
    }),
    () => {
      const target = chance.below(8) === 0 ? null : number
      const isProvisional = chance.below(2) === 0
      return {
        text: `${name}: activate ${target} ${isProvisional}`,
        store: (store) => store.activate(subject, target, by, 4, isProvisional ? 99 : undefined),
        models: change((model) => {
          if (target !== null && held(model)?.admitted === undefined) return false
          const { active, previous, earlier } = model
          if (!model.provisional) model.earlier = previous
          if (active !== undefined && active !== target) {
            if (!model.provisional) model.previous = active
            else if (previous === target) model.previous = earlier === target ? null : earlier
          }
          model.active = target
          model.provisional = isProvisional
          return true
        }),
      }
    },
    () => ({
      text: `${name}: forget ${number}`,
      store: (store) => store.forget(subject, number, by, 8),
      models: change((model) => {
        const version = held(model)
        if (version === undefined || model.active === number) return false
        if (model.active !== undefined && model.previous === number) return false
        version.gone = true
        return true
      }),
    }),
    () => ({
      text: `${name}: confirm`,
      store: (store) => store.confirm(subject, by, 5),
      models: change((model) => {
        if (!model.provisional || model.active === null) return false
        model.provisional = false
        return true
      }),
    }),
    () => {
      const policy = chance.pick(digests)
      return {
        text: `${name}: quarantine ${policy}`,
        store: (store) => store.quarantine(subject, { policy, reason: 'deaths' }, 6),
        models: change((model) => {
          if (model.quarantined.includes(policy)) return 'nothing'
          model.quarantined.push(policy)
          return true
        }),
      }
    },
    () => ({
      text: `${name}: lift`,
      store: (store) => store.lift(subject, by, 7),
      models: change((model) => {
        if (model.quarantined.length === 0) return 'nothing'
        model.quarantined = []
        return true
      }),
    }),
  ]
  return chance.pick([...steps, steps[0], steps[0], steps[1], steps[1], steps[1]] as (() => Step)[])()
}

function emptyModels(): Models {
  const empty = (): Model => ({
    versions: [],
    active: undefined,
    previous: null,
    earlier: null,
    provisional: false,
    quarantined: [],
  })
  return Object.fromEntries(subjects.map((subject) => [nameOf(subject), empty()]))
}

/** A store in the words of the model. */
function modelsOf(store: Store): Models {
  const entries = subjects.map((subject): [string, Model] => {
    const active = store.active(subject)
    const versions = store.versions(subject).map(
      ({ number, blobs, admission, refusal }): ModelVersion => ({
        bytes: blobs ? store.readModule(subject, number).toString() : 'gone',
        admitted: blobs && admission ? store.readMetered(subject, number).toString() : undefined,
        refused: refusal !== undefined,
        gone: !blobs,
      }),
    )
    return [
      nameOf(subject),
      {
        versions,
        active: active?.number,
        previous: active?.previous ?? null,
        earlier: null,
        provisional: active?.confirmByMs !== undefined,
        quarantined: store.quarantined(subject).map(({ policy }) => policy),
      },
    ]
  })
  return Object.fromEntries(entries)
}

/** What can be seen of a model: nothing of bytes that are gone. */
function seen(models: Models): Models {
  const copy = structuredClone(models)
  for (const model of Object.values(copy)) model.earlier = null // not to be seen
  for (const { versions } of Object.values(copy))
    for (const version of versions)
      if (version.gone) Object.assign(version, { bytes: 'gone', admitted: undefined })
  return copy
}

it('a store is what a simple model of it is, whatever is asked of it and whenever it ends', () => {
  console.log(`seed ${seed}`)
  let story: string[] = []
  const happened = { done: 0, refused: 0, ended: 0, forgotten: 0 }
  const cases = eachCase(
    casesOr(20),
    (chance, number) => {
      story = []
      let disk = new MemoryDisk()
      let store = Store.open('/store', disk)
      let models = emptyModels()
      // Every third is so long that bytes are let go.
      const length = number % 3 === 0 ? 600 : 100
      for (let count = 0; count < length; count++) {
        const next = step(chance)
        story.push(next.text)
        const states = next.models(models)
        if (states === undefined) {
          expect(() => next.store(store)).toThrow(PortcullisError)
          happened.refused++
        } else if (chance.below(8) === 0) {
          const begun = disk.calls.length
          const world = chance.pick(worlds)
          disk.killAt = begun + chance.below(16)
          if (!isKilled(() => next.store(store))) disk.isKilled = true
          const lines = linesOf(disk.calls.slice(begun))
          const reached = before(world.keepsWhole ? lines.written : lines.safe, Number.POSITIVE_INFINITY)
          story.push(`ended after ${disk.calls.length - begun} calls: ${world.name}`)
          models = [models, ...states][reached] as Models
          disk = disk.remaining(world.loss)
          store = Store.open('/store', disk)
          happened.ended++
        } else {
          next.store(store)
          models = states.at(-1) ?? models
          happened.done++
        }
        if (states !== undefined && states.length > 1) happened.forgotten++
        expect(modelsOf(store)).toEqual(seen(models))
      }
    },
    () => story.join('\n'),
  )
  console.log({ cases, ...happened })
  expect(Math.min(happened.done, happened.refused, happened.ended)).toBeGreaterThan(10 * cases)
  expect(happened.forgotten).toBeGreaterThan(0)
}, 600_000)
