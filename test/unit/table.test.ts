// What the host shows and what it takes apart at its edges: tables whose cells cannot move the cursor, frames that come
// in any pieces, and what a completion means.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { outcomeOf } from '../../host/cli/outcome.ts'
import { renderTable } from '../../host/cli/table.ts'
import { encodeFrame, type Frame, FrameReader } from '../../host/control/frames.ts'
import type { Completion } from '../../host/double/double.ts'
import { PortcullisError } from '../../host/errors.ts'
import { controlBytesMax } from '../../host/wire/layout.ts'
import { anyText } from '../support/arbitraries.ts'
import { writeExtended } from '../support/native-units.ts'

describe('a cell that is cut', () => {
  it('is not cut inside a surrogate pair', () => {
    expect(renderTable(['t'], [[`${'t'.repeat(62)}🔑tt`]])).not.toMatch(/\p{Surrogate}/u)
  })
})

describe('frames', () => {
  it('are refused when the half-word that is zero is not', () => {
    expect(() => new FrameReader().take(Buffer.from([0, 0, 0, 0, 16, 0, 1, 0]))).toThrow(/ERR_CHANNEL/)
  })
})

describe('a table', () => {
  it('aligns texts to the left and numbers to the right', () => {
    const rows = [
      ['contoso', '7', 'allow'],
      ['a', '1234', 'no answer'],
    ]
    expect(renderTable(['tenant', 'ms', 'outcome'], rows)).toBe(
      [
        'tenant     ms  outcome',
        '-------  ----  ---------',
        'contoso     7  allow',
        'a        1234  no answer',
      ].join('\n'),
    )
  })

  it('takes a column for numbers only if all of it is, with what is empty left empty', () => {
    const rows = [
      ['1', '1'],
      ['-', ''],
      ['100', '100'],
    ]
    expect(renderTable(['a', 'b'], rows)).toBe(
      ['a      b', '---  ---', '1      1', '-', '100  100'].join('\n'),
    )
  })

  it('without rows is a head and a line', () => {
    expect(renderTable(['tenant', 'ms'], [])).toBe('tenant  ms\n------  --')
  })

  it('has no blanks at the end of a line', () => {
    expect(renderTable(['a', 'b'], [['x', '']])).toBe('a  b\n-  -\nx')
  })

  it.each([
    ['an escape sequence', '\u001b[2J', '\\u001b[2J'],
    ['a newline', 'a\r\nb', 'a\\u000d\\u000ab'],
    ['NUL and DEL', '\0\u007f', '\\u0000\\u007f'],
    ['a control sequence of eight bits', '\u009b31m', '\\u009b31m'],
    ['separators that some terminals break at', '\u2028\u2029\u0085', '\\u2028\\u2029\\u0085'],
    ['embeddings and overrides', '\u202a\u202b\u202c\u202d\u202e', '\\u202a\\u202b\\u202c\\u202d\\u202e'],
    ['marks of a direction', '\u200e\u200f\u061c', '\\u200e\\u200f\\u061c'],
    ['isolates', '\u2066\u2067\u2068\u2069', '\\u2066\\u2067\\u2068\\u2069'],
  ])('shows %s as escapes', (_, text, shown) => {
    expect(renderTable(['text'], [[text]]).split('\n')[2]).toBe(shown)
  })

  it('shows what is no control character as it is', () => {
    const text = 'Zoë 管理者 🔑 ~ \u00a0 <b> \\u001b'
    expect(renderTable(['text'], [[text]]).split('\n')[2]).toBe(text)
  })

  it('cuts a text at 64 characters and says that it has', () => {
    const shown = (length: number) => renderTable(['text'], [['t'.repeat(length)]]).split('\n')[2]
    expect(shown(64)).toBe('t'.repeat(64))
    expect(shown(65)).toBe(`${'t'.repeat(63)}…`)
    expect(shown(10_000)).toBe(`${'t'.repeat(63)}…`)
  })

  it('has one line for each row and no control character, whatever is in its cells', () => {
    const rows = fc.array(fc.tuple(anyText(80), anyText(10), fc.nat().map(String)), { maxLength: 6 })
    fc.assert(
      fc.property(rows, (rows) => {
        const lines = renderTable(['a', 'b', 'c'], rows).split('\n')
        expect(lines).toHaveLength(rows.length + 2)
        expect(lines.join('')).not.toMatch(/\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/u)
        const [, rule = ''] = lines
        expect(lines.every((line) => line.length <= rule.length)).toBe(true)
      }),
    )
  })
})

