/**
 * A real `portcullis serve` in a process of its own, with its log read line by line. The demo and the tests use it:
 * what they show is what an operator's host does.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

import { PortcullisError } from '../errors.ts'
import { commandMain } from '../paths.ts'

/** How long a host may take until it serves. */
const START_MS_MAX = 30_000

/** One line of the log. */
export type LogEntry = { readonly event?: string; readonly [name: string]: unknown }

export class ServeProcess {
  readonly entries: LogEntry[] = []
  readonly #listeners = new Set<(entry: LogEntry) => void>()
  readonly #ended: Promise<number | null>
  readonly #child: ChildProcess
  readonly #configPath: string

  /** `quietly`: what it writes beside its log is not for whoever reads this process's. */
  constructor(config: string | { readonly quietly: string }, ...options: string[]) {
    const configPath = typeof config === 'string' ? config : config.quietly
    this.#configPath = configPath
    this.#child = spawn(process.execPath, [commandMain, 'serve', '--config', configPath, ...options], {
      stdio: ['ignore', 'pipe', typeof config === 'string' ? 'inherit' : 'ignore'],
    })
    this.#ended = new Promise((resolve) => this.#child.on('close', resolve))
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) =>
        this.#take(JSON.parse(line) as LogEntry),
      )
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  #take(entry: LogEntry): void {
    this.entries.push(entry)
    for (const listener of this.#listeners) listener(entry)
  }

  /** Calls back for every entry from now on. */
  listen(listener: (entry: LogEntry) => void): void {
    this.#listeners.add(listener)
  }

  /** The first entry that fits, of those that came already or will come in time; otherwise undefined. */
  async entry(fits: (entry: LogEntry) => boolean, withinMs: number): Promise<LogEntry | undefined> {
    const already = this.entries.find(fits)
    if (already !== undefined) return already
    return new Promise((resolve) => {
      const settle = (entry: LogEntry | undefined): void => {
        clearTimeout(late)
        this.#listeners.delete(listen)
        resolve(entry)
      }
      const listen = (entry: LogEntry): void => {
        if (fits(entry)) settle(entry)
      }
      const late = setTimeout(() => settle(undefined), withinMs)
      this.#listeners.add(listen)
      void this.#ended.then(() => settle(undefined))
    })
  }

  /** Resolves when the host serves. */
  async serving(): Promise<void> {
    if ((await this.entry(({ event }) => event === 'serving', START_MS_MAX)) !== undefined) return
    const log = this.entries.map((entry) => JSON.stringify(entry)).join('\n')
    throw new PortcullisError('ERR_EVALUATOR_START', `no host serves within ${START_MS_MAX} ms\n${log}`)
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Its exit status; null if a signal ended it. */
  async ended(): Promise<number | null> {
    return this.#ended
  }

  /** Has it finish what it has accepted, and waits for its end. */
  async close(): Promise<number | null> {
    // What Node calls a signal ends a process of Windows at once.
    if (process.platform === 'win32')
      spawn(process.execPath, [commandMain, 'stop', '--config', this.#configPath])
    else this.kill('SIGTERM')
    return this.ended()
  }
}
