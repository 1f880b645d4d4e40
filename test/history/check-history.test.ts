// `portcullis check-history` as its caller meets it: status, words, JSON.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type HistoryEvent, historyLine } from '../../host/history/event.ts'
import { violationKinds } from '../../host/history/violation.ts'
import { historyViolationsMax } from '../../host/limits.ts'
import { runProgram } from '../support/command.ts'
import { referencePage, tableRows } from '../support/reference-page.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-check-history-'))
})

afterAll(() => rmSync(folder, { recursive: true }))

function run(text: string, ...args: string[]) {
  writeFileSync(join(folder, 'history.jsonl'), text)
  return runProgram('main', folder, 'check-history', 'history.jsonl', ...args)
}

function question(id: string, caller: string, from: number, to: number, tenant?: number): HistoryEvent[] {
  const bare = { type: 'answered', id, at: to, outcome: 'no-answer' } as const
  return [
    { type: 'asked', id, caller, at: from },
    tenant === undefined ? bare : { ...bare, outcome: 'allow', shows: { guard: 1, tenant } },
  ]
}

const page = referencePage('history')
/** The first block of the page, which holds but for its last question. */
const example = /```json\n(.*?)```/s.exec(page)?.[1] ?? ''

const events: HistoryEvent[] = [
  { type: 'start', generation: 1, versions: { guard: 1, tenant: 1 } },
  { type: 'activation', generation: 2, versions: { guard: 1, tenant: 2 }, requested: 100, acknowledged: 200 },
  ...question('1-1', '1', 50, 110, 1),
  ...question('2-1', '2', 150, 160, 2),
  ...question('1-2', '1', 170, 180, 1),
]

function linesOf(...more: HistoryEvent[]): string {
  return [...events, ...more].map(historyLine).join('')
}

describe('portcullis check-history', () => {
  it('ends with 0 and the figures where the history holds', () => {
    const { status, stdout, stderr } = run(linesOf())
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.split('\n')).toEqual([
      'holds: every question has one answer, of a generation that was live',
      'questions    3 of 2 callers; decided 3, without an answer 0',
      'evidence     in the answer itself 3, in a record 0',
      'activations  acknowledged 1, refused 0, never heard of again 0',
      'contested    3 during an activation; generations seen 2',
      '',
    ])
  })

  it('ends with 1 and tells what is wrong, with what was around it', () => {
    const { status, stdout } = run(linesOf(...question('1-3', '1', 201, 210, 1)))
    expect(status).toBe(1)
    const [head, ...lines] = stdout.split('\n')
    expect(head).toBe('does not hold: 1 violation (stale 1)')
    expect(lines.slice(5)).toEqual([
      'a generation decided after a later one had been acknowledged: question "1-3", of caller "1", asked at 201 (line 9), ' +
        'answered "allow" at 210 (line 10); it shows guard 1, tenant 1; before that, generation 2 (guard 1, tenant 2) was ' +
        'requested at 100 and acknowledged at 200 (line 2)',
      '  100  line 2  generation 2 (guard 1, tenant 2) requested',
      '  170  line 7  "1-2" asked',
      '  180  line 8  "1-2" answered "allow"; it shows guard 1, tenant 1',
      '  200  line 2  generation 2 (guard 1, tenant 2) acknowledged',
      '  201  line 9  "1-3" asked',
      '  210  line 10  "1-3" answered "allow"; it shows guard 1, tenant 1',
      '',
    ])
  })

  it('shows the first of each kind, and counts all', () => {
    const many = Array.from({ length: 50 }, (_, number) =>
      question(`3-${number}`, '3', 300 + number, 300 + number, 1),
    )
    const lost = question('4-1', '4', 20, 30, 1).slice(0, 1)
    const { status, stdout } = run(linesOf(...many.flat(), ...lost), '--json')
    const { total, counts, violations, holds } = JSON.parse(stdout)
    expect([status, holds, total, counts]).toEqual([1, false, 51, { stale: 50, lost: 1 }])
    expect(violations).toHaveLength(historyViolationsMax + 1)
    expect(violations[0]).toMatchObject({ kind: 'lost', at: 20 })
    expect(violations.at(-1)).toMatchObject({ kind: 'stale', lines: [27, 28] })
    expect(run(linesOf(...many.flat(), ...lost)).stdout).toContain(
      'and 40 more; the first 10 of each kind are shown',
    )
  })

  it('takes so many questions without an answer as it is told to', () => {
    const text = linesOf(...question('1-3', '1', 201, 210))
    expect(run(text).stdout).toContain(
      'more questions than the limit came to no answer: 1, and at most 0 may',
    )
    expect([run(text).status, run(text, '--no-answers-max', '1').status]).toEqual([1, 0])
  })

  it('only counts answers where the activations contradict each other', () => {
    const overlapping = {
      type: 'activation',
      generation: 3,
      versions: { guard: 1, tenant: 3 },
      requested: 199,
    } as const
    const { stdout, status } = run(linesOf(overlapping, ...question('1-3', '1', 201, 210, 1)))
    expect([status, stdout.split('\n')[0]]).toEqual([1, 'does not hold: 1 violation (overlapping 1)'])
    expect(stdout).toContain('answers were only counted, not held against generations')
  })

  it.each([
    ['a file that is none', ['check-history', 'gone.jsonl'], /gone\.jsonl is not there \[ERR_HISTORY_FILE\]/],
    [
      'a limit that is none',
      ['check-history', 'a', '--no-answers-max', '-1'],
      /It must be a whole number, from 0/,
    ],
    ['no file', ['check-history'], /missing required argument 'file'/],
  ])('ends with 2 for %s', (_, args, message) => {
    const { status, stderr, stdout } = runProgram('main', folder, ...args)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  })
})

describe('the reference page of the history', () => {
  it('has every kind of violation, in the order of the code, with the same words', () => {
    const rows = tableRows(page).filter(([kind = '']) => kind in violationKinds)
    expect(rows.map(([kind, words]) => [kind, words])).toEqual(Object.entries(violationKinds))
  })

  it('has an example that does what the page says', () => {
    const { status, stdout } = run(example)
    expect(status).toBe(1)
    expect(page).toContain(stdout)
  })
})
