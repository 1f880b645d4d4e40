/** What a look at one part of an installation found. */

import { PortcullisError } from '../../errors.ts'

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

/** Looks, and takes an error of the table for a problem that says what it is itself. */
export async function looked(
  check: Check,
  cure: string,
  look: () => Finding[] | Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof PortcullisError) return [problem(check, error.message, cure)]
    throw error
  }
}
