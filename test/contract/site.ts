// A place of its own: an endpoint, a plug-in beside its settings file, a configuration, and hosts that serve it one after
// the other. What is opened here is closed by the bench when a case has ended.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { isDeepStrictEqual } from 'node:util'

import { expect } from 'vitest'

import type { LogEntry } from '../../host/cli/serve-process.ts'
import { configOf, eventually, type TenantSpec } from '../support/testbed.ts'
import { askUser, startup } from './lines.ts'
import { type Answer, type Played, Player } from './player.ts'
import type { Build, HostProcess, Runner } from './runner.ts'

/** What the host may take to write a line of its log. */
const LOG_MS_MAX = 10_000

export class Site {
  readonly folder = mkdtempSync(join(tmpdir(), 'portcullis-contract-'))
  readonly endpoint: string
  readonly #runner: Runner
  readonly #pluginFolder = join(this.folder, 'plugin')
  readonly #players: Player[] = []
  readonly #hosts: HostProcess[] = []
  readonly #suspended: number[] = []

  constructor(runner: Runner) {
    this.#runner = runner
    this.endpoint = runner.makeEndpoint(this.folder)
    mkdirSync(this.#pluginFolder)
    this.settle(this.settings)
  }

  /** What the settings file says when it is right. */
  get settings(): string {
    return `endpoint = ${this.endpoint}\nowner = ${this.#runner.account()}\n`
  }

  get settingsPath(): string {
    return join(this.#pluginFolder, 'portcullis.settings')
  }

  /** Writes the settings file beside the plug-in. */
  settle(settings: string): void {
    writeFileSync(this.settingsPath, settings)
  }

  /** A host that serves these tenants here; the one before must have ended. */
  async serve(tenants: readonly TenantSpec[], more: object = {}): Promise<HostProcess> {
    const configPath = join(this.folder, 'portcullis.json')
    const own = tenants.map((tenant) => ({ accounts: [this.#runner.account()], ...tenant }))
    writeFileSync(configPath, JSON.stringify(configOf(own, { endpoint: this.endpoint, ...more })))
    const host = this.#runner.startHost(configPath)
    this.#hosts.push(host)
    await host.serving()
    return host
  }

  player(build: Build = 'product'): Player {
    const plugin = this.#runner.installPlugin(this.#pluginFolder, build)
    const player = new Player(this.#runner.startDriver(['script', plugin, '-']))
    this.#players.push(player)
    return player
  }

  /** Plays a whole script in a fresh process. */
  async play(...lines: string[]): Promise<Played> {
    return this.playWith('product', ...lines)
  }

  async playWith(build: Build, ...lines: string[]): Promise<Played> {
    const player = this.player(build)
    await player.play(...lines)
    return player.end()
  }

  /** Another command of the driver, which must end with status 0. Returns its summary. */
  async drive(command: 'load' | 'cycles', ...options: string[]): Promise<Readonly<Record<string, unknown>>> {
    const plugin = this.#runner.installPlugin(this.#pluginFolder, 'product')
    const child = this.#runner.startDriver([command, plugin, ...options])
    const ended = new Promise<unknown>((resolve) =>
      child.on('close', (code, signal) => resolve(signal ?? code)),
    )
    if (child.stdout === null || child.stderr === null) throw new Error('a driver without pipes')
    const [said, complaint, how] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    expect({ how, complaint }).toEqual({ how: 0, complaint: '' })
    return JSON.parse(said)
  }

  #evaluators(host: HostProcess): number[] {
    return host.entries
      .filter(({ event }) => event === 'evaluator-serving')
      .map(({ evaluatorPid }) => evaluatorPid as number)
  }

  /** Stops every evaluator that serves, with what it is doing. */
  suspend(host: HostProcess): void {
    for (const pid of this.#evaluators(host)) {
      this.#runner.signal(pid, 'SIGSTOP')
      this.#suspended.push(pid)
    }
  }

  resume(): void {
    for (const pid of this.#suspended.splice(0)) this.#runner.signal(pid, 'SIGCONT')
  }

  /** Ends every evaluator that serves, and waits until their successors do. */
  async killEvaluators(host: HostProcess): Promise<void> {
    const before = this.#evaluators(host)
    this.#suspended.length = 0
    for (const pid of before) this.#runner.signal(pid, 'SIGKILL')
    await eventually(
      async () => this.#evaluators(host).length,
      (count) => count >= 2 * before.length,
    )
  }

  async close(): Promise<void> {
    this.resume()
    for (const player of this.#players) player.kill()
    for (const host of this.#hosts) host.kill('SIGKILL')
    for (const host of this.#hosts) await host.ended()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The id that a client is told. */
export function idOf({ extended }: Answer): string {
  return /id="([0-9a-f]{32})"/.exec(extended ?? '')?.[1] ?? 'no id'
}

/** What the host recorded about a question that was not allowed. */
export async function recordOf(host: HostProcess, answer: Answer): Promise<LogEntry> {
  const id = idOf(answer)
  const record = await host.entry((entry) => entry.event === 'decision' && entry.id === id, LOG_MS_MAX)
  if (record === undefined) throw new Error(`no record of ${JSON.stringify(answer)}`)
  return record
}

/** The end of a script of which `expectCounted` is asked: a hello of an instance of its own tells what was counted before. */
export const tellCounts = [startup('COUNTS', 'counts'), askUser('COUNTS'), 'sleep 200', 'shutdown COUNTS']

/**
 * How often the plug-in of one process denied or refused something by itself, by the names of docs/reference/wire.md. It
 * says so with its hellos, to whichever evaluator; their records may come in any order.
 */
export async function expectCounted(
  host: HostProcess,
  { processId, begunMs }: Played,
  expected: Readonly<Record<string, number>>,
): Promise<void> {
  const sums = async () => {
    const sum: Record<string, number> = {}
    for (const { event, processId: from, denied, time } of host.entries) {
      if (event !== 'connection' || from !== processId || Number(time) < begunMs) continue
      for (const [name, count] of Object.entries(denied ?? {})) sum[name] = (sum[name] ?? 0) + Number(count)
    }
    return sum
  }
  expect(await eventually(sums, (sum) => isDeepStrictEqual(sum, expected))).toEqual(expected)
}
