// All cases, in the order of their numbers.

import type { Case } from '../case.ts'
import { moduleCases } from './a-module.ts'
import { shutdownCases } from './b-shutdown.ts'
import { startupCases } from './b-startup.ts'
import { answerCases } from './c-answers.ts'
import { argumentCases } from './c-arguments.ts'
import { inputCases } from './c-inputs.ts'
import { operationCases } from './d-operation.ts'
import { quotaCases } from './e-quota.ts'
import { contextCases } from './f-contexts.ts'
import { loadCases } from './g-load.ts'
import { threadCases } from './g-thread.ts'

/** B8b comes between B8 and B9, and C10 after C9. */
function byId(a: Case, b: Case): number {
  return a.id.localeCompare(b.id, 'en', { numeric: true })
}

export const cases: readonly Case[] = [
  ...moduleCases,
  ...startupCases,
  ...shutdownCases,
  ...answerCases,
  ...argumentCases,
  ...inputCases,
  ...operationCases,
  ...quotaCases,
  ...contextCases,
  ...loadCases,
  ...threadCases,
].sort(byId)
