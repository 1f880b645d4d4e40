// A driver program that plays a script (native/driver/README.md), in a process of its own. Lines may be played in pieces,
// so that a case can disturb the host in between.

import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

import { expect } from 'vitest'

/** Ten times what the longest piece of a script takes. Beyond it the driver hangs, which is a failure of its own. */
const PIECE_MS_MAX = 60_000

/** One question's line. */
export interface Answer {
  readonly instance: string
  readonly kind: string
  /** null: no completion. */
  readonly code: number | null
  readonly outcome: 'allow' | 'denied' | 'redirect' | 'no-answer' | 'none'
  readonly administrator: 0 | 1
  /** 0 none, 1 the sender's own, 2 a foreign one. */
  readonly token: 0 | 1 | 2
  readonly context: boolean
  readonly quota: readonly number[] | null
  readonly extended: string | null
  readonly microseconds: number
  readonly completions: number
  readonly sameThread: boolean
}

export interface Startup {
  readonly instance: string
  readonly startup: number
  /** Whether *pluginContext was written, and what. */
  readonly written: boolean
  readonly context: string
}

export interface Shutdown {
  readonly instance: string
  readonly shutdown: number
  readonly microseconds: number
}

export interface Measure {
  /** The system's numbers of the threads that live. */
  readonly threads: readonly number[]
  readonly handles: number
  readonly memoryKib: number
  /** Since the last `probe`; of a probed build only. */
  readonly allocations: number
  readonly locks: number
}

/** A line of any verb: of the verb whose keys it has. */
interface Line {
  readonly mark?: string
  readonly violations?: Readonly<Record<string, number>>
  readonly processId?: number
  readonly [key: string]: unknown
}

/** What a piece of a script, or all of it, has printed, by verb. */
export class Printed {
  readonly #lines: readonly Line[]

  constructor(lines: readonly Line[]) {
    this.#lines = lines
  }

  #with<T>(key: keyof T & string): T[] {
    return this.#lines.filter((line) => key in line) as unknown[] as T[]
  }

  get answers(): Answer[] {
    return this.#with<Answer>('outcome')
  }

  /** The code of each answer, in their order. */
  get codes(): (number | null)[] {
    return this.answers.map(({ code }) => code)
  }

  get startups(): Startup[] {
    return this.#with<Startup>('startup')
  }

  get shutdowns(): Shutdown[] {
    return this.#with<Shutdown>('shutdown')
  }

  get measures(): Measure[] {
    return this.#with<Measure>('threads')
  }
}

export class Played extends Printed {
  /** As the operating system numbers it, and the plug-in in its hello. */
  readonly processId: number
  /** When it began: a system may give its number to another process later. */
  readonly begunMs: number

  constructor(lines: readonly Line[], begunMs: number) {
    super(lines)
    this.processId = lines.at(-1)?.processId ?? 0
    this.begunMs = begunMs
  }
}

export class Player {
  readonly #child: ChildProcess
  readonly #lines: Line[] = []
  readonly #begunMs = Date.now()
  readonly #ended: Promise<string>
  #said = ''
  #marks = 0
  #taken = 0
  #printed: () => void = () => {}

  constructor(child: ChildProcess) {
    this.#child = child
    const { stdout, stderr, stdin } = child
    if (stdout === null || stderr === null || stdin === null) throw new Error('a driver without pipes')
    stdin.on('error', () => {}) // a driver that ended early says so by its status
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text.replaceAll('\r\n', '\n')
    })
    createInterface({ input: stdout }).on('line', (line) => {
      this.#lines.push(JSON.parse(line) as Line)
      this.#printed()
    })
    this.#ended = new Promise((resolve) =>
      child.on('close', (code, signal) => {
        resolve(signal ?? String(code))
        this.#printed()
      }),
    )
  }

  #write(lines: readonly string[]): void {
    this.#child.stdin?.write(lines.map((line) => `${line}\n`).join(''))
  }

  async #within<T>(what: Promise<T>): Promise<T> {
    let late: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_, reject) => {
      late = setTimeout(() => {
        this.#child.kill('SIGKILL')
        reject(new Error(`the driver hangs; it said: ${this.#said}`))
      }, PIECE_MS_MAX)
    })
    return Promise.race([what, tooLate]).finally(() => clearTimeout(late))
  }

  /** Plays these lines and resolves when the driver has come to their end. */
  async play(...lines: string[]): Promise<Printed> {
    const mark = `piece-${this.#marks++}`
    const come = () => this.#lines.findIndex((line) => line.mark === mark)
    const marked = new Promise<number>((resolve, reject) => {
      this.#printed = () => {
        if (come() >= 0) resolve(come())
      }
      void this.#ended.then((how) => {
        const printed = this.#lines.slice(this.#taken).map((line) => JSON.stringify(line))
        reject(new Error(`the driver ended (${how}): ${this.#said}\n${printed.join('\n')}`))
      })
    })
    this.#write([...lines, `mark ${mark}`])
    const end = await this.#within(marked)
    const printed = new Printed(this.#lines.slice(this.#taken, end))
    this.#taken = end + 1
    return printed
  }

  /**
   * Ends the script. Everything that it expected must have held, but for what is complained about here, and the contract
   * must not have been broken.
   */
  async end(complaints?: RegExp): Promise<Played> {
    this.#child.stdin?.end()
    const how = await this.#within(this.#ended)
    if (complaints === undefined) expect({ how, said: this.#said }).toEqual({ how: '0', said: '' })
    else expect({ how, said: this.#said }).toEqual({ how: '1', said: expect.stringMatching(complaints) })
    const violations = Object.entries(this.#lines.at(-1)?.violations ?? { 'no last line': 1 })
    expect(violations.filter(([, count]) => count !== 0)).toEqual([])
    return new Played(this.#lines, this.#begunMs)
  }

  /** For the end of a case that has failed. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
