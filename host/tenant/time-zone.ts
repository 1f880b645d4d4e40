/**
 * A tenant's local time minus UTC. The rules come from the ICU data of Node; the answer for a minute is kept,
 * because no zone changes its offset within one and formatting a date costs more than a decision.
 */

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    return false
  }
}

const MINUTE_MS = 60_000

export class TimeZone {
  readonly #format: Intl.DateTimeFormat
  #minute = Number.NaN
  #offset = 0

  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
  }

  /** Minutes to add to UTC to get local time at that moment. */
  offsetMinutes(timeMs: number): number {
    const minute = Math.floor(timeMs / MINUTE_MS)
    if (minute !== this.#minute) {
      const part: Record<string, number> = {}
      for (const { type, value } of this.#format.formatToParts(minute * MINUTE_MS)) part[type] = Number(value)
      const { year = 0, month = 1, day = 1, hour = 0, minute: minutes = 0 } = part
      this.#offset = Math.round(Date.UTC(year, month - 1, day, hour, minutes) / MINUTE_MS) - minute
      this.#minute = minute
    }
    return this.#offset
  }
}
