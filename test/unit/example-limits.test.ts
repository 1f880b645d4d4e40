// The largest settings that an example says it takes fit into the fuel of one decision, whoever asks.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { decideAlone } from '../../host/admission/decide-alone.ts'
import { Policy } from '../../host/engine/policy.ts'
import { compilePolicy } from '../../host/engine/policy-module.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { questionBlock } from '../../host/winrm/question-block.ts'
import { readVectors } from '../../host/winrm/vectors.ts'
import { policyPath } from '../support/testbed.ts'

function decisions(example: string, settings: Record<string, string[]>) {
  const policy = new Policy(compilePolicy(readFileSync(policyPath(`examples/${example}`)), settings))
  return readVectors(join(root, 'policies/examples', example, 'vectors.jsonl')).map(({ block }) => {
    return decideAlone(policy, block, fuelPerDecision).description
  })
}

it.each([
  [25, 300],
  [10, 1000],
])('quota-tiers looks for %i groups in the token of a user who is in %i', (listed, held) => {
  const sid = (number: number) => `S-1-5-21-3419697060-3810377854-678604692-${number}`
  const names = ['a', 'b', 'c', 'd', 'e']
  const tiers = names.flatMap((name, tier) => {
    const members = Array.from({ length: listed / names.length }, (_, index) =>
      sid(1000 + 100 * tier + index),
    )
    return [
      [`${name}.members`, members],
      [`${name}.quota`, Array(4).fill('4294967295')],
    ]
  })
  const groupSids = Array.from({ length: held }, (_, index) => sid(50_000 + index))
  const block = questionBlock(
    {
      kind: 'quota',
      application: 'a',
      senderName: 'b',
      userSid: sid(1),
      groupSids: [...groupSids.slice(1), sid(1000)],
    },
    'a',
  )
  const settings = { ...Object.fromEntries(tiers), tiers: names }
  const policy = new Policy(compilePolicy(readFileSync(policyPath('examples/quota-tiers')), settings))
  const { description } = decideAlone(policy, block, fuelPerDecision)
  expect(description).toMatchObject({ outcome: 'allow' })
})

it('break-glass has half of its fuel left with ten openings', () => {
  const opening =
    'S-1-5-21-2127521184-1604012920-1887927527-1003 from 2025-03-15T20:00Z until 2025-03-16T04:00Z'
  const answers = decisions('break-glass', { 'break-glass': Array(10).fill(opening) })
  const withoutToken = answers.filter(({ error }) => error === 'ERR_POLICY_ABORT')
  expect(answers.filter(({ outcome }) => outcome === 'no-answer')).toEqual(withoutToken)
  expect(Math.max(...answers.map(({ fuelUsed }) => fuelUsed))).toBeLessThan(fuelPerDecision / 2)
})
