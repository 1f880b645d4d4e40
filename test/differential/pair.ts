// An upload and what the rewriter made of it, run side by side. Whatever is done to one is done to the other, and what
// can be seen from outside is compared: how each call ended, what was imported and called, memory, exported globals.
// The metered one begins each call with so much fuel and stack that it should never notice its counters.

import { rewriteModule } from '../../host/engine/rewrite.ts'
import { importsOf, type Module } from '../../host/engine/wasm/module.ts'
import { reserved } from '../../host/engine/wasm/reserved.ts'
import { fuelMax, stackSlotsMax } from '../../host/limits.ts'

export type Ending = { readonly returned: unknown } | { readonly trap: string }

/** Things for one side to import; `record` notes a call that comes out. */
export type MakeImports = (record: (...call: unknown[]) => void) => WebAssembly.Imports

/** An error of any other class than a trap's is one of the test. */
function ending(run: () => unknown): Ending {
  try {
    return { returned: run() }
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return { trap: error.message }
    throw error
  }
}

export function sameEnding(one: Ending, other: Ending): boolean {
  if ('trap' in one) return 'trap' in other && one.trap === other.trap
  return 'returned' in other && Object.is(one.returned, other.returned)
}

/** Exact: a minus zero and the digits of an i64 can be told. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (typeof value === 'bigint') return `${value}n`
  return Object.is(value, -0) ? '-0' : String(value)
}

export function showEnding(one: Ending): string {
  return 'trap' in one ? `a trap: ${one.trap}` : show(one.returned)
}

class Side {
  readonly calls: string[] = []
  readonly exports: WebAssembly.Exports
  /** How its start function ended; what it exports is not there if instantiation itself failed. */
  readonly started: Ending
  #last: Ending

  constructor(bytes: Uint8Array<ArrayBuffer>, makeImports: MakeImports) {
    const imports = makeImports((...call) => this.calls.push(show(call)))
    let made: WebAssembly.Instance | undefined
    const instantiated = ending(() => {
      made = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports)
    })
    this.exports = made?.exports ?? {}
    this.reset()
    const start = this.exports[reserved.start] as (() => void) | undefined
    this.started = this.#last = start === undefined ? instantiated : ending(() => start())
  }

  global(name: string): WebAssembly.Global | undefined {
    const found = this.exports[name]
    return found instanceof WebAssembly.Global ? found : undefined
  }

  memory(name: string): Buffer | undefined {
    const found = this.exports[name]
    return found instanceof WebAssembly.Memory ? Buffer.from(found.buffer) : undefined
  }

  /** A call that returns has given back every frame; one that traps gives back none. */
  get keepsStack(): boolean {
    const stack = this.global(reserved.stack)
    return stack !== undefined && stack.value !== stackSlotsMax && 'returned' in this.#last
  }

  reset(): void {
    const fuel = this.global(reserved.fuel)
    const stack = this.global(reserved.stack)
    if (fuel !== undefined) fuel.value = fuelMax
    if (stack !== undefined) stack.value = stackSlotsMax
  }

  call(name: string, given: readonly unknown[]): Ending {
    this.reset()
    const called = this.exports[name] as (...given: readonly unknown[]) => unknown
    this.#last = ending(() => called(...given))
    return this.#last
  }
}

export class Pair {
  readonly upload: Module
  readonly original: Side
  readonly metered: Side

  /** Throws what the rewriter throws. */
  constructor(upload: Uint8Array<ArrayBuffer>, makeImports: MakeImports = () => ({})) {
    const rewritten = rewriteModule(upload, ({ exports }) => exports, { anyImports: true })
    this.upload = rewritten.upload
    this.original = new Side(upload, makeImports)
    this.metered = new Side(rewritten.bytes, makeImports)
  }

  call(name: string, given: readonly unknown[]): { original: Ending; metered: Ending } {
    return { original: this.original.call(name, given), metered: this.metered.call(name, given) }
  }

  /** Of a mutable global that the upload exports. */
  set(name: string, value: unknown): void {
    for (const side of [this.original, this.metered]) {
      const global = side.global(name)
      if (global !== undefined) global.value = value
    }
  }

  /** The metered one noticed its counters, so nothing can be said about what it did. */
  get exhausted(): boolean {
    const below = (name: string) => Number(this.metered.global(name)?.value) < 0
    return below(reserved.fuel) || below(reserved.stack)
  }

  /** What is not the same in what both have left behind, in words; undefined if all is. */
  difference(): string | undefined {
    const { original, metered } = this
    if (metered.keepsStack) return `stack: ${metered.global(reserved.stack)?.value} slots are left`
    if (original.calls.length !== metered.calls.length)
      return `calls out: ${original.calls.length} and ${metered.calls.length}`
    const call = original.calls.findIndex((made, index) => made !== metered.calls[index])
    if (call >= 0) return `call out ${call}: ${original.calls[call]} and ${metered.calls[call]}`
    const imported = importsOf(this.upload, 'global').length
    for (const { name, kind, index } of this.upload.exports) {
      const own = this.upload.globals[index - imported]
      const under = kind === 'global' && own?.mutable ? [name, reserved.global(index - imported)] : [name]
      const difference = under.map((one) => this.#differs(name, one)).find((one) => one !== undefined)
      if (difference !== undefined) return difference
    }
    return undefined
  }

  /** Of an exported memory or global; the metered module has the same global under a second name. */
  #differs(name: string, meteredName: string): string | undefined {
    const was = this.original.global(name)
    const is = this.metered.global(meteredName)
    if (was !== undefined && !Object.is(was.value, is?.value))
      return `global ${meteredName}: ${show(was.value)} and ${show(is?.value)}`
    const before = this.original.memory(name)
    const after = this.metered.memory(meteredName)
    if (before === undefined || after?.equals(before)) return undefined
    const at = before.findIndex((byte, index) => byte !== after?.[index])
    return `memory of ${before.length} and ${after?.length} bytes, at ${at}: ${before[at]} and ${after?.[at]}`
  }
}
