/** The user of a question as people write a SID. */

import { at } from './layout.ts'

/** Of a checked block; undefined if it carries no token. */
export function blockUserSid(block: Buffer): string | undefined {
  const offset = block.readUInt32LE(at.userSid)
  if (offset === 0) return undefined
  const subAuthorities = Array.from({ length: block.readUInt8(offset + 1) }, (_, index) =>
    block.readUInt32LE(offset + 8 + 4 * index),
  )
  return ['S', 1, block.readUIntBE(offset + 2, 6), ...subAuthorities].join('-')
}
