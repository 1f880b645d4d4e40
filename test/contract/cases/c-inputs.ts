// C, third part: what a policy sees of a question, to the unit. A policy that denies with all that it sees says so in the
// host's log.

import { expect } from 'vitest'

import type { Bench } from '../bench.ts'
import type { Case } from '../case.ts'
import { type AskKeys, askUser, startup } from '../lines.ts'
import { recordOf } from '../site.ts'

/** What the policy saw of each question, and whom the host recorded as the one who asked. */
async function seen(
  bench: Bench,
  questions: readonly AskKeys[],
): Promise<{ reason: string; sender: string }[]> {
  const { site, host } = await bench.shared()
  const lines = questions.map((keys) => askUser('A', keys))
  const { answers } = await site.play(startup('A', 'reports'), ...lines)
  expect(answers).toHaveLength(questions.length)
  const records = await Promise.all(answers.map((answer) => recordOf(host, answer)))
  return records.map(({ reason, sender }) => ({ reason: String(reason), sender: String(sender) }))
}

async function expectVerbatim(bench: Bench, senders: readonly string[]): Promise<void> {
  const records = await seen(
    bench,
    senders.map((sender) => ({ sender })),
  )
  expect(records.map(({ sender }) => sender)).toEqual(senders)
  for (const { sender, reason } of records) expect(reason).toContain(`senderName=${sender}|`)
}

const certificate = {
  certificate: 'full',
  certificateSubject: 'CN="Doe, Jane", O=Contoso',
  certificateIssuerName: 'CN=Contoso CA',
  certificateIssuerThumbprint: 'ab12',
  certificateSubjectName: 'CN=of the issuer',
} as const

export const inputCases: readonly Case[] = [
  {
    id: 'C11',
    what: 'Surrogate pairs in a sender name reach the policy unit by unit.',
    basis: 'R',
    run: (bench) => expectVerbatim(bench, ['emoji \u{1f600}', '\u{20bb7}野家@contoso.example', '\u{10ffff}']),
  },
  {
    id: 'C12',
    what: 'Unpaired surrogates in a sender name are carried as they are, and make no two names equal.',
    basis: 'R',
    run: (bench) => expectVerbatim(bench, ['x\ud83d', 'x\ud83e', 'x\udc00', '\udc00\ud83d', 'x\ufffd']),
  },
  {
    id: 'C13',
    what: 'Every form of a name, with quotes, commas, line ends and braces, passes verbatim; nothing of it becomes a line or a member of the log.',
    basis: 'D/R',
    run: (bench) =>
      expectVerbatim(bench, [
        'CONTOSO\\Zoë',
        'alice@contoso.example',
        'alice',
        '0003BFFD8A3C5E7F',
        'CN="Doe, J.\nO=x", OU=a+b',
        '"}\n{"event":"decision","outcome":"allow"}',
        '\t\u0001\u0085\u2028',
      ]),
  },
  {
    id: 'C14',
    what: 'Names that differ only in case, a space at the end or normalisation stay different.',
    basis: 'R',
    run: (bench) => expectVerbatim(bench, ['zoë', 'ZOË', 'zoe\u0308', 'zoë ', 'zo\u00eb\u200b']),
  },
  {
    id: 'C15',
    what: 'With the mechanism ClientCertificate, in any case, all four certificate fields reach the policy.',
    basis: 'D',
    async run(bench) {
      const mechanisms = ['ClientCertificate', 'CLIENTcertificate']
      const records = await seen(
        bench,
        mechanisms.map((mechanism) => ({ mechanism, ...certificate })),
      )
      for (const { reason } of records) {
        expect(reason).toContain(
          'certificateSubject=CN="Doe, Jane", O=Contoso|certificateIssuerName=CN=Contoso CA|' +
            'certificateIssuerThumbprint=ab12|certificateSubjectName=CN=of the issuer|',
        )
      }
    },
  },
  {
    id: 'C17',
    what: 'With another mechanism the certificate pointer is not followed, and no field reaches the policy.',
    basis: 'D',
    async run(bench) {
      const records = await seen(bench, [
        { certificate: 'garbage' },
        { ...certificate, mechanism: 'Kerberos' },
      ])
      for (const { reason } of records) {
        expect(reason).toContain('|certificateSubject|certificateIssuerName|certificateIssuerThumbprint|')
      }
    },
  },
  {
    id: 'C18',
    what: 'Certificate fields that are NULL are absent to the policy, which is not the same as empty.',
    basis: 'R',
    async run(bench) {
      const mechanism = 'ClientCertificate'
      const records = await seen(bench, [
        { mechanism, certificate: 'full' },
        { mechanism, certificate: 'full', certificateSubject: '', certificateSubjectName: '' },
      ])
      expect(records[0]?.reason).toContain('|certificateSubject|certificateIssuerName|')
      expect(records[1]?.reason).toContain('|certificateSubject=|certificateIssuerName|')
    },
  },
]
