// The file of a history is read strictly: whatever is not as it must be makes the file unusable, with its line.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { PortcullisError } from '../../host/errors.ts'
import { checkHistory } from '../../host/history/check.ts'
import { type HistoryEvent, historyLine } from '../../host/history/event.ts'
import { historyOf } from '../../host/history/history.ts'
import { readHistory } from '../../host/history/read.ts'
import { historyLineBytesMax } from '../../host/limits.ts'
import { Chance } from '../differential/chance.ts'
import { refusal } from '../support/refusal.ts'
import { simulate, usualPlan } from './simulated-host.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-history-'))
})

afterAll(() => rmSync(folder, { recursive: true }))

function fileOf(content: string | Buffer): string {
  const path = join(folder, 'history.jsonl')
  writeFileSync(path, content)
  return path
}

const start = '{"type":"start","generation":1,"versions":{"guard":1,"tenant":1}}\n'
const asked = '{"type":"asked","id":"a","caller":"1","at":5}\n'
const answered = '{"type":"answered","id":"a","at":6,"outcome":"allow","shows":{"guard":1,"tenant":1}}\n'

function refusalOf(path: string): { code: string; detail: string } {
  const { code, detail } = refusal(() => readHistory(path))
  return { code, detail: detail.replace(path, 'FILE') }
}

describe('the file of a history', () => {
  it('gives what was written, event by event and line by line', () => {
    const { events, noAnswers: noAnswersMax } = simulate(new Chance(0), usualPlan)
    const history = readHistory(fileOf(events.map(historyLine).join('')))
    const written = historyOf(events)
    expect(history).toEqual(written)
    expect(checkHistory(history, { noAnswersMax })).toEqual(checkHistory(written, { noAnswersMax }))
    expect(history.askedLine[0]).toBe(1 + events.findIndex(({ type }) => type === 'asked'))
  })

  it('may be longer than what is read at once, with lines across the seams', () => {
    const id = (number: number) => `${'\u00e4\u20ac'.repeat(20)}${number}`
    const events = Array.from({ length: 30_000 }, (_, number): HistoryEvent => {
      return { type: 'asked', id: id(number), caller: '1', at: number }
    })
    const history = readHistory(fileOf(start + events.map(historyLine).join('')))
    expect([history.ids.length, history.ids.at(-1)]).toEqual([30_000, id(29_999)])
    expect(history.askedLine.at(-1)).toBe(30_001)
  })

  it.each<[string, string | Buffer, string]>([
    ['nothing', '', 'FILE, it has no start: write which versions were live at the beginning'],
    ['no start', asked, 'FILE, it has no start: write which versions were live at the beginning'],
    ['no question', start, 'FILE, nothing is asked in it, so it proves nothing'],
    ['answers only', start + answered, 'FILE, nothing is asked in it, so it proves nothing'],
    [
      'two starts',
      start + asked + start,
      'FILE, line 3: a second start, after that of line 1; write one history for each run',
    ],
    [
      'a last line without an end',
      (start + asked + answered).slice(0, -1),
      'FILE, line 3 has no end: who wrote the file did not finish; record it again',
    ],
    ['what is not JSON', `${start}{"type":,}\n`, 'FILE, line 2, column 9: Value expected'],
    ['an empty line', `${start}\n${asked}`, 'FILE, line 2, column 1: Value expected'],
    [
      'a null',
      `${start}null\n`,
      'FILE, line 2: it must be an object with a type: start, activation, asked, answered, recorded',
    ],
    [
      'another type',
      `${start}{"type":"toString"}\n`,
      'FILE, line 2: it must be an object with a type: start, activation, asked, answered, recorded',
    ],
    [
      'a member that is not known',
      start + asked.replace('"at"', '"when":1,"at"'),
      'FILE, line 2\n  at the top: "when" is not a known member',
    ],
    [
      'a member that is missing',
      start + asked.replace(',"at":5', ''),
      "FILE, line 2\n  at the top: must have required property 'at'",
    ],
    [
      'a time that is no whole number',
      start + asked.replace('5', '5.5'),
      'FILE, line 2\n  at /at: must be integer',
    ],
    [
      'a time too large to be exact',
      start + asked.replace('5', '9007199254740993'),
      'FILE, line 2\n  at /at: must be <= 9007199254740991',
    ],
    [
      'a version 0',
      start + answered.replace('"tenant":1', '"tenant":0'),
      'FILE, line 2\n  at /shows/tenant: must be >= 1',
    ],
    [
      'an answer that shows nothing of what it shows',
      start + answered.replace('"guard":1,"tenant":1', ''),
      'FILE, line 2\n  at /shows: must NOT have fewer than 1 properties',
    ],
    [
      'no answer that shows something',
      start + answered.replace('allow', 'no-answer'),
      'FILE, line 2: nobody gave this answer, so it cannot show who did: leave out "shows"',
    ],
    [
      'an activation both acknowledged and refused',
      `${start}{"type":"activation","generation":2,"versions":{"guard":1,"tenant":2},"requested":1,"acknowledged":2,"refused":3}\n`,
      'FILE, line 2: it is either "acknowledged" or "refused", not both',
    ],
    [
      'an activation that was not refused and makes no generation',
      `${start}{"type":"activation","versions":{"guard":1,"tenant":2},"requested":1}\n`,
      'FILE, line 2: only a refused activation may be without its "generation"',
    ],
    [
      'bytes that are no text',
      Buffer.concat([Buffer.from(start), Buffer.from([0x22, 0xff, 0x22, 10])]),
      'FILE, line 2: it is not UTF-8',
    ],
    [
      'a line that is too long',
      `${start}"${'a'.repeat(historyLineBytesMax)}"\n`,
      `FILE, line 2: it is longer than ${historyLineBytesMax} bytes`,
    ],
    [
      'a line that does not end at all',
      start + 'a'.repeat(3 * 1024 * 1024),
      `FILE, line 2: it is longer than ${historyLineBytesMax} bytes`,
    ],
  ])('cannot be used with %s', (_, content, detail) => {
    expect(refusalOf(fileOf(content))).toMatchObject({ code: 'ERR_HISTORY_FILE', detail })
  })

  it('cannot be used if it is not there, or is a folder', () => {
    expect(refusalOf(join(folder, 'gone'))).toMatchObject({ detail: 'FILE is not there' })
    expect(refusalOf(folder)).toMatchObject({ detail: 'FILE is a folder' })
  })

  it('is no history for the checker either where it has no start or no question', () => {
    expect(() => checkHistory(historyOf([]))).toThrow(PortcullisError)
    expect(() => checkHistory(historyOf([JSON.parse(start)]))).toThrow(/proves nothing/)
    expect(checkHistory(historyOf([start, asked, answered].map((line) => JSON.parse(line)))).holds).toBe(true)
  })
})
