/**
 * The one door to a policy's memory. Every address and length that a policy gives us passes here and is believed
 * only after it was found inside the memory as it is now; lengths are bounded before anything is decoded.
 */

export class GuestMemory {
  readonly #memory: WebAssembly.Memory

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory
  }

  /** The `size` bytes at `address`, or undefined if they are not all there or `address` is 0 or unaligned. */
  bytes(address: number, size: number, alignment: number): Buffer | undefined {
    const start = address >>> 0
    const { buffer } = this.#memory // taken anew each time: growing the memory detaches the old one
    if (start === 0 || start % alignment !== 0 || start + size > buffer.byteLength) return undefined
    return Buffer.from(buffer, start, size)
  }

  /** UTF-16 text, or undefined if it is not inside the memory. The caller has bounded `units`. */
  text(address: number, units: number): string | undefined {
    if (units === 0) return ''
    return this.bytes(address, 2 * units, 2)?.toString('utf16le')
  }

  /** Text as `env.abort` gets it, its size in bytes in the word before it; cut at `unitsMax`, '' if there is none. */
  prefixedText(address: number, unitsMax: number): string {
    const size = this.bytes((address >>> 0) - 4, 4, 2)?.readUInt32LE(0) ?? 0
    return this.text(address, Math.min(size >>> 1, unitsMax)) ?? ''
  }
}
