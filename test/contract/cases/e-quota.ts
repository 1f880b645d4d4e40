// E: quota questions.

import { expect } from 'vitest'

import { mirroredQuota } from '../../hostile/honest.ts'
import type { Case } from '../case.ts'
import { askOperation, askQuota, askUser, startup } from '../lines.ts'

const most = 0xffffffff

/** A number of test/policies/bad-result.ts: quotas with a zero word, with a flag, and an allow in place of a quota. */
const lies = [40, 41, 42, 43, 44, 46]

export const quotaCases: readonly Case[] = [
  {
    id: 'E1',
    what: 'The four numbers that a policy gives arrive in the four fields, in their order.',
    basis: 'D/H',
    async run(bench) {
      const { site } = await bench.shared()
      const quotas = ['1 2 3 4', '1000 257 3600 16909060']
      const lines = quotas.map((numbers) => askQuota('A', { sender: `quota ${numbers}` }))
      const { answers } = await site.play(startup('A', 'told'), ...lines)
      expect(answers.map(({ code }) => code)).toEqual([0, 0])
      expect(answers.map(({ quota }) => quota?.join(' '))).toEqual(quotas)
    },
  },
  {
    id: 'E2',
    what: 'Success always carries a quota, and a failure never does, whatever the policy returns.',
    basis: 'D',
    async run(bench) {
      const { site } = await bench.shared()
      const numbers = Array.from({ length: 50 }, (_, index) => index)
      const lines = numbers.map((number) => askQuota('A', { sender: `liar ${number}` }))
      const { answers } = await site.play(startup('A', 'lies'), ...lines)
      expect(answers.map(({ quota }) => quota !== null)).toEqual(answers.map(({ code }) => code === 0))
      const refused = numbers.filter((number) => answers[number]?.code !== 0)
      expect(refused).toEqual(expect.arrayContaining(lies))
      expect(refused.length).toBeLessThan(10)
    },
  },
  {
    id: 'E3',
    what: "A policy without queryQuota gets the operator's ceiling; one that fails gets an error, or the operator's safe quota.",
    basis: 'D/R',
    async run(bench) {
      const { site } = await bench.shared()
      const sender = 'liar 40'
      const { answers } = await site.play(
        ...[startup('A', 'allows'), startup('B', 'lies'), startup('C', 'lies-safely')],
        ...['A', 'B', 'C'].map((name) => askQuota(name, { sender })),
      )
      expect(answers).toMatchObject([
        { code: 0, quota: [most, most, most, most] },
        { code: 1359, quota: null },
        { code: 0, quota: [2, 3, 4, 5] },
      ])
      expect(answers.map(({ completions }) => completions)).toEqual([1, 1, 1])
    },
  },
  {
    id: 'E4',
    what: 'A zero from a policy is no answer, and what is no number of 32 bits from the operator is refused before serving: no zero is sent.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const lines = lies.slice(0, 4).map((number) => askQuota('A', { sender: `liar ${number}` }))
      const { answers } = await site.play(startup('A', 'lies'), ...lines)
      expect(answers).toMatchObject(Array(4).fill({ code: 1359, quota: null }))
      const good = {
        concurrentShells: 1,
        concurrentOperations: 1,
        timeslotSeconds: 1,
        operationsPerTimeslot: 1,
      }
      const serve = (quotaCeiling: object) =>
        bench.site().serve([{ name: 'a', policy: 'slow', quotaCeiling }])
      await serve(good)
      const { timeslotSeconds: _, ...without } = good
      const bad = [0, -1, 2 ** 32, 1.5].map((timeslotSeconds) => ({ ...good, timeslotSeconds }))
      for (const quotaCeiling of [...bad, without])
        await expect(serve(quotaCeiling)).rejects.toThrow(/no host serves/)
    },
  },
  {
    id: 'E5',
    what: 'The largest number, 0xFFFFFFFF, is passed as it is.',
    basis: 'H',
    async run(bench) {
      const { site } = await bench.shared()
      const sender = `quota 1 1 1 ${most}`
      const { answers } = await site.play(startup('A', 'told'), askQuota('A', { sender }))
      expect(answers).toMatchObject([{ code: 0, quota: [1, 1, 1, most] }])
    },
  },
  {
    id: 'E6',
    what: "A time slot is in seconds, and one beyond the operator's ceiling, as milliseconds given by mistake are, is cut to it.",
    basis: 'D/R',
    async run(bench) {
      const { site } = await bench.shared()
      const senders = ['quota 1 1 60 10', 'quota 1 1 60000 10']
      const { answers } = await site.play(
        startup('A', 'told'),
        ...senders.map((sender) => askQuota('A', { sender })),
      )
      expect(answers.map(({ quota }) => quota)).toEqual([
        [1, 1, 60, 10],
        [1, 1, 3600, 10],
      ])
    },
  },
  {
    id: 'E7',
    what: 'A quota question about a user whom nobody has seen gets one completion.',
    basis: 'D',
    async run(bench) {
      const { site } = await bench.shared()
      const { answers } = await site.play(startup('A', 'allows'), askQuota('A', { sender: 'CONTOSO\\new' }))
      expect(answers).toMatchObject([{ code: 0, completions: 1, context: false }])
    },
  },
  {
    id: 'E8',
    what: 'Where quotas are never asked for, everything else works without.',
    basis: 'D',
    async run(bench) {
      const { site } = await bench.shared()
      const { codes } = await site.play(
        startup('A', 'told'),
        askUser('A'),
        askOperation('A'),
        askOperation('A'),
      )
      expect(codes).toEqual([0, 0, 0])
    },
  },
  {
    id: 'E9',
    what: 'Asked again after the policy has changed, the quota is the new one.',
    basis: 'D',
    async run(bench) {
      const site = bench.site()
      const player = site.player()
      const first = await site.serve([{ name: 'a', policy: 'as-told' }])
      const ask = askQuota('A', { sender: 'quota 9 8 7 6' })
      const before = await player.play(startup('A', 'a'), ask)
      expect(await first.close()).toBe(0)
      await site.serve([{ name: 'a', policy: 'mirror' }])
      const after = await player.play('sleep 500', ask)
      expect([before, after].map(({ answers }) => answers[0]?.quota)).toEqual([
        [9, 8, 7, 6],
        mirroredQuota('wsman/a', 'quota 9 8 7 6'),
      ])
      await player.end()
    },
  },
  {
    id: 'E10',
    what: 'The quota is read during the completion: of many at once, each gets its own.',
    basis: 'S',
    async run(bench) {
      const { site } = await bench.shared()
      const senders = Array.from({ length: 12 }, (_, index) => `CONTOSO\\user-${index}`)
      const lines = senders.map((sender) => askQuota('A', { sender, threads: 5, sleep: 1 }))
      const { answers } = await site.play(startup('A', 'mirror-a'), ...lines, 'wait')
      const expected = senders.flatMap((sender) => Array(5).fill(mirroredQuota('wsman/mirror-a', sender)))
      expect(answers.map(({ quota }) => quota)).toEqual(expected)
    },
  },
]
