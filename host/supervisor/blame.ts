/**
 * Whose doing an evaluator's end was, and what follows. Pure: it is told what happened and when.
 *
 * Proof of a version's fault is processor time that it spent, or two evaluators that ended themselves while they ran it. Proof
 * puts the version into quarantine. One such end is a suspicion: for a while, its questions that come a second time are not
 * asked. An evaluator that was ended from outside (by an operator, by a system that is out of memory) is nobody's doing.
 */

import type { Version } from '../control/messages.ts'
import type { Running } from '../control/read-message.ts'
import { deathsMax, suspectMs } from '../limits.ts'
import type { Table } from './table.ts'

export type End =
  /** The watchdog ended it, after so much processor time. */
  | 'processor time'
  /** The watchdog ended it for wall time alone. */
  | 'wall time'
  /** A signal that a process can only get by what it did, or an exit that nobody asked for. */
  | 'crash'
  | 'from outside'

/** Signals that a process gets by what it did itself. Exits that nobody asked for are its own doing too. */
const ownSignals = ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGABRT', 'SIGSYS', 'SIGXCPU']

/** What the system says of a process that has ended, unless a watchdog ended it. */
export function endOf(how: string): End {
  return ownSignals.includes(how) || how.startsWith('exit status') ? 'crash' : 'from outside'
}

export type Reason = 'processor time' | 'deaths'

export function isReason(text: string): text is Reason {
  return text === 'processor time' || text === 'deaths'
}

/** What is said of each to people. */
const explanations = {
  'processor time': 'it used up its processor time',
  deaths: 'evaluators ended themselves while they ran it',
} as const satisfies Record<Reason, string>

/** A quarantine as it is told, with its reason in words. */
export type Explained = Quarantined & { readonly explanation: string }

export function explained(quarantined: readonly Quarantined[]): Explained[] {
  return quarantined.map((each) => ({ ...each, explanation: explanations[each.reason] }))
}

export interface Quarantined extends Version {
  readonly reason: Reason
  readonly sinceMs: number
}

interface Suspect {
  readonly id: string
  /** Undefined if no policy ran. */
  readonly version: Version | undefined
  readonly untilMs: number
}

const key = ({ tenant, policy }: Version) => `${tenant} ${policy}`

/** The policy whose code ran, as the tenant has it. */
export function versionOf({
  tenant,
  policy,
  guard,
  phase,
}: Omit<Running, 'overtimeMs'>): Version | undefined {
  if (phase === 'tenant') return policy === undefined ? undefined : { tenant, policy }
  return phase === 'guard' && guard !== undefined ? { tenant, policy: guard } : undefined
}

/**
 * Whether there are such a tenant and such policies. An evaluator that was turned may say anything, and must not be able to put
 * what it invents, or another tenant's policy under its own name, into quarantine.
 */
export function isConfigured(
  { tenants, guard }: Pick<Table, 'tenants' | 'guard'>,
  running: Pick<Running, 'tenant' | 'policy' | 'guard'>,
): boolean {
  const known = tenants.get(running.tenant)
  return known !== undefined && known.policy === running.policy && guard?.policy === running.guard
}

export class Blame {
  readonly #deaths = new Map<string, number>()
  readonly #quarantined = new Map<string, Quarantined>()
  #suspects: Suspect[] = []

  /** What an evaluator's end means for the version that it ran. */
  judge(
    running: Omit<Running, 'overtimeMs'>,
    end: End,
    nowMs: number,
  ): { version: Version | undefined; verdict: Reason | 'suspected' | 'nothing' } {
    const version = versionOf(running)
    if (end === 'from outside') return { version, verdict: 'nothing' }
    this.#suspects = this.#suspects.filter(({ untilMs }) => untilMs > nowMs)
    this.#suspects.push({ id: running.id, version, untilMs: nowMs + suspectMs })
    if (version === undefined || end === 'wall time') return { version, verdict: 'suspected' }
    const deaths = (this.#deaths.get(key(version)) ?? 0) + 1
    this.#deaths.set(key(version), deaths)
    const reason = end === 'processor time' ? end : deaths >= deathsMax ? 'deaths' : undefined
    if (reason === undefined) return { version, verdict: 'suspected' }
    this.#quarantined.set(key(version), { ...version, reason, sinceMs: nowMs })
    return { version, verdict: reason }
  }

  /** Whether a question that comes a second time may be asked. */
  clears(id: string, tenant: string, nowMs: number): boolean {
    return !this.#suspects.some(
      (suspect) => suspect.untilMs > nowMs && (suspect.id === id || suspect.version?.tenant === tenant),
    )
  }

  /** What an earlier process of the host found out. */
  remember(version: Quarantined): void {
    this.#quarantined.set(key(version), version)
  }

  get quarantined(): Quarantined[] {
    return [...this.#quarantined.values()]
  }

  /** Everything of a tenant, whose versions have their deaths forgotten too. Returns what was lifted. */
  lift(tenant: string): Quarantined[] {
    const lifted = this.quarantined.filter((version) => version.tenant === tenant)
    for (const version of lifted) this.#quarantined.delete(key(version))
    for (const name of this.#deaths.keys()) {
      if (name.startsWith(`${tenant} `)) this.#deaths.delete(name)
    }
    return lifted
  }
}
