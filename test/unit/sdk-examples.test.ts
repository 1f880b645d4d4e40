// Every example policy gives the answers that its vectors.jsonl promises.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Question } from '../support/block.ts'
import { type Answer, PlainPolicy } from '../support/plain-policy.ts'

interface Vector {
  name: string
  question: Question
  expect: Pick<Answer, 'outcome' | 'reason' | 'administrator' | 'quota'>
}

const folder = path.join(import.meta.dirname, '../../policies/examples')

function vectorsOf(example: string): Vector[] {
  const lines = readFileSync(path.join(folder, example, 'vectors.jsonl'), 'utf8')
    .trim()
    .split('\n')
  return lines.map((line) => JSON.parse(line) as Vector)
}

describe.each(readdirSync(folder))('%s', (example) => {
  const policy = PlainPolicy.example(example)
  const vectors = vectorsOf(example)

  it.each(vectors)('$name', ({ question, expect: expected }) => {
    expect(policy.ask(question)).toMatchObject(expected)
  })

  it('has vectors that allow, that deny, that leave out the token and that have deny-only groups', () => {
    const outcomes = new Set(vectors.map((vector) => vector.expect.outcome))
    expect(outcomes.has('allow') && outcomes.has('deny')).toBe(true)
    expect(vectors.some(({ question }) => question.userSid === undefined)).toBe(true)
    expect(vectors.some(({ question }) => (question.denyOnlySids ?? []).length > 0)).toBe(true)
    expect(vectors.length).toBeGreaterThanOrEqual(10)
  })
})
