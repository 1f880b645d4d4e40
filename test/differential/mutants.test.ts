// Files that were modules and are damaged or forged. Whatever one is, the rewriter refuses it with a code, or makes a
// module of it that V8 accepts and that exports and imports what it should; it never throws anything else, and takes
// neither long nor much. PORTCULLIS_FUZZ sets the number of mutants, PORTCULLIS_SEED repeats a run.

import { expect, it } from 'vitest'

import { type Rewritten, rewriteModule } from '../../host/engine/rewrite.ts'
import { type ParseOptions, parseModule } from '../../host/engine/wasm/parse-module.ts'
import { reserved } from '../../host/engine/wasm/reserved.ts'
import { writeModule } from '../../host/engine/wasm/write-module.ts'
import { type ErrorCode, PortcullisError } from '../../host/errors.ts'
import { casesOr, eachCase } from './chance.ts'
import { mutate } from './mutate.ts'
import { specimens } from './specimens.ts'

const usual = 30_000
const mutants = casesOr(usual)
/** Of processor time, which does not grow when the machine has other things to do. */
const caseMsMax = 1_000
/** V8 keeps every function type that it has ever met, for as long as the process lives. */
const growthBytesMax = 256 * 2 ** 20 + 512 * mutants

function names(list: readonly { name: string; kind: string; module?: string }[]): string {
  return list
    .map(({ module = '', name, kind }) => `${kind} ${module} ${name}`)
    .sort()
    .join('\n')
}

/** What the rewriter adds to an upload's exports. */
function added({ upload }: Rewritten) {
  const globals: string[] = [reserved.fuel, reserved.stack]
  for (const [number, { mutable }] of upload.globals.entries())
    if (mutable) globals.push(reserved.global(number))
  const start = upload.start === undefined ? [] : [{ name: reserved.start, kind: 'function' }]
  return [...start, ...globals.map((name) => ({ name, kind: 'global' }))]
}

/** That it was written as it was read, and that V8 sees in the metered module what it saw in the upload. */
function examine(mutant: Uint8Array<ArrayBuffer>, rewritten: Rewritten, options: ParseOptions): void {
  const written = writeModule(rewritten.upload)
  const again = writeModule(parseModule(written, options))
  if (!Buffer.from(again).equals(written)) throw new Error('it is written in two ways')
  if (!WebAssembly.validate(written)) throw new Error('it is not valid as it is written')
  const { exports, imports } = WebAssembly.Module
  const upload = new WebAssembly.Module(mutant)
  const metered = new WebAssembly.Module(rewritten.bytes)
  const wanted = names([...exports(upload), ...added(rewritten)])
  if (names(exports(metered)) !== wanted) throw new Error('its exports changed')
  if (names(imports(metered)) !== names(imports(upload))) throw new Error('its imports changed')
}

/** The code that it is refused with, or "admitted". */
function outcome(mutant: Uint8Array<ArrayBuffer>, options: ParseOptions): ErrorCode | 'admitted' {
  let rewritten: Rewritten
  try {
    rewritten = rewriteModule(mutant, ({ exports }) => exports, options)
  } catch (error) {
    if (error instanceof PortcullisError && error.code.startsWith('ERR_MODULE_')) return error.code
    throw error
  }
  examine(mutant, rewritten, options)
  return 'admitted'
}

it('a damaged or forged module is refused with a code, or rewritten, soon and in little memory', () => {
  const from = specimens()
  expect(from.length).toBeGreaterThan(20)
  for (const { bytes } of from) expect(outcome(Uint8Array.from(bytes), { anyImports: true })).toBe('admitted')
  const tally = new Map<string, number>()
  let slowest = 0
  let mutant: Uint8Array<ArrayBuffer> = new Uint8Array()
  const before = process.memoryUsage().rss
  eachCase(
    mutants,
    (chance, number) => {
      mutant = mutate(from, chance)
      const begun = process.cpuUsage()
      const ended = outcome(mutant, { anyImports: number % 2 === 0 })
      const { user, system } = process.cpuUsage(begun)
      slowest = Math.max(slowest, (user + system) / 1_000)
      tally.set(ended, (tally.get(ended) ?? 0) + 1)
    },
    () => Buffer.from(mutant).toString('base64'),
  )
  const growth = process.memoryUsage().rss - before
  if (mutants !== usual) console.log({ ...Object.fromEntries(tally), slowest, growth })
  expect(slowest).toBeLessThan(caseMsMax)
  expect(growth).toBeLessThan(growthBytesMax)
  if (mutants < usual) return // a repeated case: nothing to count
  expect(tally.get('admitted')).toBeGreaterThan(mutants / 100)
  expect(tally.size).toBeGreaterThan(5)
}, 3_600_000)
