// Principals and certificates in the SDK against regular expressions, which share nothing with them.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Certificate, Question } from '../support/block.ts'
import { type Answer, PlainPolicy } from '../support/plain-policy.ts'

const policy = PlainPolicy.test('sdk-helpers')

function ask(helper: string, argument: string, more: Partial<Question>): Answer {
  return policy.ask({
    kind: 'user',
    application: helper,
    senderName: 'ada',
    authenticationMechanism: argument,
    ...more,
  })
}

function isYes({ outcome, failure }: Answer): boolean {
  if (outcome === 'no-answer') throw new Error(failure)
  return outcome === 'allow'
}

/** Draws texts from few letters, so that what looks alike meets often. */
function textOf(letters: string, maxLength: number, minLength = 0): fc.Arbitrary<string> {
  return fc
    .array(fc.constantFrom(...letters), { minLength, maxLength })
    .map((characters) => characters.join(''))
}

describe('a principal', () => {
  const kinds = ['Plain', 'DomainUser', 'UserPrincipalName', 'Sid']

  function principalOf(senderName: string) {
    const [kind, domain, ...name] = (ask('principal', '', { senderName }).reason as string).split('|')
    return { kind: kinds[Number(kind)], domain, name: name.join('|') }
  }

  function expectedPrincipal(text: string) {
    const domainUser = /^([^\\@=]+)\\([^\\@=]+)$/s.exec(text)
    if (domainUser) return { kind: 'DomainUser', domain: domainUser[1], name: domainUser[2] }
    const userName = /^([^\\@=]+)@([^\\@=]+)$/s.exec(text)
    if (userName) return { kind: 'UserPrincipalName', domain: userName[2], name: userName[1] }
    return { kind: 'Plain', domain: '', name: text }
  }

  it.each([
    ['CONTOSO\\ada', 'DomainUser', 'CONTOSO', 'ada'],
    ['.\\ada', 'DomainUser', '.', 'ada'],
    ['NT AUTHORITY\\SYSTEM', 'DomainUser', 'NT AUTHORITY', 'SYSTEM'],
    ['ada@contoso.example', 'UserPrincipalName', 'contoso.example', 'ada'],
    [
      'S-1-5-21-1004336348-1177238915-682003330-1104',
      'Sid',
      '',
      'S-1-5-21-1004336348-1177238915-682003330-1104',
    ],
    ['S-1-5-032', 'Sid', '', 'S-1-5-32'],
    ['s-1-5-32', 'Plain', '', 's-1-5-32'],
    ['S-1-5-4294967296', 'Plain', '', 'S-1-5-4294967296'],
    ['S-1-5-', 'Plain', '', 'S-1-5-'],
    ['S-1-5-18\\ada', 'DomainUser', 'S-1-5-18', 'ada'],
    ['ada', 'Plain', '', 'ada'],
    ['a\\b\\c', 'Plain', '', 'a\\b\\c'],
    ['\\\\ada', 'Plain', '', '\\\\ada'],
    ['\\ada', 'Plain', '', '\\ada'],
    ['CONTOSO\\', 'Plain', '', 'CONTOSO\\'],
    ['\\', 'Plain', '', '\\'],
    ['@', 'Plain', '', '@'],
    ['ada@', 'Plain', '', 'ada@'],
    ['@contoso.example', 'Plain', '', '@contoso.example'],
    ['ada@b@c', 'Plain', '', 'ada@b@c'],
    ['CONTOSO\\ada@contoso.example', 'Plain', '', 'CONTOSO\\ada@contoso.example'],
    ['E=ada@contoso.example, CN=Ada', 'Plain', '', 'E=ada@contoso.example, CN=Ada'],
  ])('%s is %s', (senderName, kind, domain, name) => {
    expect(principalOf(senderName)).toEqual({ kind, domain, name })
  })

  it('is what a regular expression makes of any text', () => {
    fc.assert(
      fc.property(fc.oneof(textOf('aB\\@=é\0', 8, 1), textOf('ab\\@', 6, 1)), (senderName) => {
        expect(principalOf(senderName)).toEqual(expectedPrincipal(senderName))
      }),
    )
  })

  function isSame(senderName: string, other: string): boolean {
    return isYes(ask('isSame', other, { senderName }))
  }

  it.each([
    ['CONTOSO\\ada', 'contoso\\ADA', true],
    ['CONTOSO\\ada', 'CONTOSO\\ad', false],
    ['CONTOSO\\ada', 'FABRIKAM\\ada', false],
    ['CONTOSO\\ada', ' CONTOSO\\ada', false],
    ['Ada@Contoso.Example', 'ada@contoso.example', true],
    ['ada@contoso.example', 'contoso.example@ada', false],
    ['CONTOSO\\ada', 'ada@CONTOSO', false],
    ['ada', 'CONTOSO\\ada', false],
    ['ada', 'ada', true],
    ['ada', 'ADA', false],
    ['ada', '', false],
    ['A\\ZOË', 'a\\zoë', false],
    ['A\\ZOë', 'a\\zoë', true],
    ['A\\[', 'a\\{', false],
    ['a\\K', 'a\\\u212a', false],
    ['S-1-5-32-544', 'S-1-5-32-544', true],
    ['S-1-5-32-544', 'S-1-5-32-0544', true],
    ['S-1-5-32-544', 's-1-5-32-544', false],
    ['S-1-5-32-544', 'S-1-5-32-545', false],
  ])('%s and %s are the same name: %s', (senderName, other, same) => {
    expect(isSame(senderName, other)).toBe(same)
    if (other !== '') expect(isSame(other, senderName)).toBe(same)
  })

  it('is the same as another exactly when form and folded parts are equal', () => {
    const folded = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    const key = (text: string) => {
      const { kind, domain = '', name = '' } = expectedPrincipal(text)
      return kind === 'Plain' ? `${kind} ${text}` : `${kind} ${folded(domain)}\\${folded(name)}`
    }
    const name = textOf('aA\\@é', 4, 1)
    fc.assert(
      fc.property(name, name, (left, right) => {
        expect(isSame(left, right)).toBe(key(left) === key(right))
      }),
      { numRuns: 500 },
    )
  })
})

