/**
 * What a subject's entries amount to. Pure: `check` says whether an event may follow, `apply` lets it. The store asks `check` before
 * it writes a line, and again for each line that it reads.
 *
 *     uploaded -> admitted -> active <-> retired       what a version is, unless its policy is quarantined
 *        |           ^ |
 *        v           | v                               admission may be asked again, of a newer release
 *      refused ------+ refused
 *
 * A version whose bytes have been let go keeps its state, and can only be looked at.
 */

import { PortcullisError } from '../errors.ts'
import { versionsKept } from '../limits.ts'
import type { By, Event, Timed } from './entry.ts'

export type VersionState = 'uploaded' | 'refused' | 'admitted' | 'active' | 'retired' | 'quarantined'

type At = By & { readonly timeMs: number }

export interface StoredAdmission {
  /** SHA-256 of the metered module. */
  readonly metered: string
  readonly rewriter: string
  readonly profile: string
  readonly timeMs: number
}

export interface StoredVersion {
  /** From 1, for each subject. */
  readonly number: number
  /** SHA-256 of the module as it was uploaded, and its length. */
  readonly policy: string
  readonly bytes: number
  /** SHA-256 of the blobs. */
  readonly settings?: string
  readonly vectors?: string
  readonly state: VersionState
  readonly uploaded: At
  /** The last one; absent while it is refused. */
  readonly admission?: StoredAdmission
  readonly refusal?: { readonly code: string; readonly message: string }
  /** Of the version that is active. */
  readonly activeSinceMs?: number
  /** False: its bytes have been let go. */
  readonly blobs: boolean
}

export interface Active {
  /** Null: nothing is. */
  readonly number: number | null
  /**
   * What a return makes active: what was so before. While an activation is provisional that is the last one that was for good,
   * even if there was another provisional one between.
   */
  readonly previous: number | null
  readonly since: At
  /** It is provisional, and goes back then unless it is confirmed. */
  readonly confirmByMs?: number
}

export interface Quarantined {
  readonly policy: string
  readonly reason: string
  readonly sinceMs: number
}

type Kept = Omit<StoredVersion, 'state' | 'activeSinceMs'> & { readonly wasActive: boolean }

function byOf({ who, why, timeMs }: At): At {
  return { who, ...(why !== undefined && { why }), timeMs }
}

function wrongState(what: string): PortcullisError {
  return new PortcullisError('ERR_VERSION_STATE', what)
}

export class History {
  readonly #versions: Kept[] = []
  readonly #quarantined = new Map<string, Quarantined>()
  /** What was active when the provisional one came, or the one before the active one. */
  #forGood: Active | undefined
  #active: Active | undefined

  get versions(): StoredVersion[] {
    return this.#versions.map((kept) => this.#shown(kept))
  }

  get active(): Active | undefined {
    return this.#active
  }

  get quarantined(): Quarantined[] {
    return [...this.#quarantined.values()]
  }

  /** The number that the next upload gets. */
  get next(): number {
    return this.#versions.length + 1
  }

  /** Throws ERR_VERSION_UNKNOWN. */
  version(number: number): StoredVersion {
    return this.#shown(this.#kept(number))
  }

  /** A version whose bytes are there. Throws ERR_VERSION_UNKNOWN, and ERR_VERSION_STATE if they have been let go. */
  held(number: number): StoredVersion {
    return this.#shown(this.#held(number))
  }

  /** The version with these bytes, if they have not been let go. */
  same(policy: string, settings: string | undefined, vectors: string | undefined): StoredVersion | undefined {
    const kept = this.#versions.find(
      (each) =>
        each.blobs && each.policy === policy && each.settings === settings && each.vectors === vectors,
    )
    return kept && this.#shown(kept)
  }

  /** Digests of every blob that a version still needs. */
  named(): Set<string> {
    const digests = this.#versions
      .filter(({ blobs }) => blobs)
      .flatMap(({ policy, settings, vectors, admission }) => [policy, settings, vectors, admission?.metered])
    return new Set(digests.filter((digest) => digest !== undefined))
  }

  /** The oldest versions whose bytes make room for one more: never what is active, nor what a return makes active. */
  forgettable(): number[] {
    const holding = this.#versions.filter(({ blobs }) => blobs)
    const { number = null, previous = null } = this.#active ?? {}
    return holding
      .filter((each) => each.number !== number && each.number !== previous)
      .slice(0, Math.max(0, holding.length + 1 - versionsKept))
      .map((each) => each.number)
  }

