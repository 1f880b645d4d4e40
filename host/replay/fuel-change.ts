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

export class FuelChange {
  /** How often each change was seen. */
  readonly #counts = new Map<number, number>()

  add(change: number, count = 1): void {
    this.#counts.set(change, (this.#counts.get(change) ?? 0) + count)
  }

  /** Each change that was seen, and how often. */
  get counts(): [change: number, count: number][] {
    return [...this.#counts]
  }

  summary(): FuelSummary {
    const sorted = this.counts.sort(([a], [b]) => a - b)
    const decisions = sorted.reduce((sum, [, count]) => sum + count, 0)
    let below = 0
    const median = sorted.find(([, count]) => {
      below += count
      return 2 * below >= decisions
    })
    return {
      decisions,
      changed: decisions - (this.#counts.get(0) ?? 0),
      median: median?.[0] ?? null,
      most: Math.max(0, sorted.at(-1)?.[0] ?? 0),
      least: Math.min(0, sorted[0]?.[0] ?? 0),
    }
  }
}
