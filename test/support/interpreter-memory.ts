// The memory of the reference interpreter: bytes that grow page by page, read and written little-endian through a
// DataView. Every access is held against the size as it is now, before anything is read or written. Floats are moved as
// their bits, so that a NaN stays as it was stored.

import { Trap, type Value } from './interpreter-arithmetic.ts'

const pageBytes = 65_536

/** A metered module cannot grow beyond this, whatever it has declared. */
const pagesMax = 16

interface Access<Use> {
  readonly bytes: number
  readonly use: Use
}

function access<Use>(bytes: number, use: Use): Access<Use> {
  return { bytes, use }
}

/** By the names of the text format. */
const loads: Record<string, Access<(view: DataView, at: number) => Value>> = {
  'i32.load': access(4, (view, at) => view.getInt32(at, true)),
  'i64.load': access(8, (view, at) => view.getBigInt64(at, true)),
  'f32.load': access(4, (view, at) => view.getUint32(at, true)),
  'f64.load': access(8, (view, at) => view.getBigUint64(at, true)),
  'i32.load8_s': access(1, (view, at) => view.getInt8(at)),
  'i32.load8_u': access(1, (view, at) => view.getUint8(at)),
  'i32.load16_s': access(2, (view, at) => view.getInt16(at, true)),
  'i32.load16_u': access(2, (view, at) => view.getUint16(at, true)),
  'i64.load8_s': access(1, (view, at) => BigInt(view.getInt8(at))),
  'i64.load8_u': access(1, (view, at) => BigInt(view.getUint8(at))),
  'i64.load16_s': access(2, (view, at) => BigInt(view.getInt16(at, true))),
  'i64.load16_u': access(2, (view, at) => BigInt(view.getUint16(at, true))),
  'i64.load32_s': access(4, (view, at) => BigInt(view.getInt32(at, true))),
  'i64.load32_u': access(4, (view, at) => BigInt(view.getUint32(at, true))),
}

/** The setters of a DataView take the low bits of what is larger. */
const stores: Record<string, Access<(view: DataView, at: number, value: Value) => void>> = {
  'i32.store': access(4, (view, at, value) => view.setInt32(at, value as number, true)),
  'i64.store': access(8, (view, at, value) => view.setBigInt64(at, value as bigint, true)),
  'f32.store': access(4, (view, at, value) => view.setUint32(at, value as number, true)),
  'f64.store': access(8, (view, at, value) => view.setBigUint64(at, value as bigint, true)),
  'i32.store8': access(1, (view, at, value) => view.setInt8(at, value as number)),
  'i32.store16': access(2, (view, at, value) => view.setInt16(at, value as number, true)),
  'i64.store8': access(1, (view, at, value) => view.setInt8(at, Number(BigInt.asIntN(8, value as bigint)))),
  'i64.store16': access(2, (view, at, value) =>
    view.setInt16(at, Number(BigInt.asIntN(16, value as bigint)), true),
  ),
  'i64.store32': access(4, (view, at, value) =>
    view.setInt32(at, Number(BigInt.asIntN(32, value as bigint)), true),
  ),
}

export class InterpreterMemory {
  readonly #maximum: number
  bytes: Uint8Array

  constructor(minimum: number, maximum: number | undefined) {
    this.#maximum = Math.min(maximum ?? pagesMax, pagesMax)
    this.bytes = new Uint8Array(minimum * pageBytes)
  }

  /** Where `size` bytes at `address` begin. An address of a guest is signed, and means what is not. */
  #place(address: number, size: number, offset = 0): number {
    const start = (address >>> 0) + offset
    if (start + size > this.bytes.length) throw new Trap('memory')
    return start
  }

  load(name: string, address: number, offset: number): Value {
    const { bytes, use } = loads[name] as (typeof loads)[string]
    return use(new DataView(this.bytes.buffer), this.#place(address, bytes, offset))
  }

  store(name: string, address: number, offset: number, value: Value): void {
    const { bytes, use } = stores[name] as (typeof stores)[string]
    use(new DataView(this.bytes.buffer), this.#place(address, bytes, offset), value)
  }

  /** A data segment, or what a host writes. */
  write(address: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#place(address, bytes.length))
  }

  fill(address: number, value: number, size: number): void {
    const start = this.#place(address, size >>> 0)
    this.bytes.fill(value, start, start + (size >>> 0))
  }

  copy(target: number, source: number, size: number): void {
    const from = this.#place(source, size >>> 0)
    this.bytes.copyWithin(this.#place(target, size >>> 0), from, from + (size >>> 0))
  }

  get pages(): number {
    return this.bytes.length / pageBytes
  }

  /** The pages that it had, or -1 if so many more cannot be had. */
  grow(by: number): number {
    const before = this.pages
    const after = before + (by >>> 0)
    if (after > this.#maximum) return -1
    const grown = new Uint8Array(after * pageBytes)
    grown.set(this.bytes)
    this.bytes = grown
    return before
  }
}
