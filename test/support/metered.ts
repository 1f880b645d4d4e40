// Runs metered modules and says how each run ended and what its counters then were: here, in one instance, or in
// another process whose V8 compiles with one tier only. How V8 words a trap is known in this file and nowhere else.

import { spawnSync } from 'node:child_process'

import { rewriteModule } from '../../host/engine/rewrite.ts'
import { reserved } from '../../host/engine/wasm/reserved.ts'
import { stackSlotsMax } from '../../host/limits.ts'
import type { TrapReason } from './interpreter-arithmetic.ts'

/** More than any test's module uses. */
export const plenty = 2 ** 30

export interface MeteredRun {
  readonly ending: 'returned' | 'fuel' | 'stack' | TrapReason
  readonly returned: unknown
  /** Below zero if it ran out. */
  readonly fuelLeft: number
  readonly stackLeft: number
}

/** With all its exports. */
export function meter(upload: Uint8Array): Uint8Array<ArrayBuffer> {
  return rewriteModule(upload, ({ exports }) => exports).bytes
}

const reasons: readonly [RegExp, TrapReason][] = [
  [/unreachable/, 'unreachable'],
  [/memory access/, 'memory'],
  [/table index/, 'table'],
  [/signature mismatch/, 'signature'],
  [/by zero/, 'division by zero'],
  [/unrepresentable in integer/, 'conversion'],
  [/result unrepresentable/, 'overflow'],
]

function reasonOf(error: unknown): TrapReason {
  const reason = reasons.find(([words]) => words.test(String(error)))?.[1]
  if (!(error instanceof WebAssembly.RuntimeError) || reason === undefined) throw error
  return reason
}

export class MeteredInstance {
  readonly #exports: WebAssembly.Exports

  constructor(metered: Uint8Array<ArrayBuffer>, imports: WebAssembly.Imports = {}) {
    this.#exports = new WebAssembly.Instance(new WebAssembly.Module(metered), imports).exports
  }

  get memory(): Uint8Array {
    return new Uint8Array((this.#exports.memory as WebAssembly.Memory).buffer)
  }

  /** The module's own mutable ones, in their order. */
  get globals(): unknown[] {
    const values: unknown[] = []
    for (let number = 0; reserved.global(number) in this.#exports; number++) {
      values.push((this.#exports[reserved.global(number)] as WebAssembly.Global).value)
    }
    return values
  }

  #counter(name: string): WebAssembly.Global<'i32'> {
    return this.#exports[name] as WebAssembly.Global<'i32'>
  }

  get fuelLeft(): number {
    return this.#counter(reserved.fuel).value
  }

  /** Throws what an imported function throws. */
  run(fuel = plenty, name = 'main', ...values: number[]): MeteredRun {
    const stack = this.#counter(reserved.stack)
    this.#counter(reserved.fuel).value = fuel
    stack.value = stackSlotsMax
    const ended = (ending: MeteredRun['ending'], returned?: unknown): MeteredRun => {
      return { ending, returned, fuelLeft: this.fuelLeft, stackLeft: stack.value }
    }
    try {
      return ended('returned', (this.#exports[name] as (...values: number[]) => unknown)(...values))
    } catch (error) {
      const reason = reasonOf(error)
      if (this.fuelLeft < 0) return ended('fuel')
      return ended(stack.value < 0 ? 'stack' : reason)
    }
  }
}

/** Plain JavaScript, because not every Node that the host supports runs anything else. */
const script = `
  const { createHash } = require('node:crypto')
  const { modules, calls, fuel, stack, names } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
  const results = modules.map((module) => {
    const compiled = new WebAssembly.Module(Buffer.from(module, 'base64'))
    const { exports } = new WebAssembly.Instance(compiled)
    let error = null
    for (let call = 0; call < calls; call++) {
      exports[names.fuel].value = fuel
      exports[names.stack].value = stack
      try {
        exports.main()
        error = null
      } catch (thrown) {
        error = thrown.constructor.name
      }
    }
    const memory = createHash('sha256').update(Buffer.from(exports.memory.buffer)).digest('hex')
    const [fuelLeft, stackLeft] = [exports[names.fuel].value, exports[names.stack].value]
    return { hasEnded: error === null, error, fuelLeft, stackLeft, memory }
  })
  process.stdout.write(JSON.stringify(results))`

export interface RunElsewhere {
  readonly hasEnded: boolean
  /** The class of what V8 threw; null if it returned. */
  readonly error: string | null
  readonly fuelLeft: number
  readonly stackLeft: number
  /** A digest of it. */
  readonly memory: string
}

/** Far more than any run takes; a program that is not stopped by its fuel would go on for ever. */
const timeout = 60_000

/** What each module's `main` did in its last of so many calls, in a process of its own with such flags for V8. */
export function runElsewhere(
  modules: readonly Uint8Array[],
  flags: readonly string[],
  calls: number,
  fuel: number,
  node = process.execPath,
): RunElsewhere[] {
  const input = {
    modules: modules.map((module) => Buffer.from(module).toString('base64')),
    calls,
    fuel,
    stack: stackSlotsMax,
    names: { fuel: reserved.fuel, stack: reserved.stack },
  }
  const { stdout, stderr, error } = spawnSync(node, [...flags, '--eval', script], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    timeout,
  })
  if (error !== undefined || stdout === '') throw error ?? new Error(stderr)
  return JSON.parse(stdout) as RunElsewhere[]
}
