// What answers recorded questions may die of them. Whatever it dies of, each question is told of once and in its place, and only the
// one that it died of is without an answer.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { afterAll, describe, expect, it } from 'vitest'

import { fuelPerDecision, replayEndsMax } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { Asker, type AskerOptions, type Told } from '../../host/replay/asker.ts'
import type { Bench } from '../../host/replay/replay-messages.ts'
import { noCeiling } from '../../host/tenant/config.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-ends-'))
afterAll(() => rmSync(folder, { recursive: true }))

const childInput = pathToFileURL(join(root, 'build', 'host', 'replay', 'child-input.js')).href

/** A process that answers every question with the number in its block, unless `body` does otherwise with it. */
function standIn(name: string, body: string): string {
  const path = join(folder, `${name}.mjs`)
  writeFileSync(
    path,
    `
import { writeSync } from 'node:fs'
import { childInput, say } from '${childInput}'
let answered = 0
for (const { header, parts } of childInput()) {
  if (header.type !== 'decide') continue
  for (const block of parts) {
    const number = block.readUInt32LE(0)
    ${body}
    say({ outcome: 'deny', code: 5, reason: String(number), by: 'tenant', fuelUsed: number })
    answered++
  }
}`,
  )
  return path
}

const digest = '0'.repeat(64)
const bench: Bench = {
  tenant: { policy: digest, fuelPerDecision },
  rules: { allowAdministrator: false, redirectTargets: [], quotaCeiling: noCeiling },
}
const modules = new Map([[digest, Buffer.alloc(8)]])

/** Questions from 0 on, in batches. */
async function askAll(count: number, options: Partial<AskerOptions>, number = 1): Promise<Told[]> {
  const asker = new Asker(modules, { processes: 2, ...options })
  const questions = Array.from({ length: count }, (_, index) => {
    const block = Buffer.alloc(4)
    block.writeUInt32LE(index)
    return { bench: { number, bench }, block }
  })
  const batches = []
  for (let start = 0; start < count; start += 50) batches.push(asker.ask(questions.slice(start, start + 50)))
  const told = (await Promise.all(batches)).flat()
  asker.close()
  return told
}

/** The questions without an answer; every other one has its own. */
function unanswered(told: readonly Told[]): number[] {
  return told.flatMap((one, index) => {
    if ('ended' in one) return [index]
    expect(one).toMatchObject({ reason: String(index), fuelUsed: index })
    return []
  })
}

describe('a process that ends over a question', () => {
  it.each([
    ['crashes', 'if (number % 100 === 7) process.abort()', /SIGABRT/],
    ['ends', 'if (number % 100 === 7) process.exit(0)', /status 0/],
    ['throws', "if (number % 100 === 7) throw new Error('of its own')", /Error: of its own/],
    ['is silent', 'while (number % 100 === 7) {}', /said nothing for 1500 ms/],
    [
      'says what is no answer',
      "if (number % 100 === 7) { say({ outcome: 'allow' }); continue }",
      /is no answer/,
    ],
    ['talks too much', "while (number % 100 === 7) writeSync(1, 'a'.repeat(9999))", /said too much/],
  ])('and %s leaves that one unanswered, and no other', async (name, body, how) => {
    const told = await askAll(400, { main: standIn(name.replaceAll(' ', '-'), body), wallMs: 1500 })
    expect(unanswered(told)).toEqual([7, 107, 207, 307])
    expect(told[7]).toMatchObject({ ended: expect.stringMatching(how) })
  })

  it('that was not its doing is asked again', async () => {
    const told = await askAll(400, { main: standIn('tired', 'if (answered === 30) process.abort()') })
    expect(unanswered(told)).toEqual([])
  })

  it('too often is not started any more for these questions', async () => {
    const told = await askAll(100, { main: standIn('always', 'process.abort()'), processes: 1 })
    expect(unanswered(told).length).toBe(100)
    expect(told[replayEndsMax]).toEqual({
      ended: `not asked: ${replayEndsMax} processes had ended over questions of this tenant`,
    })
  })
})
