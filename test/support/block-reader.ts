// A reference reader of request blocks, as plain as the reference writer beside it: it turns bytes back into the
// question they encode and believes nothing. It checks only that what it reads lies inside the block; whether
// a block is the one encoding of its question shows when the question is written again.

import type { Certificate, Question } from './block.ts'

const kindNames = ['', 'user', 'operation', 'quota'] as const

export function readBlock(bytes: Uint8Array): Question {
  const block = Buffer.from(bytes)
  const kind = kindNames[block.readUInt16LE(12)]
  if (kind === undefined || kind === '') throw new Error('no such kind')
  const [userSid, groupSids, denyOnlySids] = [56, 64, 72].map((pair) => sidsAt(block, pair))
  const texts = Array.from({ length: 10 }, (_, index) => textAt(block, 80 + 8 * index))
  const [application, senderName, authenticationMechanism] = texts
  if (application === undefined || senderName === undefined || authenticationMechanism === undefined) {
    throw new Error('a question without one of its first three texts')
  }
  return withoutAbsent({
    kind,
    attempt: block.readUInt16LE(14),
    questionId: block.toString('hex', 16, 32),
    timeMs: Number(block.readBigInt64LE(32)),
    timeZoneOffsetMinutes: block.readInt32LE(40),
    application,
    senderName,
    authenticationMechanism,
    certificate: certificateOf(texts.slice(3, 7)),
    httpUrl: texts[7],
    userSid: userSid?.[0],
    groupSids,
    denyOnlySids,
    operation: kind === 'operation' ? block.readUInt32LE(48) : undefined,
    action: texts[8],
    resourceUri: texts[9],
  })
}

/** SIDs that stand back to back, as Windows writes them. */
export function sidsOf(bytes: Buffer): string[] {
  const sids: string[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = start + 8 + 4 * bytes.readUInt8(start + 1)
    const parts: number[] = [bytes.readUIntBE(start + 2, 6)]
    for (let at = start + 8; at < end; at += 4) parts.push(bytes.readUInt32LE(at))
    sids.push(`S-${bytes.readUInt8(start)}-${parts.join('-')}`)
    start = end
  }
  return sids
}

function sidsAt(block: Buffer, pair: number): string[] | undefined {
  const bytes = fieldAt(block, pair, 1)
  return bytes && sidsOf(bytes)
}

function textAt(block: Buffer, pair: number): string | undefined {
  return fieldAt(block, pair, 2)?.toString('utf16le')
}

function fieldAt(block: Buffer, pair: number, unitBytes: number): Buffer | undefined {
  const start = block.readUInt32LE(pair)
  const length = block.readUInt32LE(pair + 4)
  if (start === 0 && length === 0) return undefined
  const end = start + unitBytes * length
  if (start < 160 || end > block.length) throw new Error(`the field of the pair at ${pair} is outside`)
  return block.subarray(start, end)
}

function certificateOf(texts: (string | undefined)[]): Certificate | undefined {
  if (texts.every((text) => text === undefined)) return undefined
  const [subject, issuerName, issuerThumbprint, subjectName] = texts
  return withoutAbsent({ subject, issuerName, issuerThumbprint, subjectName })
}

type WithoutUndefined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function withoutAbsent<T extends object>(value: T): WithoutUndefined<T> {
  const present = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(present) as WithoutUndefined<T>
}
