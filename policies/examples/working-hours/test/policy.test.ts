// The vectors, and what they could say only at great length: every hour of a week.

import { loadPolicy, readVectors } from 'portcullis/testing'
import { describe, expect, it } from 'vitest'

const policy = loadPolicy()

it.each(readVectors())('$name', ({ question, expect: expected }) => {
  expect(policy.decide(question)).toMatchObject(expected)
})

const staff = 'S-1-5-21-1004336348-1177238915-682003330-1610'
const onCall = 'S-1-5-21-1004336348-1177238915-682003330-1611'

function comesIn(groupSids: string[], time: string, timeZone = 'Europe/Berlin'): boolean {
  const userSid = 'S-1-5-21-1004336348-1177238915-682003330-1104'
  const user = { application: 'wsman/contoso', senderName: 'CONTOSO\\ada', userSid, groupSids }
  return policy.authzUser({ ...user, time, timeZone }).outcome === 'allow'
}

// A Monday on which nothing happens to the clocks, and the ones after each change.
describe.each([
  ['2026-06-01', '+02:00'],
  ['2026-03-30', '+02:00'],
  ['2026-10-26', '+01:00'],
])('in the week of %s', (monday, offset) => {
  const hours = Array.from({ length: 7 * 24 }, (_, hour) => {
    return new Date(Date.parse(`${monday}T00:00:00${offset}`) + hour * 3_600_000).toISOString()
  })

  it('staff have five days of ten hours', () => {
    const open = hours.flatMap((time, hour) => (comesIn([staff], time) ? [hour] : []))
    const expected = [0, 1, 2, 3, 4].flatMap((day) =>
      [8, 9, 10, 11, 12, 13, 14, 15, 16, 17].map((hour) => day * 24 + hour),
    )
    expect(open).toEqual(expected)
  })

  it('those on call have every hour, and nobody else has one', () => {
    expect(hours.every((time) => comesIn([onCall], time))).toBe(true)
    expect(hours.some((time) => comesIn([], time))).toBe(false)
  })
})

it.each(['Asia/Kolkata', 'America/St_Johns', 'Pacific/Auckland', 'Pacific/Kiritimati', 'UTC'])(
  'the day has ten hours in %s',
  (timeZone) => {
    const day = Array.from({ length: 48 }, (_, half) => Date.parse('2026-06-02T12:00:00Z') + half * 1_800_000)
    const open = day.filter((ms) => comesIn([staff], new Date(ms).toISOString(), timeZone))
    expect(open).toHaveLength(2 * 10)
  },
)
