// One question has one encoding, and three languages agree on it: the plug-in's writer in C produces exactly the
// bytes that the reference writer produces, the evaluator's check accepts them and reads them back, and bytes that
// are anything else are refused. The numbers that C and TypeScript both write down are the same numbers.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import * as layout from '../../host/wire/layout.ts'
import {
  type BlockFault,
  blockAttempt,
  blockId,
  blockKind,
  blockText,
  checkBlock,
  stampBlock,
} from '../../host/wire/request-block.ts'
import { drawn, question } from '../support/arbitraries.ts'
import { type Question, sidBytes, writeBlock } from '../support/block.ts'
import { readBlock } from '../support/block-reader.ts'
import { expectedFields, readGoldens } from '../support/golden.ts'
import { groupAttribute, nativeQuestion, writeNativeBlock } from '../support/native-units.ts'
import { PlainPolicy } from '../support/plain-policy.ts'

const goldens = readGoldens()
const sid = 'S-1-5-21-1-2-3-1001'
const facts: Question = {
  kind: 'user',
  application: 'wsman/contoso',
  senderName: 'ada',
  authenticationMechanism: 'Negotiate',
}
const operation: Question = {
  ...facts,
  kind: 'operation',
  operation: 7,
  action: 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get',
  resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service',
  userSid: sid,
  groupSids: ['S-1-5-11', 'S-1-5-32-545'],
  denyOnlySids: ['S-1-5-32-544'],
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function check(bytes: Uint8Array): BlockFault | undefined {
  return checkBlock(viewOf(bytes), bytes.length)
}

/** What the evaluator reads of a block: the ten texts, in the order of the table. */
function textsOf(bytes: Uint8Array): (string | null)[] {
  return layout.textFields.map((field) => blockText(Buffer.from(bytes), field) ?? null)
}

function hex(bytes: Uint8Array | string): string {
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('hex')
}

/** Either refused, or the only encoding of a question that can be read without leaving the block. */
function expectRefusedOrExact(bytes: Uint8Array): void {
  if (check(bytes) !== undefined) return
  const read = readBlock(bytes)
  expect(hex(writeBlock(read))).toBe(hex(bytes))
  expect(hex(writeNativeBlock(nativeQuestion(read)))).toBe(hex(bytes))
  expect(textsOf(bytes)).toEqual(expectedFields(read).slice(3))
}

describe.each(goldens)('the golden block $name', ({ question, hex: golden }) => {
  const bytes = Buffer.from(golden, 'hex')

  it('is what the plug-in writes', () => {
    expect(hex(writeNativeBlock(nativeQuestion(question)))).toBe(golden)
  })

  it('is accepted', () => {
    expect(check(bytes)).toBeUndefined()
  })

  it('is read as its question', () => {
    expect(textsOf(bytes)).toEqual(expectedFields(question).slice(3))
    expect(blockId(bytes)).toBe(question.questionId)
    expect(blockKind(viewOf(bytes))).toBe(question.kind)
    expect(blockAttempt(viewOf(bytes))).toBe(question.attempt)
  })

  it('is accepted by its size alone, whatever lies behind it in the same buffer', () => {
    const larger = Buffer.concat([bytes, Buffer.alloc(64, 0xff)])
    expect(checkBlock(viewOf(larger), bytes.length)).toBeUndefined()
  })
})

describe('any question', () => {
  it('is written by the plug-in as the reference writer writes it, accepted, and read back', () => {
    fc.assert(
      fc.property(drawn, ({ question, groups }) => {
        const given = nativeQuestion(question)
        given.groups = groups.map(({ sid, attributes }) => ({ sid: sidBytes(sid), attributes }))
        const written = writeNativeBlock(given)
        const reference = writeBlock(question)
        expect(hex(written)).toBe(hex(reference))
        expect(check(reference)).toBeUndefined()
        expect(textsOf(reference)).toEqual(expectedFields(question).slice(3))
        expect(blockId(Buffer.from(reference))).toBe(question.questionId)
        expect(blockKind(viewOf(reference))).toBe(question.kind)
        expect(blockAttempt(viewOf(reference))).toBe(question.attempt)
        expect(expectedFields(readBlock(reference))).toEqual(expectedFields(question))
      }),
      { numRuns: 1000 },
    )
  })

  it('with an absent text is another block than with an empty one', () => {
    const absent = writeNativeBlock(nativeQuestion(facts))
    const empty = writeNativeBlock(nativeQuestion({ ...facts, httpUrl: '' }))
    expect(hex(absent)).not.toBe(hex(empty))
    expect(textsOf(absent as Buffer)[7]).toBeNull()
    expect(textsOf(empty as Buffer)[7]).toBe('')
  })
})

describe("a group's attributes", () => {
  it.each([
    ['enabled', 'enabled', groupAttribute.enabled],
    ['enabled by default and mandatory', 'enabled', 7],
    ['deny-only', 'deny-only', groupAttribute.denyOnly],
    ['enabled and deny-only, which must never allow', 'deny-only', 0xffffffff],
    ['nothing', 'neither', 0],
    ['enabled by default but not enabled', 'neither', groupAttribute.enabledByDefault],
    ['the owner only', 'neither', groupAttribute.owner],
  ])('that say %s put it on the list %s', (_, list, attributes) => {
    const group = 'S-1-5-11'
    const given = {
      ...nativeQuestion({ ...facts, userSid: sid }),
      groups: [{ sid: sidBytes(group), attributes }],
    }
    const { groupSids, denyOnlySids } = readBlock(writeNativeBlock(given) as Buffer)
    expect(groupSids).toEqual(list === 'enabled' ? [group] : [])
    expect(denyOnlySids).toEqual(list === 'deny-only' ? [group] : [])
  })
})

describe('the largest question', () => {
  /** `facts` with a URL that makes the block so large. */
  function sized(bytes: number): Question {
    const rest = writeBlock({ ...facts, httpUrl: '' }).length
    return { ...facts, httpUrl: 'u'.repeat((bytes - rest) / 2) }
  }
  function withGroups(enabled: number, denyOnly: number, ignored = 0) {
    const listed = (count: number, attributes: number) =>
      Array.from({ length: count }, (_, index) => ({ sid: sidBytes(`S-1-5-${index}`), attributes }))
    const given = nativeQuestion({ ...facts, userSid: sid })
    given.groups = [...listed(ignored, 0), ...listed(enabled, 4), ...listed(denyOnly, 16)]
    return given
  }

  it('has exactly 49,152 bytes', () => {
    const block = writeNativeBlock(nativeQuestion(sized(layout.block.bytesMax)))
    expect(block).toHaveLength(49_152)
    expect(check(block as Buffer)).toBeUndefined()
  })

  it('is refused by the writer with one unit more, and by the check', () => {
    const question = sized(layout.block.bytesMax + 2)
    expect(writeNativeBlock(nativeQuestion(question))).toBe('too-large')
    expect(check(writeBlock(question))).toBe('size')
  })

  it('is refused with one unit more in any of its texts', () => {
    const { texts } = nativeQuestion(sized(layout.block.bytesMax))
    for (const index of texts.keys()) {
      const longer = texts.map((text, at) => (at === index ? `${text ?? ''}u` : text))
      expect(writeNativeBlock({ ...nativeQuestion(facts), texts: longer })).toBe('too-large')
    }
  })

  it.each([24_577, 0x8000, 100_000])('is refused with a text of %d units', (units) => {
    expect(writeNativeBlock(nativeQuestion({ ...facts, httpUrl: 'u'.repeat(units) }))).toBe('too-large')
  })

  it('is written into a buffer that just takes it, and not into a smaller one', () => {
    const size = writeBlock(operation).length
    expect(hex(writeNativeBlock(nativeQuestion(operation), size))).toBe(hex(writeBlock(operation)))
    for (const capacity of [size - 1, size - 2, 161, 160, 159, 1, 0]) {
      expect(writeNativeBlock(nativeQuestion(operation), capacity)).toBe('too-large')
    }
  })

  it.each([
    [1024, 0],
    [0, 1024],
    [500, 524],
  ])('has 1,024 groups: %d enabled and %d deny-only', (enabled, denyOnly) => {
    const block = writeNativeBlock(withGroups(enabled, denyOnly))
    expect(check(block as Buffer)).toBeUndefined()
    expect(readBlock(block as Buffer).groupSids).toHaveLength(enabled)
  })

  it.each([
    [1025, 0],
    [0, 1025],
    [1, 1024],
  ])('is refused with 1,025 groups: %d enabled and %d deny-only', (enabled, denyOnly) => {
    const sids = (count: number) => Array.from({ length: count }, (_, index) => `S-1-5-${index}`)
    const question = { ...facts, userSid: sid, groupSids: sids(enabled), denyOnlySids: sids(denyOnly) }
    expect(writeNativeBlock(withGroups(enabled, denyOnly))).toBe('too-large')
    expect(check(writeBlock(question))).toBe('groups')
  })

  it('does not count groups that are on no list', () => {
    const block = writeNativeBlock(withGroups(1000, 24, 1000))
    expect(hex(block)).toBe(hex(writeNativeBlock(withGroups(1000, 24))))
    expect(check(block as Buffer)).toBeUndefined()
  })

  it('may have groups that leave no room, which is too large and no shorter list', () => {
    const given = nativeQuestion({ ...facts, userSid: sid })
    const longest = sidBytes(`S-1-5${'-4294967295'.repeat(15)}`)
    given.groups = Array.from({ length: 721 }, () => ({ sid: longest, attributes: 4 }))
    expect(writeNativeBlock(given)).toBe('too-large')
  })
})

describe('a SID that is none', () => {
  const spoiled = (byte: number, value: number) => {
    const bytes = Uint8Array.from(sidBytes('S-1-5-21-1-2-3-1001'))
    bytes[byte] = value
    return Buffer.concat([bytes, Buffer.alloc(1024)])
  }

  it.each([
    ['revision 0', 0, 0],
    ['revision 2', 0, 2],
    ['16 sub-authorities', 1, 16],
    ['255 sub-authorities', 1, 255],
  ])('with %s makes the writer refuse the question', (_, byte, value) => {
    const given = nativeQuestion({ ...facts, userSid: sid })
    expect(writeNativeBlock({ ...given, userSid: spoiled(byte, value) })).toBe('bad-sid')
    const groups = [{ sid: spoiled(byte, value), attributes: groupAttribute.denyOnly }]
    expect(writeNativeBlock({ ...given, groups })).toBe('bad-sid')
  })

  it('does not matter in a group that is on no list', () => {
    const given = nativeQuestion({ ...facts, userSid: sid })
    expect(writeNativeBlock({ ...given, groups: [{ sid: spoiled(0, 9), attributes: 0 }] })).toBeInstanceOf(
      Buffer,
    )
  })
})

describe('a block is refused', () => {
  /** The block of `operation` with one number changed. */
  const spoil = (bytes: 1 | 2 | 4, offset: number, value: number, question = operation): Buffer => {
    const block = Buffer.from(writeBlock(question))
    block.writeUIntLE(value, offset, bytes)
    return block
  }
  const { at } = layout
  const size = writeBlock(operation).length

  it.each<[BlockFault, string, Buffer]>([
    ['size', 'a header that is not whole', Buffer.from(writeBlock(operation).subarray(0, 159))],
    ['size', 'no bytes at all', Buffer.alloc(0)],
    ['size', 'a total size that is one less', spoil(4, at.totalSize, size - 1)],
    ['size', 'a total size that is one more', spoil(4, at.totalSize, size + 1)],
    ['magic', 'another magic', spoil(1, 0, 0x51)],
    ['version', 'version 0', spoil(2, at.version, 0)],
    ['version', 'version 2', spoil(2, at.version, 2)],
    ['version', 'another header size', spoil(2, at.headerSize, 168)],
    ['kind', 'kind 0', spoil(2, at.kind, 0)],
    ['kind', 'kind 4', spoil(2, at.kind, 4)],
    ['attempt', 'attempt 0', spoil(2, at.attempt, 0)],
    ['attempt', 'attempt 3', spoil(2, at.attempt, 3)],
    ['reserved', 'a time of its own', spoil(1, at.timeMs, 1)],
    ['reserved', 'a time of its own in the last byte', spoil(1, at.timeMs + 7, 0x80)],
    ['reserved', 'a zone of its own', spoil(4, at.timeZoneOffsetMinutes, 60)],
    ['reserved', 'an unknown flag', spoil(4, at.flags, 3)],
    ['reserved', 'the highest flag', spoil(4, at.flags, 0x80000001)],
    ['reserved', 'a reserved word', spoil(4, at.reserved, 1)],
    ['reserved', 'an operation number and no operation', spoil(4, at.operation, 1, facts)],
    ['identity', 'a token flag and no token', spoil(4, at.flags, 1, facts)],
    ['identity', 'a token and no flag', spoil(4, at.flags, 0)],
    ['identity', 'a user SID in the header', spoil(4, at.userSid, 56)],
    ['identity', 'groups longer than the block', spoil(4, at.enabledGroups + 4, 0xfffffffc)],
    ['sid', 'a user SID of two SIDs', spoil(4, at.userSid + 4, 28 + 12)],
    ['sid', 'an empty user SID', spoil(4, at.userSid + 4, 0)],
    ['sid', 'a user SID of another revision', spoil(1, 160, 2)],
    ['sid', 'a user SID of 16 sub-authorities', spoil(1, 161, 16)],
    ['sid', 'a group that reaches over its list', spoil(1, 189, 15)],
    ['text', 'a text one unit later', spoil(4, at.texts, 162, facts)],
    ['text', 'a text before the cursor', spoil(4, at.texts + 8, 160, facts)],
    ['text', 'a length whose bytes wrap around', spoil(4, at.texts + 4, 0x80000000 + 13, facts)],
    ['text', 'the greatest length', spoil(4, at.texts + 4, 0xffffffff, facts)],
    ['text', 'a length without an offset', spoil(4, at.texts + 60, 1, facts)],
    ['trailing', 'a last text that is one unit short', spoil(4, at.texts + 20, 8, facts)],
  ])('for its %s: %s', (fault, _, block) => {
    expect(check(block)).toBe(fault)
  })

  it.each<[string, Partial<Question>]>([
    ['an empty application', { application: '' }],
    ['an empty sender name', { senderName: '' }],
    ['an empty action', { action: '' }],
    ['an empty resource URI', { resourceUri: '' }],
  ])('with %s, which every question of its kind has', (_, change) => {
    expect(check(writeBlock({ ...operation, ...change }))).toBe('required')
  })

  it.each(['application', 'senderName', 'authenticationMechanism', 'action', 'resourceUri'] as const)(
    'without %s',
    (field) => {
      const { [field]: _, ...rest } = operation
      expect(check(writeBlock(rest as Question))).toBe('required')
    },
  )

  it.each(['user', 'quota'] as const)('with an action in a %s question', (kind) => {
    const block = Buffer.from(writeBlock({ ...operation, operation: 0 }))
    block.writeUInt16LE(layout.kindNumber[kind], at.kind)
    expect(check(block)).toBe('required')
  })

  it('with one byte of a SID at its very end', () => {
    const block = Buffer.alloc(169, 1)
    Buffer.from(writeBlock({ ...facts, userSid: 'S-1-5' })).copy(block, 0, 0, 168)
    const pairs = [160, 8, 168, 0, 168, 1, ...Array(20).fill(0)]
    for (const [index, word] of pairs.entries()) block.writeUInt32LE(word, at.userSid + 4 * index)
    block.writeUInt32LE(block.length, at.totalSize)
    expect(check(block)).toBe('sid')
  })

  it('over 49,152 bytes, whatever its header says', () => {
    const block = Buffer.alloc(layout.block.bytesMax + 1)
    Buffer.from(writeBlock(facts)).copy(block)
    block.writeUInt32LE(block.length, at.totalSize)
    expect(check(block)).toBe('size')
  })

  it('when it is cut anywhere, with the right size in its header or with the old one', () => {
    for (const { hex: golden } of goldens) {
      const block = Buffer.from(golden, 'hex')
      for (let size = 0; size < block.length; size++) {
        const cut = Buffer.from(block.subarray(0, size))
        expect(check(cut)).toBe('size')
        if (size < layout.block.headerBytes) continue
        cut.writeUInt32LE(size, at.totalSize)
        expect(check(cut)).toBeDefined()
      }
    }
  })

  it('with bytes behind it, with the right size in its header or with the old one', () => {
    fc.assert(
      fc.property(question, fc.uint8Array({ minLength: 1, maxLength: 64 }), (question, more) => {
        const block = Buffer.concat([writeBlock(question), more])
        expect(check(block)).toBe('size')
        block.writeUInt32LE(block.length, at.totalSize)
        expect(check(block)).toBe('trailing')
      }),
    )
  })
})

describe('a block that was tampered with is refused, or the one encoding of another question', () => {
  /** Numbers that a layout is made of: small ones, sizes, and what is near a number that is there. */
  const nearby = fc.oneof(
    fc.integer({ min: -64, max: 64 }),
    fc.constantFrom(0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff),
    fc.integer({ min: 0, max: 0xffffffff }),
  )

  it('when one word of its pairs has changed', () => {
    fc.assert(
      fc.property(question, fc.nat(25), fc.boolean(), nearby, (question, index, absolute, change) => {
        const block = Buffer.from(writeBlock(question))
        const offset = layout.at.userSid + 4 * index
        const value = ((absolute ? 0 : block.readUInt32LE(offset)) + change) >>> 0
        block.writeUInt32LE(value, offset)
        expectRefusedOrExact(block)
      }),
      { numRuns: 4000 },
    )
  })

  it('when one word of its pairs is the place of another field', () => {
    const { at } = layout
    for (const { hex: golden } of goldens) {
      const block = Buffer.from(golden, 'hex')
      const words = new Set([0])
      for (let offset: number = at.userSid; offset < 160; offset += 4) words.add(block.readUInt32LE(offset))
      words.add(block.length)
      for (let offset: number = at.userSid; offset < 160; offset += 4) {
        for (const word of words) {
          const changed = Buffer.from(block)
          changed.writeUInt32LE(word, offset)
          expectRefusedOrExact(changed)
        }
      }
    }
  })

  it('when one byte of its header has changed', () => {
    for (const { hex: golden } of goldens) {
      const block = Buffer.from(golden, 'hex')
      for (let offset = 0; offset < layout.at.userSid; offset++) {
        for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
          const changed = Buffer.from(block)
          changed.writeUInt8((block[offset] as number) ^ bit, offset)
          expectRefusedOrExact(changed)
        }
      }
    }
  })

  it('when some of its bytes are random', () => {
    const change = fc.tuple(fc.nat(400), fc.nat(255))
    fc.assert(
      fc.property(question, fc.array(change, { minLength: 1, maxLength: 6 }), (question, changes) => {
        const block = Buffer.from(writeBlock(question))
        for (const [offset, value] of changes) block.writeUInt8(value, offset % block.length)
        expectRefusedOrExact(block)
      }),
      { numRuns: 4000 },
    )
  })

  it('when all of its bytes are random, behind a header that begins well', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, withHead) => {
        const block = Buffer.from(bytes)
        if (withHead && block.length >= 160) {
          Buffer.from(writeBlock(operation)).copy(block, 0, 0, layout.at.userSid)
          block.writeUInt32LE(block.length, layout.at.totalSize)
        }
        expect(check(block)).toBeDefined()
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the stamp of the evaluator', () => {
  const report = PlainPolicy.test('report')

  it.each([
    [0, 0],
    [1_785_000_000_123, 120],
    [-1, -720],
    [Number.MAX_SAFE_INTEGER, 840],
  ])('%d ms with an offset of %d minutes is what a policy reads', (timeMs, offset) => {
    const block = Buffer.from(writeBlock(operation))
    stampBlock(viewOf(block), timeMs, offset)
    expect(hex(block)).toBe(hex(writeBlock({ ...operation, timeMs, timeZoneOffsetMinutes: offset })))
    expect(report.call('authzUser', block).reason).toContain(`|timeMs=${timeMs}|offset=${offset}|token=true|`)
  })

  it('cannot come from the wire', () => {
    const block = Buffer.from(writeBlock(operation))
    stampBlock(viewOf(block), 1_785_000_000_123, 120)
    expect(check(block)).toBe('reserved')
  })
})
