// Runs every kernel in the tier that this process was started for, and prints nanoseconds for each unit of fuel as JSON.

import { rewriteModule } from '../../host/engine/rewrite.ts'
import { reserved } from '../../host/engine/wasm/reserved.ts'
import { stackSlotsMax } from '../../host/limits.ts'
import { assembleText } from '../support/assembly.ts'
import { CHAIN_START, helpers, type Kernel, kernels } from './kernels.ts'

const PAGES = 16
const ROUNDS = 5
/** Some ten milliseconds of an ordinary kernel. */
const FUEL = 20_000_000

const localsOf = (['i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'f64', 'f64', 'f32', 'f32'] as const).slice()

function fill(memory: WebAssembly.Memory): void {
  const words = new Uint32Array(memory.buffer)
  let state = 2463534242
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[index] = state
  }
  // Places two bytes before the end of each page of 4 KiB, in an order that no prefetcher guesses.
  const view = new DataView(memory.buffer)
  const pages = (memory.buffer.byteLength - CHAIN_START) / 4096 - 1
  const place = (step: number) => CHAIN_START + ((step * 61) % pages) * 4096 + 4095 - 2
  for (let step = 0; step < pages; step++) view.setUint32(place(step), place(step + 1), true)
}

/** The fastest of some rounds: what disturbs a round only ever makes it slower. */
function measure({ before = '', loop }: Kernel): number {
  const functions = [{ locals: localsOf, code: `${before} loop ${loop} br 0 end` }, ...helpers]
  const bytes = assembleText({
    functions,
    memory: { minimum: PAGES, maximum: PAGES },
    globals: ['i32.const 0'],
    table: { entries: functions.length, functions: functions.map((_, index) => index) },
  })
  const metered = rewriteModule(bytes, ({ exports }) => exports).bytes
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(metered))
  const fuel = exports[reserved.fuel] as WebAssembly.Global<'i32'>
  const stack = exports[reserved.stack] as WebAssembly.Global<'i32'>
  const run = exports.main as () => void
  const times: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    fill(exports.memory as WebAssembly.Memory)
    fuel.value = FUEL
    stack.value = stackSlotsMax
    const started = process.hrtime.bigint()
    try {
      run()
    } catch (error) {
      if (fuel.value >= 0) throw error
    }
    times.push(Number(process.hrtime.bigint() - started) / FUEL)
  }
  return Math.min(...times)
}

console.log(JSON.stringify(kernels.map((kernel) => [kernel.name, measure(kernel)])))
