// Makes another file of a module's: by bytes, as damage would, and by sections, as somebody would who wants to get past
// the first checks. Most mutants are refused, some are modules still; which ones is not known here.

import { ByteWriter } from '../../host/engine/wasm/byte-writer.ts'
import type { Chance } from './chance.ts'
import { assembleParts, CODE, type Part, type Specimen } from './specimen.ts'

type Edit = (bytes: Uint8Array, chance: Chance) => Uint8Array

function splice(bytes: Uint8Array, at: number, deleted: number, inserted: Uint8Array): Uint8Array {
  const rest = Math.min(at + deleted, bytes.length)
  const out = new Uint8Array(bytes.length - (rest - at) + inserted.length)
  out.set(bytes.subarray(0, at))
  out.set(inserted, at)
  out.set(bytes.subarray(rest), at + inserted.length)
  return out
}

const short = (chance: Chance) => 1 + chance.below(chance.pick([1, 4, 64]))

/** The counts and indices at which bounds are, and some that are far beyond. */
const numbers = [
  0,
  1,
  2,
  3,
  4,
  16,
  17,
  127,
  128,
  129,
  255,
  256,
  1000,
  1001,
  5001,
  65_536,
  2 ** 31,
  2 ** 32 - 1,
]

/** A LEB128 number; now and then longer than it has to be, or longer than it may be. */
function leb(chance: Chance): Uint8Array {
  const writer = new ByteWriter(16)
  writer.u32(chance.below(4) === 0 ? chance.below(40) : chance.pick(numbers))
  const bytes = [...writer.view()]
  for (let padding = chance.below(16) - 11; padding > 0; padding--) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x80
    bytes.push(0)
  }
  return Uint8Array.from(bytes)
}

/** How many bytes the number at a place would have. */
function lebBytes(bytes: Uint8Array, at: number): number {
  let size = 1
  while (size < 10 && ((bytes[at + size - 1] ?? 0) & 0x80) !== 0) size++
  return size
}

const edits: readonly Edit[] = [
  // One byte is another.
  (bytes, chance) => splice(bytes, chance.below(bytes.length), 1, chance.bytes(1)),
  // One bit is another.
  (bytes, chance) => {
    const at = chance.below(bytes.length)
    return splice(bytes, at, 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << chance.below(8))))
  },
  // Some more, or some less.
  (bytes, chance) => splice(bytes, chance.below(bytes.length + 1), 0, chance.bytes(short(chance))),
  (bytes, chance) => splice(bytes, chance.below(bytes.length), short(chance), new Uint8Array()),
  // A range once more, elsewhere, over what is there or before it.
  (bytes, chance) => {
    const from = chance.below(bytes.length)
    const range = bytes.slice(from, from + short(chance))
    return splice(bytes, chance.below(bytes.length + 1), chance.below(2) * range.length, range)
  },
  // Two ranges, each in the place of the other.
  (bytes, chance) => {
    const size = short(chance)
    const [one, other] = [chance.below(bytes.length), chance.below(bytes.length)]
    const swapped = bytes.slice()
    swapped.set(bytes.subarray(one, one + size).subarray(0, bytes.length - other), other)
    swapped.set(bytes.subarray(other, other + size).subarray(0, bytes.length - one), one)
    return swapped
  },
  // What may be a count or an index is another.
  (bytes, chance) => {
    const at = chance.below(bytes.length)
    return splice(bytes, at, lebBytes(bytes, at), leb(chance))
  },
]

function replace<Item>(items: readonly Item[], at: number, deleted: number, ...inserted: Item[]): Item[] {
  return [...items.slice(0, at), ...inserted, ...items.slice(at + deleted)]
}

type PartsEdit = (
  parts: readonly Part[],
  chance: Chance,
  specimen: Specimen,
  other: Specimen,
) => readonly Part[]

/** Changes one piece of one section. */
const inside: PartsEdit = (parts, chance) => {
  const at = chance.below(parts.length)
  const { id, pieces } = parts[at] ?? { id: 0, pieces: [] }
  const number = chance.below(pieces.length)
  const piece = pieces[number]
  if (piece === undefined) return parts
  const edited = chance.pick(edits)(piece, chance)
  return replace(parts, at, 1, { id, pieces: replace(pieces, number, 1, edited) })
}

