// D: operation questions.

import { expect } from 'vitest'

import type { Bench } from '../bench.ts'
import type { Case } from '../case.ts'
import { type AskKeys, alice, askAll, askOperation, askUser, get, startup } from '../lines.ts'
import { expectCounted, recordOf, tellCounts } from '../site.ts'

const transfer = 'http://schemas.xmlsoap.org/ws/2004/09/transfer'
const create = `${transfer}/Create`
const shell = 'http://schemas.microsoft.com/powershell/Contoso.Endpoint'

/** The numbers of OperationKind in the SDK. */
const kinds = { get: 0, put: 1, create: 2, delete: 3, enumerate: 4, subscribe: 5, command: 6, invoke: 13 }

/** What WinRM's documentation pairs with a name of an operation. */
const actions: readonly [string, number][] = [
  [get, kinds.get],
  [`${transfer}/Put`, kinds.put],
  [create, kinds.create],
  [`${transfer}/Delete`, kinds.delete],
  ['http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate', kinds.enumerate],
  ['http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe', kinds.subscribe],
  ['http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command', kinds.command],
]

/** What a policy saw of each operation: kind, number, action, resource. */
async function looked(bench: Bench, questions: readonly AskKeys[]): Promise<string[]> {
  const { site, host } = await bench.shared()
  const lines = questions.map((keys) => askOperation('A', { sender: 'look', ...keys }))
  const { answers } = await site.play(startup('A', 'told'), ...lines)
  expect(answers.map(({ code }) => code)).toEqual(Array(questions.length).fill(5))
  return Promise.all(answers.map(async (answer) => String((await recordOf(host, answer)).reason)))
}

