// B, second half: Shutdown.

import { expect } from 'vitest'

import type { Case } from '../case.ts'
import { askAll, askUser, repeated, startup } from '../lines.ts'

/** The plug-in waits at most 2 s for its callers and 2 s for its thread; ten times that tells late from never. */
const SHUTDOWN_US_MAX = 40_000_000

/** Longer than anything in the plug-in waits before it looks again, so that late code would have run. */
const AWHILE = 'sleep 300'

export const shutdownCases: readonly Case[] = [
  {
    id: 'B11',
    what: 'Shutdown of one instance leaves the others answering.',
    basis: 'D',
    async run(bench) {
      const { site } = await bench.shared()
      const { codes } = await site.play(
        ...[startup('A', 'allows'), startup('B', 'allows'), askUser('A'), 'shutdown A'],
        ...[askUser('B'), askUser('A', { context: 'stale' }), ...askAll('B')],
      )
      expect(codes).toEqual([0, 0, 5, 0, 0, 0])
    },
  },
  {
    id: 'B12',
    what: 'When the last Shutdown returns, every thread that the plug-in had has ended.',
    basis: 'D',
    async run(bench) {
      const { site } = await bench.shared()
      const { measures } = await site.play(
        ...['measure', startup('A', 'allows'), startup('B', 'allows'), askUser('A'), askUser('B'), 'measure'],
        ...['shutdown A', 'measure', 'shutdown B', 'measure'],
      )
      const [before, running, one, none] = measures.map(({ threads }) => threads)
      expect(running?.length).toBe((before?.length ?? 0) + 1) // the plug-in's own: otherwise this shows nothing
      expect(one).toEqual(running)
      expect(none).toEqual(before)
    },
  },
  {
    id: 'B13',
    what: 'Shutdown with a hundred questions under way completes each exactly once, with an error, before it returns.',
    basis: 'D/R',
    async run(bench) {
      const site = bench.site()
      const host = await site.serve([{ name: 'a', policy: 'slow' }])
      const player = site.player()
      // Both evaluators have connections before they are stopped.
      await player.play(startup('A', 'a'), askUser('A', { sender: 'slow', threads: 16 }), 'wait')
      site.suspend(host)
      const many = askUser('A', { threads: 100 })
      const { answers, shutdowns } = await player.play(many, 'sleep 100', 'shutdown A', AWHILE, 'wait')
      expect(shutdowns.map(({ shutdown }) => shutdown)).toEqual([0])
      expect(answers.map(({ completions }) => completions)).toEqual(Array(100).fill(1))
      // Those for whom there was no room in the line were told so before.
      expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([1115, 1460]))
      expect(answers.filter(({ code }) => code === 1115).length).toBeGreaterThan(60)
      await player.end()
    },
  },
  {
    id: 'B14',
    what: 'Shutdown returns 0 for every reason, also for one that does not exist yet, and cleans up alike.',
    basis: 'D/H/R',
    async run(bench) {
      const { site } = await bench.shared()
      const rounds = [1, 2, 3, 4, 99].flatMap((reason) => {
        return [startup('A', 'allows'), askUser('A'), `shutdown A reason=${reason}`, 'measure']
      })
      // What a system makes for a process at its first question, and keeps, is there from the first measure on.
      const { shutdowns, codes, measures } = await site.play(...rounds)
      expect(shutdowns.map(({ shutdown }) => shutdown)).toEqual(Array(5).fill(0))
      expect(codes).toEqual(Array(5).fill(0))
      expect(new Set(measures.map(({ threads }) => threads.length)).size).toBe(1)
      expect(new Set(measures.map(({ handles }) => handles)).size).toBe(1)
    },
  },
  {
    id: 'B15',
    what: 'Shutdown of NULL or of a context that nobody was given returns 87 and disturbs no instance.',
    basis: 'S/R',
    async run(bench) {
      const { site } = await bench.shared()
      const { shutdowns, codes } = await site.play(
        ...[startup('A', 'allows'), 'shutdown A context=null', 'shutdown A context=garbage', askUser('A')],
      )
      expect(shutdowns.map(({ shutdown }) => shutdown)).toEqual([87, 87])
      expect(codes).toEqual([0])
    },
  },
  {
    id: 'B16',
    what: 'A second Shutdown of the same context returns 87 and frees nothing twice.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      // The one in between may have the place of the one that is over, and must not be taken for it.
      const twice = [
        'shutdown A',
        startup('C', 'allows'),
        'shutdown A context=stale',
        askUser('C'),
        'shutdown C',
      ]
      const { shutdowns, codes } = await site.play(
        ...[
          startup('B', 'allows'),
          ...repeated(5, startup('A', 'allows'), askUser('A'), ...twice),
          askUser('B'),
        ],
      )
      expect(shutdowns.map(({ shutdown }) => shutdown)).toEqual(Array(5).fill([0, 87, 0]).flat())
      expect(codes).toEqual(Array(11).fill(0))
    },
  },
  {
    id: 'B17',
    what: 'With a host that hangs, Shutdown returns within its bound, its questions completed and its threads ended.',
    basis: 'D/R',
    async run(bench) {
      const site = bench.site()
      const host = await site.serve([{ name: 'a', policy: 'slow' }])
      const player = site.player()
      const before = await player.play('measure', startup('A', 'a'), askUser('A'))
      site.suspend(host)
      const under = ['measure', askUser('A', { threads: 8 }), 'sleep 50', 'shutdown A', 'wait', 'measure']
      const { answers, shutdowns, measures } = await player.play(...under)
      expect(shutdowns.map(({ shutdown }) => shutdown)).toEqual([0])
      expect(shutdowns[0]?.microseconds).toBeLessThan(SHUTDOWN_US_MAX)
      expect(answers.map(({ code, completions }) => `${completions}x${code}`)).toEqual(
        Array(8).fill('1x1115'),
      )
      const [alone] = before.measures
      expect(measures[0]?.threads.length).toBe((alone?.threads.length ?? 0) + 1)
      expect(measures[1]?.threads).toEqual(alone?.threads)
      await player.end()
    },
  },
  {
    id: 'B18',
    what: 'Startup after the last Shutdown works as the first did.',
    basis: 'D',
    async run(bench) {
      const { site } = await bench.shared()
      const { codes } = await site.play(...repeated(5, startup('A', 'allows'), ...askAll('A'), 'shutdown A'))
      expect(codes).toEqual(Array(15).fill(0))
    },
  },
  {
    id: 'B19',
    what: 'Unloaded right after the last Shutdown, the library leaves nothing that could run late.',
    basis: 'D',
    async run(bench) {
      const { site } = await bench.shared()
      const round = [startup('A', 'allows'), askUser('A'), 'shutdown A', 'unload', 'sleep 20', 'load']
      const { codes, measures } = await site.play('measure', ...repeated(10, ...round), AWHILE, 'measure')
      expect(codes).toEqual(Array(10).fill(0))
      expect(measures[1]?.threads).toEqual(measures[0]?.threads)
    },
  },
]
