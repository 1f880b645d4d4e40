/** What is said of a project's module after it was compiled, by every command that compiles. */

import type { Admission } from '../../admission/admission.ts'
import { policyFunctions } from '../../engine/interface.ts'
import { similarName } from '../../engine/similar-name.ts'
import { visible } from '../table.ts'
import { hintFor } from './hints.ts'
import { sourceAdvice } from './source-advice.ts'

/** Its absence is no error, so a misspelt one is dropped and the operator's limits apply in its place. */
function misspeltQuota(dropped: readonly string[]): string[] {
  const similar = similarName(policyFunctions.quota, dropped)
  if (similar === undefined) return []
  return [`it exports "${similar}", which nobody calls; did you mean "${policyFunctions.quota}"?`]
}

/** On standard error: warnings about a module that a host would take, or why it would not take it. */
export function printFindings(folder: string, admission: Admission): void {
  if (admission.admitted) {
    const { warnings, droppedExports } = admission.report
    const texts = [
      ...warnings.map(({ message, code }) => `${message} [${code}]`),
      ...misspeltQuota(droppedExports),
      ...sourceAdvice(folder).map(({ file, line, advice }) => `${file}:${line}: ${advice}`),
    ]
    for (const text of texts) console.error(`warning: ${visible(text)}`)
    return
  }
  for (const { message } of admission.errors) console.error(`  ${visible(message)}`)
  const hints = admission.errors
    .map(({ code, message }) => hintFor(code, message))
    .filter((hint) => hint !== undefined)
  for (const hint of new Set(hints)) console.error(`hint: ${hint}`)
}