describe('a certificate', () => {
  const sha1 = '925a8f8d2c6d04e0665f596aff22d863e8256f3f'
  const sha256 = '00112233445566778899aabbccddeeff'.repeat(2)

  function shown(certificate?: Certificate): string | undefined {
    return ask('certificate', '', certificate ? { certificate } : {}).reason
  }

  it('is null when none of its texts is there', () => {
    expect(shown()).toBe('no certificate')
    expect(shown({})).toBe('no certificate')
  })

  it('is there with any of its texts, and keeps absent and empty apart', () => {
    expect(shown({ subject: '' })).toBe('|null|null|null')
    expect(shown({ issuerName: '' })).toBe('null||null|null')
    expect(shown({ issuerThumbprint: '' })).toBe('null|null||null')
    expect(shown({ subjectName: 'ada' })).toBe('null|null|null|ada')
    expect(shown({ subject: 'a', issuerName: 'b', issuerThumbprint: 'c', subjectName: 'd' })).toBe('a|b|c|d')
  })

  function isIssuedBy(issuerThumbprint: string, thumbprint: string): boolean {
    return isYes(ask('isIssuedBy', thumbprint, { certificate: { issuerThumbprint } }))
  }

  it.each([
    [sha1, sha1, true],
    [sha1, sha1.toUpperCase(), true],
    [sha1, sha1.replace(/..(?!$)/g, '$&:'), true],
    [sha1.replace(/../g, '$& '), ` :${sha1}: `, true],
    [sha256, sha256.toUpperCase(), true],
    [sha1, sha1.replace('9', '8'), false],
    [sha1, `${sha1.slice(0, -1)}e`, false],
    [sha1, sha256, false],
    [sha1, '', false],
    ['', '', false],
    [' ', ':', false],
    [sha1.slice(1), sha1.slice(1), false],
    [`${sha1}0`, `${sha1}0`, false],
    [sha256.slice(2), sha256.slice(2), false],
    [`\u200e${sha1}`, sha1, false],
    [`${sha1}-`, `${sha1}-`, false],
    ['g'.repeat(40), 'g'.repeat(40), false],
    ['@'.repeat(40), '`'.repeat(40), false],
    [`${sha1}\u00a0`, sha1, false],
  ])('with the thumbprint "%s" is issued by "%s": %s', (issuer, thumbprint, issued) => {
    expect(isIssuedBy(issuer, thumbprint)).toBe(issued)
    expect(isIssuedBy(thumbprint, issuer)).toBe(issued)
  })

  it('is issued by nobody when the thumbprint is absent', () => {
    expect(isYes(ask('isIssuedBy', sha1, { certificate: { subject: 'CN=ada' } }))).toBe(false)
    expect(isYes(ask('isIssuedBy', sha1, {}))).toBe(false)
  })

  it('compares as a regular expression does, whatever the spelling', () => {
    const plain = (text: string) => text.replace(/[ :]/g, '').toLowerCase()
    const spelled = fc
      .tuple(
        fc.constantFrom(sha1, sha256, sha1.slice(1)),
        fc.array(fc.tuple(fc.nat(40), fc.constantFrom(' ', ':', '', 'A', 'g')), { maxLength: 4 }),
        fc.boolean(),
      )
      .map(([digits, insertions, upper]) => {
        let text = upper ? digits.toUpperCase() : digits
        for (const [place, inserted] of insertions) text = text.slice(0, place) + inserted + text.slice(place)
        return text
      })
    fc.assert(
      fc.property(spelled, spelled, (left, right) => {
        const same = plain(left) === plain(right) && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(plain(left))
        expect(isIssuedBy(left, right)).toBe(same)
      }),
      { numRuns: 500 },
    )
  })
})
