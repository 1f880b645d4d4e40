// A reference writer of request blocks, kept apart from the product's own code so that a mistake there does
// not repeat itself here. It turns a question as the golden files and the vectors spell it into the bytes
// that docs/reference/request-block.md describes, in the plainest way that works. It refuses what that page
// forbids only where a wrong block would be mistaken for a right one.

/** A question as JSON. What is left out is absent; one without any of the three SID members has no token. */
export interface Question {
  kind: 'user' | 'operation' | 'quota'
  attempt?: number
  /** 32 hexadecimal digits. */
  questionId?: string
  timeMs?: number
  timeZoneOffsetMinutes?: number
  application: string
  senderName: string
  authenticationMechanism: string
  certificate?: Certificate | null
  httpUrl?: string
  userSid?: string
  groupSids?: string[]
  denyOnlySids?: string[]
  operation?: number
  action?: string
  resourceUri?: string
}

export interface Certificate {
  subject?: string
  issuerName?: string
  issuerThumbprint?: string
  subjectName?: string
}

export const headerBytes = 160
export const blockBytesMax = 49_152

const kindNumbers = { user: 1, operation: 2, quota: 3 }
const firstFieldOffset = 56

export function writeBlock(question: Question): Uint8Array {
  const fields = fieldsOf(question)
  const payloadBytes = fields.reduce((sum, field) => sum + (field?.bytes.length ?? 0), 0)
  const block = new Uint8Array(headerBytes + payloadBytes)
  const view = new DataView(block.buffer)
  const hasToken = fields[0] !== undefined

  view.setUint32(0, 0x42524350, true)
  view.setUint16(4, 1, true)
  view.setUint16(6, headerBytes, true)
  view.setUint32(8, block.length, true)
  view.setUint16(12, kindNumbers[question.kind], true)
  view.setUint16(14, question.attempt ?? 1, true)
  block.set(Buffer.from(question.questionId ?? '0'.repeat(32), 'hex'), 16)
  view.setBigInt64(32, BigInt(question.timeMs ?? 0), true)
  view.setInt32(40, question.timeZoneOffsetMinutes ?? 0, true)
  view.setUint32(44, hasToken ? 1 : 0, true)
  view.setUint32(48, question.kind === 'operation' ? (question.operation ?? 0) : 0, true)

  let cursor = headerBytes
  fields.forEach((field, index) => {
    if (field === undefined) return
    view.setUint32(firstFieldOffset + index * 8, cursor, true)
    view.setUint32(firstFieldOffset + index * 8 + 4, field.length, true)
    block.set(field.bytes, cursor)
    cursor += field.bytes.length
  })
  return block
}

/** The bytes of a SID that is written as Windows writes it. */
export function sidBytes(text: string): Uint8Array {
  const [letter, revision, authority, ...subAuthorities] = text.split('-')
  if (letter !== 'S' || revision !== '1' || authority === undefined) throw new Error(`not a SID: ${text}`)
  const bytes = new Uint8Array(8 + 4 * subAuthorities.length)
  const view = new DataView(bytes.buffer)
  // The authority takes six bytes, big-endian; written as eight, its first two are where revision and count
  // go.
  view.setBigUint64(0, BigInt(authority), false)
  view.setUint8(0, 1)
  view.setUint8(1, subAuthorities.length)
  subAuthorities.forEach((subAuthority, index) => {
    view.setUint32(8 + 4 * index, Number(subAuthority), true)
  })
  return bytes
}

interface Field {
  bytes: Uint8Array
  /** What the second word of the pair says: bytes for SIDs, UTF-16 units for text. */
  length: number
}

/** The thirteen fields in the order of the page; `undefined` for an absent one. */
function fieldsOf(question: Question): (Field | undefined)[] {
  const { userSid, groupSids, denyOnlySids, certificate } = question
  const hasToken = userSid !== undefined || groupSids !== undefined || denyOnlySids !== undefined
  if (hasToken && userSid === undefined) throw new Error('a question with groups needs a userSid')
  const isOperation = question.kind === 'operation'
  return [
    hasToken ? sidField([userSid as string]) : undefined,
    hasToken ? sidField(groupSids ?? []) : undefined,
    hasToken ? sidField(denyOnlySids ?? []) : undefined,
    textField(question.application),
    textField(question.senderName),
    textField(question.authenticationMechanism),
    textField(certificate?.subject),
    textField(certificate?.issuerName),
    textField(certificate?.issuerThumbprint),
    textField(certificate?.subjectName),
    textField(question.httpUrl),
    isOperation ? textField(question.action) : undefined,
    isOperation ? textField(question.resourceUri) : undefined,
  ]
}

function sidField(sids: string[]): Field {
  const bytes = Buffer.concat(sids.map(sidBytes))
  return { bytes, length: bytes.length }
}

function textField(text: string | undefined): Field | undefined {
  if (text === undefined) return undefined
  return { bytes: Buffer.from(text, 'utf16le'), length: text.length }
}
