// What a record's text looks like, whatever is in it: one line, nothing that a terminal would act on, and the same value back.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { firstHead, follows, lineOf, readHead } from '../../host/audit/chain.ts'
import { escapeText, recordTypes, textOf } from '../../host/audit/format.ts'
import { short } from '../../host/audit/members.ts'
import { auditLineBytesMax, auditTextUnitsMax } from '../../host/limits.ts'
import { decisionRecord } from './worlds.ts'

/** Control characters of both kinds, marks of direction and other format characters, ends of lines, halves of pairs. */
const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

function lineWith(sender: string): string {
  return lineOf(textOf('decision', 1, decisionRecord(1, { sender })), 1, firstHead).line
}

function senderIn(line: string): unknown {
  return JSON.parse(line).sender
}

describe('a line', () => {
  it('has every character that acts on a terminal as an escape, and no other', () => {
    const wrong: string[] = []
    for (let code = 0; code < 0x110000; code++) {
      const character = String.fromCodePoint(code)
      const text = escapeText(JSON.stringify(character))
      const isEscaped = /^"\\[\\bfnrtu"]/.test(text)
      const mustBe = acting.test(character) || character === '"' || character === '\\'
      if (JSON.parse(text) !== character || isEscaped !== mustBe) wrong.push(code.toString(16))
    }
    expect(wrong).toEqual([])
  })

  it.each([
    ['C1', '\x9b31m', '\\u009b31m'],
    ['DEL', '\x7f', '\\u007f'],
    ['ends of lines', '\u2028\u2029\n', '\\u2028\\u2029\\n'],
    ['marks of direction', '\u202e\u2066\u200f', '\\u202e\\u2066\\u200f'],
    ['half a pair', '\ud800x', '\\ud800x'],
    ['a tag beyond the first plane', '\u{e0041}', '\\udb40\\udc41'],
    ['letters and signs', 'Zoë 管理者 🙂', 'Zoë 管理者 🙂'],
  ])('shows %s', (_, sender, shown) => {
    expect(lineWith(sender)).toContain(`"sender":"${shown}"`)
  })

  it('is one line of UTF-8 that has the same text in it, whatever the text is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.array(fc.integer({ min: 0, max: 0xffff })),
        (text, units) => {
          const sender = text + String.fromCharCode(...units)
          const line = lineWith(sender)
          expect(line.indexOf('\n')).toBe(line.length - 1)
          expect(acting.test(line.slice(0, -1))).toBe(false)
          const back = Buffer.from(line).toString()
          expect(back).toBe(line)
          expect(senderIn(back)).toBe(sender)
          expect(follows(Buffer.from(line.slice(0, -1)), firstHead)).toBe(true)
        },
      ),
    )
  })

  it('begins with sequence, type and time, and ends with its chain', () => {
    for (const type of recordTypes) {
      const { line, head } = lineOf(`{"type":"${type}","timeMs":-5}`, 7, firstHead)
      expect(line.startsWith(`{"sequence":7,"type":"${type}","timeMs":-5,`)).toBe(true)
      expect(line.endsWith(`,"chain":"${head}"}\n`)).toBe(true)
      expect(readHead(Buffer.from(line.slice(0, -1)))).toEqual({ sequence: 7, type, timeMs: -5, chain: head })
    }
  })

  it('has room for the longest decision that an evaluator may tell', () => {
    const text = '\x9b'.repeat(1_200)
    const { line } = lineOf(
      textOf(
        'decision',
        1,
        decisionRecord(1, {
          tenant: text,
          application: text,
          sender: text,
          action: text,
          resourceUri: text,
          reason: text,
          redirect: text,
          detail: text,
        }),
      ),
      Number.MAX_SAFE_INTEGER,
      firstHead,
    )
    expect(line.length).toBeLessThan(auditLineBytesMax / 2)
  })

  it('is another one after another line, or with another number', () => {
    const text = textOf('decision', 1, decisionRecord(1))
    const { line, head } = lineOf(text, 1, firstHead)
    expect(follows(Buffer.from(line.slice(0, -1)), head)).toBe(false)
    expect(lineOf(text, 2, firstHead).head).not.toBe(head)
  })
})

it('a text that nobody bounded is cut, with its length', () => {
  expect(short('x'.repeat(auditTextUnitsMax))).toHaveLength(auditTextUnitsMax)
  expect(short('x'.repeat(auditTextUnitsMax + 1))).toMatch(/x… \(2049 units\)$/)
})
