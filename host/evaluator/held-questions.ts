/**
 * Questions that are asked for the second time. Their first evaluator is gone or late, and their policy may be why: each waits,
 * for a bounded time, until the supervisor has said whether it may be asked again.
 */

import { heldMsMax } from '../limits.ts'

export interface Held {
  readonly connection: number
  readonly id: string
  readonly tenant: string
  /** Its own copy. */
  readonly block: Buffer
}

export class HeldQuestions {
  readonly #questions = new Map<number, Held & { readonly dueMs: number }>()

  hold(question: Held): void {
    this.#questions.set(question.connection, { ...question, dueMs: performance.now() + heldMsMax })
  }

  /** Its connection has gone. */
  drop(connection: number): void {
    this.#questions.delete(connection)
  }

  /** Takes out those with this id: several, if somebody lies about ids. */
  take(id: string, tenant: string): Held[] {
    return this.#takeIf((question) => question.id === id && question.tenant === tenant)
  }

  get size(): number {
    return this.#questions.size
  }

  /** Takes out those that have waited too long. */
  takeDue(): Held[] {
    const now = performance.now()
    return this.#takeIf(({ dueMs }) => dueMs <= now)
  }

  /** Milliseconds until one has waited too long; -1 if there is none. */
  get waitMs(): number {
    if (this.#questions.size === 0) return -1
    const first = Math.min(...[...this.#questions.values()].map(({ dueMs }) => dueMs))
    return Math.max(0, Math.ceil(first - performance.now()))
  }

  #takeIf(applies: (question: Held & { dueMs: number }) => boolean): Held[] {
    const taken = [...this.#questions.values()].filter(applies)
    for (const { connection } of taken) this.#questions.delete(connection)
    return taken
  }
}
