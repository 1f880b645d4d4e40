/** Whose versions a command is about, and who gives it, from the command's options. */

import { userInfo } from 'node:os'

import { InvalidArgumentError } from 'commander'

import { confirmWithinMsMax, storeWhoUnitsMax, storeWhyUnitsMax, tokenExpiresMsMax } from '../limits.ts'
import type { By, Subject } from '../store/store.ts'
import { ownAccount } from '../supervisor/account.ts'

export interface SubjectOptions {
  readonly tenant?: string
  readonly guard?: boolean
}

export interface SignedOptions {
  readonly reason?: string
}

/** Undefined if neither is given. Commander keeps both from being given. */
export function subjectIfGiven({ tenant, guard }: SubjectOptions): Subject | undefined {
  if (guard) return 'guard'
  return tenant === undefined ? undefined : { tenant }
}

/** One of the two is given: the command line has been checked. */
export function subjectOf(options: SubjectOptions): Subject {
  return subjectIfGiven(options) as Subject
}

/** The name that the system has for whoever runs this. In a container an account may have none. */
function ownName(): string {
  try {
    return userInfo().username
  } catch {
    return ownAccount()
  }
}

/** What the host knows for sure of whoever this is is that it may. */
export function signature({ reason }: SignedOptions): By {
  const who = ownName().slice(0, storeWhoUnitsMax)
  return { who, ...(reason !== undefined && { why: reason }) }
}

export function reasonOf(text: string): string {
  if (text.length <= storeWhyUnitsMax) return text
  throw new InvalidArgumentError(`At most ${storeWhyUnitsMax} characters.`)
}

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds of "90s", "10m", "2h" or "1d"; at most so many days. */
function milliseconds(text: string, daysMax: number): number {
  const [, digits, unit] = /^([1-9][0-9]{0,5})([smhd])$/.exec(text) ?? []
  const ms = Number(digits) * (unitMs[unit as keyof typeof unitMs] ?? Number.NaN)
  if (ms <= daysMax * unitMs.d) return ms
  throw new InvalidArgumentError(`Give a number and a unit, such as 90s, 10m, 2h or 1d; at most ${daysMax}d.`)
}

/** How long a provisional activation waits. */
export function durationOf(text: string): number {
  return milliseconds(text, confirmWithinMsMax / unitMs.d)
}

/** How long a token is valid. */
export function lifetimeOf(text: string): number {
  return milliseconds(text, tokenExpiresMsMax / unitMs.d)
}

/** What is expected to be active. */
export function activeOf(text: string): number | 'none' {
  if (text === 'none') return text
  if (/^[1-9][0-9]{0,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a version\'s number, or "none".')
}

export function subjectText(subject: Subject): string {
  return subject === 'guard' ? 'the guard' : subject.tenant
}

/** As arguments of a command. */
export function subjectArguments(subject: Subject): string {
  return subject === 'guard' ? '--guard' : `--tenant ${subject.tenant}`
}
