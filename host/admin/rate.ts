/**
 * Token buckets: how often somebody may ask. A bucket is full at first, each request takes one from it, and it fills again evenly over
 * a minute. Buckets of many are kept by key, those used last; who is forgotten has had a minute of peace, or there were too many.
 */

const MINUTE_MS = 60_000

interface Bucket {
  left: number
  atMs: number
}

export class Rate {
  readonly #perMinute: number
  readonly #keysMax: number
  readonly #buckets = new Map<string, Bucket>()

  constructor(perMinute: number, keysMax: number) {
    this.#perMinute = perMinute
    this.#keysMax = keysMax
  }

  /** Takes one, and returns 0; or returns after how many seconds there is one again. */
  take(key: string, nowMs: number): number {
    const known = this.#buckets.get(key) ?? { left: this.#perMinute, atMs: nowMs }
    const passedMs = Math.max(0, nowMs - known.atMs)
    const left = Math.min(this.#perMinute, known.left + (passedMs * this.#perMinute) / MINUTE_MS)
    this.#buckets.delete(key) // so that the keys are in the order of their last use
    this.#buckets.set(key, { left: left >= 1 ? left - 1 : left, atMs: nowMs })
    if (this.#buckets.size > this.#keysMax) {
      const [oldest] = this.#buckets.keys()
      if (oldest !== undefined) this.#buckets.delete(oldest)
    }
    return left >= 1 ? 0 : Math.ceil(((1 - left) * MINUTE_MS) / this.#perMinute / 1000)
  }
}

/** As many at the same time, of all together and of one key. */
export class Places {
  readonly #all: number
  readonly #ofOne: number
  readonly #taken = new Map<string, number>()
  #count = 0

  constructor(all: number, ofOne: number) {
    this.#all = all
    this.#ofOne = ofOne
  }

  /** Undefined if there is none free; otherwise what gives it back, once. */
  take(key: string): (() => void) | undefined {
    const taken = this.#taken.get(key) ?? 0
    if (this.#count >= this.#all || taken >= this.#ofOne) return undefined
    this.#count++
    this.#taken.set(key, taken + 1)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#count--
      const left = (this.#taken.get(key) ?? 1) - 1
      if (left === 0) this.#taken.delete(key)
      else this.#taken.set(key, left)
    }
  }
}

/** A network's key: an IPv6 customer has a /64, and counts as one. */
export function addressKey(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address
  const [head = '', tail = ''] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const missing = 8 - groups.length - (tail === '' ? 0 : tail.split(':').length)
  const whole = address.includes('::')
    ? [...groups, ...Array.from({ length: missing }, () => '0'), ...tail.split(':')]
    : groups
  return whole.slice(0, 4).join(':')
}
