/**
 * What goes into a step of admission and what comes out of it: JSON, and bytes that JSON would have to wrap.
 * All numbers are 32-bit little-endian words:
 *
 *     size of the JSON, number of parts, size of each part, the JSON, the parts
 *
 * A frame is all that a step is sent or sends, so its sizes have to add up to the last byte.
 */

const WORD_BYTES = 4

export interface StepFrame {
  readonly header: unknown
  readonly parts: readonly Buffer[]
}

function words(numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(WORD_BYTES * numbers.length)
  for (const [index, number] of numbers.entries()) bytes.writeUInt32LE(number, WORD_BYTES * index)
  return bytes
}

export function encodeStepFrame(header: unknown, parts: readonly Uint8Array[] = []): Buffer {
  const json = Buffer.from(JSON.stringify(header))
  return Buffer.concat([
    words([json.length, parts.length, ...parts.map(({ length }) => length)]),
    json,
    ...parts,
  ])
}

/** The sizes of the JSON and of the parts; undefined if they are not those of `bytes`. */
function sizesOf(bytes: Buffer): number[] | undefined {
  if (bytes.length < 2 * WORD_BYTES) return undefined
  const parts = bytes.readUInt32LE(WORD_BYTES)
  const headBytes = WORD_BYTES * (2 + parts)
  if (headBytes > bytes.length) return undefined
  const sizes = [
    bytes.readUInt32LE(0),
    ...Array.from({ length: parts }, (_, index) => bytes.readUInt32LE(WORD_BYTES * (2 + index))),
  ]
  return sizes.reduce((sum, size) => sum + size, headBytes) === bytes.length ? sizes : undefined
}

/** Undefined if `bytes` are not exactly one frame. The parts are views of `bytes`. */
export function decodeStepFrame(bytes: Buffer): StepFrame | undefined {
  const sizes = sizesOf(bytes)
  if (sizes === undefined) return undefined
  let at = WORD_BYTES * (1 + sizes.length)
  const [json, ...parts] = sizes.map((size) => {
    at += size
    return bytes.subarray(at - size, at)
  })
  try {
    return { header: JSON.parse(String(json)), parts }
  } catch {
    return undefined
  }
}
