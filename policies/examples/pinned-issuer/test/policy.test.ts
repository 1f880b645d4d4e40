// The vectors, and thumbprints that are almost the pinned one.

import { loadPolicy, readVectors } from 'portcullis/testing'
import { describe, expect, it } from 'vitest'

const policy = loadPolicy()

it.each(readVectors())('$name', ({ question, expect: expected }) => {
  expect(policy.decide(question)).toMatchObject(expected)
})

const subject = 'CN=monitor-1.contoso.example'
const pin = '925a8f8d2c6d04e0665f596aff22d863e8256f3f'

function outcome(issuerThumbprint: string, authenticationMechanism = 'ClientCertificate'): string {
  const certificate = { subject, issuerName: 'CN=Contoso Issuing CA 2', issuerThumbprint }
  return policy.authzUser({
    application: 'wsman/contoso',
    senderName: subject,
    authenticationMechanism,
    certificate,
  }).outcome
}

describe('a thumbprint', () => {
  it.each([pin, pin.toUpperCase(), pin.replace(/..(?!$)/g, '$&:'), ` ${pin} `])(
    'is the same as "%s"',
    (same) => {
      expect(outcome(same)).toBe('allow')
    },
  )

  it('is another one with any digit changed', () => {
    for (const [index, digit] of [...pin].entries()) {
      const other = digit === '0' ? '1' : '0'
      expect(outcome(pin.slice(0, index) + other + pin.slice(index + 1))).toBe('deny')
    }
  })

  it('is another one if it is cut off or goes on', () => {
    for (let length = 0; length < pin.length; length++) expect(outcome(pin.slice(0, length))).toBe('deny')
    for (const more of ['0', '00', pin, '\u200e', '\0', '*']) expect(outcome(pin + more)).toBe('deny')
  })
})

it.each(['', 'Basic', 'Negotiate', 'Kerberos', 'clientcertificate', 'ClientCertificate '])(
  'the right certificate is worth nothing with the mechanism "%s"',
  (mechanism) => {
    expect(outcome(pin, mechanism)).toBe('deny')
  },
)
