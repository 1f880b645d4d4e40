// F: contexts. A context is granted once and released once; every release of anything else is ignored and counted, so that
// the counts show which contexts were still there.

import { expect } from 'vitest'

import { sleep } from '../../support/testbed.ts'
import type { Case } from '../case.ts'
import { askOperation, askUser, repeated, startup } from '../lines.ts'
import { expectCounted, tellCounts } from '../site.ts'

/** A second or two; `npm run test:load` runs a million in test/load. */
const cycles = 20_000

export const contextCases: readonly Case[] = [
  {
    id: 'F1',
    what: 'A context that is released once is gone: a second release is not taken for it.',
    basis: 'D',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const keep = askUser('A', { release: 'keep', as: 'one' })
      const played = await site.play(
        ...[startup('A', 'allows'), keep, 'release context one', 'release context one', ...tellCounts],
      )
      expect(played.answers[0]).toMatchObject({ code: 0, context: true })
      await expectCounted(host, played, { STALE_CONTEXT: 1 })
    },
  },
  {
    id: 'F2',
    what: 'A user and fifty operations have 51 contexts, each of which is there until it is released itself.',
    basis: 'D',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const names = Array.from({ length: 50 }, (_, index) => `operation-${index}`)
      const releases = ['user', ...names].map((name) => `release context ${name}`)
      const asks = names.map((name) => askOperation('A', { release: 'keep', as: name }))
      const ask = askUser('A', { release: 'keep', as: 'user' })
      const played = await site.play(
        startup('A', 'allows'),
        ask,
        ...asks,
        ...releases,
        ...releases,
        ...tellCounts,
      )
      expect(played.answers.filter(({ code, context }) => code === 0 && context)).toHaveLength(52)
      await expectCounted(host, played, { STALE_CONTEXT: 51 })
    },
  },
  {
    id: 'F3',
    what: 'A context may be released on another thread before the completion has returned.',
    basis: 'R',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const questions = [askUser, askOperation].map((ask) =>
        ask('A', { release: 'other-thread', threads: 16 }),
      )
      // No more at once than one evaluator's connections and the line hold, or a slow machine has them denied.
      const played = await site.play(
        startup('A', 'allows'),
        ...repeated(4, ...questions, 'wait'),
        ...tellCounts,
      )
      expect(played.codes).toEqual(Array(129).fill(0))
      await expectCounted(host, played, {})
    },
  },
  {
    id: 'F4',
    what: 'A context may be released on the same thread inside the completion.',
    basis: 'R',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const inside = { release: 'inside', again: 1 } as const
      const questions = [askUser('A', inside), askOperation('A', inside)]
      const played = await site.play(startup('A', 'allows'), ...repeated(10, ...questions), ...tellCounts)
      expect(played.codes).toEqual(Array(21).fill(0))
      await expectCounted(host, played, {})
    },
  },
  {
    id: 'F5',
    what: 'Asked again, a user has a new context, which outlives the release of the old one.',
    basis: 'D',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const played = await site.play(
        ...[startup('A', 'allows'), askUser('A', { release: 'keep', as: 'old' })],
        ...[askUser('A', { release: 'keep', as: 'new' }), 'release context old', 'release context old'],
        ...['release context new', ...tellCounts],
      )
      await expectCounted(host, played, { STALE_CONTEXT: 1 })
    },
  },
  {
    id: 'F6',
    what: 'Asked again and denied, a user has no new context; the old one is there until it is released.',
    basis: 'D',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const played = await site.play(
        ...[startup('A', 'told'), askUser('A', { release: 'keep', as: 'old' })],
        ...[askUser('A', { sender: 'deny it' }), 'release context old', 'release context old', ...tellCounts],
      )
      expect(played.answers).toMatchObject([
        { code: 0, context: true },
        { code: 5, context: false },
        { code: 0 },
      ])
      await expectCounted(host, played, { STALE_CONTEXT: 1 })
    },
  },
  {
    id: 'F7',
    what: 'A release of NULL, of a value that nobody was given or of one that was released is ignored and counted.',
    basis: 'R',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const wrong = ['release null', 'release garbage', 'release context over']
      // The live one may have the place of the one that is over, and must not be taken for it.
      const live = askUser('A', { release: 'keep' })
      const played = await site.play(
        ...[
          startup('A', 'allows'),
          askUser('A', { as: 'over' }),
          live,
          ...repeated(3, ...wrong),
          ...tellCounts,
        ],
      )
      expect(played.codes).toEqual([0, 0, 0])
      await expectCounted(host, played, { STALE_CONTEXT: 9 })
    },
  },
  {
    id: 'F8',
    what: "An operation's context may be released long after the user's.",
    basis: 'D',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const played = await site.play(
        ...[
          startup('A', 'allows'),
          askUser('A', { as: 'user' }),
          askOperation('A', { release: 'keep', as: 'late' }),
        ],
        ...[...repeated(20, askUser('A'), askOperation('A', { release: 'late' })), 'release context late'],
        ...tellCounts,
      )
      expect(played.codes).toEqual(Array(43).fill(0))
      await expectCounted(host, played, {})
    },
  },
  {
    id: 'F9',
    what: 'A release after the Shutdown of its instance is ignored.',
    basis: 'R',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      // The double releases what it kept for an instance after Shutdown has returned.
      const keep = repeated(3, askUser('A', { release: 'keep' }))
      const played = await site.play(
        ...[
          startup('B', 'allows'),
          startup('A', 'allows'),
          ...keep,
          'shutdown A',
          askUser('B'),
          ...tellCounts,
        ],
      )
      expect(played.codes).toEqual(Array(5).fill(0))
      await expectCounted(host, played, { STALE_CONTEXT: 3 })
    },
  },
  {
    id: 'F10',
    what: 'A context that was granted by a policy that has been replaced since can be released.',
    basis: 'R',
    async run(bench) {
      const site = bench.site()
      const first = await site.serve([{ name: 'a', policy: 'slow' }])
      const player = site.player()
      await player.play(startup('A', 'a'), askUser('A', { release: 'keep', as: 'old' }))
      await first.close()
      const second = await site.serve([
        { name: 'a', policy: 'report' },
        { name: 'counts', policy: 'slow' },
      ])
      await sleep(500)
      const { codes } = await player.play(
        askUser('A'),
        'release context old',
        'release context old',
        ...tellCounts,
      )
      expect(codes).toEqual([5, 0])
      await expectCounted(second, await player.end(), { STALE_CONTEXT: 1 })
    },
  },
  {
    id: 'F11',
    what: 'Memory and handles stay flat while contexts are granted and released in every order: 20,000 in each test run, a million by `npm run test:load`.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const options = ['--threads', '32', '--count', String(cycles), '--application', 'wsman/mirror-a']
      expect(await site.drive('cycles', ...options)).toMatchObject({ granted: cycles, released: cycles })
    },
  },
]
