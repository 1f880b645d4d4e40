/**
 * What a vector expects of a decision, and whether that came. Only what an expectation names is held against
 * the answer. What is decided alone knows no redirect targets, so a redirect shows as the denial that it is
 * there.
 */

import { isDeepStrictEqual } from 'node:util'

import { vectorTextUnitsMax } from '../limits.ts'
import type { Kind } from '../wire/layout.ts'
import type { Description, QuotaText } from './description.ts'

export interface Expectation {
  readonly outcome: Description['outcome']
  readonly reason?: string
  readonly administrator?: boolean
  readonly quota?: QuotaText
  /** The URL. */
  readonly redirect?: string
  readonly error?: string
}

/**
 * In a user question a redirect has an error of its own; an operation is denied by it, and so by a reason
 * alike.
 */
function redirects(kind: Kind, to: string, { outcome, reason, error }: Description): boolean {
  const isDenied = outcome === 'deny' && reason === `redirect to ${to}`
  return isDenied && (kind === 'operation' || error === 'ERR_REDIRECT_TARGET')
}

function isMet({ redirect, ...members }: Expectation, kind: Kind, came: Description): boolean {
  const isAsExpected = Object.entries(members).every(([name, value]) =>
    isDeepStrictEqual(value, came[name as keyof typeof members]),
  )
  return isAsExpected && (redirect === undefined || redirects(kind, redirect, came))
}

function brief(value: object): string {
  const text = JSON.stringify(value)
  return text.length > vectorTextUnitsMax ? `${text.slice(0, vectorTextUnitsMax)}…` : text
}

/** What says something about the answer beside what was expected. */
function briefly({ outcome, reason, error, detail, ...rest }: Description, expected: Expectation): string {
  const said = Object.entries({ outcome, reason, error, detail }).filter(([, value]) => value !== null)
  const asked = Object.entries(rest).filter(([name]) => name in expected)
  return brief(Object.fromEntries([...said, ...asked]))
}

/** What was expected and what came; undefined if it is the same. */
export function mismatch(expected: Expectation, kind: Kind, came: Description): string | undefined {
  if (isMet(expected, kind, came)) return undefined
  return `expected ${brief(expected)}, came ${briefly(came, expected)}`
}
