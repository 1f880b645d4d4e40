/** `portcullis report`: what admission says today of a version that a running host has, as `check` says it of a file. */

import type { VersionReport } from '../supervisor/kept-versions.ts'
import { admittedText, reportLines } from './report-text.ts'
import { type SubjectOptions, subjectOf, subjectText } from './subject.ts'
import { visible } from './table.ts'
import { type HostOptions, tell } from './which-host.ts'

interface ReportOptions extends HostOptions, SubjectOptions {
  readonly json?: boolean
}

function print(report: VersionReport, name: string): void {
  if ('refusal' in report) return console.log(visible(`${name}: refused: ${report.refusal.message}`))
  console.log(`${name}: ${admittedText(report)}`)
  for (const [label, text] of reportLines(report)) console.log(`  ${label.padEnd(10)}${visible(text)}`)
}

export async function report(version: string, options: ReportOptions): Promise<void> {
  const subject = subjectOf(options)
  const told = (await tell(options, { command: 'report', subject, version })) as VersionReport
  if (options.json) console.log(JSON.stringify(told))
  else print(told, `${subjectText(subject)}, version ${version}`)
  if ('refusal' in told) process.exitCode = 1
}
