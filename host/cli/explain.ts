/**
 * `portcullis explain`: one decision, and what of the policy's code ran for it. Fuel and outcome are those of the module
 * that goes to a host. What ran is counted in it too; or, in a project, in the same policy compiled for reading, unoptimised
 * and with a source map.
 */

import { join } from 'node:path'

import { decideAlone } from '../admission/decide-alone.ts'
import { policyFunctions } from '../engine/interface.ts'
import { Policy } from '../engine/policy.ts'
import { compilePolicy } from '../engine/policy-module.ts'
import { fuelPerDecision } from '../limits.ts'
import { readSettings } from '../tenant/settings.ts'
import type { Description } from '../winrm/description.ts'
import { readQuestion } from '../winrm/question.ts'
import { questionBlock } from '../winrm/question-block.ts'
import { compile, compileForReading } from './author/compile.ts'
import {
  type CalledFunction,
  calledFunctions,
  type ExplainedFile,
  explainedFiles,
} from './author/explanation.ts'
import { readModule, settingsPath } from './author/inputs.ts'
import { modulePath } from './author/project-paths.ts'
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

/** A policy that is compiled for reading does the same in more steps, some few times as many. */
const FUEL_FOR_READING = 20 * fuelPerDecision

interface Modules {
  /** What goes to a host. */
  readonly own: string
  /** The same policy, with names and a source map if there are any. */
  readonly readable: string
}

const alone = (path: string): Modules => ({ own: path, readable: path })

/** Both of a project. Undefined after compile errors, which have been printed. */
async function compileBoth(folder: string): Promise<Modules | undefined> {
  if (!(await compile(folder))) return undefined
  const readable = await compileForReading(folder)
  return readable === undefined ? undefined : { own: join(folder, modulePath), readable }
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
  const modules = named === undefined ? await compileBoth(callersPath('.')) : alone(callersPath(named))
  if (modules === undefined) {
    process.exitCode = 1
    return
  }
  const { own, readable } = modules
  const bytes = readModule(readable)
  const policy = new TracedPolicy(bytes, settings)
  const sources = sourcesOf(readable, bytes)
  const traced = decideAlone(policy, block, readable === own ? fuelPerDecision : FUEL_FOR_READING)
  const decided =
    readable === own
      ? traced
      : decideAlone(new Policy(compilePolicy(readModule(own), settings)), block, fuelPerDecision)
  const explanation: Explanation = {
    decision: decided.description,
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
      '\nThe decision and its fuel are those of build/policy.wasm; what ran was counted in a build for reading.',
    )
  }
}