export const operationCases: readonly Case[] = [
  {
    id: 'D1',
    what: 'Each documented action reaches the policy with its kind, the raw number, the action and the resource.',
    basis: 'D',
    async run(bench) {
      const resource = 'http://r.example/a'
      const questions = actions.map(([action], index) => ({ action, operation: 100 + index, resource }))
      // The eighth has no action of its own: opening a shell carries Create.
      const seen = await looked(bench, [...questions, { action: create, operation: 7, resource: shell }])
      const expected = actions.map(([action, kind], index) => `${kind}|${100 + index}|${action}|${resource}`)
      expect(seen).toEqual([...expected, `${kinds.create}|7|${create}|${shell}`])
    },
  },
  {
    id: 'D2',
    what: 'An action of arbitrary text is an invocation and reaches the policy verbatim.',
    basis: 'D',
    async run(bench) {
      const custom = ['urn:example:reboot', `${get}/`, get.toUpperCase(), '管理\ud800 "x"\n', ' ']
      const seen = await looked(
        bench,
        custom.map((action) => ({ action, operation: 9, resource: 'r' })),
      )
      expect(seen).toEqual(custom.map((action) => `${kinds.invoke}|9|${action}|r`))
    },
  },
  {
    id: 'D3',
    what: 'An unknown number with a known action, and the reverse, are for the policy to judge.',
    basis: 'R',
    async run(bench) {
      const seen = await looked(bench, [
        { operation: 0xffffffff, resource: 'r' },
        { operation: 1, action: 'urn:x', resource: 'r' },
        { operation: 0, resource: 'r' },
      ])
      expect(seen).toEqual([`0|4294967295|${get}|r`, `${kinds.invoke}|1|urn:x|r`, `0|0|${get}|r`])
    },
  },
  {
    id: 'D4',
    what: 'Opening a shell is a Create that a policy can tell from others by the resource.',
    basis: 'D',
    async run(bench) {
      const { site } = await bench.shared()
      const lines = [shell, 'http://r.example/a'].map((resource) => {
        return askOperation('A', { sender: 'one', action: create, resource })
      })
      const { answers } = await site.play(startup('A', 'told'), ...lines)
      expect(answers.map(({ outcome }) => outcome)).toEqual(['allow', 'denied'])
    },
  },
  {
    id: 'D5',
    what: 'An action or a resource that is NULL, empty or of 1 MiB is denied before any policy sees it.',
    basis: 'R',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const values = [undefined, '', { text: 'x', times: 1024 * 1024 }]
      const lines = values.flatMap((value) => {
        return [askOperation('A', { action: value }), askOperation('A', { resource: value })]
      })
      const played = await site.play(
        startup('A', 'allows'),
        ...lines,
        askOperation('A'),
        'shutdown A',
        ...tellCounts,
      )
      const { answers } = played
      expect(answers.slice(0, 6)).toMatchObject(
        Array(6).fill({ code: 5, outcome: 'no-answer', completions: 1 }),
      )
      expect(answers[6]?.code).toBe(0)
      await expectCounted(host, played, { BAD_QUESTION: 4, TOO_LARGE: 2 })
    },
  },
  {
    id: 'D6',
    what: 'A resource with a slash, a query or another case is not the one that a policy names.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const others = [
        `${shell}/`,
        shell.toLowerCase(),
        shell.toUpperCase(),
        `${shell}?a`,
        ` ${shell}`,
        shell.slice(1),
      ]
      const lines = [shell, ...others].map((resource) => askOperation('A', { sender: 'one', resource }))
      const { answers } = await site.play(startup('A', 'told'), ...lines)
      expect(answers.map(({ outcome }) => outcome)).toEqual(['allow', ...others.map(() => 'denied')])
    },
  },
  {
    id: 'D7',
    what: 'An operation of a user about whom nobody asked before is decided on its own data.',
    basis: 'D/R',
    async run(bench) {
      const { site } = await bench.shared()
      const { answers } = await site.play(
        startup('A', 'allows'),
        askOperation('A', { sender: 'CONTOSO\\new' }),
      )
      expect(answers).toMatchObject([{ code: 0, completions: 1, context: true }])
    },
  },
  {
    id: 'D8',
    what: "A user who is denied one operation only is denied with code 5 through the operation's completion.",
    basis: 'D/S',
    async run(bench) {
      const { site } = await bench.shared()
      const sender = 'one'
      const { answers } = await site.play(
        startup('A', 'told'),
        askUser('A', { sender }),
        askOperation('A', { sender }),
      )
      expect(answers).toMatchObject([
        { kind: 'user', code: 0, completions: 1 },
        { kind: 'operation', code: 5, outcome: 'denied', completions: 1, context: false },
      ])
    },
  },
  {
    id: 'D9',
    what: 'Every kind of question is answered by the completion of its kind, whatever the answer is.',
    basis: 'D',
    async run(bench) {
      const { site } = await bench.shared()
      const tenants = ['allows', 'reports', 'traps', 'nobody']
      const lines = tenants.flatMap((name) => [
        startup(name, name),
        ...askAll(name),
        ...askAll(name, { flags: 1 }),
      ])
      // The double counts a completion of the wrong kind, and then the script fails.
      const { answers } = await site.play(...lines, ...askAll('allows', { context: 'garbage' }))
      expect(answers.map(({ completions }) => completions)).toEqual(Array(27).fill(1))
    },
  },
  {
    id: 'D10',
    what: 'A user who is revoked while WinRM still remembers him is denied his next operation.',
    basis: 'D/R',
    async run(bench) {
      const site = bench.site()
      const first = await site.serve([{ name: 'a', policy: 'slow' }])
      const player = site.player()
      const { codes } = await player.play(
        startup('A', 'a'),
        askUser('A', { release: 'keep' }),
        askOperation('A'),
      )
      expect(codes).toEqual([0, 0])
      expect(await first.close()).toBe(0)
      const second = await site.serve([{ name: 'a', policy: 'report' }])
      // Another connection of the plug-in's may still be on its way.
      const { answers } = await player.play('sleep 500', askOperation('A'))
      expect(answers).toMatchObject([{ code: 5, completions: 1 }])
      await player.end()
      for (const answer of answers) {
        expect(await recordOf(second, answer)).toMatchObject({ outcome: 'deny', sender: alice })
      }
    },
  },
  {
    id: 'D11',
    what: 'What a denied client is told names no policy, tenant, path or reason.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const lines = ['reports', 'traps', 'nobody'].flatMap((name) => [startup(name, name), ...askAll(name)])
      const { answers } = await site.play(...lines)
      const texts = answers.map(({ extended }) => extended?.replace(/[0-9a-f]{32}/, 'ID') ?? '')
      expect(new Set(texts)).toEqual(
        new Set([
          '', // the reporting tenant's quota is the ceiling
          '<portcullis outcome="denied" id="ID">Access is denied.</portcullis>',
          '<portcullis outcome="no answer" id="ID">The authorization service gave no answer.</portcullis>',
        ]),
      )
    },
  },
]
