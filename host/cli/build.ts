/**
 * `portcullis build`: compiles a policy project, and says at once whether a host would take what came out. A
 * policy whose function is misspelt compiles, and its author should not learn of it from an operator.
 */

import { join, relative } from 'node:path'

import { admit } from '../admission/admission.ts'
import { readBytes } from '../json-file.ts'
import { compile } from './author/compile.ts'
import { printFindings } from './author/findings.ts'
import { modulePath } from './author/project-paths.ts'
import { callersPath } from './callers-path.ts'
import { visible } from './table.ts'

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
  if (admission.admitted) console.log(`${shown}: ${took}; a host would take it`)
  else console.error(`${shown}: ${took}; a host would refuse it:`)
  printFindings(folder, admission)
  if (!admission.admitted) process.exitCode = 1
}
