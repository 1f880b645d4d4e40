/**
 * `portcullis bench`: what each vector's decision costs. Fuel is the same on every machine and is what a host
 * bounds; microseconds are of this machine, of decisions one after the other, each with the putting back of the policy
 * after the one before. What is expected plays no part.
 */

import { type VectorFigures, vectorFigures } from '../admission/report.ts'
import { fuelPerDecision } from '../limits.ts'
import type { Description } from '../winrm/description.ts'
import type { Vector } from '../winrm/vectors.ts'
import { decide, type InputOptions, inputPaths, readInputs } from './author/inputs.ts'
import { renderTable } from './table.ts'

/** V8 compiles a function with more care once it has run some hundreds of times. */
const WARM_UP_MS = 500

const MEASURE_MS = 1_500

/** The 99 % point of a thousand is the tenth from the top; more rounds than that only take time. */
const ROUNDS_MAX = 1_000

/** Of a policy that uses up its fuel, some rounds must do. */
const ROUNDS_MIN = 10

interface Measured {
  readonly vector: Vector
  readonly description: Description
  readonly microseconds: number[]
}

/** The value below which `share` of the samples are, by nearest rank. */
function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return Math.round(value * 10) / 10
}

/** Vectors take turns, so that what disturbs the machine for a moment disturbs all of them. */
function repeat(forMs: number, round: () => void): number {
  const startedMs = performance.now()
  let rounds = 0
  while (rounds < ROUNDS_MIN || (rounds < ROUNDS_MAX && performance.now() - startedMs < forMs)) {
    round()
    rounds++
  }
  return rounds
}

export function bench(module: string | undefined, options: InputOptions): void {
  const { policy, vectors } = readInputs(inputPaths(module, options))
  const measured = vectors.map((vector): Measured => {
    return { vector, description: decide(policy, vector), microseconds: [] }
  })
  repeat(WARM_UP_MS, () => {
    for (const vector of vectors) decide(policy, vector)
  })
  const rounds = repeat(MEASURE_MS, () => {
    for (const { vector, microseconds } of measured) {
      const startedMs = performance.now()
      decide(policy, vector)
      microseconds.push((performance.now() - startedMs) * 1_000)
    }
  })
  const all = measured.flatMap(({ microseconds }) => microseconds)
  const overall = {
    fuel: vectorFigures(vectors, measured, 0).fuel,
    microseconds: { median: quantile(all, 0.5), most: quantile(all, 1) },
  }
  if (options.json) printJson(measured, rounds, overall)
  else print(measured, rounds, overall)
}

interface Overall {
  readonly fuel: VectorFigures['fuel']
  readonly microseconds: { readonly median: number; readonly most: number }
}

function printJson(measured: readonly Measured[], rounds: number, overall: Overall): void {
  const vectors = measured.map(({ vector: { name, line }, description, microseconds }) => ({
    name: name ?? null,
    line,
    outcome: description.outcome,
    fuelUsed: description.fuelUsed,
    microseconds: { median: quantile(microseconds, 0.5), ninetyNinePercent: quantile(microseconds, 0.99) },
  }))
  console.log(JSON.stringify({ rounds, ...overall, vectors }))
}

function print(measured: readonly Measured[], rounds: number, { fuel, microseconds }: Overall): void {
  const rows = measured.map(({ vector: { name, line }, description, microseconds: samples }) => [
    name ?? `line ${line}`,
    description.outcome,
    String(description.fuelUsed),
    String(Math.round(quantile(samples, 0.5))),
    String(Math.round(quantile(samples, 0.99))),
  ])
  console.log(renderTable(['vector', 'outcome', 'fuel', 'median µs', '99 % µs'], rows))
  console.log(`
fuel: median ${fuel?.median}, most ${fuel?.most} of ${fuelPerDecision}
microseconds, on this machine: median ${microseconds.median}, most ${microseconds.most}, of ${rounds} rounds`)
}
