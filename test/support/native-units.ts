// The plug-in's pure parts as TypeScript sees them: build/native/libportcullis_units.so through koffi. Texts go in
// and come out as JavaScript strings, whose units C sees one by one, so unpaired surrogates are what they are.

import koffi from 'koffi'

import { nativeLibrary } from '../../host/paths.ts'
import { type Question, sidBytes } from './block.ts'

/** Windows' attributes of a group in a token: those that decide which list it is on. */
export const groupAttribute = {
  mandatory: 1,
  enabledByDefault: 2,
  enabled: 4,
  owner: 8,
  denyOnly: 16,
} as const

export const blockStatus = ['ok', 'too-large', 'bad-sid'] as const
export type BlockStatus = (typeof blockStatus)[number]

/** What the block writer gets: a text is `undefined` when it is absent. */
export interface NativeQuestion {
  kind: number
  attempt: number
  id: Uint8Array
  operation: number
  userSid: Uint8Array | undefined
  groups: { sid: Uint8Array; attributes: number }[]
  texts: (string | undefined)[]
}

export interface AnswerFields {
  kind: number
  attempt: number
  outcome: number
  flags: number
  code: number
  quota: number[]
  textUnits: number
}

const blockBytesMax = 49_152
const helloBytesMax = 4096
const endpointBytesMax = 1024
const ownerBytesMax = 192
const extendedUnitsMax = 1024
/** What lies behind the units that may be written; it must still be there afterwards. */
const fence = 0x5aa5

const library = koffi.load(nativeLibrary('portcullis_units'))
const native = {
  blockWrite: library.func(
    'int units_block_write(uint32_t kind, uint32_t attempt, const uint8_t *id, uint32_t operation, const uint8_t *user_sid, const uint8_t *group_sids, const uint32_t *attributes, uint32_t group_count, const uint8_t *texts, const int32_t *text_lengths, uint8_t *block, uint32_t capacity, uint32_t *size)',
  ),
  answerRead: library.func('int units_answer_read(const uint8_t *body, uint32_t size, uint32_t *fields)'),
  helloWrite: library.func(
    'uint32_t units_hello_write(const uint16_t *versions, const uint16_t *product, uint32_t process_id, const uint8_t *application, uint32_t units, const uint32_t *counters, uint32_t counter_count, uint8_t *body)',
  ),
  settingsParse: library.func(
    'int units_settings_parse(const uint8_t *text, uint32_t size, uint8_t *endpoint, uint8_t *owner)',
  ),
  contextGrant: library.func('uint64_t units_context_grant(uint64_t instance)'),
  contextRelease: library.func('int units_context_release(uint64_t context)'),
  contextReleaseAll: library.func('void units_context_release_all(uint64_t instance)'),
  contextTableFree: library.func('void units_context_table_free()'),
  contextCount: library.func('uint32_t units_context_count()'),
  extendedWrite: library.func(
    'uint32_t units_extended_write(uint16_t *text, int no_answer, const uint8_t *id, const uint8_t *reason, uint32_t reason_units)',
  ),
}

/** A question as the golden files spell it, as the plug-in would have it at hand. */
export function nativeQuestion(question: Question): NativeQuestion {
  const { certificate, userSid, groupSids = [], denyOnlySids = [] } = question
  const isOperation = question.kind === 'operation'
  const listed = (sids: string[], attributes: number) =>
    sids.map((sid) => ({ sid: sidBytes(sid), attributes }))
  return {
    kind: { user: 1, operation: 2, quota: 3 }[question.kind],
    attempt: question.attempt ?? 1,
    id: Buffer.from(question.questionId ?? '0'.repeat(32), 'hex'),
    operation: isOperation ? (question.operation ?? 0) : 0,
    userSid: userSid === undefined ? undefined : sidBytes(userSid),
    groups: [...listed(groupSids, groupAttribute.enabled), ...listed(denyOnlySids, groupAttribute.denyOnly)],
    texts: [
      question.application,
      question.senderName,
      question.authenticationMechanism,
      certificate?.subject,
      certificate?.issuerName,
      certificate?.issuerThumbprint,
      certificate?.subjectName,
      question.httpUrl,
      isOperation ? question.action : undefined,
      isOperation ? question.resourceUri : undefined,
    ],
  }
}

