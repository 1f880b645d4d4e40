// The largest settings that an example says it takes fit into the fuel of one decision, whoever asks.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { decideAlone } from '../../host/admission/decide-alone.ts'
import { Policy } from '../../host/engine/policy.ts'
import { compilePolicy } from '../../host/engine/policy-module.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { readVectors } from '../../host/winrm/vectors.ts'
import { policyPath } from '../support/testbed.ts'

function decisions(example: string, settings: Record<string, string[]>) {
  const policy = new Policy(compilePolicy(readFileSync(policyPath(`examples/${example}`)), settings))
  return readVectors(join(root, 'policies/examples', example, 'vectors.jsonl')).map(({ block }) => {
    return decideAlone(policy, block, fuelPerDecision).description
  })
}

it('break-glass has half of its fuel left with ten openings', () => {
  const opening =
    'S-1-5-21-2127521184-1604012920-1887927527-1003 from 2025-03-15T20:00Z until 2025-03-16T04:00Z'
  const answers = decisions('break-glass', { 'break-glass': Array(10).fill(opening) })
  const withoutToken = answers.filter(({ error }) => error === 'ERR_POLICY_ABORT')
  expect(answers.filter(({ outcome }) => outcome === 'no-answer')).toEqual(withoutToken)
  expect(Math.max(...answers.map(({ fuelUsed }) => fuelUsed))).toBeLessThan(fuelPerDecision / 2)
})
