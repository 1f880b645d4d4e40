/**
 * Lets so much work run at a time, the rest in the order in which it came.
 */

export class Turns {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(most: number) {
    this.#free = most
  }

  /** Runs `work` when there is room, and makes room when it has ended in whatever way. */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift() // the room is handed on, so that nobody who comes now can take it
      if (next === undefined) this.#free++
      else next()
    }
  }
}