/** Writes a block with the plug-in's writer: the bytes, or why there are none. */
export function writeNativeBlock(given: NativeQuestion, capacity = blockBytesMax): Buffer | BlockStatus {
  const { groups, texts } = given
  // One byte more each, so that nothing empty goes over as a pointer to nowhere.
  const sids = Buffer.concat([...groups.map(({ sid }) => sid), Buffer.alloc(1)])
  const units = Buffer.from(`${texts.map((text) => text ?? '').join('')}.`, 'utf16le')
  const attributes = Uint32Array.from([...groups.map((group) => group.attributes), 0])
  const lengths = Int32Array.from(texts.map((text) => text?.length ?? -1))
  const block = Buffer.alloc(capacity + 16, fence & 0xff)
  const size = new Uint32Array(1)
  const status: number = native.blockWrite(
    given.kind,
    given.attempt,
    given.id,
    given.operation,
    given.userSid ?? null,
    sids,
    attributes,
    groups.length,
    units,
    lengths,
    block,
    capacity,
    size,
  )
  if (!block.subarray(capacity).every((byte) => byte === (fence & 0xff))) {
    throw new Error('the block writer wrote behind the block')
  }
  if (status === 0) return block.subarray(0, size[0])
  const name = blockStatus[status]
  if (name === undefined) throw new Error(`the block writer returned ${status}`)
  return name
}

/** Reads an answer's body as the plug-in does; undefined if it refuses it. */
export function readNativeAnswer(body: Uint8Array): AnswerFields | undefined {
  const fields = new Uint32Array(10)
  if (native.answerRead(Uint8Array.from(body), body.length, fields) === 0) return undefined
  const [kind = 0, attempt = 0, outcome = 0, flags = 0, code = 0] = fields
  return { kind, attempt, outcome, flags, code, quota: [...fields.subarray(5, 9)], textUnits: fields[9] ?? 0 }
}

export interface HelloFields {
  readonly versions: readonly [number, number]
  readonly product: readonly [number, number, number, number]
  readonly processId: number
  readonly application: string
  readonly counters: readonly number[]
}

/** A hello's body as the plug-in writes it. */
export function writeNativeHello({
  versions,
  product,
  processId,
  application,
  counters,
}: HelloFields): Buffer {
  const body = Buffer.alloc(helloBytesMax + 16, fence & 0xff)
  const size: number = native.helloWrite(
    Uint16Array.from(versions),
    Uint16Array.from(product),
    processId,
    Buffer.from(application, 'utf16le'),
    application.length,
    Uint32Array.from(counters),
    counters.length,
    body,
  )
  if (!body.subarray(size).every((byte) => byte === (fence & 0xff))) {
    throw new Error('the hello was written behind its end')
  }
  return body.subarray(0, size)
}

/** Parses a settings file as the plug-in does; undefined if it refuses it. */
export function parseSettings(text: string | Uint8Array): { endpoint: string; owner: string } | undefined {
  const bytes = Buffer.from(text as string)
  const endpoint = Buffer.alloc(endpointBytesMax)
  const owner = Buffer.alloc(ownerBytesMax)
  const given = Buffer.concat([bytes, Buffer.from('\nowner = behind the end\n')])
  if (native.settingsParse(given, bytes.length, endpoint, owner) === 0) return undefined
  const read = (buffer: Buffer) => buffer.toString('utf8', 0, buffer.indexOf(0))
  return { endpoint: read(endpoint), owner: read(owner) }
}

/** The table of contexts. There is one for each process. */
export const contexts = {
  /** 0 when there is no room. */
  grant: (instance: number): bigint => BigInt(native.contextGrant(instance)),
  release: (context: bigint): boolean => native.contextRelease(context) !== 0,
  releaseAll: (instance: number): void => native.contextReleaseAll(instance),
  free: (): void => native.contextTableFree(),
  count: (): number => native.contextCount(),
}

/** The text beside a failure, with the terminator taken off. */
export function writeExtended(noAnswer: boolean, id: Uint8Array, reason: string): string {
  const units = new Uint16Array(extendedUnitsMax + 8).fill(fence)
  const bytes = Buffer.from(`${reason}.`, 'utf16le')
  const length: number = native.extendedWrite(units, noAnswer ? 1 : 0, id, bytes, reason.length)
  if (length >= extendedUnitsMax) throw new Error('the text has no terminator within its bound')
  if (!units.subarray(extendedUnitsMax).every((unit) => unit === fence)) {
    throw new Error('the text was written behind its end')
  }
  return Buffer.from(units.buffer, 0, 2 * length).toString('utf16le')
}
