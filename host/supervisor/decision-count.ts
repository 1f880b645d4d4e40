/**
 * How many decisions of one evaluator did not reach us, exactly. It numbers them, and says on its page how many there are before
 * anybody else can hear of one (docs/reference/wire.md):
 *
 *   told   1 2 3 . . 6 7 |            a jump, or a word that it comes to: 4 and 5 are lost, it had no room for them
 *   page               9 | its end    8 and 9 are lost, it was killed before it had sent them
 *
 * so that what was told and what was lost add up to what was decided. An evaluator runs tenants' code: what one could
 * not have decided in its time is not believed.
 */

import { PortcullisError } from '../errors.ts'
import { decisionsPerSecondMax } from '../limits.ts'

export class DecisionCount {
  readonly #now: () => number
  readonly #beganMs: number
  #last = 0
  #lied = false

  /** `now`: milliseconds of a clock that nobody sets. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#beganMs = now()
  }

  /** A decision with this number is told. Returns how many before it are lost; throws ERR_CHANNEL for a number that cannot be. */
  told(sequence: number): number {
    if (sequence <= this.#last || !this.#isPlausible(sequence)) {
      throw new PortcullisError(
        'ERR_CHANNEL',
        "an evaluator's decisions are not numbered one after the other",
      )
    }
    const lost = sequence - this.#last - 1
    this.#last = sequence
    return lost
  }

  /** It says that there have been so many. Returns how many of these are lost; throws as `told` does. */
  counted(decided: number): number {
    return decided === this.#last ? 0 : this.told(decided) + 1
  }

  /** Something that it said was not true: nothing that it has counted is believed any more. */
  disbelieve(): void {
    this.#lied = true
  }

  /** It has ended, and its page says that it has decided so many. Returns how many of these are lost. */
  ended(decided: number | undefined): number | 'unknown' {
    const isTrue = decided !== undefined && decided >= this.#last && this.#isPlausible(decided)
    return isTrue && !this.#lied ? decided - this.#last : 'unknown'
  }

  #isPlausible(count: number): boolean {
    return count <= Math.ceil(((this.#now() - this.#beganMs) / 1000) * decisionsPerSecondMax)
  }
}
