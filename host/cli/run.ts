/**
 * `portcullis run`: one decision of one policy, under the limits of a host and without one. What an operator decides (ceilings,
 * redirect targets, whether the administrator flag is passed on) is not applied: it shows what the policy itself says.
 */

import { Consultation } from '../engine/consultation.ts'
import { compilePolicy, type PolicyModule } from '../engine/policy-module.ts'
import { readBytes } from '../json-file.ts'
import { fuelPerDecision } from '../limits.ts'
import { noCeiling } from '../tenant/config.ts'
import { readSettings } from '../tenant/settings.ts'
import { compose } from '../winrm/compose.ts'
import type { Decision } from '../winrm/decision.ts'
import { readQuestion } from '../winrm/question.ts'
import { questionBlock } from '../winrm/question-block.ts'
import { callersPath } from './callers-path.ts'
import { visible } from './table.ts'

interface RunOptions {
  readonly question: string
  readonly settings?: string
  readonly json?: boolean
}

const rules = { allowAdministrator: true, redirectTargets: [], quotaCeiling: noCeiling }

function quotaOf(decision: Decision, { hasQuota }: PolicyModule): object | null {
  if (decision.outcome !== 'allow' || decision.quota === undefined || !hasQuota) return null
  const [concurrentShells, concurrentOperations, timeslotSeconds, operationsPerTimeslot] = decision.quota
  return { concurrentShells, concurrentOperations, timeslotSeconds, operationsPerTimeslot }
}

/** What is printed: null is what does not apply. */
function describe(decision: Decision, policy: PolicyModule, fuelUsed: number): Record<string, unknown> {
  const { outcome, code } = decision
  return {
    outcome,
    errorCode: code,
    reason: outcome === 'deny' ? decision.reason : null,
    administrator: outcome === 'allow' && decision.administrator,
    quota: quotaOf(decision, policy),
    fuelUsed,
    error: decision.error ?? null,
    detail: outcome === 'no-answer' ? decision.detail : null,
  }
}

function print(description: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(description)) {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    console.log(`${name.padEnd(15)}${value === null ? '-' : visible(text)}`)
  }
}

export function run(
  module: string,
  { question: questionPath, settings: settingsPath, json }: RunOptions,
): void {
  const question = readQuestion(callersPath(questionPath))
  const block = questionBlock(question, questionPath)
  const settings = settingsPath === undefined ? undefined : readSettings(callersPath(settingsPath))
  const policy = compilePolicy(readBytes(callersPath(module), 'ERR_MODULE_UNREADABLE'), settings)
  const consultation = new Consultation(policy, block, fuelPerDecision)
  const decision = compose(question.kind, { guard: undefined, tenant: consultation.ask }, rules)
  const description = describe(decision, policy, consultation.fuelUsed)
  if (json) console.log(JSON.stringify(description))
  else print(description)
  if (decision.outcome !== 'allow') process.exitCode = 1
}
