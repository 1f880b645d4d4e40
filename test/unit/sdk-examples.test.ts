// Every example policy gives the answers that its vectors.jsonl promises: metered, in the product's own engine, with the settings
// that it brings; and in the plainest host, which knows of no settings.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { decideAlone } from '../../host/admission/decide-alone.ts'
import { Policy } from '../../host/engine/policy.ts'
import { compilePolicy } from '../../host/engine/policy-module.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import { readSettings } from '../../host/tenant/settings.ts'
import { mismatch } from '../../host/winrm/expectation.ts'
import { readVectors } from '../../host/winrm/vectors.ts'
import type { Question } from '../support/block.ts'
import { type Answer, PlainPolicy } from '../support/plain-policy.ts'
import { policyPath } from '../support/testbed.ts'

interface PlainVector {
  name: string
  question: Question & { time?: string; timeZone?: string }
  expect: Pick<Answer, 'outcome' | 'reason' | 'administrator' | 'quota'> & { error?: string }
}

const folder = path.join(import.meta.dirname, '../../policies/examples')

function plainVectors(example: string): PlainVector[] {
  const lines = readFileSync(path.join(folder, example, 'vectors.jsonl'), 'utf8')
    .trim()
    .split('\n')
  return lines.map((line) => JSON.parse(line) as PlainVector)
}

/** With the time and the offset that a host writes into a question. */
function stamped({ time, timeZone = 'UTC', ...question }: PlainVector['question']): Question {
  if (time === undefined) return question
  const timeMs = Date.parse(time)
  const onTheWall = Date.parse(`${new Date(timeMs).toLocaleString('sv-SE', { timeZone })}Z`)
  return {
    ...question,
    timeMs,
    timeZoneOffsetMinutes: (onTheWall - Math.floor(timeMs / 1000) * 1000) / 60_000,
  }
}

describe.each(readdirSync(folder))('%s', (example) => {
  const settingsPath = path.join(folder, example, 'settings.json')
  const hasSettings = existsSync(settingsPath)
  const vectors = plainVectors(example)

  describe('in a host', () => {
    const settings = hasSettings ? readSettings(settingsPath) : undefined
    const policy = new Policy(compilePolicy(readFileSync(policyPath(`examples/${example}`)), settings))

    it.each(readVectors(path.join(folder, example, 'vectors.jsonl')))('$name', (vector) => {
      const { description } = decideAlone(policy, vector.block, fuelPerDecision)
      expect(mismatch(vector.expect, vector.question.kind, description)).toBeUndefined()
    })
  })

  describe.skipIf(hasSettings)('in the plainest host', () => {
    const policy = PlainPolicy.example(example)

    it.each(vectors)('$name', ({ question, expect: { error: _, ...expected } }) => {
      expect(policy.ask(stamped(question))).toMatchObject(expected)
    })
  })

  it('has vectors that allow, that deny, that leave out the token and that have deny-only groups', () => {
    const outcomes = new Set(vectors.map((vector) => vector.expect.outcome))
    expect(outcomes.has('allow') && outcomes.has('deny')).toBe(true)
    expect(vectors.some(({ question }) => question.userSid === undefined)).toBe(true)
    expect(vectors.some(({ question }) => (question.denyOnlySids ?? []).length > 0)).toBe(true)
    expect(vectors.length).toBeGreaterThanOrEqual(10)
  })

  it('calls no two of them the same', () => {
    expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length)
  })
})
