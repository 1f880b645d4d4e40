/**
 * `portcullis test`: asks a policy the questions of its vectors and holds the answers against what is expected. The
 * limits are a host's and the fuel is counted as a host counts it; unlike `check` it shows every vector.
 */

import { join } from 'node:path'

import { type VectorFigures, vectorFigures } from '../admission/report.ts'
import { fuelPerDecision } from '../limits.ts'
import type { Description } from '../winrm/description.ts'
import { mismatch } from '../winrm/expectation.ts'
import { labelOf, type Vector } from '../winrm/vectors.ts'
import { compile } from './author/compile.ts'
import { hintFor } from './author/hints.ts'
import { decide, type InputOptions, type InputPaths, inputPaths, readInputs } from './author/inputs.ts'
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
  const errors = tested.flatMap(({ description: { error }, problem }) =>
    problem === undefined || error === null ? [] : [error],
  )
  for (const code of new Set(errors)) {
    const hint = hintFor(code)
    if (hint !== undefined) console.log(`hint: ${hint} [${code}]`)
  }
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
    return { vector, description, problem: mismatch(vector.expect, vector.question.kind, description) }
  })
  const failed = tested.filter(({ problem }) => problem !== undefined).length
  const figures = vectorFigures(vectors, tested, failed)
  if (json) printJson(tested, figures)
  else print(tested, figures)
  return failed === 0
}

/** A module that is named is watched like the rest; that of the project is compiled anew. */
async function watchTests(paths: InputPaths, isProject: boolean, json: boolean): Promise<void> {
  const folder = callersPath('.')
  const { module, vectors, settings } = paths
  const folders = isProject ? [join(folder, 'assembly')] : []
  const files = [isProject ? join(folder, 'asconfig.json') : module, vectors, ...(settings ? [settings] : [])]
  await repeatOnChange({ folders, files }, async () => {
    try {
      if (!isProject || (await compile(folder))) testOnce(paths, json)
    } catch (error) {
      reportError(error, 'portcullis') // the next change may mend it
    }
  })
}

export async function test(module: string | undefined, options: TestOptions): Promise<void> {
  const { json = false } = options
  const paths = inputPaths(module, options)
  if (options.watch) await watchTests(paths, module === undefined, json)
  else if (!testOnce(paths, json)) process.exitCode = 1
}
