// C, second part: arguments that WinRM should not pass, and what only the operator can allow.

import { expect } from 'vitest'

import type { Case } from '../case.ts'
import { askAll, askUser, startup } from '../lines.ts'
import { expectCounted, recordOf, tellCounts } from '../site.ts'

/** Ten times what copying 48 KiB takes at its slowest, and far less than a scan of 2 Mi characters at every step. */
const BOUNDED_US_MAX = 1_000_000

const denied = { code: 5, outcome: 'no-answer', completions: 1 } as const

export const argumentCases: readonly Case[] = [
  {
    id: 'C6',
    what: 'NULL sender details: no completion, which would only be refused; it is counted, and the next question is answered.',
    basis: 'D/R',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      // An instance that still tries to connect may take the counts with it, and tell them only when it says hello again.
      const connected = [startup('A', 'allows'), askUser('A')]
      const lines = [...connected, ...askAll('A', { noSender: 1 }), ...askAll('A')]
      const played = await site.play(...lines, ...tellCounts)
      expect(played.answers.map(({ completions }) => completions)).toEqual([1, 0, 0, 0, 1, 1, 1, 1])
      expect(played.codes).toEqual([0, null, null, null, 0, 0, 0, 0])
      await expectCounted(host, played, { NO_SENDER: 3 })
    },
  },
  {
    id: 'C7',
    what: 'Reserved flags that are not zero: a completion with code 87, whose own flags are zero.',
    basis: 'D/R',
    async run(bench) {
      const { site } = await bench.shared()
      const all = [1, 0x80000000].flatMap((flags) => askAll('A', { flags }))
      const { answers } = await site.play(startup('A', 'allows'), ...all)
      expect(answers).toMatchObject(Array(6).fill({ ...denied, code: 87 }))
    },
  },
  {
    id: 'C8',
    what: 'A plug-in context that is NULL, of an instance that has ended, or nobody ever had: a completion with code 5.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const contexts = ['null', 'stale', 'garbage'] as const
      const lines = contexts.flatMap((context) => askAll('A', { context }))
      const { answers } = await site.play(
        // B comes after A and may have its place.
        ...[startup('A', 'allows'), 'shutdown A', startup('B', 'allows'), ...lines],
      )
      expect(answers).toMatchObject(Array(9).fill(denied))
    },
  },
  {
    id: 'C9',
    what: 'Every string NULL: a completion with code 5.',
    basis: 'R',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const texts = ['sender', 'mechanism', 'url', 'action', 'resource']
      const nothing = Object.fromEntries(texts.map((name) => [name, undefined]))
      const played = await site.play(
        startup('A', 'allows'),
        askUser('A'),
        ...askAll('A', nothing),
        'shutdown A',
        ...tellCounts,
      )
      expect(played.answers.slice(1, 4)).toMatchObject(Array(3).fill(denied))
      await expectCounted(host, played, { BAD_QUESTION: 3 })
    },
  },
  {
    id: 'C10',
    what: 'An empty sender name is denied before any policy sees it.',
    basis: 'R',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const played = await site.play(
        startup('A', 'allows'),
        askUser('A'),
        ...askAll('A', { sender: '' }),
        'shutdown A',
        ...tellCounts,
      )
      expect(played.answers.slice(1, 4)).toMatchObject(Array(3).fill(denied))
      await expectCounted(host, played, { BAD_QUESTION: 3 })
    },
  },
  {
    id: 'C16',
    what: 'The mechanism ClientCertificate without certificate details is denied.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const mechanisms = ['ClientCertificate', 'clientcertificate', 'ClientCertificates']
      const lines = mechanisms.map((mechanism) => askUser('A', { mechanism }))
      const { codes } = await site.play(startup('A', 'allows'), ...lines)
      expect(codes).toEqual([5, 5, 0]) // the last is another mechanism, of which nothing is known
    },
  },
  {
    id: 'C19',
    what: "A question without a client token is denied; with the operator's switch it is allowed, without a token.",
    basis: 'D/R',
    async run(bench) {
      const { site } = await bench.shared()
      const { answers } = await site.play(
        ...[
          startup('A', 'allows'),
          startup('B', 'pool'),
          ...askAll('A', { token: 0 }),
          ...askAll('B', { token: 0 }),
        ],
      )
      expect(answers.slice(0, 3)).toMatchObject(Array(3).fill(denied))
      expect(answers.slice(3)).toMatchObject(Array(3).fill({ code: 0, token: 0 }))
    },
  },
  {
    id: 'C20',
    what: 'A URL of 64 Ki or 2 Mi characters is denied, in bounded time.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const lines = [65_536, 2 * 1024 * 1024].map((times) => askUser('A', { url: { text: 'u', times } }))
      const fits = askUser('A', { url: { text: 'u', times: 16_384 } })
      const { answers } = await site.play(startup('A', 'allows'), fits, ...lines)
      expect(answers).toMatchObject([{ code: 0 }, denied, denied])
      for (const { microseconds } of answers) expect(microseconds).toBeLessThan(BOUNDED_US_MAX)
    },
  },
  {
    id: 'C21',
    what: 'A URL that names another tenant does not change which tenant decides.',
    basis: 'R',
    async run(bench) {
      const { site, host } = await bench.shared()
      const url = 'https://winrm.example/wsman/allows'
      const { answers } = await site.play(startup('A', 'reports'), askUser('A', { url }))
      const records = await Promise.all(answers.map((answer) => recordOf(host, answer)))
      expect(records).toMatchObject([{ tenant: 'reports', application: 'wsman/reports', code: 5 }])
      expect(records[0]?.reason).toContain(`httpUrl=${url}`)
    },
  },
  {
    id: 'C22',
    what: 'A policy makes an administrator only where the operator has the switch on.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const sender = 'administrator'
      const lines = ['told', 'told-without'].flatMap((name) => [
        startup(name, name),
        askUser(name, { sender }),
      ])
      const { answers } = await site.play(...lines, askUser('told'))
      expect(answers).toMatchObject([
        { code: 0, administrator: 1 },
        { code: 0, administrator: 0 },
        { code: 0, administrator: 0 },
      ])
    },
  },
  {
    id: 'C23',
    what: "A redirect to an https origin on the operator's list: code 0x80338199 and the URL alone.",
    basis: 'D/S',
    async run(bench) {
      const { site } = await bench.shared()
      const url = 'https://winrm.example:5986/wsman?a=b'
      const { answers } = await site.play(startup('A', 'told'), askUser('A', { sender: `redirect ${url}` }))
      expect(answers).toMatchObject([
        { code: 0x80338199, outcome: 'redirect', extended: url, token: 0, context: false, completions: 1 },
      ])
    },
  },
  {
    id: 'C24',
    what: 'A redirect to another scheme, host, port or list: code 5, and no URL.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const urls = [
        'http://winrm.example:5986/',
        'javascript:alert(1)//https://winrm.example:5986/',
        'https://winrm.example/',
        'https://winrm.example:5986.evil.example/',
        'https://alice@winrm.example:5986/',
        '',
      ]
      const lines = urls.map((url) => askUser('A', { sender: `redirect ${url}` }))
      const unlisted = askUser('B', { sender: 'redirect https://winrm.example:5986/' })
      const { answers } = await site.play(
        startup('A', 'told'),
        startup('B', 'told-without'),
        ...lines,
        unlisted,
      )
      expect(answers.map(({ code }) => code === 0x80338199 || code === 0)).toEqual(Array(7).fill(false))
      for (const { extended } of answers) expect(extended).not.toMatch(/winrm|alert/)
    },
  },
]
