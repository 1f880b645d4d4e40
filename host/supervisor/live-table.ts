/**
 * The table that is live, and its changes, one after the other. Whoever changes it says what the next one is and how it is made
 * to last; the order of things is here: prepared everywhere, then durable, then flipped everywhere, then acknowledged. Whatever
 * fails before it is durable has changed nothing.
 */

import type { DecisionRecord } from '../control/messages.ts'
import type { Running } from '../control/read-message.ts'
import { PortcullisError } from '../errors.ts'
import { isConfigured } from './blame.ts'
import { type Done, type Participant, Rollout } from './rollout.ts'
import { changes, noTable, type Table, withoutUnused } from './table.ts'

/** What a change makes, and what makes it last. */
export interface Change {
  /** The next table; its generation is seen to. */
  readonly to: Table
  /** Throws if it cannot, and then nothing changes. */
  readonly makeDurable: () => void
}

export class LiveTable {
  readonly #participants: () => Iterable<Participant>
  readonly #announce: (next: Table) => void
  #table = noTable
  /** Evaluators may still speak of it. */
  #before = noTable
  /** No number is given twice: what an evaluator still says of a change that failed is not about the next. */
  #generation = 0
  #rollout: Rollout | undefined
  #begun: () => void = () => {}
  /** The first is that of the first table. */
  #turn: Promise<unknown> = new Promise<void>((resolve) => {
    this.#begun = resolve
  })

  /**
   * `participants`: the evaluators that there are at the moment. `announce` hears of a table before anybody decides by it, when
   * nothing can keep it any more.
   */
  constructor(participants: () => Iterable<Participant>, announce: (next: Table) => void) {
    this.#participants = participants
    this.#announce = announce
  }

  get now(): Table {
    return this.#table
  }

  /** The first table. Nobody has one yet. */
  begin(table: Table): void {
    this.#table = withoutUnused(table)
    this.#generation = table.generation
    this.#announce(this.#table)
    this.#begun()
  }

  /** Gives a new evaluator everything that it decides by, and what is on its way. */
  equip(evaluator: Participant): void {
    for (const message of changes(noTable, this.#table)) evaluator.send(message)
    evaluator.send({ type: 'flip', generation: this.#table.generation })
    if (this.#rollout?.isFlipping === false) this.#rollout.join(evaluator)
  }

  /**
   * Changes it when the changes before have ended; resolves when every evaluator decides by the new table or is dead. `make` may
   * return undefined: there is nothing to change. Rejects with what `make`, an evaluator or `makeDurable` says against it.
   */
  change(make: (now: Table) => Promise<Change | undefined>): Promise<Table> {
    const turn = this.#turn.then(async () => {
      const change = await make(this.#table)
      if (change !== undefined) await this.#apply(change)
      return this.#table
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #apply({ to, makeDurable }: Change): Promise<void> {
    const next = withoutUnused({ ...to, generation: ++this.#generation })
    const rollout = new Rollout(this.#table, next)
    this.#rollout = rollout
    try {
      await rollout.prepare(this.#participants())
      makeDurable()
    } catch (error) {
      rollout.abandon(this.#participants())
      this.#rollout = undefined
      throw error
    }
    // Nothing comes between: an evaluator that begins now is given the new table.
    this.#before = this.#table
    this.#table = next
    this.#announce(next)
    await rollout.flip(this.#participants())
    this.#rollout = undefined
  }

  did(participant: Participant, done: Done, generation: number): void {
    this.#rollout?.did(participant, done, generation)
  }

  unprepared(participant: Participant, generation: number, error: PortcullisError): void {
    this.#rollout?.unprepared(participant, generation, error)
  }

  /** Its process has ended; `crashed`: by itself, while it was asked nothing. */
  gone(participant: Participant, crashed: boolean): void {
    if (crashed) this.#rollout?.crashed(participant)
    else this.#rollout?.gone(participant)
  }

  get #known(): readonly Table[] {
    return [this.#table, this.#before]
  }

  /** The table that a decision was made by which is told now. Throws ERR_CHANNEL if it says what is in none of them. */
  madeBy(record: DecisionRecord): Table {
    const table = this.#known.find(({ generation }) => generation === record.generation)
    const tenant = table?.tenants.get(record.tenant)
    const { guard } = table ?? {}
    const isTrue =
      record.policy === tenant?.policy &&
      record.version === tenant?.version &&
      record.guard === guard?.policy &&
      record.guardVersion === guard?.version
    if (table !== undefined && tenant !== undefined && isTrue) return table
    throw new PortcullisError('ERR_CHANNEL', 'an evaluator decided by what it does not have')
  }

  /** Throws ERR_CHANNEL for a tenant that does not exist, nor did before the last change. */
  checkTenant(name: string): string {
    if (this.#known.some(({ tenants }) => tenants.has(name))) return name
    throw new PortcullisError('ERR_CHANNEL', 'an evaluator speaks of a tenant that does not exist')
  }

  isConfigured(running: Pick<Running, 'tenant' | 'policy' | 'guard'>): boolean {
    return this.#known.some((table) => isConfigured(table, running))
  }
}
