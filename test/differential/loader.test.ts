// Two ways to one answer: the plain module in the loader, as an author's tests ask it, and the metered module in the engine,
// as a host asks it. Over the examples' vectors, and over questions at random.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { Policy } from '../../host/engine/policy.ts'
import { compilePolicy } from '../../host/engine/policy-module.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { readSettings } from '../../host/tenant/settings.ts'
import type { Question } from '../../host/winrm/question.ts'
import { questionBlock } from '../../host/winrm/question-block.ts'
import { readVectors } from '../../host/winrm/vectors.ts'
import { writeSettings } from '../../host/wire/settings-block.ts'
import { LoadedModule } from '../../policies/sdk/testing/loaded-module.ts'
import { type Chance, casesOr, eachCase } from './chance.ts'

const examples = readdirSync(join(root, 'policies/examples'))

function load(name: string) {
  const folder = join(root, 'policies/examples', name)
  const bytes = readFileSync(join(root, 'build/policies', `${name}.wasm`))
  const settingsFile = join(folder, 'settings.json')
  const settings = existsSync(settingsFile) ? readSettings(settingsFile) : undefined
  return {
    vectors: readVectors(join(folder, 'vectors.jsonl')),
    engine: new Policy(compilePolicy(bytes, settings)),
    loader: new LoadedModule(bytes, settings && writeSettings(settings)),
  }
}

/** Each function that the policy has, asked about one block. An abort keeps its words; what a trap is called is V8's. */
function compare({ engine, loader }: Omit<ReturnType<typeof load>, 'vectors'>, block: Buffer): void {
  for (const name of ['user', 'operation', ...(engine.hasQuota ? (['quota'] as const) : [])] as const) {
    expect(loader.ask(name, block)).toEqual(engine.call(name, block, fuelPerDecision).answer)
  }
}

/** A vector's question with members of the others mixed in: near enough to a rule to reach its edges. */
function mixed(chance: Chance, questions: readonly Question[]): Question {
  const first = chance.pick(questions)
  const question: Record<string, unknown> = { ...first }
  for (let changes = chance.below(4); changes > 0; changes--) {
    const [member, value] = chance.pick(Object.entries(chance.pick(questions)))
    if (member !== 'kind') question[member] = value
  }
  const groups = [...(first.groupSids ?? []), ...(chance.pick(questions).groupSids ?? [])]
  if (question.userSid !== undefined) {
    question.groupSids = groups.filter(() => chance.below(3) > 0)
    question.denyOnlySids = groups.filter(() => chance.below(4) === 0)
  } else {
    delete question.groupSids
    delete question.denyOnlySids
  }
  question.time = new Date(1_767_225_600_000 + chance.word() * 8).toISOString()
  if (question.kind === 'operation') {
    question.action ??= 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get'
    question.resourceUri ??= 'http://schemas.microsoft.com/powershell/Microsoft.PowerShell'
  }
  return question as unknown as Question
}

describe.each(examples)('%s', (name) => {
  const both = load(name)

  it('answers its vectors alike in the loader and in the engine', () => {
    for (const { block } of both.vectors) compare(both, block)
  })

  it('answers questions at random alike in the loader and in the engine', () => {
    const questions = both.vectors.map(({ question }) => question)
    let question: Question | undefined
    const run = (chance: Chance) => {
      question = mixed(chance, questions)
      compare(both, questionBlock(question, 'random'))
    }
    expect(eachCase(casesOr(300), run, () => JSON.stringify(question))).toBe(casesOr(300))
  })
})
