// G, first part: many at once, full lines, dead and late evaluators.

import { expect } from 'vitest'

import { eventually } from '../../support/testbed.ts'
import type { Case } from '../case.ts'
import { askAll, askOperation, askUser, repeated, startup } from '../lines.ts'
import { recordOf } from '../site.ts'

/** A second or two; `npm run test:load` asks a hundred thousand in test/load. */
const questions = 10_000

/** Nobody who waits for an evaluator that hangs is answered before one attempt is over. */
const WAITED_US_MIN = 400_000

export const loadCases: readonly Case[] = [
  {
    id: 'G1',
    what: 'Mixed questions from 64 threads get their own answer, exactly once, to the right pointer: 10,000 in each test run, 100,000 by `npm run test:load`.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const applications = ['--application', 'wsman/mirror-a', '--application', 'wsman/mirror-b']
      const options = ['--threads', '64', '--questions', String(questions), '--inside-mix', ...applications]
      const summary = await site.drive('load', ...options)
      expect(summary).toMatchObject({ questions, wrong: 0, noAnswer: 0 })
      expect(summary.allowed).toBeGreaterThan(questions / 10)
      expect(summary.denied).toBeGreaterThan(questions / 10)
    },
  },
  {
    id: 'G2',
    what: 'Two instances under load: nothing of a question to one is in what the policy of the other sees.',
    basis: 'D/R',
    async run(bench) {
      const { site, host } = await bench.shared()
      const waves = Array.from({ length: 6 }, (_, wave) => [
        askUser('A', { sender: `first-${wave}`, url: 'https://first', threads: 8 }),
        askUser('B', { sender: `second-${wave}`, url: 'https://second', threads: 8 }),
      ])
      const { answers } = await site.play(
        startup('A', 'reports'),
        startup('B', 'shows'),
        ...waves.flat(),
        'wait',
      )
      expect(answers).toHaveLength(96)
      for (const answer of answers) {
        const { tenant, reason } = await recordOf(host, answer)
        const own = answer.instance === 'A' ? ['reports', 'first'] : ['shows', 'second']
        expect(tenant).toBe(own[0])
        expect(reason).toContain(`|application=wsman/${own[0]}|senderName=${own[1]}-`)
        expect(reason).toContain(`|httpUrl=https://${own[1]}|`)
      }
    },
  },
  {
    id: 'G3',
    what: 'A pointer that WinRM gives out again for a later question belongs to that question alone.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const pair = [
        askUser('A', { sender: 'x' }),
        askUser('A', { sender: 'deny y' }),
        askOperation('A', { sender: 'one' }),
      ]
      const { codes } = await site.play('hand same', startup('A', 'told'), ...repeated(20, ...pair))
      expect(codes).toEqual(Array(20).fill([0, 5, 5]).flat())
    },
  },
  {
    id: 'G4',
    what: 'When every connection is in use and the line is full, a question is told so at once.',
    basis: 'R',
    async run(bench) {
      const site = bench.site()
      const host = await site.serve([{ name: 'a', policy: 'slow' }])
      const player = site.player()
      await player.play(startup('A', 'a'), askUser('A', { sender: 'slow', threads: 16 }), 'wait')
      site.suspend(host)
      const { answers } = await player.play(askUser('A', { threads: 120 }), 'wait')
      expect(answers).toMatchObject(Array(120).fill({ outcome: 'no-answer', completions: 1 }))
      const busy = answers.filter(({ code, microseconds }) => code === 1460 && microseconds < WAITED_US_MIN)
      expect(busy.length).toBeGreaterThanOrEqual(120 - 64 - 16)
      expect(busy.length).toBeLessThan(120) // the others did wait
      await player.end()
    },
  },
  {
    id: 'G5',
    what: 'Evaluators killed in the middle of questions: each is answered by another or with an error, once, and later ones as ever.',
    basis: 'R',
    async run(bench) {
      const site = bench.site()
      const host = await site.serve([{ name: 'a', policy: 'slow' }])
      const player = site.player()
      await player.play(startup('A', 'a'), askUser('A', { sender: 'slow', threads: 16 }), 'wait')
      // Stopped first, so that the questions are with them when they are killed.
      site.suspend(host)
      await player.play(askUser('A', { threads: 16 }), 'sleep 50')
      await site.killEvaluators(host)
      const { answers } = await player.play('wait')
      expect(answers.map(({ completions }) => completions)).toEqual(Array(16).fill(1))
      for (const { code } of answers) expect([0, 5, 1460]).toContain(code)
      await eventually(
        async () => (await player.play(...askAll('A'))).codes,
        (codes) => codes.every((code) => code === 0),
      )
      await player.end()
    },
  },
]
