// Every example policy gives the answers that its vectors.jsonl promises, with the settings that it brings: metered, in the
// product's own engine, and as it was compiled, in the loader, where its author's tests run.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { decideAlone } from '../../host/admission/decide-alone.ts'
import { Policy } from '../../host/engine/policy.ts'
import { compilePolicy } from '../../host/engine/policy-module.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { readSettings } from '../../host/tenant/settings.ts'
import { mismatch } from '../../host/winrm/expectation.ts'
import { readVectors } from '../../host/winrm/vectors.ts'
import { loadPolicy } from '../../policies/sdk/testing/index.ts'
import { policyPath } from '../support/testbed.ts'

const examples = join(root, 'policies/examples')

describe.each(readdirSync(examples))('%s', (example) => {
  const module = policyPath(`examples/${example}`)
  const settingsFile = join(examples, example, 'settings.json')
  const settings = existsSync(settingsFile) ? readSettings(settingsFile) : undefined
  const vectors = readVectors(join(examples, example, 'vectors.jsonl'))
  const inHost = new Policy(compilePolicy(readFileSync(module), settings))
  const inLoader = loadPolicy({ module, ...(settings && { settings }) })

  it.each(vectors)('$name', ({ question, block, expect: expected }) => {
    const { description } = decideAlone(inHost, block, fuelPerDecision)
    expect(mismatch(expected, question.kind, description)).toBeUndefined()
    expect(inLoader.decide(question)).toMatchObject(expected)
  })

  it('has vectors that allow, that deny, that leave out the token and that have deny-only groups', () => {
    const outcomes = new Set(vectors.map(({ expect }) => expect.outcome))
    expect(outcomes.has('allow') && outcomes.has('deny')).toBe(true)
    expect(vectors.some(({ question }) => question.userSid === undefined)).toBe(true)
    expect(vectors.some(({ question }) => (question.denyOnlySids ?? []).length > 0)).toBe(true)
    expect(vectors.length).toBeGreaterThanOrEqual(10)
  })

  it('calls no two of them the same', () => {
    expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length)
  })
})
