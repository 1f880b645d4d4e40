/**
 * `portcullis run`: one decision of one policy, under the limits of a host and without one. What an operator
 * decides (ceilings, redirect targets, whether the administrator flag is passed on) is not applied: it shows
 * what the policy itself says.
 */

import { decideAlone } from '../admission/decide-alone.ts'
import { Policy } from '../engine/policy.ts'
import { compilePolicy } from '../engine/policy-module.ts'
import { fuelPerDecision } from '../limits.ts'
import { readSettings } from '../tenant/settings.ts'
import type { Description } from '../winrm/description.ts'
import { readQuestion } from '../winrm/question.ts'
import { questionBlock } from '../winrm/question-block.ts'
import { modulePath, readModule, settingsPath } from './author/inputs.ts'
import { callersPath } from './callers-path.ts'
import { visible } from './table.ts'

interface RunOptions {
  readonly question: string
  readonly settings?: string
  readonly json?: boolean
}

export function printDescription(description: Description): void {
  for (const [name, value] of Object.entries(description)) {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    console.log(`${name.padEnd(15)}${value === null ? '-' : visible(text)}`)
  }
}

export function run(
  named: string | undefined,
  { question: questionPath, settings: namedSettings, json }: RunOptions,
): void {
  const block = questionBlock(readQuestion(callersPath(questionPath)), questionPath)
  const module = modulePath(named)
  const settingsFile = settingsPath(named, namedSettings)
  const settings = settingsFile === undefined ? undefined : readSettings(settingsFile)
  const policy = new Policy(compilePolicy(readModule(module), settings))
  const { description } = decideAlone(policy, block, fuelPerDecision)
  if (json) console.log(JSON.stringify(description))
  else printDescription(description)
  if (description.outcome !== 'allow') process.exitCode = 1
}
