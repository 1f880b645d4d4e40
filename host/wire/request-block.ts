/**
 * Checks request blocks and reads what the host itself needs from them. The evaluator calls `checkBlock` before
 * anything else looks at a block, because a connection is only as trustworthy as the process at its other end.
 * The check follows one running cursor: a block has exactly one encoding, so whatever is not where the cursor
 * stands is refused. It allocates nothing.
 */

import { at, block, type Kind, kindOf, type TextField, textFields } from './layout.ts'

export type BlockFault =
  | 'size'
  | 'magic'
  | 'version'
  | 'kind'
  | 'attempt'
  | 'reserved'
  | 'identity'
  | 'sid'
  | 'groups'
  | 'text'
  | 'required'
  | 'trailing'

const PAIRS_END = block.headerBytes
const APPLICATION = at.texts
const SENDER_NAME = at.texts + 8
const MECHANISM = at.texts + 16
const ACTION = at.texts + 64
const RESOURCE_URI = at.texts + 72

function word(view: DataView, offset: number): number {
  return view.getUint32(offset, true)
}

/** Binary SIDs from `start` to `end`, back to back: how many, or -1 if they do not end exactly there. */
function countSids(view: DataView, start: number, end: number): number {
  let cursor = start
  let count = 0
  while (cursor < end) {
    if (cursor + 8 > end || view.getUint8(cursor) !== 1) return -1
    const subAuthorities = view.getUint8(cursor + 1)
    if (subAuthorities > block.subAuthoritiesMax) return -1
    cursor += 8 + 4 * subAuthorities
    count++
  }
  return cursor === end ? count : -1
}

function checkHeader(view: DataView, size: number): BlockFault | undefined {
  if (size < block.headerBytes || size > block.bytesMax) return 'size'
  if (word(view, at.magic) !== block.magic) return 'magic'
  if (view.getUint16(at.version, true) !== block.version) return 'version'
  if (view.getUint16(at.headerSize, true) !== block.headerBytes) return 'version'
  if (word(view, at.totalSize) !== size) return 'size'
  const kind = kindOf(view.getUint16(at.kind, true))
  if (kind === undefined) return 'kind'
  const attempt = view.getUint16(at.attempt, true)
  if (attempt !== 1 && attempt !== 2) return 'attempt'
  // Time and zone are ours to fill; a plug-in that sends some would be believed by the policy.
  if (view.getBigUint64(at.timeMs, true) !== 0n || word(view, at.timeZoneOffsetMinutes) !== 0)
    return 'reserved'
  if ((word(view, at.flags) & ~block.flagToken) !== 0 || word(view, at.reserved) !== 0) return 'reserved'
  if (kind !== 'operation' && word(view, at.operation) !== 0) return 'reserved'
  return undefined
}

/** The identity: all three pairs present with a token, none without. Returns the cursor after it, or a fault. */
function checkIdentity(view: DataView, size: number): number | BlockFault {
  const hasToken = word(view, at.flags) === block.flagToken
  let cursor: number = PAIRS_END
  let groups = 0
  for (let pair: number = at.userSid; pair <= at.denyOnlyGroups; pair += 8) {
    const offset = word(view, pair)
    const length = word(view, pair + 4)
    if (!hasToken) {
      if (offset !== 0 || length !== 0) return 'identity'
      continue
    }
    if (offset !== cursor || length > size - cursor) return 'identity'
    const count = countSids(view, cursor, cursor + length)
    if (count < 0 || (pair === at.userSid && count !== 1)) return 'sid'
    if (pair !== at.userSid) groups += count
    cursor += length
  }
  return groups > block.groupsMax ? 'groups' : cursor
}

function checkTexts(view: DataView, size: number, start: number): BlockFault | undefined {
  let cursor = start
  for (let pair: number = at.texts; pair < PAIRS_END; pair += 8) {
    const offset = word(view, pair)
    const length = word(view, pair + 4)
    if (offset === 0 && length === 0) continue
    if (offset !== cursor || length > (size - cursor) / 2) return 'text'
    cursor += 2 * length
  }
  return cursor === size ? undefined : 'trailing'
}

/** Who asks, through which application, and for an operation what: a question without these is none. */
function checkRequired(view: DataView): BlockFault | undefined {
  const isOperation = view.getUint16(at.kind, true) === 2
  if (word(view, APPLICATION + 4) === 0 || word(view, SENDER_NAME + 4) === 0) return 'required'
  if (word(view, MECHANISM) === 0) return 'required'
  const lengths = [word(view, ACTION + 4), word(view, RESOURCE_URI + 4)]
  if (isOperation) return lengths.includes(0) ? 'required' : undefined
  return word(view, ACTION) === 0 && word(view, RESOURCE_URI) === 0 ? undefined : 'required'
}

/** Returns what is wrong with the `size` bytes that `view` begins with, or undefined if they are a question. */
export function checkBlock(view: DataView, size: number): BlockFault | undefined {
  const fault = checkHeader(view, size)
  if (fault !== undefined) return fault
  const cursor = checkIdentity(view, size)
  if (typeof cursor === 'string') return cursor
  return checkTexts(view, size, cursor) ?? checkRequired(view)
}

/** Fills in the two fields that are the evaluator's: now, and the tenant's local time minus UTC. */
export function stampBlock(view: DataView, timeMs: number, timeZoneOffsetMinutes: number): void {
  view.setBigInt64(at.timeMs, BigInt(timeMs), true)
  view.setInt32(at.timeZoneOffsetMinutes, timeZoneOffsetMinutes, true)
}

/** The kind of a checked block. */
export function blockKind(view: DataView): Kind {
  return kindOf(view.getUint16(at.kind, true)) as Kind
}

export function blockAttempt(view: DataView): number {
  return view.getUint16(at.attempt, true)
}

/** The question id of a checked block, as 32 hexadecimal digits. */
export function blockId(bytes: Buffer): string {
  return bytes.toString('hex', at.questionId, at.questionId + block.idBytes)
}

/** One text of a checked block; undefined if it is absent. */
export function blockText(bytes: Buffer, field: TextField): string | undefined {
  const pair = at.texts + 8 * textFields.indexOf(field)
  const offset = bytes.readUInt32LE(pair)
  if (offset === 0) return undefined
  return bytes.toString('utf16le', offset, offset + 2 * bytes.readUInt32LE(pair + 4))
}
