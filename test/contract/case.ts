// One case of the contract: what must happen, why we say so, and how it is seen. The cases are numbered A1 to G13; the
// numbers appear in commits, in the log of a failure and on the page docs/reference/conformance.md.

import type { Bench } from './bench.ts'

/** The systems that Portcullis is for. */
export const systems = ['linux', 'windows'] as const
export type System = (typeof systems)[number]

/**
 * Where a demand comes from: D Microsoft's documentation, H the header of the ABI, S Microsoft's sample of 2009, R a rule
 * of our own where these are silent.
 */
export type Basis = 'D' | 'H' | 'S' | 'R' | 'D/S' | 'D/H' | 'D/R' | 'H/R' | 'S/R' | 'D/H/R'

export interface Case {
  readonly id: string
  /** What must happen, as a sentence. */
  readonly what: string
  readonly basis: Basis
  /** Why it cannot be run there, as the end of "cannot be run: ". */
  readonly skip?: Partial<Record<System, string>>
  /** Fails by throwing. */
  run(bench: Bench): Promise<void>
}

/** For a case that no system can run. */
export function neverRun(why: string): Pick<Case, 'skip' | 'run'> {
  return {
    skip: { linux: why, windows: why },
    run: () => Promise.reject(new Error('a case that cannot be run was run')),
  }
}
