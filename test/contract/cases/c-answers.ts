// C, first part: what a user question's completion says, for every kind of answer and for none.

import { expect } from 'vitest'

import { mirrored } from '../../hostile/honest.ts'
import { eventually } from '../../support/testbed.ts'
import { type Case, neverRun } from '../case.ts'
import { askUser, repeated, startup } from '../lines.ts'
import { expectCounted, recordOf, tellCounts } from '../site.ts'

/** Ten times the plug-in's deadline of a second. */
const LATE_US_MAX = 10_000_000
/** What "at once" may take on a busy machine; a tenth of the deadline would be slow already. */
const AT_ONCE_US_MAX = 500_000

/** A user to whom the mirror policy says this. */
function mirroredName(application: string, kind: string): string {
  const names = Array.from({ length: 64 }, (_, index) => `CONTOSO\\user-${index}`)
  return names.find((name) => mirrored(application, name).kind === kind) ?? ''
}

const noAnswer = { outcome: 'no-answer', token: 0, context: false, administrator: 0, completions: 1 } as const

export const answerCases: readonly Case[] = [
  {
    id: 'C1',
    what: 'A policy that allows: one completion with code 0, the client token, a context, and no administrator.',
    basis: 'D',
    async run(bench) {
      const { site } = await bench.shared()
      const { answers } = await site.play(startup('A', 'allows'), askUser('A'))
      expect(answers).toMatchObject([
        { code: 0, completions: 1, token: 1, context: true, administrator: 0, sameThread: true },
      ])
    },
  },
  {
    id: 'C2',
    what: 'A policy that denies: code 5, without context, token or administrator.',
    basis: 'D/S',
    async run(bench) {
      const { site } = await bench.shared()
      const { answers } = await site.play(startup('A', 'reports'), askUser('A'))
      expect(answers).toMatchObject([
        { code: 5, outcome: 'denied', completions: 1, token: 0, context: false, administrator: 0 },
      ])
    },
  },
  {
    id: 'C3',
    what: 'A policy that traps, aborts, recurses, loops, uses up its memory or returns garbage: one completion with code 1359.',
    basis: 'R',
    async run(bench) {
      const { site, host } = await bench.shared()
      const tenants = ['traps', 'aborts', 'recurses', 'loops', 'grows', 'lies']
      const sender = 'endless liar 8'
      const lines = tenants.flatMap((tenant) => [startup(tenant, tenant), askUser(tenant, { sender })])
      const { answers } = await site.play(...lines)
      expect(answers).toMatchObject(Array(tenants.length).fill({ ...noAnswer, code: 1359 }))
      const errors = await Promise.all(answers.map(async (answer) => (await recordOf(host, answer)).error))
      expect(errors).toEqual([
        'ERR_POLICY_TRAP',
        'ERR_POLICY_ABORT',
        'ERR_POLICY_STACK',
        'ERR_POLICY_FUEL',
        'ERR_POLICY_TRAP',
        'ERR_POLICY_RESULT',
      ])
    },
  },
  {
    id: 'C4',
    what: 'A question that is not answered in time: one completion with code 1460 by the deadline; the late answer reaches nobody.',
    basis: 'R',
    async run(bench) {
      const site = bench.site()
      const host = await site.serve([{ name: 'mirror-a', policy: 'mirror' }], { evaluators: 1 })
      const player = site.player()
      // A late answer to the first would allow the second.
      const named = (kind: string) => mirroredName('wsman/mirror-a', kind)
      const [ask, other] = [askUser('A', { sender: named('allow') }), askUser('A', { sender: named('deny') })]
      const { codes } = await player.play(startup('A', 'mirror-a'), ask, other)
      expect(codes).toEqual([0, 5])
      site.suspend(host)
      const { answers } = await player.play(ask)
      expect(answers).toMatchObject([{ ...noAnswer, code: 1460 }])
      expect(answers[0]?.microseconds).toBeLessThan(LATE_US_MAX)
      site.resume()
      const seen = new Set<string>()
      await eventually(
        async () => {
          for (const { outcome } of (await player.play(other)).answers) seen.add(outcome)
        },
        () => seen.has('denied'),
      )
      expect([...seen].filter((outcome) => outcome === 'allow')).toEqual([])
      await player.end()
    },
  },
  {
    id: 'C5',
    what: 'No host: one completion with code 5, at once.',
    basis: 'R',
    async run(bench) {
      const { answers } = await bench.site().play(startup('A', 'a'), ...repeated(5, askUser('A')))
      expect(answers).toMatchObject(Array(5).fill({ ...noAnswer, code: 5 }))
      for (const { microseconds } of answers) expect(microseconds).toBeLessThan(AT_ONCE_US_MAX)
    },
  },
  {
    id: 'C25',
    what: 'A reason with <, &, quotes or unpaired surrogates reaches the client, where the operator shows reasons, as well-formed XML of bounded length; elsewhere none does.',
    basis: 'D/R',
    async run(bench) {
      const { site } = await bench.shared()
      const senders = ['A<b>&"\u{1f600}\ud800', '<!DOCTYPE x>]]>'.repeat(500)]
      const lines = ['shows', 'reports'].flatMap((tenant) => {
        return [startup(tenant, tenant), ...senders.map((sender) => askUser(tenant, { sender }))]
      })
      const { answers } = await site.play(...lines)
      const [shown, long, hidden, hiddenToo] = answers.map(({ extended }) => extended ?? '')
      expect(shown).toMatch(/^<portcullis outcome="denied" id="[0-9a-f]{32}">[^<>]*<\/portcullis>$/)
      expect(shown).toContain('A&lt;b&gt;&amp;&quot;\u{1f600}\ufffd')
      expect(long).toContain('&lt;!DOCTYPE')
      expect(long?.length).toBeLessThan(1024)
      for (const text of [hidden, hiddenToo]) expect(text).not.toContain('kind=')
    },
  },
  {
    id: 'C26',
    what: 'Success carries no extended information.',
    basis: 'D',
    async run(bench) {
      const { site } = await bench.shared()
      const { answers } = await site.play(
        startup('A', 'shows'),
        startup('B', 'allows'),
        askUser('A'),
        askUser('B'),
      )
      expect(answers.map(({ extended }) => extended === null)).toEqual([false, true])
    },
  },
  {
    id: 'C27',
    what: 'A completion that WinRM refuses with 87 is not repeated; it is counted, and its context is void.',
    basis: 'D/R',
    async run(bench) {
      const { site, host } = await bench.sharedToCount()
      const played = await site.play(
        ...[startup('A', 'allows'), askUser('A', { refuse: 1, as: 'void' }), 'release context void'],
        ...tellCounts,
      )
      expect(played.answers).toMatchObject([{ code: 0, completions: 1, context: true }, { code: 0 }])
      await expectCounted(host, played, { NOT_ACCEPTED: 1, STALE_CONTEXT: 1 })
    },
  },
  {
    id: 'C28',
    what: 'Once a completion has been called, nothing behind the sender details is touched: their pages are gone by then.',
    basis: 'R',
    async run(bench) {
      const { site } = await bench.shared()
      const certificate = {
        certificate: 'full',
        certificateSubject: 'CN=s',
        certificateIssuerName: 'CN=i',
      } as const
      const lines = ['allows', 'reports', 'traps'].flatMap((tenant) => [
        startup(tenant, tenant),
        askUser(tenant),
        askUser(tenant, { mechanism: 'ClientCertificate', ...certificate }),
        `ask ${tenant} operation sender=x mechanism=y action=z resource=r`,
        `ask ${tenant} quota sender=x mechanism=y`,
        `ask ${tenant} user sender=x mechanism=y flags=1 refuse=1`,
      ])
      const { codes } = await site.play('hand pages', ...lines)
      expect(codes).toEqual([0, 0, 0, 0, 87, 5, 5, 5, 0, 87, 1359, 1359, 1359, 1359, 87])
    },
  },
  {
    id: 'C29',
    what: 'An answer that is given after the entry point has returned.',
    basis: 'R',
    ...neverRun('no answer is: every completion is called before its entry point returns'),
  },
]
