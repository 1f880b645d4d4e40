// A module's binary form taken apart where sizes are written, and put together again with the right ones: a change deep
// inside a section then meets what reads that section, not the check of a size before it.

import { ByteReader } from '../../host/engine/wasm/byte-reader.ts'
import { ByteWriter } from '../../host/engine/wasm/byte-writer.ts'
import { parseModule } from '../../host/engine/wasm/parse-module.ts'

const HEADER_BYTES = 8
export const CODE = 10

/** A section: its content in one piece, or of the code section each body, without its size. */
export interface Part {
  readonly id: number
  readonly pieces: readonly Uint8Array[]
}

export interface Specimen {
  readonly bytes: Uint8Array
  readonly parts: readonly Part[]
  /** Of each piece that is a body: where its instructions begin. */
  readonly starts: ReadonlyMap<Uint8Array, readonly number[]>
}

function bodies(content: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(content)
  return Array.from({ length: reader.u32() }, () => reader.bytes(reader.u32()))
}

function startsOf(bytes: Uint8Array, parts: readonly Part[]): Specimen['starts'] {
  const parsed = parseModule(bytes, { anyImports: true }).bodies
  const pieces = parts.find(({ id }) => id === CODE)?.pieces ?? []
  return new Map(
    pieces.map((piece, index) => {
      const before = piece.byteOffset - bytes.byteOffset
      return [piece, parsed[index]?.instructions.map(({ offset }) => offset - before) ?? []]
    }),
  )
}

/** Only of a module that the parser admits. */
export function dissect(file: Uint8Array): Specimen {
  const bytes = Uint8Array.from(file) // a Buffer's slices would be views, and a mutant would change its original
  const reader = new ByteReader(bytes, HEADER_BYTES)
  const parts: Part[] = []
  while (!reader.isAtEnd) {
    const id = reader.byte()
    const content = reader.bytes(reader.u32())
    parts.push({ id, pieces: id === CODE ? bodies(content) : [content] })
  }
  return { bytes, parts, starts: startsOf(bytes, parts) }
}

export function assembleParts(header: Uint8Array, parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(16 * 1024)
  out.bytes(header.subarray(0, HEADER_BYTES))
  for (const { id, pieces } of parts) {
    const content = new ByteWriter(8 * 1024)
    if (id === CODE) {
      content.u32(pieces.length)
      for (const piece of pieces) content.prefixed(piece)
    } else {
      for (const piece of pieces) content.bytes(piece)
    }
    out.byte(id)
    out.prefixed(content.view())
  }
  return out.view().slice()
}
