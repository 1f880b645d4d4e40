// What an evaluator writes as an answer the plug-in reads as the same answer, and nothing else is believed: an answer
// whose fields contradict each other, or that is cut, or that is noise, is refused whole.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { type Answer, AnswerWriter } from '../../host/wire/answer.ts'
import { kindNumber } from '../../host/wire/layout.ts'
import { anyText, question } from '../support/arbitraries.ts'
import { type Question, writeBlock } from '../support/block.ts'
import { readNativeAnswer } from '../support/native-units.ts'

const redirectCode = 0x80338199
const allow: Answer = { outcome: 'allow', code: 0, administrator: false, quota: undefined, text: undefined }
const deny: Answer = { ...allow, outcome: 'deny', code: 5 }
const noAnswer: Answer = { ...allow, outcome: 'no-answer', code: 1359 }
const facts: Question = {
  kind: 'user',
  attempt: 2,
  questionId: '00112233445566778899aabbccddeeff',
  application: 'wsman/contoso',
  senderName: 'ada',
  authenticationMechanism: '',
}

const writer = new AnswerWriter()

/** The body of an answer to `question`, in a buffer of its own. */
function write(answer: Answer, question = facts): Buffer {
  return Buffer.from(writer.write(Buffer.from(writeBlock(question)), answer))
}

/** The fields of an answer as they lie in the body. */
interface Fields {
  magic: number
  version: number
  kind: number
  attempt: number
  outcome: number
  flags: number
  code: number
  quota: number[]
  text: string
}

function encode(fields: Fields): Buffer {
  const body = Buffer.alloc(52 + 2 * fields.text.length)
  body.writeUInt32LE(fields.magic, 0)
  body.writeUInt16LE(fields.version, 4)
  body.writeUInt16LE(fields.kind, 6)
  body.writeUInt16LE(fields.attempt, 24)
  body.writeUInt16LE(fields.outcome, 26)
  body.writeUInt16LE(fields.flags, 28)
  body.writeUInt16LE(fields.text.length, 30)
  body.writeUInt32LE(fields.code, 32)
  fields.quota.forEach((word, index) => {
    body.writeUInt32LE(word, 36 + 4 * index)
  })
  body.write(fields.text, 52, 'utf16le')
  return body
}

/** The rules of docs/reference/wire.md, one line each. */
function isCoherent({ magic, version, kind, outcome, flags, code, quota, text }: Fields): boolean {
  const allowed = outcome === 1
  const granted = allowed && kind === 3
  return [
    magic === 0x4e414350 && version === 1,
    kind >= 1 && kind <= 3,
    outcome >= 1 && outcome <= 3,
    flags === 0 || (flags === 1 && allowed && kind === 1),
    allowed === (code === 0),
    code !== redirectCode || (outcome === 2 && kind === 1 && text !== ''),
    quota.every((word) => granted === (word !== 0)),
    text.length <= 512 && !(allowed && text !== ''),
  ].every(Boolean)
}

const word = fc.integer({ min: 0, max: 0xffffffff })
const halfWord = fc.integer({ min: 0, max: 0xffff })
/** The first is what it should be, most of the time. */
function usually<T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: right, weight: 12 }, { arbitrary: wrong, weight: 1 })
}

const anyFields: fc.Arbitrary<Fields> = fc.record({
  magic: usually(fc.constant(0x4e414350), word),
  version: usually(fc.constant(1), halfWord),
  kind: usually(fc.integer({ min: 1, max: 3 }), halfWord),
  attempt: usually(fc.constantFrom(1, 2), halfWord),
  outcome: usually(fc.integer({ min: 1, max: 3 }), halfWord),
  flags: usually(fc.constantFrom(0, 0, 0, 1), halfWord),
  code: fc.oneof(fc.constantFrom(0, 0, 5, 1359, 1460, redirectCode), word),
  quota: fc.oneof(
    fc.constant<number[]>([0, 0, 0, 0]),
    fc.array(fc.integer({ min: 1, max: 0xffffffff }), { minLength: 4, maxLength: 4 }),
    fc.array(fc.nat(1), { minLength: 4, maxLength: 4 }),
  ),
  text: fc.oneof(fc.constant(''), anyText(8)),
})

