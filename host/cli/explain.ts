/**
 * `portcullis explain`: one decision, and what of the policy's code ran for it. Fuel and outcome are those of the very
 * module that is explained; without a module the project is compiled for reading, unoptimised and with a source map, which
 * decides the same and takes more fuel.
 */

import { decideAlone } from '../admission/decide-alone.ts'
import { policyFunctions } from '../engine/interface.ts'
import { fuelPerDecision } from '../limits.ts'
import { readSettings } from '../tenant/settings.ts'
import type { Description } from '../winrm/description.ts'
import { readQuestion } from '../winrm/question.ts'
import { questionBlock } from '../winrm/question-block.ts'
import { compileForReading } from './author/compile.ts'
import {
  type CalledFunction,
  calledFunctions,
  type ExplainedFile,
  explainedFiles,
} from './author/explanation.ts'
import { readModule, settingsPath } from './author/inputs.ts'
import { sourcesOf } from './author/source-map.ts'
import { TracedPolicy } from './author/traced-policy.ts'
import { callersPath } from './callers-path.ts'
import { printDescription } from './run.ts'
import { renderTable, visible } from './table.ts'

interface ExplainOptions {
  readonly question: string
  readonly settings?: string
  readonly json?: boolean
  /** Also what the SDK and the standard library did. */
  readonly all?: boolean
}

/** What a package brings is not the author's to read, unless they ask. */
function isOwn(name: string): boolean {
  return !name.startsWith('~lib/')
}

function printLines({ file, lines }: ExplainedFile): void {
  console.log(`\n${visible(file)}`)
  const width = Math.max(...lines.map(({ times }) => String(times ?? '').length), 5)
  for (const { line, times, isPartial, text } of lines) {
    const count = times === null ? '' : `${times}${isPartial ? '*' : ' '}`
    console.log(visible(`${count.padStart(width + 1)} ${String(line).padStart(4)} | ${text}`).trimEnd())
  }
}

interface Explanation {
  readonly decision: Description
  /** Functions of the policy, in the order in which they were asked. */
  readonly asked: readonly string[]
  readonly functions: readonly CalledFunction[]
  /** Null without a source map. */
  readonly files: readonly ExplainedFile[] | null
}

function print({ decision, asked, functions, files }: Explanation): void {
  console.log(`asked: ${asked.join(', then ')}\n`)
  printDescription(decision)
  const rows = functions.map(({ name, calls }) => [name, String(calls)])
  console.log(`\n${renderTable(['function', 'calls'], rows)}`)
  for (const file of files ?? []) printLines(file)
  if (files?.some(({ lines }) => lines.some(({ isPartial }) => isPartial))) {
    console.log('\n* a part of this line did not run')
  }
}

export async function explain(named: string | undefined, options: ExplainOptions): Promise<void> {
  const block = questionBlock(readQuestion(callersPath(options.question)), options.question)
  const settingsFile = settingsPath(named, options.settings)
  const settings = settingsFile === undefined ? undefined : readSettings(settingsFile)
  const path = named === undefined ? await compileForReading(callersPath('.')) : callersPath(named)
  if (path === undefined) {
    process.exitCode = 1
    return
  }
  const bytes = readModule(path)
  const policy = new TracedPolicy(bytes, settings)
  const sources = sourcesOf(path, bytes)
  const { description: decision } = decideAlone(policy, block, fuelPerDecision)
  const explanation: Explanation = {
    decision,
    asked: policy.asked.map((name) => policyFunctions[name]),
    functions: calledFunctions(policy).filter(({ name }) => options.all || isOwn(name)),
    files: sources ? explainedFiles(policy, sources).filter(({ file }) => options.all || isOwn(file)) : null,
  }
  if (options.json) {
    console.log(JSON.stringify(explanation))
    return
  }
  print(explanation)
  if (sources === undefined) {
    console.log(
      '\nno source map: compile with "asc --debug --sourceMap", or leave out the module inside a project',
    )
  } else if (named === undefined) {
    console.log(
      '\ncompiled for reading: the policy that "portcullis build" makes decides the same and takes less fuel',
    )
  }
}
