// A policy that allows something "until noon" means noon where its tenant is. The offset is right on both sides of
// every change of the clocks, for zones with odd offsets too, and an answer that was kept is the answer that would be
// worked out anew.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { isTimeZone, TimeZone } from '../../host/tenant/time-zone.ts'

function offsetAt(zone: string, time: string): number {
  return new TimeZone(zone).offsetMinutes(Date.parse(time))
}

describe('the offset of a zone', () => {
  it.each([
    ['Europe/Zurich', 'in winter', '2026-01-15T12:00:00Z', 60],
    ['Europe/Zurich', 'in summer', '2026-07-15T12:00:00Z', 120],
    ['Europe/Zurich', 'a millisecond before the clocks go forward', '2026-03-29T00:59:59.999Z', 60],
    ['Europe/Zurich', 'when the clocks go forward', '2026-03-29T01:00:00Z', 120],
    ['Europe/Zurich', 'a millisecond before the clocks go back', '2026-10-25T00:59:59.999Z', 120],
    ['Europe/Zurich', 'when the clocks go back', '2026-10-25T01:00:00Z', 60],
    ['America/New_York', 'a millisecond before the clocks go forward', '2026-03-08T06:59:59.999Z', -300],
    ['America/New_York', 'when the clocks go forward', '2026-03-08T07:00:00Z', -240],
    ['America/New_York', 'a millisecond before the clocks go back', '2026-11-01T05:59:59.999Z', -240],
    ['America/New_York', 'when the clocks go back', '2026-11-01T06:00:00Z', -300],
    [
      'Australia/Lord_Howe',
      'a millisecond before the clocks go back by half an hour',
      '2026-04-04T14:59:59.999Z',
      660,
    ],
    ['Australia/Lord_Howe', 'when the clocks go back by half an hour', '2026-04-04T15:00:00Z', 630],
    [
      'Australia/Lord_Howe',
      'a millisecond before they go forward by half an hour',
      '2026-10-03T15:29:59.999Z',
      630,
    ],
    ['Australia/Lord_Howe', 'when they go forward by half an hour', '2026-10-03T15:30:00Z', 660],
    ['Asia/Kolkata', 'in winter', '2026-01-15T12:00:00Z', 330],
    ['Asia/Kolkata', 'in summer', '2026-07-15T12:00:00Z', 330],
    ['Asia/Kathmandu', 'at any time', '2026-07-15T12:00:00Z', 345],
    ['UTC', 'in winter', '2026-01-15T12:00:00Z', 0],
    ['UTC', 'in summer', '2026-07-15T12:00:00Z', 0],
    ['Pacific/Apia', 'before it crossed the date line', '2011-12-30T09:59:59.999Z', -600],
    ['Pacific/Apia', 'when it crossed the date line', '2011-12-30T10:00:00Z', 840],
    ['Pacific/Apia', 'today', '2026-07-15T12:00:00Z', 780],
    ['Pacific/Kiritimati', 'the furthest ahead', '2026-07-15T12:00:00Z', 840],
    ['Pacific/Pago_Pago', 'the furthest behind', '2026-07-15T12:00:00Z', -660],
    ['Pacific/Kiritimati', 'where it is another year already', '2026-12-31T12:00:00Z', 840],
    ['Pacific/Pago_Pago', 'where it is still the last year', '2027-01-01T05:00:00Z', -660],
    ['Pacific/Pago_Pago', 'on a leap day', '2028-03-01T05:00:00Z', -660],
    ['Europe/Zurich', 'at midnight, which is hour 0 and not hour 24', '2026-01-14T23:00:00Z', 60],
    ['Europe/Zurich', 'at the beginning of time', '1970-01-01T00:00:00Z', 60],
    ['America/New_York', 'before the beginning of time', '1969-12-31T23:59:59.999Z', -300],
  ])('%s %s is right', (zone, _, time, minutes) => {
    expect(offsetAt(zone, time)).toBe(minutes)
  })

  it('is found again when the same zone is asked on both sides of a change, back and forth', () => {
    const zone = new TimeZone('Europe/Zurich')
    const change = Date.parse('2026-10-25T01:00:00Z')
    for (let round = 0; round < 3; round++) {
      expect(zone.offsetMinutes(change - 1)).toBe(120)
      expect(zone.offsetMinutes(change)).toBe(60)
      expect(zone.offsetMinutes(change + 59_999)).toBe(60)
    }
  })
})

describe('an answer that was kept', () => {
  const zones = [
    'Europe/Zurich',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
    'UTC',
    'Pacific/Apia',
    'Africa/Casablanca',
  ]
  const changes = ['2026-03-29T01:00Z', '2026-11-01T06:00Z', '2026-10-03T15:30Z', '2011-12-30T10:00Z']
  const time = fc.oneof(
    fc.integer({ min: Date.parse('1980-01-01'), max: Date.parse('2060-01-01') }),
    fc
      .tuple(fc.constantFrom(...changes), fc.integer({ min: -120_000, max: 120_000 }))
      .map(([change, distance]) => Date.parse(change) + distance),
  )

  it('is the one that would be worked out anew', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.array(time, { minLength: 1, maxLength: 12 }),
        (name, times) => {
          const kept = new TimeZone(name)
          for (const timeMs of times.flatMap((timeMs) => [timeMs, timeMs + 1, timeMs])) {
            expect(kept.offsetMinutes(timeMs)).toBe(new TimeZone(name).offsetMinutes(timeMs))
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  it('gives, with the time, what the clock on the wall shows', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), time, (name, timeMs) => {
        const minute = Math.floor(timeMs / 60_000) * 60_000
        const local = new Date(minute + new TimeZone(name).offsetMinutes(timeMs) * 60_000)
        const shown = new Intl.DateTimeFormat('sv-SE', {
          timeZone: name,
          dateStyle: 'short',
          timeStyle: 'short',
        })
        expect(local.toISOString().slice(0, 16).replace('T', ' ')).toBe(shown.format(minute))
      }),
      { numRuns: 300 },
    )
  })
})

describe('a name', () => {
  it.each(['UTC', 'Europe/Zurich', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])(
    '%s is a time zone',
    (name) => {
      expect(isTimeZone(name)).toBe(true)
      expect(() => new TimeZone(name)).not.toThrow()
    },
  )

  it.each(['', 'Zurich', 'Europe/Atlantis', 'Europe/Zurich ', '../Europe/Zurich', 'UTC\0', 'local'])(
    '"%s" is no time zone',
    (name) => {
      expect(isTimeZone(name)).toBe(false)
    },
  )
})
