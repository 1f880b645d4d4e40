/** What a look at one part of an installation found. */

import { type ErrorCode, PortcullisError } from '../../errors.ts'
import { missingParts } from './parts.ts'

/** `skipped`: it cannot be looked at from here, or there is nothing to look at. */
export type State = 'ok' | 'warning' | 'problem' | 'skipped'

/** In the order in which they are looked at. */
export const checks = [
  'node',
  'installation',
  'configuration',
  'settings',
  'rights',
  'service',
  'host',
  'plug-ins',
  'web.config',
  'question',
] as const

export type Check = (typeof checks)[number]

export interface Finding {
  readonly check: Check
  readonly state: State
  readonly what: string
  /** What to do about it: with every warning and problem. */
  readonly cure?: string
}

export const ok = (check: Check, what: string): Finding => ({ check, state: 'ok', what })

export const skipped = (check: Check, what: string): Finding => ({ check, state: 'skipped', what })

export function warning(check: Check, what: string, cure: string): Finding {
  return { check, state: 'warning', what, cure }
}

export function problem(check: Check, what: string, cure: string): Finding {
  return { check, state: 'problem', what, cure }
}

type Cure = string | ((code: ErrorCode | undefined) => string)

/** A part that is not there is told once, by the check that is about parts. */
function ofMissingPart(check: Check, error: unknown): Finding | undefined {
  const isMissing = error instanceof PortcullisError && error.code === 'ERR_NATIVE_MISSING'
  if (!isMissing || missingParts().length === 0) return undefined
  return skipped(check, 'it cannot be looked at while a part of this installation is missing')
}

/**
 * Looks. An error is a problem with what it says itself; one that nobody foresaw must not keep the other checks from saying what they
 * found.
 */
export async function looked(
  check: Check,
  cure: Cure,
  look: () => Finding[] | Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look()
  } catch (error) {
    const skip = ofMissingPart(check, error)
    if (skip !== undefined) return [skip]
    const code = error instanceof PortcullisError ? error.code : undefined
    const todo = typeof cure === 'string' ? cure : cure(code)
    if (code !== undefined) return [problem(check, (error as Error).message, todo)]
    return [
      problem(check, `this look failed: ${String(error)}`, `${todo}; if that is not it, report this line`),
    ]
  }
}
