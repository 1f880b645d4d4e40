// `npm run bench`: the figures that the documentation claims, on this machine, beside what they aim at. Takes about a minute.
// Exit code 1 if an aim is missed by so much that noise cannot be the reason.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { renderTable } from '../../host/cli/table.ts'
import { rewritePolicy } from '../../host/engine/policy-module.ts'
import { parseModule } from '../../host/engine/wasm/parse-module.ts'
import { writeModule } from '../../host/engine/wasm/write-module.ts'
import { root } from '../../host/paths.ts'
import { measureCall, measureDecision, measureParts, type Percentiles } from './decisions.ts'
import { medianUs } from './measure.ts'
import { measureOverhead } from './overhead.ts'
import { measureUploads } from './uploads.ts'

/** Beyond an aim times this, a run has failed. */
const TOLERANCE = 1.5
let failed = false

function verdict(value: number, aim: number): string {
  if (value <= aim) return 'yes'
  if (value > aim * TOLERANCE) failed = true
  return 'NO'
}

function title(text: string): void {
  console.log(`\n${text}\n`)
}

function overhead(): void {
  title(
    'Metering: time inside the example policies, mean of the questions of their vectors; aim: at most 1.20 times',
  )
  const rows = measureOverhead().map(({ example, questions, plainUs, meteredUs }) => [
    example,
    String(questions),
    plainUs.toFixed(2),
    meteredUs.toFixed(2),
    (meteredUs / plainUs).toFixed(2),
    verdict(meteredUs / plainUs, 1.2),
  ])
  console.log(renderTable(['policy', 'questions', 'plain µs', 'metered µs', 'ratio', 'aim met'], rows))
}

/** A policy of some 50 KB: the functions of an example, many times over. */
function largePolicy(): Uint8Array {
  const module = parseModule(readFileSync(join(root, 'build/policies/role-by-group.wasm')))
  const times = 12
  const repeat = <Item>(items: readonly Item[]) => Array.from({ length: times }, () => items).flat()
  return writeModule({ ...module, functions: repeat(module.functions), bodies: repeat(module.bodies) })
}

function rewriting(): void {
  title('Rewriting: parse, validate, meter, write, validate again, once warm; aim: at most 10 ms for 50 KB')
  const bytes = largePolicy()
  const ms = medianUs(() => rewritePolicy(bytes), 50) / 1000
  const ours = medianUs(() => WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>), 50) / 1000
  const perAim = (ms * 50 * 1024) / bytes.length
  const row = [String(bytes.length), ms.toFixed(2), ours.toFixed(2), perAim.toFixed(2), verdict(perAim, 10)]
  console.log(renderTable(['bytes', 'ms', 'of V8 validating, ms', 'ms for 50 KB', 'aim met'], [row]))
}

function calls(): void {
  title(
    'One policy call: role-by-group, one page, an operation question of 900 bytes; aim: 3 µs, 99 of 100 within 10 µs',
  )
  const parts = measureParts().map(({ part, us }) => [part, us.toFixed(2)])
  console.log(renderTable(['part', 'µs'], parts))
  const [call, alone, guarded] = [measureCall(), measureDecision(false), measureDecision(true)]
  const row = (name: string, { p50, p99 }: Percentiles, aim: number) => [
    name,
    p50.toFixed(2),
    p99.toFixed(2),
    aim.toFixed(0),
    verdict(p50, aim),
  ]
  console.log()
  const rows = [
    row('policy call, with putting back', call, 3),
    row('operation decision', alone, 6),
    row('operation decision, with a guard', guarded, 12),
  ]
  console.log(renderTable(['what', 'median µs', '99 % within µs', 'aim for median', 'aim met'], rows))
}

function residents(): void {
  title('Policies kept ready in one evaluator, each a module of its own; aim: 2,000 within 300 MiB')
  const rows = [100, 1_000, 2_000].map((count) => {
    const { before, after } = runProcess<{ before: number; after: number }>(
      'residents-process',
      process.execArgv,
      String(count),
    )
    const mib = after / 2 ** 20
    const each = (after - before) / 1024 / count
    return [String(count), mib.toFixed(0), each.toFixed(0), verdict(mib, 300)]
  })
  console.log(renderTable(['policies', 'MiB in all', 'KiB each', 'aim met'], rows))
}

/** What a process of its own prints as JSON. */
function runProcess<Result>(name: string, flags: readonly string[], ...args: string[]): Result {
  const script = fileURLToPath(new URL(`${name}.js`, import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, script, ...args], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Result
}

function kernels(): void {
  title(
    "Fuel: time for each unit, in V8's baseline and its optimising tier; aim: at most 5 ns, whatever runs",
  )
  const baseline = runProcess<[string, number][]>('kernel-process', ['--liftoff-only'])
  const optimised = new Map(runProcess<[string, number][]>('kernel-process', ['--no-liftoff']))
  const rows = baseline.map(([name, ns]) => {
    const other = optimised.get(name) ?? Number.NaN
    return [name, ns.toFixed(2), other.toFixed(2), verdict(Math.max(ns, other), 5)]
  })
  console.log(renderTable(['kernel', 'baseline ns', 'optimised ns', 'aim met'], rows))
}

async function uploads(): Promise<void> {
  title(
    'Decisions while 10,000 bad uploads a minute come in over the admin API, from this machine too; aim: 1.5 times in the evaluator',
  )
  const { quiet, flooded, answers, left } = await measureUploads()
  const at = (values: readonly number[], share: number) =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0
  const row = (name: string, side: 'evaluator' | 'caller', share: number, aim?: number) => {
    const [without, during] = [at(quiet[side], share), at(flooded[side], share)]
    const ratio = during / without
    const judged = aim === undefined ? '' : verdict(ratio, aim)
    return [name, without.toFixed(0), during.toFixed(0), ratio.toFixed(2), judged]
  }
  const rows = [
    row('in the evaluator, median', 'evaluator', 0.5, 1.5),
    row('in the evaluator, 99 %', 'evaluator', 0.99),
    row('entry point to completion, median', 'caller', 0.5),
    row('entry point to completion, 99 %', 'caller', 0.99),
  ]
  console.log(renderTable(['what', 'without, µs', 'during, µs', 'ratio', 'aim met'], rows))
  const answered = Object.entries(answers).map(([status, count]) => `${count} x ${status}`)
  console.log(`\nanswers by status: ${answered.join(', ')}; left in the store: ${left}`)
  if (left > 0) failed = true
}

console.log(
  `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores`,
)
overhead()
rewriting()
calls()
residents()
kernels()
await uploads()
if (failed) process.exitCode = 1