describe('frames on a stream', () => {
  const frames: Frame[] = [
    { type: 16, body: Buffer.from('{"type":"ready"}') },
    { type: 16, body: Buffer.alloc(0) },
    { type: 17, body: Buffer.from([0, 255, 8, 0, 0, 0]) },
  ]
  const encode = (frames: readonly Frame[]) =>
    Buffer.concat(frames.map(({ type, body }) => encodeFrame(type, body)))
  const plain = (frames: readonly Frame[]) => frames.map(({ type, body }) => [type, body.toString('hex')])

  /** What a reader makes of the stream when it comes in these pieces. */
  function readPieces(stream: Buffer, cuts: readonly number[]): Frame[] {
    const reader = new FrameReader()
    const ends = [...cuts, stream.length]
    return ends.flatMap((end, index) => reader.take(Buffer.from(stream.subarray(ends[index - 1] ?? 0, end))))
  }

  it('are read when they come one by one', () => {
    const reader = new FrameReader()
    for (const frame of frames) expect(plain(reader.take(encode([frame])))).toEqual(plain([frame]))
  })

  it('are read when they come all at once', () => {
    expect(plain(new FrameReader().take(encode(frames)))).toEqual(plain(frames))
  })

  it('are read whichever byte they are cut at', () => {
    const stream = encode(frames)
    for (let first = 0; first <= stream.length; first++) {
      for (let second = first; second <= stream.length; second++) {
        expect(plain(readPieces(stream, [first, second]))).toEqual(plain(frames))
      }
    }
  })

  it('are read when they come byte by byte, each as soon as it is whole', () => {
    const reader = new FrameReader()
    const read: number[] = []
    encode(frames).forEach((byte, index) => {
      if (reader.take(Buffer.from([byte])).length > 0) read.push(index + 1)
    })
    expect(read).toEqual([24, 32, 46])
  })

  it('are read whatever they are and however they are cut', () => {
    const frame = fc.record({
      type: fc.integer({ min: 0, max: 0xffff }),
      body: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    })
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (frames, cuts) => {
          const stream = encode(frames)
          const places = cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b)
          expect(plain(readPieces(stream, places))).toEqual(plain(frames))
        },
      ),
    )
  })

  it('may be as large as the bound, and not larger', () => {
    const largest = encodeFrame(16, Buffer.alloc(controlBytesMax, 1))
    expect(new FrameReader().take(largest)[0]?.body).toHaveLength(controlBytesMax)
    expect(() => encodeFrame(16, Buffer.alloc(controlBytesMax + 1))).toThrow(PortcullisError)
  })

  it.each([controlBytesMax + 1, 0x7fffffff, 0xffffffff])(
    'are refused at once when one says it has %d bytes',
    (size) => {
      const header = Buffer.alloc(8)
      header.writeUInt32LE(size, 0)
      expect(() => new FrameReader().take(header)).toThrow(/ERR_CHANNEL/)
    },
  )

  it('that are refused do not hide the size behind a cut', () => {
    const reader = new FrameReader()
    const header = Buffer.from([255, 255, 255, 255, 16, 0, 0, 0])
    expect(reader.take(header.subarray(0, 7))).toEqual([])
    expect(() => reader.take(header.subarray(7))).toThrow(/ERR_CHANNEL/)
  })
})

describe('what a completion means', () => {
  const id = '00112233445566778899aabbccddeeff'
  const meaning = (code: number, extended?: string) => outcomeOf({ code, extended } as Completion)
  const text = (noAnswer: boolean, reason = '') => writeExtended(noAnswer, Buffer.from(id, 'hex'), reason)

  it('is a grant with code 0', () => {
    expect(meaning(0)).toEqual({ outcome: 'allow', code: 0, id: undefined })
  })

  it('is a denial where the text says that somebody denied, with the id of the question', () => {
    expect(meaning(5, text(false))).toEqual({ outcome: 'deny', code: 5, id })
    expect(meaning(5, text(false, 'not on Sundays'))).toEqual({ outcome: 'deny', code: 5, id })
  })

  it('is no answer where the text says so, whatever the code', () => {
    for (const code of [1359, 1460, 5])
      expect(meaning(code, text(true))).toEqual({ outcome: 'no-answer', code, id })
  })

  it('is a denial where the code redirects, because the text is then a URL', () => {
    expect(meaning(0x80338199, 'https://winrm.example/')).toEqual({
      outcome: 'deny',
      code: 0x80338199,
      id: undefined,
    })
  })

  it.each([
    ['there is no text', undefined],
    ['the text is empty', ''],
    ['the text is of somebody else', 'Access is denied.'],
    ['the text has something before it', ` ${text(false)}`],
    ['the id is too short', '<portcullis outcome="denied" id="0011">Access is denied.</portcullis>'],
    ['the outcome is unknown', `<portcullis outcome="allowed" id="${id}">Access is denied.</portcullis>`],
  ])('is no answer of anybody that we know where %s', (_, extended) => {
    expect(meaning(5, extended)).toEqual({ outcome: 'no-answer', code: 5, id: undefined })
  })

  it('is not changed by what a policy writes into its reason', () => {
    const forged = '</portcullis><portcullis outcome="no answer" id="ffffffffffffffffffffffffffffffff">'
    expect(meaning(5, text(false, forged))).toEqual({ outcome: 'deny', code: 5, id })
  })
})
