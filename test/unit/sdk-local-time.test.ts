// Local time in the SDK against JavaScript's Date, and over the changes of daylight saving as the host's own time
// zones give them.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { TimeZone } from '../../host/tenant/time-zone.ts'
import type { Question } from '../support/block.ts'
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

describe('local time', () => {
  type Moment = Pick<Question, 'timeMs' | 'timeZoneOffsetMinutes'>

  function localTime(moment: Moment): string | undefined {
    return ask('localTime', '', moment).reason
  }

  /** UTC fields of a date that is shifted by the offset are the local ones. */
  function expectedTime({ timeMs = 0, timeZoneOffsetMinutes = 0 }: Moment): string {
    const date = new Date(timeMs + timeZoneOffsetMinutes * 60_000)
    return [
      date.getUTCFullYear(),
      date.getUTCMonth() + 1,
      date.getUTCDate(),
      date.getUTCHours(),
      date.getUTCMinutes(),
      date.getUTCSeconds(),
      date.getUTCDay() || 7,
      date.getUTCHours() * 60 + date.getUTCMinutes(),
    ].join(' ')
  }

  it.each([
    ['1970-01-01T00:00:00.000Z', 0, '1970 1 1 0 0 0 4 0'],
    ['1969-12-31T23:59:59.999Z', 0, '1969 12 31 23 59 59 3 1439'],
    ['1970-01-01T00:00:00.000Z', -1, '1969 12 31 23 59 0 3 1439'],
    ['2000-02-29T12:30:15.000Z', 0, '2000 2 29 12 30 15 2 750'],
    ['2024-02-28T23:30:00.000Z', 60, '2024 2 29 0 30 0 4 30'],
    ['2100-02-28T23:30:00.000Z', 60, '2100 3 1 0 30 0 1 30'],
    ['1900-03-01T00:00:00.000Z', -1, '1900 2 28 23 59 0 3 1439'],
    ['2026-12-31T23:00:00.000Z', 345, '2027 1 1 4 45 0 5 285'],
    ['0000-03-01T00:00:00.000Z', -1440, '0 2 29 0 0 0 2 0'],
    ['-000001-12-31T00:00:00.000Z', 0, '-1 12 31 0 0 0 5 0'],
  ])('of %s with %d minutes is %s', (utc, timeZoneOffsetMinutes, expected) => {
    const moment = { timeMs: Date.parse(utc), timeZoneOffsetMinutes }
    expect(expectedTime(moment)).toBe(expected)
    expect(localTime(moment)).toBe(expected)
  })

  it('is what JavaScript makes of any moment', () => {
    const offset = fc.integer({ min: -1440, max: 1440 })
    const ms = fc.oneof(
      fc.integer({ min: -8.63e15, max: 8.63e15 }),
      fc.integer({ min: -5e12, max: 5e12 }),
      fc.integer({ min: -800_000, max: 800_000 }).map((day) => day * 86_400_000),
      fc.integer({ min: -800_000, max: 800_000 }).map((day) => day * 86_400_000 - 1),
    )
    fc.assert(
      fc.property(ms, offset, (timeMs, timeZoneOffsetMinutes) => {
        const moment = { timeMs, timeZoneOffsetMinutes }
        expect(localTime(moment)).toBe(expectedTime(moment))
      }),
      { numRuns: 2000 },
    )
  })

  it('is right on the first and last days of every month of 400 years', () => {
    const start = Date.UTC(1900, 0, 1)
    for (let day = 0; day < 146_097; day += 1) {
      const date = new Date(start + day * 86_400_000)
      if (date.getUTCDate() > 2 && date.getUTCDate() < 28) continue
      const moment = { timeMs: date.getTime() }
      if (localTime(moment) !== expectedTime(moment)) expect(localTime(moment)).toBe(expectedTime(moment))
    }
  })

  it.each([
    ['Europe/Zurich', '2026-03-29T00:59:59Z', '2026 3 29 1 59 59 7 119'],
    ['Europe/Zurich', '2026-03-29T01:00:00Z', '2026 3 29 3 0 0 7 180'],
    ['Europe/Zurich', '2026-10-25T00:59:59Z', '2026 10 25 2 59 59 7 179'],
    ['Europe/Zurich', '2026-10-25T01:00:00Z', '2026 10 25 2 0 0 7 120'],
    ['America/New_York', '2026-03-08T06:59:59Z', '2026 3 8 1 59 59 7 119'],
    ['America/New_York', '2026-03-08T07:00:00Z', '2026 3 8 3 0 0 7 180'],
    ['America/New_York', '2026-11-01T05:59:59Z', '2026 11 1 1 59 59 7 119'],
    ['America/New_York', '2026-11-01T06:00:00Z', '2026 11 1 1 0 0 7 60'],
  ])('in %s at %s is %s, as the host gives the offset', (zone, utc, expected) => {
    const timeMs = Date.parse(utc)
    const timeZoneOffsetMinutes = new TimeZone(zone).offsetMinutes(timeMs)
    expect(localTime({ timeMs, timeZoneOffsetMinutes })).toBe(expected)
  })

  it('lets an hour that comes twice count twice, and one that never comes not at all', () => {
    const zone = new TimeZone('Europe/Zurich')
    const minutesInside = (day: string) => {
      const start = Date.parse(`${day}T00:00:00Z`) - 2 * 3_600_000
      let count = 0
      for (let minute = 0; minute < 6 * 60; minute++) {
        const timeMs = start + minute * 60_000
        const moment = { timeMs, timeZoneOffsetMinutes: zone.offsetMinutes(timeMs) }
        if (isYes(ask('isBetween', '2 0 3 0', moment))) count++
      }
      return count
    }
    expect([minutesInside('2026-03-28'), minutesInside('2026-03-29'), minutesInside('2026-10-25')]).toEqual([
      60, 0, 120,
    ])
  })

  function isBetween(span: string, minuteOfDay: number): Answer {
    return ask('isBetween', span, { timeMs: minuteOfDay * 60_000 + 59_999 })
  }

  it.each([
    ['8 0 17 30', [479, 480, 1049, 1050], [false, true, true, false]],
    ['22 0 6 0', [1319, 1320, 1439, 0, 359, 360], [false, true, true, true, true, false]],
    ['22 0 0 0', [1319, 1320, 1439, 0], [false, true, true, false]],
    ['22 0 24 0', [1319, 1320, 1439, 0], [false, true, true, false]],
    ['0 0 24 0', [0, 720, 1439], [true, true, true]],
    ['12 1 12 0', [719, 720, 721], [true, false, true]],
  ])('is between %s at the right minutes', (span, minutes, expected) => {
    expect(minutes.map((minute) => isYes(isBetween(span, minute)))).toEqual(expected)
  })

  it('is between two times as a walk around the clock says', () => {
    const minute = fc.integer({ min: 0, max: 1439 })
    fc.assert(
      fc.property(minute, fc.integer({ min: 0, max: 1440 }), minute, (from, to, now) => {
        fc.pre(from !== to)
        const walked = from + ((now - from + 1440) % 1440)
        const end = to > from ? to : to + 1440
        const span = `${Math.floor(from / 60)} ${from % 60} ${Math.floor(to / 60)} ${to % 60}`
        expect(isYes(isBetween(span, now))).toBe(walked < end)
      }),
      { numRuns: 500 },
    )
  })

  it.each(['8 0 8 0', '24 0 8 0', '24 1 8 0', '0 0 24 1', '-1 0 8 0', '8 60 9 0', '8 0 25 0', '8 -1 9 0'])(
    'gives no answer about the span %s',
    (span) => {
      expect(isBetween(span, 0).outcome).toBe('no-answer')
    },
  )

  it('is on a weekday as a list of days says', () => {
    for (let from = 1; from <= 7; from++) {
      for (let to = 1; to <= 7; to++) {
        const days = [from]
        while (days.at(-1) !== to) days.push(((days.at(-1) as number) % 7) + 1)
        for (let now = 1; now <= 7; now++) {
          // The fifth of January 1970 was a Monday.
          const timeMs = Date.UTC(1970, 0, 4 + now)
          expect(isYes(ask('isWeekday', `${from} ${to}`, { timeMs }))).toBe(days.includes(now))
        }
      }
    }
  })

  it.each(['0 5', '1 8', '-1 1', '8 1', '1 0'])('gives no answer about the weekdays %s', (days) => {
    expect(ask('isWeekday', days, {}).failure).toContain('a weekday is 1 (Monday) to 7 (Sunday)')
  })
})
