/**
 * `portcullis test`: asks a policy the questions of its vectors and holds the answers against what is expected. The
 * limits are a host's and the fuel is counted as a host counts it; unlike `check` it shows every vector.
 */

import { join } from 'node:path'

import { admit } from '../admission/admission.ts'
import { type VectorFigures, vectorFigures } from '../admission/report.ts'
import { fuelPerDecision } from '../limits.ts'
import type { Description } from '../winrm/description.ts'
import { mismatch } from '../winrm/expectation.ts'
import { labelOf, type Vector } from '../winrm/vectors.ts'
import { compile } from './author/compile.ts'
import { printFindings } from './author/findings.ts'
import { hintFor, memoryHint } from './author/hints.ts'
import {
  decide,
  type InputOptions,
  type InputPaths,
  inputPaths,
  readInputs,
  readModule,
} from './author/inputs.ts'
import { compilerOf } from './author/project.ts'
import { modulePath, settingsPath as settingsFile } from './author/project-paths.ts'
import { repeatOnChange } from './author/watch.ts'
import { callersPath } from './callers-path.ts'
import { reportError } from './run-command.ts'
import { renderTable, visible } from './table.ts'

interface TestOptions extends InputOptions {
  readonly watch?: boolean
}

interface Tested {
  readonly vector: Vector
  /** What came. */
  readonly description: Description
  /** What its guest had at the end. */
  readonly memoryBytes: number
  /** Undefined if it is as expected. */
  readonly problem: string | undefined
}

function print(tested: readonly Tested[], { count, failed, fuel }: VectorFigures): void {
  const rows = tested.map(({ vector: { name, line }, description: { outcome, fuelUsed }, problem }) => [
    problem === undefined ? 'ok' : 'FAILED',
    name ?? `line ${line}`,
    outcome,
    String(fuelUsed),
  ])
  console.log(renderTable(['result', 'vector', 'outcome', 'fuel'], rows))
  console.log('')
  for (const { vector, problem } of tested) {
    if (problem !== undefined) console.log(visible(`FAILED ${labelOf(vector)}: ${problem}`))
  }
  const used = fuel === null ? '' : `; fuel: median ${fuel.median}, most ${fuel.most} of ${fuelPerDecision}`
  const met = failed === 0 ? 'all as expected' : `${failed} FAILED`
  console.log(`${count} ${count === 1 ? 'vector' : 'vectors'}, ${met}${used}`)
  for (const hint of new Set(tested.flatMap(hintsOf))) console.log(hint)
}

function hintsOf({ description: { error, detail }, memoryBytes, problem }: Tested): string[] {
  if (problem === undefined || error === null) return []
  const hint = memoryHint(error, memoryBytes) ?? hintFor(error, detail ?? '')
  return hint === undefined ? [] : [`hint: ${hint} [${error}]`]
}

function printJson(tested: readonly Tested[], figures: VectorFigures): void {
  const vectors = tested.map(({ vector: { name, line, expect }, description, problem }) => ({
    name: name ?? null,
    line,
    met: problem === undefined,
    problem: problem ?? null,
    expect,
    came: description,
  }))
  console.log(JSON.stringify({ ...figures, vectors }))
}

/** Whether all vectors are met. */
function testOnce(paths: InputPaths, json: boolean): boolean {
  const { policy, vectors } = readInputs(paths)
  const tested = vectors.map((vector): Tested => {
    const description = decide(policy, vector)
    const problem = mismatch(vector.expect, vector.question.kind, description)
    return { vector, description, memoryBytes: policy.memoryBytes, problem }
  })
  const failed = tested.filter(({ problem }) => problem !== undefined).length
  const figures = vectorFigures(vectors, tested, failed)
  if (json) printJson(tested, figures)
  else print(tested, figures)
  return failed === 0
}

/** Whether there is a module to be tested. What speaks against one is printed. */
async function compileAnew(folder: string, module: string): Promise<boolean> {
  if (!(await compile(folder))) return false
  const admission = await admit(readModule(module))
  if (!admission.admitted) console.error(`${modulePath}: a host would refuse it:`)
  printFindings(folder, admission)
  return admission.admitted
}

/**
 * A module that is named is watched like the rest; that of the project is compiled anew. Settings may come and go.
 * Throws ERR_PROJECT_FOLDER or ERR_PROJECT_PACKAGE for what no change of a source will mend.
 */
async function watchTests(named: string | undefined, options: TestOptions, json: boolean): Promise<void> {
  const folder = callersPath('.')
  const isProject = named === undefined
  if (isProject) compilerOf(folder)
  const { module, vectors, settings } = inputPaths(named, options)
  const folders = isProject ? [join(folder, 'assembly')] : []
  const files = [isProject ? join(folder, 'asconfig.json') : module, vectors]
  if (settings !== undefined) files.push(settings)
  else if (isProject) files.push(join(folder, settingsFile))
  await repeatOnChange({ folders, files }, async () => {
    try {
      if (!isProject || (await compileAnew(folder, module))) testOnce(inputPaths(named, options), json)
    } catch (error) {
      reportError(error, 'portcullis') // the next change may mend it
    }
  })
}

export async function test(module: string | undefined, options: TestOptions): Promise<void> {
  const { json = false } = options
  if (options.watch) await watchTests(module, options, json)
  else if (!testOnce(inputPaths(module, options), json)) process.exitCode = 1
}
