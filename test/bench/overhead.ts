// What metering costs the example policies: all questions of an example's vectors, asked of the plain module and of the metered
// one, with memory and globals put back before each call. Putting back costs both the same and is left out of the times.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import {
  interfaceOf,
  policyFunctions,
  requestFunction,
  settingsFunction,
} from '../../host/engine/interface.ts'
import { rewritePolicy } from '../../host/engine/policy-module.ts'
import type { Module } from '../../host/engine/wasm/module.ts'
import { parseModule } from '../../host/engine/wasm/parse-module.ts'
import { reserved } from '../../host/engine/wasm/reserved.ts'
import { writeModule } from '../../host/engine/wasm/write-module.ts'
import { fuelPerDecision, stackSlotsMax } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { readSettings } from '../../host/tenant/settings.ts'
import { writeSettings } from '../../host/wire/settings-block.ts'
import { type Question, writeBlock } from '../support/block.ts'
import { medianOf } from './measure.ts'

type Call = (argument: number) => number

/** The module as it came, but that its mutable globals can be put back. */
function plain(module: Module): Uint8Array<ArrayBuffer> {
  const globals = module.globals.flatMap(({ mutable }, index) =>
    mutable ? [{ name: reserved.global(index), kind: 'global', index } as const] : [],
  )
  return writeModule({ ...module, exports: [...interfaceOf(module), ...globals] })
}

class Subject {
  readonly #exports: WebAssembly.Exports
  readonly #bytes: Uint8Array
  readonly #image: Uint8Array
  readonly #globals: { global: WebAssembly.Global; value: unknown }[]

  constructor(bytes: Uint8Array<ArrayBuffer>, settings: Uint8Array | undefined) {
    const abort = () => {
      throw new Error('abort')
    }
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { abort } })
    this.#exports = exports
    this.#bytes = new Uint8Array((exports.memory as WebAssembly.Memory).buffer)
    if (settings !== undefined)
      this.#bytes.set(settings, (exports[settingsFunction] as Call)(settings.length))
    this.#image = this.#bytes.slice()
    this.#globals = Object.values(exports)
      .filter((value) => value instanceof WebAssembly.Global)
      .map((global) => ({ global, value: global.value }))
    const limits = { [reserved.fuel]: fuelPerDecision, [reserved.stack]: stackSlotsMax }
    for (const [name, limit] of Object.entries(limits)) {
      const entry = this.#globals.find(({ global }) => global === exports[name])
      if (entry !== undefined) entry.value = limit
    }
  }

  /** Nanoseconds inside the policy. An answer that is none counts too: examples have such questions. */
  ask(question: Question, block: Uint8Array): bigint {
    this.#bytes.set(this.#image)
    for (const { global, value } of this.#globals) global.value = value
    const request = this.#exports[requestFunction] as Call
    const decide = this.#exports[policyFunctions[question.kind]] as Call
    const started = process.hrtime.bigint()
    try {
      const address = request(block.length)
      this.#bytes.set(block, address)
      decide(address)
    } catch {
      // no answer
    }
    return process.hrtime.bigint() - started
  }
}

export interface Overhead {
  readonly example: string
  readonly questions: number
  readonly plainUs: number
  readonly meteredUs: number
}

function questionsOf(example: string): { question: Question; block: Uint8Array }[] {
  const lines = readFileSync(join(root, 'policies/examples', example, 'vectors.jsonl'), 'utf8')
    .trim()
    .split('\n')
  return lines
    .map((line) => (JSON.parse(line) as { question: Question }).question)
    .map((question) => ({ question, block: writeBlock(question) }))
}

function settingsOf(example: string): Uint8Array | undefined {
  const file = join(root, 'policies/examples', example, 'settings.json')
  return existsSync(file) ? writeSettings(readSettings(file)) : undefined
}

const ROUNDS = 3_000

/** What `ask` measures when nothing is called: it is taken off. */
function clockUs(): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const started = process.hrtime.bigint()
    return Number(process.hrtime.bigint() - started) / 1000
  })
  return medianOf(times)
}

export function measureOverhead(): Overhead[] {
  return readdirSync(join(root, 'policies/examples')).map((example) => {
    const bytes = readFileSync(join(root, 'build/policies', `${example}.wasm`))
    const settings = settingsOf(example)
    const modules = [plain(parseModule(bytes)), rewritePolicy(bytes).bytes]
    const subjects = modules.map((module) => new Subject(module, settings))
    const questions = questionsOf(example)
    const times: number[][] = [[], []]
    for (let round = 0; round < 2 * ROUNDS; round++) {
      for (const [index, subject] of subjects.entries()) {
        let total = 0n
        for (const { question, block } of questions) total += subject.ask(question, block)
        if (round >= ROUNDS) times[index]?.push(Number(total) / 1000 / questions.length)
      }
    }
    const clock = clockUs()
    const [plainUs = 0, meteredUs = 0] = times.map((one) => medianOf(one) - clock)
    return { example, questions: questions.length, plainUs, meteredUs }
  })
}
