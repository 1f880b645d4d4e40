/**
 * What a guest is when it begins: its memory's bytes and size, and its mutable globals. Tables are not part of it, because
 * no admitted instruction changes one. Taken once, after the start function and with the settings in place; every call starts
 * from it.
 */

import { memoryPagesMax, PAGE_BYTES } from '../limits.ts'
import type { Guest } from './guest.ts'

/** What untouched memory is compared with. */
const zeros = Buffer.alloc(memoryPagesMax * PAGE_BYTES)

/** Bytes up to the last one that is not zero: first by pages, because native code compares a page in no time. */
function usedBytes(bytes: Buffer): number {
  let end = bytes.length
  while (end > 0 && bytes.subarray(end - PAGE_BYTES, end).equals(zeros.subarray(0, PAGE_BYTES)))
    end -= PAGE_BYTES
  while (end > 0 && bytes[end - 1] === 0) end--
  return end
}

export class Image {
  readonly #size: number
  /** Up to the last byte that is not zero. */
  readonly #bytes: Uint8Array
  readonly #globals: readonly unknown[]

  constructor(guest: Guest) {
    const bytes = Buffer.from(guest.memory.buffer)
    this.#size = bytes.length
    this.#bytes = Uint8Array.from(bytes.subarray(0, usedBytes(bytes)))
    this.#globals = guest.globals.map(({ value }) => value)
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes.length
  }

  /** Whether the guest's memory has the size that it began with. Growing cannot be undone. */
  fits(guest: Guest): boolean {
    return guest.memory.buffer.byteLength === this.#size
  }

  /** Puts everything back. Only for a guest that it fits. */
  restore(guest: Guest): void {
    const bytes = new Uint8Array(guest.memory.buffer)
    bytes.set(this.#bytes)
    bytes.fill(0, this.#bytes.length)
    for (let index = 0; index < guest.globals.length; index++) {
      ;(guest.globals[index] as WebAssembly.Global).value = this.#globals[index]
    }
  }

  /** Whether the guest is what it was, to the last byte. Some microseconds for each page. */
  equals(guest: Guest): boolean {
    if (!this.fits(guest)) return false
    const bytes = Buffer.from(guest.memory.buffer)
    const kept = this.#bytes.length
    return (
      bytes.subarray(0, kept).equals(this.#bytes) &&
      bytes.subarray(kept).equals(zeros.subarray(0, bytes.length - kept)) &&
      guest.globals.every(({ value }, index) => Object.is(value, this.#globals[index]))
    )
  }
}
