/** How much more or less fuel decisions take than they took: the median and the largest change either way. */

export interface FuelSummary {
  readonly decisions: number
  /** With another fuel than before. */
  readonly changed: number
  /** Of all changes, those of nothing among them; the lower one where two are in the middle. Null without decisions. */
  readonly median: number | null
  /** The largest increase and the largest decrease; 0 if there is none. */
  readonly most: number
  readonly least: number
}

/** What fits at first. */
const ROOM = 1024

export class FuelChange {
  #changes = new Float64Array(ROOM)
  #count = 0

  add(before: number, after: number): void {
    if (this.#count === this.#changes.length) {
      const larger = new Float64Array(2 * this.#count)
      larger.set(this.#changes)
      this.#changes = larger
    }
    this.#changes[this.#count++] = after - before
  }

  summary(): FuelSummary {
    const sorted = this.#changes.slice(0, this.#count).sort()
    const median = sorted[Math.floor((this.#count - 1) / 2)] ?? null
    return {
      decisions: this.#count,
      changed: sorted.filter((change) => change !== 0).length,
      median,
      most: Math.max(0, sorted.at(-1) ?? 0),
      least: Math.min(0, sorted[0] ?? 0),
    }
  }
}
