// The calendar and the clock of a tenant. A question carries UTC and the offset of the tenant's time zone at
// that moment, already with daylight saving, so one addition gives local time and no table of zones is
// needed. Days become dates by the algorithm civil_from_days of Howard Hinnant, "chrono-Compatible Low-Level
// Date Algorithms" (https://howardhinnant.github.io/date_algorithms.html), which counts years from March so
// that the day of a leap year is the last one.

/**
 * A day of the week, numbered as in ISO 8601.
 *
 * ```ts
 * if (user.localTime.weekday == Weekday.Sunday) return Decision.deny('not on Sundays')
 * ```
 */
export enum Weekday {
  /** The first day of the week. */
  Monday = 1,
  /** The second day of the week. */
  Tuesday = 2,
  /** The third day of the week. */
  Wednesday = 3,
  /** The fourth day of the week. */
  Thursday = 4,
  /** The fifth day of the week. */
  Friday = 5,
  /** The sixth day of the week. */
  Saturday = 6,
  /** The last day of the week. */
  Sunday = 7,
}

/**
 * The date and the time that a clock on the tenant's wall shows, in the Gregorian calendar. `user.localTime`
 * gives that of the question.
 *
 * When daylight saving begins, one hour of the day does not exist; when it ends, one hour comes twice. A rule
 * about such an hour applies never or for two hours on that day.
 *
 * ```ts
 * export function authzUser(user: UserRequest): Decision {
 *   const time = user.localTime
 *   const atWork = time.isWeekday(Weekday.Monday, Weekday.Friday) && time.isBetween(7, 0, 19, 30)
 *   return atWork ? Decision.allow() : Decision.deny('come back during working hours')
 * }
 * ```
 */
@final
export class LocalTime {
  /** The year, such as 2026. */
  readonly year: i32
  /** The month, 1 to 12. */
  readonly month: i32
  /** The day of the month, 1 to 31. */
  readonly day: i32
  /** The hour, 0 to 23. */
  readonly hour: i32
  /** The minute, 0 to 59. */
  readonly minute: i32
  /** The second, 0 to 59. */
  readonly second: i32
  /** The day of the week, Monday = 1 to Sunday = 7. */
  readonly weekday: Weekday

  /**
   * The local time at `timeMs` milliseconds since 1970 in UTC, where clocks are `timeZoneOffsetMinutes` ahead
   * of UTC.
   *
   * ```ts
   * const utc = new LocalTime(user.timeMs, 0)
   * ```
   */
  constructor(timeMs: i64, timeZoneOffsetMinutes: i32) {
    const seconds = floorDivide(timeMs, 1000) + <i64>timeZoneOffsetMinutes * 60
    const days = floorDivide(seconds, 86400)
    const secondOfDay = <i32>(seconds - days * 86400)
    this.hour = secondOfDay / 3600
    this.minute = (secondOfDay / 60) % 60
    this.second = secondOfDay % 60
    // 1970 began on a Thursday.
    this.weekday = <i32>(days + 3 - floorDivide(days + 3, 7) * 7) + 1

    // An era has 400 years, 146,097 days; the first one of the algorithm begins on the first of March 0000.
    const shifted = days + 719468
    const era = floorDivide(shifted, 146097)
    const dayOfEra = <i32>(shifted - era * 146097)
    const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
    const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    const monthFromMarch = (5 * dayOfYear + 2) / 153
    this.day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    this.month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    this.year = <i32>(era * 400) + yearOfEra + (monthFromMarch < 10 ? 0 : 1)
  }

  /**
   * Minutes since midnight, 0 to 1439.
   *
   * ```ts
   * const beforeNoon = user.localTime.minuteOfDay < 12 * 60
   * ```
   */
  get minuteOfDay(): i32 {
    return this.hour * 60 + this.minute
  }

  /**
   * Whether the clock shows the first time or later, and not yet the second one. When the second is the
   * earlier one, the span goes over midnight. `isBetween(0, 0, 24, 0)` is the whole day. A time that no clock
   * shows, or the same time twice, ends the question without an answer.
   *
   * ```ts
   * if (user.localTime.isBetween(22, 0, 6, 0)) return Decision.deny('the machines are backed up at night')
   * ```
   */
  isBetween(fromHour: i32, fromMinute: i32, toHour: i32, toMinute: i32): bool {
    const from = minutesOf(fromHour, fromMinute)
    const to = minutesOf(toHour, toMinute)
    // Nothing, or the whole day? It would be a guess.
    if (from == to || from == 1440) throw new Error('isBetween needs two times, the first before 24:00')
    const now = this.minuteOfDay
    return from < to ? from <= now && now < to : from <= now || now < to
  }

  /**
   * Whether it is one of the days from `from` to `to`, both included, Monday = 1 to Sunday = 7. When `to` is
   * the earlier one, the span goes over Sunday: `isWeekday(6, 1)` is Saturday, Sunday and Monday. A number
   * that is no day ends the question without an answer.
   *
   * ```ts
   * if (user.localTime.isWeekday(Weekday.Saturday, Weekday.Sunday)) return Decision.deny('not at weekends')
   * ```
   */
  isWeekday(from: i32, to: i32): bool {
    if (from < 1 || from > 7 || to < 1 || to > 7) throw new Error('a weekday is 1 (Monday) to 7 (Sunday)')
    const now: i32 = this.weekday
    return from <= to ? from <= now && now <= to : from <= now || now <= to
  }
}

/** Minutes since midnight; 24:00 is the end of the day. */
function minutesOf(hour: i32, minute: i32): i32 {
  const isTime = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59
  if (!isTime && !(hour == 24 && minute == 0)) throw new Error('a time is 0:00 to 24:00')
  return hour * 60 + minute
}

/** Rounds down, where `/` rounds towards zero. The divisor is positive. */
function floorDivide(dividend: i64, divisor: i64): i64 {
  const quotient = dividend / divisor
  return quotient * divisor > dividend ? quotient - 1 : quotient
}
