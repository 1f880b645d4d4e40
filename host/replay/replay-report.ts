/** What comes of a replay: counts of everything, and examples of what is not as it was. */

import { blockUserSid } from '../wire/sid-text.ts'
import type { Told } from './asker.ts'
import { type Change, changeOf, changes, differences, fuelOf, whyIncomparable } from './compare.ts'
import { FuelChange, type FuelSummary } from './fuel-change.ts'
import type { RecordedDecision } from './recording-reader.ts'
import { type Answer, answerOf } from './replay-messages.ts'

/** Of each kind; a person reads no more of them, and the counts are complete. */
const EXAMPLES_MAX = 10

/** One question, and what it came to before and now. */
export interface Example {
  readonly file: string
  readonly line: number
  readonly id: string
  readonly timeMs: number
  readonly tenant: string
  readonly application: string
  readonly kind: string
  readonly sender: string
  readonly userSid?: string
  readonly action?: string
  readonly resourceUri?: string
  readonly before: Answer
  /** Null if there is none, because the process ended. */
  readonly after: Answer | null
  /** Members that are not the same. */
  readonly members?: readonly string[]
  /** How the process ended. */
  readonly ended?: string
}

/** So many, the first of them shown. */
export interface Found {
  readonly count: number
  readonly examples: readonly Example[]
}

export interface ReplayReport {
  /** In the recording. */
  readonly decisions: number
  /** Asked again and answered. */
  readonly replayed: number
  /** Of tenants that the new module is not for. */
  readonly otherTenants: number
  /** By the error that came of circumstances. */
  readonly notComparable: Readonly<Record<string, number>>
  /** Nobody answered: the process ended. */
  readonly ended: Found
  /** To the last unit of fuel; what remains has changed. */
  readonly equal: number
  /** With the same policies: all that is not equal. */
  readonly different: Found
  /** With another module: what the change means. Decisions that differ in fuel only are in none of them. */
  readonly changes: Readonly<Record<Change, Found>> | null
  readonly fuel: FuelSummary
  readonly remarks: readonly string[]
}

class Finding {
  count = 0
  readonly examples: Example[] = []

  add(make: () => Example): void {
    this.count++
    if (this.examples.length < EXAMPLES_MAX) this.examples.push(make())
  }

  get found(): Found {
    return { count: this.count, examples: this.examples }
  }
}

function exampleOf({ file, line, record, block }: RecordedDecision, before: Answer): Omit<Example, 'after'> {
  const { id, timeMs, tenant, application, kind, sender, action, resourceUri } = record
  const userSid = blockUserSid(block)
  return {
    ...{ file, line, id, timeMs, tenant, application, kind, sender },
    ...(userSid !== undefined && { userSid }),
    ...(action !== undefined && { action }),
    ...(resourceUri !== undefined && { resourceUri }),
    before,
  }
}

export class ReplayTally {
  readonly #hasChanges: boolean
  readonly #fuelOf: (answer: Answer) => number
  readonly #ended = new Finding()
  readonly #different = new Finding()
  readonly #changes = new Map(changes.map((change) => [change, new Finding()]))
  readonly #notComparable = new Map<string, number>()
  readonly #fuel = new FuelChange()
  readonly remarks: string[] = []
  #decisions = 0
  #otherTenants = 0
  #equal = 0
  #replayed = 0

  /**
   * With `hasChanges` a module is another than the recorded one. With `isOfTenant` fuel is the tenant's alone: the guard is asked more
   * or less where the tenant answers otherwise, and what it uses is not told.
   */
  constructor(hasChanges: boolean, isOfTenant = false) {
    this.#hasChanges = hasChanges
    this.#fuelOf = isOfTenant ? ({ fuelUsed }) => fuelUsed : fuelOf
  }

  get decisions(): number {
    return this.#decisions
  }

  otherTenant(): void {
    this.#decisions++
    this.#otherTenants++
  }

  /** True if it is counted and need not be asked. */
  isIncomparable({ record, tenant, guard }: RecordedDecision): boolean {
    const hasNone = tenant.policy === undefined || (guard !== undefined && guard.policy === undefined)
    const why = whyIncomparable(answerOf(record)) ?? (hasNone ? 'ERR_POLICY_NONE' : undefined)
    if (why === undefined) return false
    this.#decisions++
    this.#notComparable.set(why, (this.#notComparable.get(why) ?? 0) + 1)
    return true
  }

  add(decision: RecordedDecision, told: Told): void {
    this.#decisions++
    const before = answerOf(decision.record)
    if ('ended' in told) {
      this.#ended.add(() => ({ ...exampleOf(decision, before), after: null, ended: told.ended }))
      return
    }
    this.#replayed++
    this.#fuel.add(this.#fuelOf(told) - this.#fuelOf(before))
    const members = differences(before, told)
    if (members.length === 0) {
      this.#equal++
      return
    }
    const example = (): Example => ({ ...exampleOf(decision, before), after: told, members })
    this.#different.add(example)
    const change = changeOf(decision.record.kind, before, told)
    if (change !== undefined) this.#changes.get(change)?.add(example)
  }

  report(): ReplayReport {
    const found = (change: Change): Found => (this.#changes.get(change) as Finding).found
    return {
      decisions: this.#decisions,
      replayed: this.#replayed,
      otherTenants: this.#otherTenants,
      notComparable: Object.fromEntries([...this.#notComparable].sort(([a], [b]) => (a < b ? -1 : 1))),
      ended: this.#ended.found,
      equal: this.#equal,
      different: this.#different.found,
      changes: this.#hasChanges
        ? {
            allowed: found('allowed'),
            denied: found('denied'),
            administrator: found('administrator'),
            quota: found('quota'),
            reason: found('reason'),
          }
        : null,
      fuel: this.#fuel.summary(),
      remarks: this.remarks,
    }
  }
}
