/**
 * `portcullis check`: puts a module through the admission that it would go through for a host, without one,
 * and prints what came of it: for people a verdict and the figures that matter, for programs all of it.
 */

import { type Admission, type AdmissionError, admit } from '../admission/admission.ts'
import { errorTable } from '../errors.ts'
import { fuelPerDecision } from '../limits.ts'
import { readSettings } from '../tenant/settings.ts'
import { readVectors } from '../winrm/vectors.ts'
import { type InputOptions, inputPaths, readModule } from './author/inputs.ts'
import { admittedText, type Line, reportLines } from './report-text.ts'
import { visible } from './table.ts'

function verdict(admission: Admission): string {
  const vectors = admission.report?.vectors ?? null
  if (vectors !== null && vectors.failed > 0) {
    return `refused: ${vectors.failed} of ${vectors.count} vectors are not met [ERR_ADMISSION_VECTOR]`
  }
  if (!admission.admitted) return `refused: ${admission.errors.map(({ message }) => message).join('; ')}`
  return admittedText(admission.report)
}

/** The verdict has said what all of them have in common: the text of the code and the code. */
function unmetLines(admission: Admission): Line[] {
  const unmet = admission.admitted ? [] : admission.errors.filter(isUnmet)
  const more = (admission.report?.vectors?.failed ?? 0) - unmet.length
  const common = `${errorTable.ERR_ADMISSION_VECTOR.text}: `
  const lines = unmet.map(
    ({ message }): Line => ['unmet', message.replace(common, '').replace(' [ERR_ADMISSION_VECTOR]', '')],
  )
  return more > 0 ? [...lines, ['unmet', `and ${more} more`]] : lines
}

function isUnmet({ code }: AdmissionError): boolean {
  return code === 'ERR_ADMISSION_VECTOR'
}

function print(admission: Admission, emptyVectors: string | undefined): void {
  console.log(visible(verdict(admission)))
  const { report } = admission
  if (emptyVectors !== undefined) {
    console.log(
      `  ${'warning'.padEnd(10)}${visible(emptyVectors)} has no vectors, so no answer was looked at`,
    )
  }
  if (report === null) return
  const lines = [...reportLines(report, fuelPerDecision), ...unmetLines(admission)]
  for (const [label, text] of lines) console.log(`  ${label.padEnd(10)}${visible(text)}`)
}

export async function check(module: string | undefined, options: InputOptions): Promise<void> {
  const paths = inputPaths(module, options)
  const upload = readModule(paths.module)
  // A module that is named has the vectors that are named with it, or none.
  const asksVectors = module === undefined || options.vectors !== undefined
  const vectors = asksVectors ? readVectors(paths.vectors) : []
  const settings = paths.settings === undefined ? undefined : readSettings(paths.settings)
  const admission = await admit(upload, { vectors, ...(settings && { settings }) })
  const { admitted, report } = admission
  if (options.json)
    console.log(JSON.stringify({ admitted, errors: admitted ? [] : admission.errors, report }))
  else print(admission, asksVectors && vectors.length === 0 ? paths.vectors : undefined)
  if (!admitted) process.exitCode = 1
}
