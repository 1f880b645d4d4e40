// The block that `portcullis run` makes of a question file is the block that the plug-in would make: the golden files, and the
// reference writer on any question, say so.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { checkQuestion } from '../../host/winrm/question.ts'
import { questionBlock } from '../../host/winrm/question-block.ts'
import { question as anyQuestion } from '../support/arbitraries.ts'
import { writeBlock } from '../support/block.ts'
import { readGoldens } from '../support/golden.ts'
import { refusal } from '../support/refusal.ts'

const good = { kind: 'user', application: 'wsman/a', senderName: 'ada', authenticationMechanism: '' } as const

describe('the block of a question file', () => {
  it.each(readGoldens())('is the golden one: $name', ({ question, hex }) => {
    const {
      attempt = 1,
      questionId = '0'.repeat(32),
      timeMs = 0,
      timeZoneOffsetMinutes = 0,
      ...rest
    } = question
    const time = new Date(timeMs).toISOString()
    const block = questionBlock({ ...rest, time }, 'file')
    block.writeUInt16LE(attempt, 14)
    block.write(questionId, 16, 'hex')
    block.writeInt32LE(timeZoneOffsetMinutes, 40)
    expect(block.toString('hex')).toBe(hex)
  })

  it('is what the reference writer writes, for any question', () => {
    fc.assert(
      fc.property(anyQuestion, (question) => {
        // Attempt and id are the plug-in's.
        const own = { ...question, attempt: 1, questionId: '0'.repeat(32) }
        const block = questionBlock({ ...own, time: '1970-01-01T00:00:00Z' }, 'file')
        expect(block.toString('hex')).toBe(Buffer.from(writeBlock(own)).toString('hex'))
      }),
    )
  })

  it('has the time of the file, and the offset of its zone at that time', () => {
    const at = (time: string, timeZone?: string) => {
      const block = questionBlock({ ...good, time, ...(timeZone && { timeZone }) }, 'file')
      return [Number(block.readBigInt64LE(32)), block.readInt32LE(40)]
    }
    expect(at('2026-07-01T12:00:00Z', 'Europe/Zurich')).toEqual([Date.UTC(2026, 6, 1, 12), 120])
    expect(at('2026-01-01T12:00:00+05:30', 'Europe/Zurich')).toEqual([Date.UTC(2026, 0, 1, 6, 30), 60])
    expect(at('2026-01-01T12:00:00Z')).toEqual([Date.UTC(2026, 0, 1, 12), 0])
  })

  it('has the time of now without one', () => {
    const before = Date.now()
    const timeMs = Number(questionBlock(good, 'file').readBigInt64LE(32))
    expect(timeMs).toBeGreaterThanOrEqual(before)
    expect(timeMs).toBeLessThanOrEqual(Date.now())
  })
})

describe('a question that the plug-in would turn down by itself', () => {
  it.each<[string, object, string]>([
    ['without a sender', { kind: 'user', application: 'wsman/a' }, 'needs "senderName"'],
    ['with an empty sender', { ...good, senderName: '' }, 'needs "senderName"'],
    [
      'about an operation without an action',
      { ...good, kind: 'operation', resourceUri: 'r' },
      'needs "action"',
    ],
    [
      'about an operation without a resource',
      { ...good, kind: 'operation', action: 'a' },
      'needs "resourceUri"',
    ],
    ['that is too large', { ...good, httpUrl: 'u'.repeat(25_000) }, 'larger than a question can be'],
    [
      'with too many groups',
      { ...good, userSid: 'S-1-5-18', groupSids: Array(1025).fill('S-1-5-32-544') },
      'larger than a question can be',
    ],
    [
      'with a time that is none',
      { ...good, time: '2026-13-01T00:00:00Z' },
      'at /time: "2026-13-01T00:00:00Z" is no',
    ],
    [
      'with a zone that is none',
      { ...good, timeZone: 'Mars/Olympus' },
      'at /timeZone: "Mars/Olympus" is not',
    ],
  ])('%s is refused as a file', (_, question, detail) => {
    const refused = refusal(() => questionBlock(checkQuestion(question, 'file'), 'file'))
    expect(refused.code).toBe('ERR_QUESTION_FILE')
    expect(refused.detail).toContain(detail)
  })
})
