/**
 * Reads the limits that a module declares for its memory, which V8 does not tell. Only for bytes that V8 has accepted
 * as a module: it follows the sections and checks nothing else.
 */

const HEADER_BYTES = 8
const MEMORY_SECTION = 5

export interface MemoryLimits {
  readonly shared: boolean
  /** 64-bit addresses. */
  readonly wide: boolean
  /** In pages of 64 KiB; undefined if none is declared. */
  readonly maximum: number | undefined
}

class Cursor {
  at = HEADER_BYTES
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length
  }

  byte(): number {
    return this.#bytes[this.at++] ?? 0
  }

  /** An unsigned LEB128 number; exact up to 53 bits, which is more than any limit that is acceptable. */
  number(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
}

/** The limits of the memory that the module defines; undefined unless it defines exactly one. */
export function memoryLimits(bytes: Uint8Array): MemoryLimits | undefined {
  const cursor = new Cursor(bytes)
  while (!cursor.isAtEnd) {
    const section = cursor.byte()
    const size = cursor.number()
    if (section !== MEMORY_SECTION) {
      cursor.at += size
      continue
    }
    if (cursor.number() !== 1) return undefined
    const flags = cursor.byte()
    cursor.number() // the minimum, which is below the maximum
    const maximum = (flags & 1) === 0 ? undefined : cursor.number()
    return { shared: (flags & 2) !== 0, wide: (flags & 4) !== 0, maximum }
  }
  return undefined
}