  /** Throws ERR_VERSION_UNKNOWN and ERR_VERSION_STATE if this cannot follow. */
  check(event: Event): void {
    switch (event.type) {
      case 'uploaded':
        if (event.number !== this.next)
          throw wrongState(`version ${event.number}: ${this.next} is the next one`)
        return
      case 'admitted':
        this.#held(event.number)
        return
      case 'refused':
        this.#held(event.number)
        if (this.#active?.number === event.number) throw wrongState(`version ${event.number} is active`)
        return
      case 'activated':
        if (event.number !== null) this.#checkActivation(this.#held(event.number))
        return
      case 'confirmed':
        if (this.#active?.confirmByMs === undefined) throw wrongState('nothing waits to be confirmed')
        if (this.#active.number !== event.number) throw wrongState(`version ${event.number} is not active`)
        return
      case 'forgotten':
        for (const number of event.numbers) this.#checkForgetting(this.#held(number))
        return
      case 'quarantined':
      case 'lifted':
        return
    }
  }

  /** What was checked. */
  apply(event: Timed): void {
    switch (event.type) {
      case 'uploaded':
        this.#upload(event)
        return
      case 'admitted': {
        const { metered, rewriter, profile, timeMs } = event
        const { refusal: _, ...rest } = this.#kept(event.number)
        this.#set({ ...rest, admission: { metered, rewriter, profile, timeMs } })
        return
      }
      case 'refused': {
        const { code, message } = event
        const { admission: _, ...rest } = this.#kept(event.number)
        this.#set({ ...rest, refusal: { code, message } })
        return
      }
      case 'activated':
        this.#activate(event)
        return
      case 'confirmed': {
        if (this.#active === undefined) return
        const { confirmByMs: _, ...rest } = this.#active
        this.#active = rest
        return
      }
      case 'quarantined':
        this.#quarantined.set(event.policy, {
          policy: event.policy,
          reason: event.reason,
          sinceMs: event.timeMs,
        })
        return
      case 'lifted':
        this.#quarantined.clear()
        return
      case 'forgotten':
        for (const number of event.numbers) this.#set({ ...this.#kept(number), blobs: false })
        return
    }
  }

  #upload(event: Extract<Timed, { type: 'uploaded' }>): void {
    const { number, policy, bytes, settings, vectors } = event
    this.#versions.push({
      number,
      policy,
      bytes,
      ...(settings !== undefined && { settings }),
      ...(vectors !== undefined && { vectors }),
      uploaded: byOf(event),
      blobs: true,
      wasActive: false,
    })
  }

  #activate(event: Extract<Timed, { type: 'activated' }>): void {
    const { number, confirmByMs } = event
    const before = this.#active
    const previous = this.#previousFor(number)
    if (before?.confirmByMs === undefined) this.#forGood = before
    this.#active = {
      number,
      previous,
      since: byOf(event),
      ...(confirmByMs !== undefined && { confirmByMs }),
    }
    if (number !== null) this.#set({ ...this.#kept(number), wasActive: true })
  }

  #previousFor(number: number | null): number | null {
    if (this.#active === undefined) return null
    const { number: before, previous, confirmByMs } = this.#active
    if (before === number) return previous
    if (confirmByMs === undefined) return before
    if (previous !== number) return previous
    // Withdrawn: nothing returns to what was never confirmed.
    const earlier = this.#forGood?.previous ?? null
    return earlier === number ? null : earlier
  }

  #checkActivation({ number, admission, refusal }: Kept): void {
    if (admission !== undefined) return
    const why = refusal === undefined ? 'has not been admitted yet' : `was refused (${refusal.code})`
    throw wrongState(`version ${number} ${why}`)
  }

  #checkForgetting({ number }: Kept): void {
    if (number === this.#active?.number || number === this.#active?.previous)
      throw wrongState(`version ${number} is active, or was before`)
  }

  #kept(number: number): Kept {
    const kept = this.#versions[number - 1]
    if (kept !== undefined) return kept
    const { length } = this.#versions
    const what = length === 0 ? 'nothing has been uploaded' : `there are 1 to ${length}`
    throw new PortcullisError('ERR_VERSION_UNKNOWN', `${number}; ${what}`)
  }

  #held(number: number): Kept {
    const kept = this.#kept(number)
    if (!kept.blobs) throw wrongState(`the bytes of version ${number} have been let go; upload it again`)
    return kept
  }

  #set(kept: Kept): void {
    this.#versions[kept.number - 1] = kept
  }

  #stateOf({ number, policy, admission, refusal, wasActive }: Kept): VersionState {
    if (refusal !== undefined) return 'refused'
    if (admission === undefined) return 'uploaded'
    if (this.#quarantined.has(policy)) return 'quarantined'
    if (this.#active?.number === number) return 'active'
    return wasActive ? 'retired' : 'admitted'
  }

  #shown(kept: Kept): StoredVersion {
    const { wasActive: _, ...rest } = kept
    const isActive = this.#active?.number === kept.number
    return {
      ...rest,
      state: this.#stateOf(kept),
      ...(isActive && this.#active && { activeSinceMs: this.#active.since.timeMs }),
    }
  }
}
