// The vectors, and openings that are not well-formed: they open nothing and lock no administrator out.

import { loadPolicy, readVectors } from 'portcullis/testing'
import { describe, expect, it } from 'vitest'

const policy = loadPolicy({ settings: 'settings.json' })

it.each(readVectors())('$name', ({ question, expect: expected }) => {
  expect(policy.decide(question)).toMatchObject(expected)
})

const userSid = 'S-1-5-21-2127521184-1604012920-1887927527-1003'
const administrators = 'S-1-5-21-1004336348-1177238915-682003330-1601'
const emergency = {
  application: 'a',
  senderName: 'HOST-3\\glass',
  authenticationMechanism: 'Negotiate',
  userSid,
}
const administrator = {
  application: 'a',
  senderName: 'CONTOSO\\ada',
  userSid: `${administrators}1`,
  groupSids: [administrators],
}

function opened(...openings: string[]) {
  return loadPolicy({ settings: { 'break-glass': openings } })
}

it('is open in each minute of the opening, and in none of the day before and after', () => {
  const eve = opened(`${userSid} from 2024-02-28T22:00Z until 2024-02-29T10:00Z`)
  for (let minute = -1440; minute < 2 * 1440; minute += 15) {
    const time = new Date(Date.parse('2024-02-28T22:00Z') + minute * 60_000).toISOString()
    const expected = minute >= 0 && minute < 12 * 60 ? 'allow' : 'deny'
    expect([time, eve.authzUser({ ...emergency, time }).outcome]).toEqual([time, expected])
  }
})

it.each([
  ['nothing under the key', opened()],
  ['no settings', loadPolicy({ settings: {} })],
])('with %s it is closed', (_, closed) => {
  expect(closed.authzUser(emergency)).toMatchObject({
    outcome: 'deny',
    reason: expect.stringMatching('is closed; to open it'),
  })
})

describe('old openings', () => {
  const old = `${userSid} from 2024-03-15T20:00Z until 2024-03-16T04:00Z`
  const good = `${userSid} from 2025-03-15T20:00Z until 2025-03-16T04:00Z`
  const during = { ...emergency, time: '2025-03-15T22:00:00Z' }

  it('may stay until there are ten lines', () => {
    expect(opened(...Array(9).fill(old), good).authzUser(during)).toMatchObject({ outcome: 'allow' })
  })

  it('open nothing from the eleventh line on, with a text that says what to do', () => {
    const full = opened(...Array(10).fill(old), good)
    expect(full.authzUser(during)).toMatchObject({
      outcome: 'no-answer',
      error: 'ERR_POLICY_ABORT',
      detail: expect.stringContaining(
        'break-glass has 11 lines, at most 10 are read; take out those that are over',
      ),
    })
    expect(full.authzUser(administrator)).toMatchObject({ outcome: 'allow', administrator: true })
  })
})

describe('an opening that is not well-formed', () => {
  const [from, until] = ['2025-03-15T20:00Z', '2025-03-16T04:00Z']
  const good = `${userSid} from ${from} until ${until}`

  function opensNothing(opening: string, detail: string): void {
    // Beside one that would open, before it and after it.
    for (const openings of [
      [opening, good],
      [good, opening],
    ]) {
      const broken = opened(...openings)
      const answer = broken.authzUser({ ...emergency, time: '2025-03-15T22:00:00Z' })
      expect(answer).toMatchObject({ outcome: 'no-answer', error: 'ERR_POLICY_ABORT' })
      expect(answer.detail).toContain(detail)
      expect(broken.authzUser(administrator)).toMatchObject({ outcome: 'allow', administrator: true })
    }
  }

  it.each([
    ['', 'is not SID from TIME until TIME'],
    [userSid, 'is not SID from TIME until TIME'],
    [`${userSid} until ${until}`, 'is not SID from TIME until TIME'],
    [`${userSid} from ${from} to ${until}`, 'is not SID from TIME until TIME'],
    [`${userSid} ${from} ${until}`, 'is not SID from TIME until TIME'],
    [`${good} `, 'is not SID from TIME until TIME'],
    [good.replace(' from', '  from'), 'is not SID from TIME until TIME'],
    [good.replace(' ', '1 '), 'does not name the emergency account'],
    [good.toLowerCase(), 'does not name the emergency account'],
    [`${userSid} from ${until} until ${from}`, 'ends before it begins'],
    [`${userSid} from ${from} until ${from}`, 'ends before it begins'],
    [`${userSid} from ${from} until 2025-03-16T08:01Z`, 'is for more than 12 hours'],
    [`${userSid} from ${from} until 2026-03-16T04:00Z`, 'is for more than 12 hours'],
  ])('"%s" opens nothing', (opening, detail) => opensNothing(opening, detail))

  const noTimes = [
    '',
    'Z',
    'tonight',
    '2025-03-15',
    '2025-03-15T20:00',
    '2025-03-15T20:00z',
    '2O25-03-15T20:00Z',
  ]
  const otherForms = [
    '2025-03-15T20:00:00Z',
    '2025-03-15T20:00+01:00',
    '15.03.2025T20:00Z',
    '2025-3-15T20:00Z',
  ]
  const withMore = ['2025-03-15T20:00ZZ', '2025-03-15T20:00Z,', '+2025-03-15T20:00Z', '2025-03-15T+0:00Z']
  const noDates = ['2025-02-30T20:00Z', '2025-02-29T20:00Z', '2025-13-15T20:00Z', '2025-03-15T24:00Z']
  const zeros = ['0025-03-15T20:00Z', '-025-03-15T20:00Z', '2025-00-15T20:00Z', '2025-03-00T20:00Z']

  it.each([...noTimes, ...otherForms, ...withMore, ...noDates, ...zeros])('"%s" is no time', (text) => {
    opensNothing(`${userSid} from ${text} until ${until}`, `"${text}" is not a time such as`)
    opensNothing(`${userSid} from ${from} until ${text}`, `"${text}" is not a time such as`)
  })
})
