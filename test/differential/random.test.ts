// Random modules, called in the upload and in what was made of it: every exported function, several times, one after the
// other in the same two instances, and after each call all that can be seen is compared. PORTCULLIS_FUZZ sets the number
// of modules, PORTCULLIS_SEED repeats a run.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { functionTypes, type ValueType } from '../../host/engine/wasm/module.ts'
import { PortcullisError } from '../../host/errors.ts'
import { reasonToSkip } from '../support/tools.ts'
import { type Chance, casesOr, eachCase } from './chance.ts'
import { fuzzModule, hangLimit } from './fuzz-module.ts'
import { type MakeImports, Pair, sameEnding, show, showEnding } from './pair.ts'

const usual = 150
const modules = casesOr(usual)
/** A slow machine tries fewer, unless it was told how many. */
const msMax = modules === usual ? 30_000 : Number.POSITIVE_INFINITY
const callsOfEach = 4

const integers = [0, 1, -1, 2, 7, 15, 16, 31, 100, 255, 65_535, 65_536, 0x7fffffff, -0x80000000]
const floats = [
  0,
  -0,
  1,
  -1.5,
  0.1,
  1e10,
  -1e19,
  3e-40,
  5e-324,
  1.7e308,
  Number.POSITIVE_INFINITY,
  Number.NaN,
]

function argument(chance: Chance, type: ValueType): number | bigint {
  const integer = chance.below(3) === 0 ? chance.word() | 0 : chance.pick(integers)
  if (type === 'i32') return integer
  if (type === 'i64') return chance.below(2) === 0 ? BigInt(integer) : (BigInt(integer) << 32n) | 5n
  return chance.below(4) === 0 ? integer : chance.pick(floats)
}

const tally = { modules: 0, refused: 0, functions: 0, calls: 0, traps: 0, callsOut: 0, exhausted: 0 }
/** The instructions that the modules are made of. */
const opcodes = new Set<number>()

/** All that the fuzzer imports: functions that take a value and return nothing, and one that returns its second. */
const makeImports: MakeImports = (record) => {
  const names = ['log-i32', 'log-i64', 'log-f32', 'log-f64', 'sleep']
  const recording =
    (name: string) =>
    (...given: unknown[]) => {
      record(name, ...given)
      return given[1]
    }
  return { 'fuzzing-support': Object.fromEntries(names.map((name) => [name, recording(name)])) }
}

/** Undefined if the upload is refused. */
function admitted(upload: Uint8Array<ArrayBuffer>): Pair | undefined {
  try {
    return new Pair(upload, makeImports)
  } catch (error) {
    if (error instanceof PortcullisError && error.code.startsWith('ERR_MODULE_')) return undefined
    throw error
  }
}

/** False if the metered one noticed its counters, after which nothing can be said. */
function compareCall(pair: Pair, name: string, given: readonly unknown[]): boolean {
  pair.set(hangLimit.name, hangLimit.value)
  const { original, metered } = pair.call(name, given)
  tally.calls++
  if (pair.exhausted) return false
  if ('trap' in original) tally.traps++
  const difference = sameEnding(original, metered)
    ? pair.difference()
    : `${showEnding(original)} and ${showEnding(metered)}`
  if (difference !== undefined) throw new Error(`${name}${show([...given])}: ${difference}`)
  return true
}

function compare(pair: Pair, chance: Chance): void {
  expect(pair.metered.started).toEqual(pair.original.started)
  for (const { instructions } of pair.upload.bodies)
    for (const { opcode } of instructions) opcodes.add(opcode)
  const types = functionTypes(pair.upload)
  for (const { name, kind, index } of pair.upload.exports) {
    if (kind !== 'function') continue
    tally.functions++
    for (let count = 0; count < callsOfEach; count++) {
      const given = types[index]?.parameters.map((type) => argument(chance, type)) ?? []
      if (compareCall(pair, name, given)) continue
      tally.exhausted++
      return
    }
  }
  tally.callsOut += pair.original.calls.length
}

const skipped = reasonToSkip('wasm-opt')
describe.skipIf(skipped !== '')(`a random module${skipped}`, () => {
  it('does the same when it is metered', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-random-'))
    let upload: Uint8Array<ArrayBuffer> = new Uint8Array()
    try {
      tally.modules = eachCase(
        modules,
        (chance) => {
          upload = fuzzModule(chance, folder)
          const pair = admitted(upload)
          if (pair === undefined) tally.refused++
          else compare(pair, chance)
        },
        () => Buffer.from(upload).toString('base64'),
        msMax,
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
    if (modules !== usual) console.log(tally, `${opcodes.size} instructions`)
    if (tally.modules < usual / 3) return // a repeated case, or a machine that is very slow: nothing to count
    expect(tally.refused).toBeLessThanOrEqual(tally.modules / 20)
    expect(opcodes.size).toBeGreaterThan(120)
    expect(tally.functions).toBeGreaterThan(tally.modules * 4)
    expect(tally.traps).toBeGreaterThan(tally.calls / 100)
    expect(tally.callsOut).toBeGreaterThan(tally.modules)
    expect(tally.exhausted).toBeLessThanOrEqual(tally.modules / 20)
  }, 3_600_000)
})
