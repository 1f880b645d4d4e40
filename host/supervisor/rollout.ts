/**
 * One change of the table, on all evaluators at one epoch.
 *
 *   preparing --every one has prepared--> (the caller makes it durable) --flip()--> flipping --every one has flipped--> done
 *      |  one cannot, or crashes over it, or time is up
 *      +--> the caller abandons it, and nothing has changed
 *
 * Whoever dies counts as having done what it was asked: its successor gets the whole table before it serves. An evaluator that
 * comes meanwhile joins, so that at the flip nobody is behind. After the flip every evaluator has the new table, or is dead;
 * until then each decides by the old one or the new one, and by nothing else.
 */

import type { ToEvaluator } from '../control/messages.ts'
import { PortcullisError } from '../errors.ts'
import { evaluatorReadyMsMax, flipMsMax } from '../limits.ts'
import { changes, type Table } from './table.ts'

/** An evaluator's process, as far as it takes part. */
export interface Participant {
  /** One that loads its first table does what it is sent before it serves: nobody has to wait for it. */
  readonly isLoading: boolean
  send(message: ToEvaluator): void
  /** Sends them one by one, as it takes them. */
  sendAll(messages: Iterable<ToEvaluator>): Promise<void>
  kill(): void
}

/** What an evaluator says when it has done a step. */
export type Done = 'prepared' | 'flipped'

interface Step {
  readonly done: Done
  readonly waiting: Set<Participant>
  readonly ended: () => void
  readonly failed: (error: PortcullisError) => void
}

export class Rollout {
  readonly #from: Table
  readonly #to: Table
  /** Whoever begins now begins with the new table. */
  isFlipping = false
  #step: Step | undefined
  #isAbandoned = false

  constructor(from: Table, to: Table) {
    this.#from = from
    this.#to = to
  }

  get generation(): number {
    return this.#to.generation
  }

  /** Rejects if one of them cannot have the new table. */
  async prepare(participants: Iterable<Participant>): Promise<void> {
    const all = [...participants]
    const prepared = this.#await('prepared', all)
    for (const participant of all) {
      if (participant.isLoading) this.join(participant)
      else void participant.sendAll(this.#changes())
    }
    await this.#within(evaluatorReadyMsMax, prepared, () => {
      for (const late of this.#step?.waiting ?? []) late.kill()
      throw new PortcullisError('ERR_EVALUATOR_START', `not prepared within ${evaluatorReadyMsMax} ms`)
    })
  }

  /** One that has begun meanwhile, and has been sent the table before. */
  join(participant: Participant): void {
    for (const message of this.#changes()) participant.send(message)
  }

  /** Resolves when nobody decides by the old table any more. */
  async flip(participants: Iterable<Participant>): Promise<void> {
    const all = [...participants]
    this.isFlipping = true
    const flipped = this.#await('flipped', all)
    for (const participant of all) participant.send({ type: 'flip', generation: this.generation })
    await this.#within(flipMsMax, flipped, () => {
      for (const late of this.#step?.waiting ?? []) late.kill() // its end is told, and counts
    })
    await flipped
  }

  abandon(participants: Iterable<Participant>): void {
    this.#isAbandoned = true
    for (const participant of participants) participant.send({ type: 'abandon', generation: this.generation })
  }

  /** One that joined may still prepare while the others flip: that is not what is waited for then. */
  did(participant: Participant, done: Done, generation: number): void {
    if (generation === this.generation && this.#step?.done === done) this.gone(participant)
  }

  unprepared(participant: Participant, generation: number, error: PortcullisError): void {
    if (generation === this.generation) this.#fail(participant, error)
  }

  /** It has crashed, though it was asked nothing. */
  crashed(participant: Participant): void {
    this.#fail(
      participant,
      new PortcullisError('ERR_EVALUATOR_START', 'an evaluator crashed while it prepared'),
    )
    this.gone(participant)
  }

  gone(participant: Participant): void {
    if (this.#step?.waiting.delete(participant) && this.#step.waiting.size === 0) this.#step.ended()
  }

  /** What is durable cannot fail any more: whoever does not flip ends. */
  #fail(participant: Participant, error: PortcullisError): void {
    if (this.#step?.done === 'prepared' && this.#step.waiting.has(participant)) this.#step.failed(error)
  }

  /** To an evaluator that takes them slowly they are still being sent when all is called off. */
  *#changes(): Generator<ToEvaluator> {
    for (const message of changes(this.#from, this.#to)) {
      if (this.#isAbandoned) return
      yield message
    }
  }

  #await(done: Done, participants: readonly Participant[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = new Set(participants.filter(({ isLoading }) => !isLoading))
      this.#step = { done, waiting, ended: resolve, failed: reject }
      if (waiting.size === 0) resolve()
    })
  }

  async #within(ms: number, what: Promise<void>, late: () => void): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const timeUp = new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => {
        try {
          late()
          resolve()
        } catch (error) {
          reject(error)
        }
      }, ms)
    })
    await Promise.race([what, timeUp]).finally(() => clearTimeout(timer))
  }
}
