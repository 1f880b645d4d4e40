// The SDK reads from a block exactly the question that was written into it: for the golden files, for random
// questions, and for blocks at their bounds. The policy `report` does the reading.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blockBytesMax, type Question, writeBlock } from '../support/block.ts'
import { expectedFields, readGoldens } from '../support/golden.ts'
import { PlainPolicy } from '../support/plain-policy.ts'

const report = PlainPolicy.test('report')
const shortQuestion: Question = {
  kind: 'user',
  application: 'wsman/contoso',
  senderName: 'CONTOSO\\Zoë',
  authenticationMechanism: 'Negotiate',
}
const userSid = 'S-1-5-21-1004336348-1177238915-682003330-1104'

function readFields(block: Uint8Array): (string | null)[] {
  return expectedFields(shortQuestion).map((_, field) => report.dumpField(block, field))
}

describe.each(readGoldens())('the golden block $name', ({ question, hex }) => {
  it('is what the reference writer makes of its question', () => {
    expect(Buffer.from(writeBlock(question)).toString('hex')).toBe(hex)
  })

  it('is read by the SDK as its question', () => {
    expect(readFields(Buffer.from(hex, 'hex'))).toEqual(expectedFields(question))
  })

  it('has a head that the SDK reads as its question', () => {
    const { reason } = report.call('authzUser', Buffer.from(hex, 'hex'))
    const kind = { user: 1, operation: 2, quota: 3 }[question.kind]
    const head = [
      `kind=${kind}`,
      `attempt=${question.attempt}`,
      `id=${question.questionId}`,
      'timeMs=0',
      'offset=0',
      `token=${question.userSid !== undefined}`,
      `operation=${question.operation ?? 0}|`,
    ].join('|')
    expect(reason?.startsWith(head)).toBe(true)
  })
})

describe('the time of a question', () => {
  it.each([
    [0, 0],
    [1_785_000_000_123, 120],
    [-1, -720],
    [Number.MIN_SAFE_INTEGER, 840],
    [Number.MAX_SAFE_INTEGER, -1],
  ])('%d ms with an offset of %d minutes is read with its sign', (timeMs, timeZoneOffsetMinutes) => {
    const block = writeBlock({ ...shortQuestion, timeMs, timeZoneOffsetMinutes })
    expect(report.call('authzUser', block).reason).toContain(
      `|timeMs=${timeMs}|offset=${timeZoneOffsetMinutes}|`,
    )
  })
})

const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))
const text = fc.oneof(
  fc.string({ unit }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'Zoë', '管理者', '\ud800'),
)
const fullText = text.filter((value) => value !== '')
const word = fc.integer({ min: 0, max: 0xffff_ffff })
const authority = fc.oneof(
  word.map(String),
  fc
    .bigInt({ min: 2n ** 32n, max: 2n ** 48n - 1n })
    .map((value) => `0x${value.toString(16).padStart(12, '0')}`),
)
const sid = fc
  .tuple(authority, fc.array(word, { maxLength: 15 }))
  .map(([first, rest]) => ['S-1', first, ...rest].join('-'))
const certificate = fc.record(
  { subject: text, issuerName: text, issuerThumbprint: text, subjectName: text },
  { requiredKeys: [] },
)
const facts = fc.record(
  { application: fullText, senderName: fullText, authenticationMechanism: text, certificate, httpUrl: text },
  { requiredKeys: ['application', 'senderName', 'authenticationMechanism'] },
)
const token = fc.record({ userSid: sid, groupSids: fc.array(sid), denyOnlySids: fc.array(sid) })
const kind = fc.oneof(
  fc.record({ kind: fc.constantFrom('user' as const, 'quota' as const) }),
  fc.record({
    kind: fc.constant('operation' as const),
    operation: word,
    action: fullText,
    resourceUri: fullText,
  }),
)
const question: fc.Arbitrary<Question> = fc
  .tuple(kind, facts, fc.oneof(token, fc.constant({})))
  .map((parts) => Object.assign({}, ...parts) as Question)

describe('any question', () => {
  it('is read as it was written, unpaired surrogates and all', () => {
    fc.assert(
      fc.property(question, (asked) => {
        expect(readFields(writeBlock(asked))).toEqual(expectedFields(asked))
      }),
    )
  })
})

describe('a question at the bounds of a block', () => {
  it('may fill all 49,152 bytes with one name', () => {
    const bytesWithoutName = writeBlock({ ...shortQuestion, senderName: '' }).length
    const senderName = '者'.repeat((blockBytesMax - bytesWithoutName) / 2)
    const block = writeBlock({ ...shortQuestion, senderName })
    expect(block.length).toBe(49_152)
    expect(report.dumpField(block, 4)).toBe(senderName)
  })

  it('may carry 1,024 groups', () => {
    const sids = Array.from(
      { length: 1024 },
      (_, index) => `S-1-5-21-1004336348-1177238915-682003330-${5000 + index}`,
    )
    const block = writeBlock({
      ...shortQuestion,
      userSid,
      groupSids: sids.slice(0, 1000),
      denyOnlySids: sids.slice(1000),
    })
    expect(report.dumpField(block, 1)).toBe(sids.slice(0, 1000).join(';'))
    expect(report.dumpField(block, 2)).toBe(sids.slice(1000).join(';'))
  })

  it('may carry the longest SIDs in as many groups as fit', () => {
    const longest = `S-1-0xffffffffffff${'-4294967295'.repeat(15)}`
    const groupSids = Array.from({ length: 700 }, () => longest)
    const block = writeBlock({ ...shortQuestion, userSid: longest, groupSids })
    expect(report.dumpField(block, 1)).toBe(groupSids.join(';'))
  })

  it.each([0, 159, 49_153, 0x7fff_ffff, -1])(
    'is refused a place when it says that it has %d bytes',
    (size) => {
      expect(() => report.requestArea(size)).toThrow('a request block has 160 to 49152 bytes')
    },
  )

  it.each([160, 161, 8191, 49_152])('gets a place aligned to 8 when it has %d bytes', (size) => {
    expect(report.requestArea(size) % 8).toBe(0)
  })
})
