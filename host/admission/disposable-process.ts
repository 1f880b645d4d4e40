/**
 * A process for one job: it gets its input, says its result, and ends; whatever else it does is an error. It
 * is given nothing but its input: no environment, no descriptor, no time without end. How it ended is all
 * that is concluded from it here; what it said is bytes of a process that may have been turned.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'

import { engineFlags } from '../engine-flags.ts'
import { PortcullisError } from '../errors.ts'
import { admissionOutputBytesMax, admissionProcessorSMax, printedBytesMax } from '../limits.ts'
import { admissionMains, nativeLibrary } from '../paths.ts'

/** The limits come first, from the process itself: Node has no other way to set them on a child. */
const nodeFlags = [...engineFlags, '--import', pathToFileURL(admissionMains.limits).href]

/**
 * What Node and V8 say when the system refuses them memory. It only chooses between two codes that both mean
 * no.
 */
const outOfMemory = /out of memory|allocation failed|could not allocate|bad_alloc/i

/** The line of what a dying Node printed that says why: V8's or an exception's own, without the stack. */
const lastWords = /^(FATAL ERROR|# Fatal|\w*Error\b).*$/m

/** Of those words. */
const WORDS_UNITS_MAX = 200

class DisposableProcess {
  readonly #child: ChildProcess
  readonly #output: Buffer[] = []
  #outputBytes = 0
  #printed = ''
  /** Why we ended it; undefined if it is left to end by itself. */
  #killedFor: PortcullisError | undefined

  constructor(main: string) {
    this.#child = spawn(process.execPath, [...nodeFlags, main], { env: {}, stdio: 'pipe' })
  }

  run(input: Uint8Array, wallMs: number): Promise<Buffer> {
    const child = this.#child
    child.stdout?.on('data', (chunk: Buffer) => this.#take(chunk))
    child.stderr?.on('data', (chunk: Buffer) => {
      if (this.#printed.length < printedBytesMax)
        this.#printed += chunk.toString('latin1', 0, printedBytesMax)
    })
    child.stdin?.on('error', () => {}) // it may end before it has read everything; how it ended says why
    child.stdin?.end(input)
    const late = setTimeout(() => {
      this.#kill(new PortcullisError('ERR_ADMISSION_TIME', `its process had not ended after ${wallMs} ms`))
    }, wallMs)
    return new Promise<Buffer>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (status, signal) => {
        const error = this.#killedFor ?? this.#failure(status, signal)
        if (error === undefined) resolve(Buffer.concat(this.#output))
        else reject(error)
      })
    }).finally(() => clearTimeout(late))
  }

  #take(chunk: Buffer): void {
    this.#outputBytes += chunk.length
    if (this.#outputBytes <= admissionOutputBytesMax) this.#output.push(chunk)
    else this.#kill(crash(`it said more than ${admissionOutputBytesMax} bytes`))
  }

  /** Also its streams, which something that it left behind may hold open. */
  #kill(reason: PortcullisError): void {
    this.#killedFor ??= reason
    this.#child.kill('SIGKILL')
    for (const stream of this.#child.stdio) stream?.destroy()
  }

  #failure(status: number | null, signal: NodeJS.Signals | null): PortcullisError | undefined {
    if (status === 0) return undefined
    const how = howItEnded(status, signal, this.#printed)
    // Nobody kills it but the system, which does it for its processor time.
    if (signal === 'SIGKILL' || signal === 'SIGXCPU') {
      return new PortcullisError(
        'ERR_ADMISSION_TIME',
        `its process used up ${admissionProcessorSMax} s of processor time`,
      )
    }
    if (outOfMemory.test(this.#printed)) return new PortcullisError('ERR_ADMISSION_MEMORY', how)
    return crash(how)
  }
}

/** For people: the signal or status, and what it said last. */
export function howItEnded(status: number | null, signal: NodeJS.Signals | null, printed: string): string {
  const words = lastWords.exec(printed)?.[0].slice(0, WORDS_UNITS_MAX)
  return `${signal ?? `status ${status}`}${words === undefined ? '' : `, ${words}`}`
}

export function crash(detail: string): PortcullisError {
  return new PortcullisError('ERR_ADMISSION_CRASH', detail)
}

/**
 * What `main`, a built script, says for its input. Rejects with an ERR_ADMISSION_ code if it did not end in
 * order, in time and within its bounds, with ERR_NATIVE_MISSING if it cannot be bounded at all.
 */
export async function runDisposable(main: string, input: Uint8Array, wallMs: number): Promise<Buffer> {
  nativeLibrary('portcullis_io')
  try {
    return await new DisposableProcess(main).run(input, wallMs)
  } catch (error) {
    throw error instanceof PortcullisError
      ? error
      : crash(`it cannot be started (${(error as Error).message})`)
  }
}
