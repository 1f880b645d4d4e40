/**
 * Writes request blocks from question files, for questions that are decided without a plug-in. The plug-in's own writer is
 * native/block; both are held to the same golden files.
 */

import { at, kindNumber, block as layout, type TextField, textFields } from './layout.ts'

/** What is in a question. What is undefined is absent. */
export interface BlockFields {
  readonly kind: keyof typeof kindNumber
  readonly operation: number
  /** User SID, enabled and deny-only groups; undefined without a token. */
  readonly identity:
    | readonly [user: string, enabled: readonly string[], denyOnly: readonly string[]]
    | undefined
  readonly texts: Readonly<Partial<Record<TextField, string | undefined>>>
}

/** The binary form of a SID as Windows writes it, such as S-1-5-32-544. */
export function sidBytes(sid: string): Buffer {
  const [authority = '0', ...subAuthorities] = sid.split('-').slice(2)
  const bytes = Buffer.alloc(8 + 4 * subAuthorities.length)
  bytes.writeUIntBE(Number(authority), 2, 6)
  bytes.writeUInt8(1, 0)
  bytes.writeUInt8(subAuthorities.length, 1)
  for (const [index, value] of subAuthorities.entries()) bytes.writeUInt32LE(Number(value), 8 + 4 * index)
  return bytes
}

/** The id of the question is zero. The caller checks the block: fields that are wrong make a wrong block. */
export function writeBlock({ kind, operation, identity, texts }: BlockFields): Buffer {
  const header = Buffer.alloc(layout.headerBytes)
  const payload: Buffer[] = []
  let cursor: number = layout.headerBytes
  const place = (pair: number, bytes: Buffer, length: number) => {
    header.writeUInt32LE(cursor, pair)
    header.writeUInt32LE(length, pair + 4)
    payload.push(bytes)
    cursor += bytes.length
  }
  if (identity !== undefined) {
    const [user, enabled, denyOnly] = identity
    for (const [index, sids] of [[user], enabled, denyOnly].entries()) {
      const bytes = Buffer.concat(sids.map(sidBytes))
      place(at.userSid + 8 * index, bytes, bytes.length)
    }
  }
  for (const [index, field] of textFields.entries()) {
    const text = texts[field]
    if (text !== undefined) place(at.texts + 8 * index, Buffer.from(text, 'utf16le'), text.length)
  }
  header.writeUInt32LE(layout.magic, at.magic)
  header.writeUInt16LE(layout.version, at.version)
  header.writeUInt16LE(layout.headerBytes, at.headerSize)
  header.writeUInt32LE(cursor, at.totalSize)
  header.writeUInt16LE(kindNumber[kind], at.kind)
  header.writeUInt16LE(1, at.attempt)
  header.writeUInt32LE(identity === undefined ? 0 : layout.flagToken, at.flags)
  header.writeUInt32LE(operation, at.operation)
  return Buffer.concat([header, ...payload])
}
