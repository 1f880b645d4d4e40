/**
 * Reads the binary format's numbers, names and bytes in order, and never past its end. LEB128 numbers are accepted
 * exactly as the core specification accepts them (section 5.2.2): at most ceil(N / 7) bytes, and no bits beyond N that
 * are not the number's own sign.
 */

import { malformed } from './refusal.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  at: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.#bytes = bytes
    this.at = at
    this.#end = end
  }

  get isAtEnd(): boolean {
    return this.at === this.#end
  }

  /** A reader of the next `size` bytes, which this one passes over. */
  part(size: number): ByteReader {
    const start = this.at
    this.skip(size)
    return new ByteReader(this.#bytes, start, this.at)
  }

  skip(size: number): void {
    if (size > this.#end - this.at) throw malformed(this.at, 'it ends too early')
    this.at += size
  }

  byte(): number {
    if (this.at >= this.#end) throw malformed(this.at, 'it ends too early')
    return this.#bytes[this.at++] as number
  }

  u32(): number {
    const start = this.at
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      if (shift === 28 && byte > 0x0f) break
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw malformed(start, 'a number does not fit into 32 bits')
  }

  s32(): number {
    const start = this.at
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte >= 0x80) continue
      if (shift < 28) return (byte & 0x40) === 0 ? value : value | (-1 << (shift + 7))
      const beyond = byte & 0x78 // the sign, and the bits that must be like it
      if (beyond === 0 || beyond === 0x78) return value
      break
    }
    throw malformed(start, 'a number does not fit into 32 bits')
  }

  s64(): bigint {
    const start = this.at
    let value = 0n
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << BigInt(shift)
      if (byte >= 0x80) continue
      const signed = BigInt.asIntN(shift + 7, value)
      if (BigInt.asIntN(64, signed) === signed) return signed
      break
    }
    throw malformed(start, 'a number does not fit into 64 bits')
  }

  /** Four bytes as they are. */
  word(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0
  }

  /** Eight bytes as they are. */
  doubleWord(): bigint {
    const low = BigInt(this.word())
    return low | (BigInt(this.word()) << 32n)
  }

  /** The next `size` bytes, as a view. */
  bytes(size: number): Uint8Array {
    const start = this.at
    this.skip(size)
    return this.#bytes.subarray(start, this.at)
  }

  /** UTF-8 of at most `bytesMax` bytes; undefined if it is longer, which is passed over. */
  name(bytesMax: number): string | undefined {
    const size = this.u32()
    const start = this.at
    this.skip(size)
    if (size > bytesMax) return undefined
    try {
      return decoder.decode(this.#bytes.subarray(start, this.at))
    } catch {
      throw malformed(start, 'a name is not UTF-8')
    }
  }
}
