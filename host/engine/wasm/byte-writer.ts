/** Writes the binary format's numbers, names and bytes in order. LEB128 numbers are as short as they can be. */

const encoder = new TextEncoder()

export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #size = 0

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity)
  }

  get size(): number {
    return this.#size
  }

  /** A view of what has been written. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#size)
  }

  #room(size: number): void {
    if (this.#size + size <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#size + size))
    larger.set(this.view())
    this.#bytes = larger
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#size++] = value
  }

  bytes(values: Uint8Array): void {
    this.#room(values.length)
    this.#bytes.set(values, this.#size)
    this.#size += values.length
  }

  u32(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.byte(rest)
  }

  s32(value: number): void {
    let rest = value
    while (rest < -0x40 || rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>= 7
    }
    this.byte(rest & 0x7f)
  }

  s64(value: bigint): void {
    let rest = value
    while (rest < -0x40n || rest >= 0x40n) {
      this.byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.byte(Number(rest & 0x7fn))
  }

  /** Four bytes as they are. */
  word(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 0xff)
  }

  /** Eight bytes as they are. */
  doubleWord(value: bigint): void {
    this.word(Number(value & 0xffffffffn))
    this.word(Number((value >> 32n) & 0xffffffffn))
  }

  name(text: string): void {
    this.prefixed(encoder.encode(text))
  }

  /** Bytes after their number. */
  prefixed(values: Uint8Array): void {
    this.u32(values.length)
    this.bytes(values)
  }
}
