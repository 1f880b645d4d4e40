// B, first half: Startup, and what it may fail for.

import { mkdirSync, rmSync } from 'node:fs'

import { expect } from 'vitest'

import { eventually } from '../../support/testbed.ts'
import { type Case, neverRun } from '../case.ts'
import { askAll, askUser, startup } from '../lines.ts'

const extraTexts: Readonly<Record<string, string>> = {
  malformed: '<InitializationParameters><Param Name="a"',
  'with a DTD':
    '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><InitializationParameters>&y;</InitializationParameters>',
  'with a name twice':
    '<InitializationParameters><Param Name="a" Value="1"/><Param Name="a" Value="2"/></InitializationParameters>',
}

/** What Startup may take beside 10 MiB of extraInfo, which the driver has twice. */
const GROWTH_KIB_MAX = 4096

export const startupCases: readonly Case[] = [
  {
    id: 'B1',
    what: 'Startup returns 0 and writes a plug-in context that is not NULL.',
    basis: 'D',
    async run(bench) {
      const { startups } = await bench.site().play(startup('A', 'A'))
      expect(startups).toMatchObject([{ startup: 0, written: true }])
      expect(startups[0]?.context).not.toBe('0')
    },
  },
  {
    id: 'B2',
    what: 'Startup accepts the flags 1 and 2, which the header names.',
    basis: 'H/R',
    async run(bench) {
      const { site } = await bench.shared()
      const lines = [1, 2].flatMap((flags) => [
        startup(`A${flags}`, 'allows', { flags }),
        askUser(`A${flags}`),
      ])
      const { startups, codes } = await site.play(...lines)
      expect(startups.map((one) => one.startup)).toEqual([0, 0])
      expect(codes).toEqual([0, 0])
    },
  },
  {
    id: 'B3',
    what: 'Startup with other flags returns 87, writes no context and leaves no thread.',
    basis: 'D/R',
    async run(bench) {
      const refused = [3, 0x80000000].map((flags) => startup('A', 'A', { flags, expect: 87 }))
      const { startups, measures } = await bench.site().play('measure', ...refused, 'measure')
      expect(startups).toMatchObject([
        { startup: 87, written: false },
        { startup: 87, written: false },
      ])
      expect(measures[1]?.threads).toEqual(measures[0]?.threads)
      expect(measures[1]?.handles).toBe(measures[0]?.handles)
    },
  },
  {
    id: 'B4',
    what: 'Startup without room for the context returns 87.',
    basis: 'R',
    async run(bench) {
      const { startups } = await bench.site().play(startup('A', 'A', { noContext: 1, expect: 87 }))
      expect(startups.map((one) => one.startup)).toEqual([87])
    },
  },
  {
    id: 'B5',
    what: 'Startup for an application that is NULL or empty returns 87.',
    basis: 'R',
    async run(bench) {
      const lines = [undefined, ''].map((application) => startup('A', '', { application, expect: 87 }))
      const { startups } = await bench.site().play(...lines)
      expect(startups).toMatchObject([
        { startup: 87, written: false },
        { startup: 87, written: false },
      ])
    },
  },
  {
    id: 'B6',
    what: 'Two applications in one process have two contexts, and each is answered by its own tenant.',
    basis: 'D',
    async run(bench) {
      const { site } = await bench.shared()
      const lines = [
        startup('A', 'allows'),
        startup('B', 'reports'),
        askUser('A'),
        askUser('B'),
        askUser('A'),
      ]
      const { startups, codes } = await site.play(...lines)
      expect(startups[0]?.context).not.toEqual(startups[1]?.context)
      expect(codes).toEqual([0, 5, 0])
    },
  },
  {
    id: 'B7',
    what: 'One application started twice has two instances, and each needs its own Shutdown.',
    basis: 'D/R',
    async run(bench) {
      const { site } = await bench.shared()
      const { startups, shutdowns, codes } = await site.play(
        ...[startup('A', 'allows'), startup('B', 'allows'), askUser('A'), askUser('B')],
        ...['shutdown A', askUser('B'), 'shutdown A context=stale', 'shutdown B'],
      )
      expect(startups[0]?.context).not.toEqual(startups[1]?.context)
      expect(codes).toEqual([0, 0, 0])
      expect(shutdowns.map(({ shutdown }) => shutdown)).toEqual([0, 87, 0])
    },
  },
  {
    id: 'B8',
    what: 'With a settings file that is missing, unreadable or wrong, or no host, Startup succeeds; every question is denied with a code of its own, and allowed soon after the mend.',
    basis: 'R',
    async run(bench) {
      const site = bench.site()
      const player = site.player()
      const answers = async () => (await player.play(...askAll('A'))).codes
      const unreadable = () => {
        rmSync(site.settingsPath)
        mkdirSync(site.settingsPath)
      }
      const mended = () => {
        rmSync(site.settingsPath, { recursive: true })
        site.settle(site.settings)
      }
      const states: [() => void, number][] = [
        [() => rmSync(site.settingsPath), 1610],
        [() => site.settle('endpoint = x\nowner = nobody\ntimeout = 5\n'), 1610],
        [unreadable, 1610],
        [mended, 5],
        [() => site.settle(''), 1610],
        [mended, 5],
      ]
      const { startups } = await player.play(startup('A', 'a'))
      expect(startups[0]?.startup).toBe(0)
      for (const [bring, code] of states) {
        bring()
        await eventually(answers, (codes) => codes.every((one) => one === code))
      }
      await site.serve([{ name: 'a', policy: 'slow' }])
      await eventually(answers, (codes) => codes.every((code) => code === 0))
      await player.end()
    },
  },
  {
    id: 'B8b',
    what: 'A Startup that fails needs no Shutdown: no thread is left, and the library can be unloaded.',
    basis: 'D',
    async run(bench) {
      const failing = [
        startup('A', 'a', { flags: 3, expect: 87 }),
        startup('A', '', { application: '', expect: 87 }),
      ]
      const { measures } = await bench.site().play('measure', ...failing, 'measure', 'unload', 'measure')
      expect(measures.map(({ threads }) => threads)).toEqual(Array(3).fill(measures[0]?.threads))
    },
  },
  {
    id: 'B9',
    what: 'An extraInfo that is malformed, has a DTD or a name twice, is 10 MiB long or cannot even be read, is not read and changes nothing.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const huge = { text: 'x', times: 5 * 1024 * 1024 }
      const lines = [...Object.values(extraTexts), huge].flatMap((extra, index) => {
        return [startup(`A${index}`, 'allows', { extra }), askUser(`A${index}`)]
      })
      const unread = [startup('B', 'allows', { extraUnreadable: 1 }), askUser('B')]
      const before = [startup('C', 'allows'), askUser('C'), 'measure']
      const { startups, codes, measures } = await site.play(...before, ...unread, ...lines, 'measure')
      expect(startups.map((one) => one.startup)).toEqual(Array(6).fill(0))
      expect(codes).toEqual(Array(6).fill(0))
      expect((measures[1]?.memoryKib ?? 0) - (measures[0]?.memoryKib ?? 0)).toBeLessThan(GROWTH_KIB_MAX)
    },
  },
  {
    id: 'B10',
    what: 'A value in extraInfo outside ASCII arrives unchanged.',
    basis: 'R',
    ...neverRun(
      'IIS has no parameters for an authorization plug-in, so nothing is taken from extraInfo; see B9',
    ),
  },
]
