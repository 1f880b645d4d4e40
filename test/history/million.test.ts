// A million questions with a thousand activations, through a file and back: what is told of it takes seconds, not minutes.

import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, it } from 'vitest'

import { checkHistory } from '../../host/history/check.ts'
import { historyLine } from '../../host/history/event.ts'
import { readHistory } from '../../host/history/read.ts'
import { Chance, seed } from '../differential/chance.ts'
import { forged } from './lies.ts'
import { type Made, type Plan, simulate } from './simulated-host.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-million-'))

afterAll(() => rmSync(folder, { recursive: true }))

const plan: Plan = {
  evaluators: 8,
  callers: 64,
  questionsPerCaller: 15_625,
  activations: 1_100,
  versions: 40,
  killed: 2,
  refused: 80,
  unheard: 5,
  unrecorded: 500,
}

/** Ten times what reading and checking takes on two slow cores. */
const msMax = 70_000

function write(path: string, events: Made['events']): void {
  const file = openSync(path, 'w')
  for (let begin = 0; begin < events.length; begin += 10_000) {
    writeSync(
      file,
      events
        .slice(begin, begin + 10_000)
        .map(historyLine)
        .join(''),
    )
  }
  closeSync(file)
}

it(
  'a million questions are read and checked in seconds, and one lie among them is found',
  () => {
    const made = simulate(new Chance(0), plan)
    const pair = made.generations.findLast(({ event }) => event?.acknowledged !== undefined)
    const before = made.generations[made.generations.indexOf(pair as Made['generations'][number]) - 1]
    const path = join(folder, 'history.jsonl')
    write(path, made.events)

    const begun = performance.now()
    const history = readHistory(path)
    const read = performance.now()
    const verdict = checkHistory(history, { noAnswersMax: made.noAnswers })
    const checked = performance.now()

    const { figures } = verdict
    expect([verdict.holds, figures.questions, figures.callers]).toEqual([true, 1_000_000, 64])
    expect(figures.activations.acknowledged).toBeGreaterThanOrEqual(900)
    const [readMs, checkMs] = [read - begun, checked - read].map(Math.round)
    const megabytes = Math.round(process.memoryUsage().heapUsed / 2 ** 20)
    console.log(
      `${made.events.length} events (seed ${seed}): read in ${readMs} ms, checked in ${checkMs} ms, ` +
        `heap ${megabytes} MiB with the events themselves; ${JSON.stringify(figures)}`,
    )
    expect(checked - begun).toBeLessThan(msMax)

    const from = (pair?.event?.acknowledged ?? 0) + 1
    if (before === undefined) throw new Error('there was no activation')
    for (const event of forged('late', from, from, before)) history.add(event, 0)
    expect(checkHistory(history, { noAnswersMax: made.noAnswers }).counts).toEqual({ stale: 1 })
  },
  2 * msMax,
)