describe('an answer', () => {
  const quotaWord = fc.integer({ min: 1, max: 0xffffffff })
  const text = fc.option(anyText(40), { nil: undefined })
  const code = word.filter((code) => code !== 0 && code !== redirectCode)
  /** Whatever the host can have to say to a question of the kind. */
  const answerTo = (kind: Question['kind']): fc.Arbitrary<Answer> => {
    const failed = fc.record<Answer>({
      outcome: fc.constantFrom('deny', 'no-answer'),
      code,
      administrator: fc.constant(false),
      quota: fc.constant(undefined),
      text,
    })
    const allowed = fc.record<Answer>({
      outcome: fc.constant('allow'),
      code: fc.constant(0),
      administrator: kind === 'user' ? fc.boolean() : fc.constant(false),
      quota: kind === 'quota' ? fc.tuple(quotaWord, quotaWord, quotaWord, quotaWord) : fc.constant(undefined),
      text: fc.constantFrom(undefined, ''),
    })
    const redirected = fc.record<Answer>({
      outcome: fc.constant('deny'),
      code: fc.constant(redirectCode),
      administrator: fc.constant(false),
      quota: fc.constant(undefined),
      text: anyText(40, 1),
    })
    return kind === 'user' ? fc.oneof(failed, allowed, redirected) : fc.oneof(failed, allowed)
  }

  it('that the host can give is read as it was given, to any question', () => {
    const asked = question.chain((question) => fc.tuple(fc.constant(question), answerTo(question.kind)))
    fc.assert(
      fc.property(asked, ([question, given]) => {
        const body = write(given, question)
        const text = given.text ?? ''
        expect(readNativeAnswer(body)).toEqual({
          kind: kindNumber[question.kind],
          attempt: question.attempt,
          outcome: { allow: 1, deny: 2, 'no-answer': 3 }[given.outcome],
          flags: given.administrator ? 1 : 0,
          code: given.code,
          quota: given.quota ?? [0, 0, 0, 0],
          textUnits: text.length,
        })
        expect(body.toString('utf16le', 52)).toBe(text)
        expect(body.toString('hex', 8, 24)).toBe(question.questionId)
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps nothing of the answer that was written before it', () => {
    const fresh = new AnswerWriter()
    const block = Buffer.from(writeBlock({ ...facts, kind: 'quota' }))
    fresh.write(block, { ...allow, quota: [1, 2, 3, 4] })
    fresh.write(block, { ...deny, text: 'a reason' })
    expect(Buffer.from(fresh.write(block, noAnswer)).toString('hex')).toBe(
      write(noAnswer, { ...facts, kind: 'quota' }).toString('hex'),
    )
  })

  it('has a text of up to 512 units', () => {
    for (const units of [0, 1, 511, 512]) {
      const body = write({ ...deny, text: 'r'.repeat(units) })
      expect(readNativeAnswer(body)?.textUnits).toBe(units)
    }
  })

  it.each([513, 1000, 70_000])('has a reason of %d units cut at 512', (units) => {
    const body = write({ ...deny, text: 'r'.repeat(units) })
    expect(body).toHaveLength(52 + 1024)
    expect(readNativeAnswer(body)?.textUnits).toBe(512)
  })
})

describe('an answer is refused', () => {
  const right: Fields = {
    magic: 0x4e414350,
    version: 1,
    kind: 1,
    attempt: 1,
    outcome: 1,
    flags: 0,
    code: 0,
    quota: [0, 0, 0, 0],
    text: '',
  }

  it.each<[string, Partial<Fields>]>([
    ['that allows with a code', { code: 5 }],
    ['that denies with code 0', { outcome: 2 }],
    ['that is none, with code 0', { outcome: 3 }],
    ['that denies an administrator', { outcome: 2, code: 5, flags: 1 }],
    ['that is none, to an administrator', { outcome: 3, code: 1359, flags: 1 }],
    ['that allows an operation to an administrator', { kind: 2, flags: 1 }],
    ['that gives a quota to an administrator', { kind: 3, flags: 1, quota: [1, 1, 1, 1] }],
    ['with a flag that nobody knows', { flags: 2 }],
    ['with the highest flag', { flags: 0x8000 }],
    ['that redirects to nowhere', { outcome: 2, code: redirectCode }],
    ['that redirects an operation', { kind: 2, outcome: 2, code: redirectCode, text: 'u' }],
    ['that redirects a quota question', { kind: 3, outcome: 2, code: redirectCode, text: 'u' }],
    ['that redirects and is none', { outcome: 3, code: redirectCode, text: 'u' }],
    ['that allows with a text', { text: 'r' }],
    ['that allows a user with a quota', { quota: [1, 1, 1, 1] }],
    ['that denies with a quota', { kind: 3, outcome: 2, code: 5, quota: [1, 1, 1, 1] }],
    ['that allows a quota question without a quota', { kind: 3 }],
    ['with a zero in its quota', { kind: 3, quota: [1, 1, 1, 0] }],
    ['with one word of a quota', { quota: [0, 0, 1, 0] }],
    ['to a question of kind 0', { kind: 0 }],
    ['to a question of kind 4', { kind: 4 }],
    ['with outcome 0', { outcome: 0 }],
    ['with outcome 4', { outcome: 4, code: 5 }],
    ['in version 0', { version: 0 }],
    ['in version 2', { version: 2 }],
    ['with the magic of a hello', { magic: 0x49484350 }],
    ['with 513 units of text', { outcome: 2, code: 5, text: 'r'.repeat(513) }],
  ])('%s', (_, change) => {
    expect(isCoherent(right) && !isCoherent({ ...right, ...change })).toBe(true)
    expect(readNativeAnswer(encode(right))).toBeDefined()
    expect(readNativeAnswer(encode({ ...right, ...change }))).toBeUndefined()
  })

  it('exactly when its fields contradict each other', () => {
    const seen = { accepted: 0, refused: 0 }
    fc.assert(
      fc.property(anyFields, (fields) => {
        const accepted = readNativeAnswer(encode(fields)) !== undefined
        expect(accepted).toBe(isCoherent(fields))
        seen[accepted ? 'accepted' : 'refused']++
      }),
      { numRuns: 20_000 },
    )
    expect(seen.accepted).toBeGreaterThan(100)
    expect(seen.refused).toBeGreaterThan(100)
  })

  it('when it is cut anywhere', () => {
    const body = write({ ...deny, text: 'a reason' })
    for (let size = 0; size < body.length; size++) {
      expect(readNativeAnswer(body.subarray(0, size))).toBeUndefined()
    }
  })

  it('with bytes behind it', () => {
    for (const more of [1, 2, 1024]) {
      expect(readNativeAnswer(Buffer.concat([write(deny), Buffer.alloc(more)]))).toBeUndefined()
    }
  })

  it('with another length of text than it says', () => {
    const body = write({ ...deny, text: 'a reason' })
    for (const units of [0, 7, 9, 512, 513, 0xffff]) {
      body.writeUInt16LE(units, 30)
      expect(readNativeAnswer(body)).toBeUndefined()
    }
  })

  it('when it is noise, with or without the magic and the version', () => {
    const noise = fc.tuple(fc.uint8Array({ minLength: 0, maxLength: 120 }), fc.boolean())
    fc.assert(
      fc.property(noise, ([bytes, withMagic]) => {
        const body = Buffer.from(bytes)
        if (withMagic && body.length >= 6) encode(right).copy(body, 0, 0, 6)
        expect(readNativeAnswer(body)).toBeUndefined()
      }),
      { numRuns: 5000 },
    )
  })
})