/** Instructions that fit in most places, since they leave the stack as it was, or leave altogether. */
const snippets = [
  [0x00], // unreachable
  [0x01], // nop
  [0x0f], // return
  [0x0c, 0], // br
  [0x10, 0], // call
  [0x02, 0x40, 0x0b], // an empty block
  [0x41, 0, 0x1a], // a constant, dropped
  [0x20, 0, 0x22, 0, 0x1a], // a local
  [0x41, 0, 0x04, 0x40, 0x0f, 0x0b], // a return in an if
  [0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b], // a loop
  [0x41, 0, 0x0e, 2, 0, 0, 0], // br_table
  [0x43, 0, 0, 0x80, 0x7f, 0x91, 0x1a], // the root of infinity
  [0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f, 0xb6, 0xbb, 0x1a], // infinity demoted and promoted
  [0x41, 0, 0x41, 1, 0x41, 2, 0xfc, 0x0a, 0, 0], // memory.copy
  [0x41, 0, 0x41, 1, 0x41, 2, 0xfc, 0x0b, 0], // memory.fill
  [0x3f, 0, 0x40, 0, 0x1a], // growing by as much again
].map((bytes) => Uint8Array.from(bytes))

/** Between two instructions of a body. */
const between: PartsEdit = (parts, chance, { starts }) => {
  const at = parts.findIndex(({ id }) => id === CODE)
  const bodies = parts[at]?.pieces ?? []
  const number = chance.below(bodies.length)
  const body = bodies[number]
  const places = body === undefined ? undefined : starts.get(body)
  if (body === undefined || places === undefined) return parts
  const place = chance.pick(places)
  const edited =
    chance.below(3) === 0
      ? splice(body, place, 1, chance.bytes(1))
      : splice(body, place, 0, chance.pick(snippets))
  return replace(parts, at, 1, { id: CODE, pieces: replace(bodies, number, 1, edited) })
}

const rearrange: readonly PartsEdit[] = [
  // A section once more, elsewhere.
  (parts, chance) => {
    const at = chance.below(parts.length)
    return replace(parts, chance.below(parts.length + 1), 0, ...parts.slice(at, at + 1))
  },
  // A section less.
  (parts, chance) => replace(parts, chance.below(parts.length), 1),
  // Two in the other order.
  (parts, chance) => {
    const at = chance.below(parts.length - 1)
    return replace(parts, at, 2, ...parts.slice(at, at + 2).reverse())
  },
  // Another module's section in the place of the own one.
  (parts, chance, _, { parts: others }) => {
    const given = chance.pick(others)
    const at = parts.findIndex(({ id }) => id === given.id)
    return at < 0 ? parts : replace(parts, at, 1, given)
  },
  // One function's body in the place of another's, of this module or of the other.
  (parts, chance, _, { parts: others }) => {
    const at = parts.findIndex(({ id }) => id === CODE)
    const own = parts[at]?.pieces ?? []
    const from = chance.below(2) === 0 ? own : (others.find(({ id }) => id === CODE)?.pieces ?? [])
    if (own.length === 0 || from.length === 0) return parts
    const pieces = replace(own, chance.below(own.length), 1, chance.pick(from))
    return replace(parts, at, 1, { id: CODE, pieces })
  },
]

/** One to four changes; never the same array that came in. */
export function mutate(specimens: readonly Specimen[], chance: Chance): Uint8Array<ArrayBuffer> {
  const specimen = chance.pick(specimens)
  const other = chance.pick(specimens)
  const { bytes, parts } = specimen
  const way = chance.below(40)
  if (way === 0) {
    // No module at all, or the head of one and then anything.
    const head = bytes.subarray(0, chance.pick([0, 8, 8, chance.below(bytes.length)]))
    return Uint8Array.from(splice(head, head.length, 0, chance.bytes(chance.below(200))))
  }
  if (way === 1 || way === 2) {
    // The head of one and the tail of another.
    const tail = other.bytes.subarray(chance.below(other.bytes.length))
    return Uint8Array.from(splice(bytes, chance.below(bytes.length), bytes.length, tail))
  }
  const changes = 1 + chance.below(chance.pick([1, 1, 4]))
  if (chance.below(3) === 0) {
    let changed: Uint8Array = bytes
    for (let change = 0; change < changes; change++) changed = chance.pick(edits)(changed, chance)
    return Uint8Array.from(changed)
  }
  let changed = parts
  for (let change = 0; change < changes; change++)
    changed = chance.pick([between, inside, chance.pick(rearrange)])(changed, chance, specimen, other)
  return assembleParts(bytes, changed)
}
