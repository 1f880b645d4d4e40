/**
 * `portcullis build`: compiles a policy project, and says at once whether a host would take what came out. A
 * policy whose function is misspelt compiles, and its author should not learn of it from an operator.
 */

import { join, relative } from 'node:path'

import { admit } from '../admission/admission.ts'
import { policyFunctions } from '../engine/interface.ts'
import { similarName } from '../engine/similar-name.ts'
import { readBytes } from '../json-file.ts'
import { compile, modulePath } from './author/compile.ts'
import { hintFor } from './author/hints.ts'
import { sourceAdvice } from './author/source-advice.ts'
import { callersPath } from './callers-path.ts'
import { visible } from './table.ts'

/** Its absence is no error, so a misspelt one is dropped and the operator's limits apply in its place. */
function misspeltQuota(dropped: readonly string[]): string[] {
  const similar = similarName(policyFunctions.quota, dropped)
  if (similar === undefined) return []
  return [`it exports "${similar}", which nobody calls; did you mean "${policyFunctions.quota}"?`]
}

export async function build(directory = '.'): Promise<void> {
  const folder = callersPath(directory)
  const startedMs = performance.now()
  if (!(await compile(folder))) {
    process.exitCode = 1
    return
  }
  const module = join(folder, modulePath)
  const shown = visible(relative(callersPath('.'), module))
  const bytes = readBytes(module, 'ERR_MODULE_UNREADABLE')
  const took = `${bytes.length.toLocaleString('en-US')} bytes in ${Math.round(performance.now() - startedMs)} ms`
  const admission = await admit(bytes)
  if (admission.admitted) {
    const { warnings, droppedExports } = admission.report
    console.log(`${shown}: ${took}; a host would take it`)
    const texts = [
      ...warnings.map(({ message, code }) => `${message} [${code}]`),
      ...misspeltQuota(droppedExports),
    ]
    for (const text of texts) console.error(`warning: ${visible(text)}`)
    for (const { file, line, advice } of sourceAdvice(folder))
      console.error(visible(`warning: ${file}:${line}: ${advice}`))
    return
  }
  console.error(`${shown}: ${took}; a host would refuse it:`)
  for (const { message } of admission.errors) console.error(`  ${visible(message)}`)
  const hints = admission.errors.map(({ code }) => hintFor(code)).filter((hint) => hint !== undefined)
  for (const hint of new Set(hints)) console.error(`hint: ${hint}`)
  process.exitCode = 1
}
