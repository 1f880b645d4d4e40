// The policies in test/policies behave, or misbehave, as their first lines say. Other tests rely on that.

import { describe, expect, it } from 'vitest'
import { type Question, writeBlock } from '../support/block.ts'
import { PlainPolicy } from '../support/plain-policy.ts'

const facts: Question = {
  kind: 'user',
  application: 'wsman/contoso',
  senderName: 'ada',
  authenticationMechanism: '',
}
const operation = {
  kind: 'operation' as const,
  operation: 1,
  action: 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get',
  resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service',
}

/** The hash that mirror.ts describes. */
function hashOf(...texts: string[]): number {
  let hash = 2166136261
  for (const text of texts) {
    for (let index = 0; index < text.length; index++)
      hash = Math.imul(hash ^ text.charCodeAt(index), 16777619)
    hash = Math.imul(hash ^ 0xffff, 16777619)
  }
  return hash >>> 0
}

describe('mirror', () => {
  const policy = PlainPolicy.test('mirror')
  const names = Array.from({ length: 200 }, (_, index) => `CONTOSO\\Zoë ${index}\ud800`)

  it('allows and denies users and operations by the hash, and both happen', () => {
    const outcomes = new Set<string>()
    for (const senderName of names) {
      const userAllowed = (hashOf(facts.application, senderName) & 7) !== 0
      const bit = hashOf(facts.application, senderName, operation.action, operation.resourceUri) & 1
      const user = policy.ask({ ...facts, senderName }).outcome
      const both = policy.ask({ ...facts, ...operation, senderName }).outcome
      const alone = policy.call('authzOperation', writeBlock({ ...facts, ...operation, senderName })).outcome
      expect([user, both, alone]).toEqual([
        userAllowed ? 'allow' : 'deny',
        userAllowed && bit === 1 ? 'allow' : 'deny',
        bit === 1 ? 'allow' : 'deny',
      ])
      outcomes.add(`${user} ${both}`)
    }
    expect(outcomes.size).toBe(3)
  })

  it('gives the bytes of the hash as a quota', () => {
    for (const senderName of names) {
      const hash = hashOf(facts.application, senderName)
      expect(policy.ask({ ...facts, kind: 'quota', senderName }).quota).toEqual({
        concurrentShells: 1 + (hash & 0xff),
        concurrentOperations: 1 + ((hash >>> 8) & 0xff),
        timeslotSeconds: 1 + ((hash >>> 16) & 0xff),
        operationsPerTimeslot: 1 + (hash >>> 24),
      })
    }
  })
})

describe('endless and slow', () => {
  it('allow at once what does not name them', () => {
    for (const name of ['endless', 'slow']) {
      expect(PlainPolicy.test(name).ask({ ...facts, ...operation }).outcome).toBe('allow')
    }
  })

  it('slow takes its time and then allows', () => {
    const startedMs = performance.now()
    expect(PlainPolicy.test('slow').ask({ ...facts, senderName: 'slow' }).outcome).toBe('allow')
    expect(performance.now() - startedMs).toBeGreaterThan(5)
  })
})

describe('the policies that give no answer', () => {
  it('trap ends in a trap, whatever is asked', () => {
    const policy = PlainPolicy.test('trap')
    for (const question of [facts, { ...facts, ...operation }, { ...facts, kind: 'quota' as const }]) {
      expect(policy.ask(question)).toEqual({ outcome: 'no-answer', failure: 'unreachable' })
    }
  })

  it('grow ends when memory is at its maximum', () => {
    expect(PlainPolicy.test('grow').ask(facts)).toEqual({ outcome: 'no-answer', failure: 'unreachable' })
  })

  it('recursion ends when the stack does', () => {
    expect(PlainPolicy.test('recursion').ask(facts).failure).toContain('call stack')
  })

  it('abort-message says what it says', () => {
    const { outcome, failure } = PlainPolicy.test('abort-message').ask(facts)
    expect(outcome).toBe('no-answer')
    expect(failure?.startsWith('管🔑理者 Zoë '.repeat(256))).toBe(true)
    expect(failure).toContain('test/policies/abort-message.ts:')
  })
})

describe('stateful', () => {
  const policy = PlainPolicy.test('stateful')

  it('allows in a fresh state, also when it then grows', () => {
    expect(policy.ask(facts).outcome).toBe('allow')
    expect(policy.ask({ ...facts, senderName: 'grow' }).outcome).toBe('allow')
  })

  it('denies when it was called before, and says what it remembers', () => {
    const block = writeBlock({ ...facts, senderName: 'grow' })
    expect(policy.callTwice('authzUser', block)).toEqual([
      { outcome: 'allow', administrator: false },
      { outcome: 'deny', reason: 'a global survived the last call' },
    ])
  })
})

describe('bad-result', () => {
  const policy = PlainPolicy.test('bad-result')

  it.each([0, 29])('number %d is a correct allow', (number) => {
    expect(policy.ask({ ...facts, senderName: `liar ${number}` }).outcome).toBe('allow')
  })

  it.each([1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 20, 21])('number %d cannot even be read', (number) => {
    expect(policy.ask({ ...facts, senderName: `liar ${number}` }).outcome).toBe('no-answer')
  })

  it('gives a correct quota for every number that chooses no lie', () => {
    expect(policy.ask({ ...facts, kind: 'quota', senderName: 'liar 0' }).quota).toEqual({
      concurrentShells: 1,
      concurrentOperations: 2,
      timeslotSeconds: 3,
      operationsPerTimeslot: 4,
    })
  })
})

describe('report', () => {
  it('dumps a question in its reason: numbers first, then fields, absent ones without a value', () => {
    const question: Question = {
      ...facts,
      ...operation,
      userSid: 'S-1-5-7',
      denyOnlySids: ['S-1-5-11', 'S-1-5-2'],
    }
    const { reason } = PlainPolicy.test('report').ask({ ...question, httpUrl: '' })
    expect(reason?.split('|')).toEqual([
      'kind=2',
      'attempt=1',
      `id=${'0'.repeat(32)}`,
      'timeMs=0',
      'offset=0',
      'token=true',
      'operation=1',
      'userSid=S-1-5-7',
      'enabledGroups=',
      'denyOnlyGroups=S-1-5-11;S-1-5-2',
      'application=wsman/contoso',
      'senderName=ada',
      'authenticationMechanism=',
      'certificateSubject',
      'certificateIssuerName',
      'certificateIssuerThumbprint',
      'certificateSubjectName',
      'httpUrl=',
      `action=${operation.action}`,
      `resourceUri=${operation.resourceUri}`.slice(0, 512),
    ])
  })
})
