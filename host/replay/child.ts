/**
 * The parent's side of a process that runs tenants' code for long: it is sent frames, and answers with lines. It has the flags of an
 * evaluator and nothing else: no environment, no descriptor but its three, bounded memory.
 *
 *     idle ---ask---> asked ---as many lines as are due---> idle
 *                       |
 *                       +---it ends, is silent for too long, or says too much---> ended
 *
 * Ended is for good. Lines that came before count; whoever asked sees by their number which question was the last.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'

import { howItEnded } from '../admission/disposable-process.ts'
import { engineFlags } from '../engine-flags.ts'
import { printedBytesMax } from '../limits.ts'
import { nativeLibrary, replayMains } from '../paths.ts'

const nodeFlags = [...engineFlags, '--import', pathToFileURL(replayMains.limits).href]

const LINE_END = 0x0a

export interface ChildBounds {
  /** Wall time for one line. */
  readonly wallMs: number
  readonly lineBytes: number
}

interface Due {
  readonly lines: string[]
  readonly count: number
  readonly resolve: (lines: string[]) => void
}

export class Child {
  readonly #process: ChildProcess
  readonly #bounds: ChildBounds
  #due: Due | undefined
  #rest = Buffer.alloc(0)
  #printed = ''
  #late: NodeJS.Timeout | undefined
  #killedFor: string | undefined
  #ended: string | undefined

  /** `node` is the one that runs this, but in tests. Throws ERR_NATIVE_MISSING if the process could not be bounded. */
  constructor(main: string, bounds: ChildBounds, node: string = process.execPath) {
    nativeLibrary('portcullis_io')
    this.#bounds = bounds
    this.#process = spawn(node, [...nodeFlags, main], { env: {}, stdio: 'pipe' })
    const { stdin, stdout, stderr } = this.#process
    stdin?.on('error', () => {}) // it may end before it has read everything; how it ended says why
    stdout?.on('data', (bytes: Buffer) => this.#take(bytes))
    stderr?.on('data', (bytes: Buffer) => {
      if (this.#printed.length < printedBytesMax) {
        this.#printed += bytes.toString('latin1', 0, printedBytesMax)
      }
    })
    this.#process.on('error', (error) => this.#end(`it cannot be started (${error.message})`))
    this.#process.on('close', (status, signal) => {
      this.#end(this.#killedFor ?? howItEnded(status, signal, this.#printed))
    })
  }

  /** Why it was killed from here; undefined if it was not. */
  get killedFor(): string | undefined {
    return this.#killedFor
  }

  /** Why it has ended; undefined while it lives. */
  get ended(): string | undefined {
    return this.#ended
  }

  send(frame: Buffer): void {
    this.#process.stdin?.write(frame)
  }

  /** Sends `frame`, and resolves to the `count` lines that answer it: fewer if the process has ended. One at a time. */
  ask(frame: Buffer, count: number): Promise<string[]> {
    if (this.#ended !== undefined) return Promise.resolve([])
    return new Promise((resolve) => {
      this.#due = { lines: [], count, resolve }
      this.#late = setTimeout(() => {
        this.kill(`it had said nothing for ${this.#bounds.wallMs} ms, and was killed`)
      }, this.#bounds.wallMs)
      this.send(frame)
    })
  }

  kill(reason: string): void {
    this.#killedFor ??= reason
    this.#process.kill('SIGKILL')
    for (const stream of this.#process.stdio) stream?.destroy()
  }

  #take(piece: Buffer): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    let start = 0
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, start)) {
      this.#line(bytes.toString('utf8', start, end))
      start = end + 1
    }
    this.#rest = Buffer.from(bytes.subarray(start))
    if (this.#rest.length > this.#bounds.lineBytes) this.kill('it said too much')
  }

  #line(line: string): void {
    const due = this.#due
    if (due === undefined) return this.kill('it said something unasked')
    due.lines.push(line)
    this.#late?.refresh()
    if (due.lines.length === due.count) this.#answered(due)
  }

  #answered(due: Due): void {
    clearTimeout(this.#late)
    this.#due = undefined
    due.resolve(due.lines)
  }

  #end(reason: string): void {
    this.#ended ??= reason
    if (this.#due !== undefined) this.#answered(this.#due)
  }
}
