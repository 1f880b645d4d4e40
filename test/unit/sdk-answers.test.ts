// What a policy can answer: decisions and quotas, and the mistakes in making one that end a question without
// an answer.

import { describe, expect, it } from 'vitest'
import type { Question } from '../support/block.ts'
import { type Answer, PlainPolicy } from '../support/plain-policy.ts'

const sdkCases = PlainPolicy.test('sdk-cases')

function ask(senderName: string, httpUrl: string, kind: Question['kind'] = 'user'): Answer {
  return sdkCases.ask({
    kind,
    application: 'wsman/contoso',
    senderName,
    authenticationMechanism: '',
    httpUrl,
  })
}

describe('a decision', () => {
  it('stays a denial when the policy makes allows after it', () => {
    expect(ask('a denial made before two allows', 'no')).toEqual({ outcome: 'deny', reason: 'no' })
  })

  it('is a denial without a reason when the reason is empty', () => {
    expect(ask('deny', '')).toEqual({ outcome: 'deny', reason: '' })
  })

  it('carries a reason outside ASCII and an unpaired surrogate unchanged', () => {
    expect(ask('deny', 'Zoë 管理者 \ud800').reason).toBe('Zoë 管理者 \ud800')
  })

  it('keeps a reason of 512 units whole', () => {
    expect(ask('deny', 'r'.repeat(512)).reason).toBe('r'.repeat(512))
  })

  it.each([513, 1024, 20_000])('cuts a reason of %d units at 512 and stays a denial', (units) => {
    expect(ask('deny', 'r'.repeat(units))).toEqual({ outcome: 'deny', reason: 'r'.repeat(512) })
  })

  it('does not cut a reason inside a surrogate pair', () => {
    expect(ask('deny', `${'r'.repeat(511)}🔑 and more`).reason).toBe('r'.repeat(511))
    expect(ask('deny', `${'r'.repeat(510)}🔑 and more`).reason).toBe(`${'r'.repeat(510)}🔑`)
  })

  it('keeps an unpaired surrogate at the cut', () => {
    expect(ask('deny', `${'r'.repeat(511)}\ud800 and more`).reason).toBe(`${'r'.repeat(511)}\ud800`)
  })

  it('redirects to a URL of up to 512 units', () => {
    const url = `https://winrm.example/${'x'.repeat(490)}`
    expect(ask('redirect', url)).toEqual({ outcome: 'redirect', url })
  })

  it('does not redirect to a longer URL, which would be another one when cut', () => {
    const { outcome, failure } = ask('redirect', `https://winrm.example/${'x'.repeat(491)}`)
    expect(outcome).toBe('no-answer')
    expect(failure).toContain('the URL of a redirect is longer than 512 UTF-16 units')
  })

  it('does not redirect to nowhere', () => {
    expect(ask('redirect', '').failure).toContain('a redirect needs a URL')
  })
})

describe('a quota', () => {
  it('has the four limits in their order, whatever other quotas are made', () => {
    expect(ask('', '1 2 3 4', 'quota').quota).toEqual({
      concurrentShells: 1,
      concurrentOperations: 2,
      timeslotSeconds: 3,
      operationsPerTimeslot: 4,
    })
  })

  it('may have the greatest limits that there are', () => {
    expect(ask('', '4294967295 4294967295 4294967295 4294967295', 'quota').quota?.timeslotSeconds).toBe(
      4294967295,
    )
  })

  it.each([
    ['shells', '0 2 3 4'],
    ['operations', '1 0 3 4'],
    ['timeslotSeconds', '1 2 0 4'],
    ['operationsPerTimeslot', '1 2 3 0'],
  ])('with zero %s is refused with a message that names it', (name, limits) => {
    const { outcome, failure } = ask('', limits, 'quota')
    expect(outcome).toBe('no-answer')
    expect(failure).toContain(`Quota: ${name} must not be zero`)
  })
})
