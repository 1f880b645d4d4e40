// Random numbers that can be had again. A failing test names the seed, and PORTCULLIS_SEED gives it back; each case of a
// test draws from a stream of its own, so that it does not matter how many numbers the cases before it took.
// PORTCULLIS_FUZZ sets the number of cases. fast-check's generators would cost more than what is tested here.

export const seed = Number(process.env.PORTCULLIS_SEED ?? Math.floor(Math.random() * 2 ** 32)) >>> 0

/** How many cases to try. */
export function casesOr(usual: number): number {
  return Number(process.env.PORTCULLIS_FUZZ ?? usual)
}

export class Chance {
  #a = seed
  #b: number
  #c = 0x9e3779b9
  #counter = 1

  constructor(number: number) {
    this.#b = number
    for (let round = 0; round < 12; round++) this.word()
  }

  /** 32 random bits (sfc32). */
  word(): number {
    const word = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + word) | 0
    return word >>> 0
  }

  /** From 0 to one less than `count`; 0 if there is nothing to choose from. */
  below(count: number): number {
    return Math.floor((this.word() / 2 ** 32) * Math.max(count, 0))
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: count }, () => this.word() & 0xff)
  }
}

/**
 * Runs the cases, and says how to come back to one that throws; `detail` is of the case at hand. No case begins after
 * `msMax`. Returns how many there were.
 */
export function eachCase(
  count: number,
  run: (chance: Chance, number: number) => void,
  detail: () => string,
  msMax = Number.POSITIVE_INFINITY,
): number {
  const begun = performance.now()
  let number = 0
  for (; number < count && performance.now() - begun < msMax; number++) {
    try {
      run(new Chance(number), number)
    } catch (error) {
      const again = `PORTCULLIS_SEED=${seed} PORTCULLIS_FUZZ=${number + 1}`
      const { message } = error as Error
      throw new Error(`case ${number}, again with ${again}: ${message}\n${detail()}`, { cause: error })
    }
  }
  return number
}
