// An answer is held against what a vector expects, no more and no less, and a mismatch says both.

import { describe, expect, it } from 'vitest'

import type { Description } from '../../host/winrm/description.ts'
import { type Expectation, mismatch } from '../../host/winrm/expectation.ts'
import type { Kind } from '../../host/wire/layout.ts'

describe('an answer', () => {
  const allowed: Description = {
    outcome: 'allow',
    errorCode: 0,
    reason: null,
    administrator: false,
    quota: null,
    fuelUsed: 100,
    error: null,
    detail: null,
  }
  const denied: Description = { ...allowed, outcome: 'deny', errorCode: 5, reason: 'no' }
  const to = (reason: string, error: Description['error']): Description => ({ ...denied, reason, error })
  const trapped: Description = {
    ...allowed,
    outcome: 'no-answer',
    errorCode: 1359,
    error: 'ERR_POLICY_TRAP',
    detail: 'unreachable',
  }
  const four = {
    concurrentShells: 1,
    concurrentOperations: 2,
    timeslotSeconds: 3,
    operationsPerTimeslot: 4,
  }
  const limited: Description = { ...allowed, quota: four }
  const url = 'https://a.example/'

  it.each<[string, Expectation, Kind, Description]>([
    ['whatever else it has', { outcome: 'deny' }, 'user', denied],
    ['to the letter', { outcome: 'deny', reason: 'no' }, 'operation', denied],
    ['as administrator or not', { outcome: 'allow', administrator: false }, 'user', allowed],
    ['with its quota, in any order', { outcome: 'allow', quota: { ...four } }, 'quota', limited],
    ['without one', { outcome: 'no-answer' }, 'user', trapped],
    ['for the reason why not', { outcome: 'no-answer', error: 'ERR_POLICY_TRAP' }, 'user', trapped],
    [
      'that redirects',
      { outcome: 'deny', redirect: url },
      'user',
      to(`redirect to ${url}`, 'ERR_REDIRECT_TARGET'),
    ],
    [
      'that redirects an operation',
      { outcome: 'deny', redirect: url },
      'operation',
      to(`redirect to ${url}`, null),
    ],
  ])('is as expected %s', (_, expected, kind, came) => {
    expect(mismatch(expected, kind, came)).toBeUndefined()
  })

  it.each<[string, Expectation, Kind, Description, string]>([
    ['another outcome', { outcome: 'allow' }, 'user', denied, 'came {"outcome":"deny","reason":"no"}'],
    ['another reason', { outcome: 'deny', reason: 'No' }, 'user', denied, '"reason":"No"}, came'],
    [
      'no administrator',
      { outcome: 'allow', administrator: true },
      'user',
      allowed,
      'came {"outcome":"allow","administrator":false}',
    ],
    [
      'another quota',
      { outcome: 'allow', quota: { ...four, timeslotSeconds: 4 } },
      'quota',
      limited,
      '"timeslotSeconds":3',
    ],
    [
      'no quota',
      { outcome: 'allow', quota: four },
      'quota',
      allowed,
      'came {"outcome":"allow","quota":null}',
    ],
    [
      'another error',
      { outcome: 'no-answer', error: 'ERR_POLICY_ABORT' },
      'user',
      trapped,
      'came {"outcome":"no-answer","error":"ERR_POLICY_TRAP","detail":"unreachable"}',
    ],
    [
      'another target',
      { outcome: 'deny', redirect: url },
      'user',
      to('redirect to https://b.example/', 'ERR_REDIRECT_TARGET'),
      'redirect to https://b.example/',
    ],
    [
      'a denial in words alike',
      { outcome: 'deny', redirect: url },
      'user',
      to(`redirect to ${url}`, null),
      'came',
    ],
    ['an allow and no redirect', { outcome: 'allow', redirect: url }, 'user', allowed, 'came'],
  ])('is not as expected with %s', (_, expected, kind, came, message) => {
    expect(mismatch(expected, kind, came)).toContain(message)
  })

  it('that is long is cut where it is shown', () => {
    const long = mismatch({ outcome: 'allow', reason: 'x'.repeat(5_000) }, 'user', denied) ?? ''
    expect(long.length).toBeLessThan(700)
    expect(long).toContain('…, came {"outcome":"deny","reason":"no"}')
  })
})
