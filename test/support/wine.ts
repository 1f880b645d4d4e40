// The Windows build under Wine. Wine's files are in build/wine: making them takes some seconds, once.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { root } from '../../host/paths.ts'
import { reasonToSkip } from './tools.ts'

export const winePrefix = join(root, 'build', 'wine')

/** Says that these files are of a Windows that Node runs on; Wine begins with an older one. */
const versionMark = join(winePrefix, 'portcullis-windows-10')

/** A file for each run of tests that has started Wine, named by the process that runs them all. */
const runs = join(root, 'build', 'wine-runs')

const folder = join(root, 'build', 'native-windows')

/** The account of every process: Wine has one user. */
export const wineAccount = 'S-1-5-21-0-0-0-1000'

type Library = 'portcullis' | 'portcullis_io' | 'portcullis_newer' | 'portcullis_probed' | 'WsmSvc'
type Program = 'portcullis_driver' | 'portcullis_answerer' | 'portcullis_conformance' | 'portcullis_service'

export function windowsLibrary(name: Library): string {
  return join(folder, `${name}.dll`)
}

export function windowsProgram(name: Program): string {
  return join(folder, `${name}.exe`)
}

/** Why the Windows build cannot be looked at here, as the end of a test's name; empty if it can. */
export function reasonToSkipBuild(): string {
  const reason = reasonToSkip('x86_64-w64-mingw32-gcc')
  if (reason === '' && !existsSync(windowsLibrary('portcullis'))) {
    throw new Error(`${folder} is not built; run "npm run build:tests"`)
  }
  return reason
}

/** The same for running it. */
export function reasonToSkipWine(): string {
  return reasonToSkipBuild() || reasonToSkip('wine')
}

/** No display, nothing of the user's, and no words of Wine's own. */
export function wineEnvironment(): NodeJS.ProcessEnv {
  const { DISPLAY: _, ...env } = process.env
  return { ...env, WINEPREFIX: winePrefix, WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=' }
}

/** How Windows' programs see a path of this system's. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`
}

/** Makes Wine's files if they are not there. For beforeAll. Its server stays, or each program would wait for a new one. */
export function startWine(): void {
  mkdirSync(runs, { recursive: true })
  writeFileSync(join(runs, String(process.ppid)), '')
  run('wineserver', '--persistent')
  // Any program: the first has Wine boot and waits. One that boots itself would boot beside that, and the two would each
  // start a service manager, of which programs then ask the one or the other.
  const { status, error } = run('wine', 'cmd', '/c', 'exit')
  if (status !== 0) throw new Error(`wine ended with ${error ?? status}; is ${winePrefix} in order?`)
  if (existsSync(versionMark)) return
  const set = run('wine', 'winecfg', '-v', 'win10')
  if (set.status !== 0) throw new Error(`winecfg ended with ${set.error ?? set.status}`)
  writeFileSync(versionMark, '')
}

/** For the process that runs all tests: ends Wine if it was used, and if no other run in this folder uses it too. */
export function endWine(): void {
  const own = String(process.pid)
  const users = existsSync(runs) ? readdirSync(runs) : []
  if (!users.includes(own)) return
  for (const user of users) {
    if (user === own || !existsSync(join('/proc', user))) rmSync(join(runs, user))
  }
  if (readdirSync(runs).length === 0) run('wineserver', '--kill')
}

/** A program that Wine brings, such as reg. Its exit code, and what it says. */
export function runWineTool(...command: string[]): Ended {
  const { status, stdout, stderr } = spawnSync('wine', command, { env: wineEnvironment(), encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** Without pipes: what stays behind would keep them open, and nobody would see an end. */
function run(program: string, ...options: string[]) {
  return spawnSync(program, options, { env: wineEnvironment(), stdio: 'ignore' })
}

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function start(program: Program, options: readonly string[]): ChildProcess {
  return spawn('wine', [windowsProgram(program), ...options], { env: wineEnvironment() })
}

export async function runWindows(program: Program, options: readonly string[], input = ''): Promise<Ended> {
  const child = start(program, options)
  const said = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => {
    said.stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    said.stderr += chunk
  })
  child.stdin?.end(input)
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { status, ...said }
}

/** A program that serves until it is ended, and says so in lines of JSON. */
export class WindowsServer {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  readonly lines: Record<string, unknown>[] = []

  constructor(program: Program, options: readonly string[]) {
    this.#child = start(program, options)
    // Not its streams' end: what it has left behind may hold them open.
    this.#ended = new Promise((resolve) => this.#child.on('exit', resolve))
    if (this.#child.stdout === null) throw new Error('a server says something')
    createInterface(this.#child.stdout).on('line', (line) => this.lines.push(JSON.parse(line)))
  }

  /** Resolves when it has ended, with its exit code. */
  ended(): Promise<number | null> {
    return this.#ended
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

/** A driver that plays a script line by line, as the lines come. */
export class DriverSession {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #ended: Promise<number | null>

  constructor(plugin: string) {
    this.#child = start('portcullis_driver', ['script', plugin, '-'])
    this.#ended = new Promise((resolve) => this.#child.on('close', resolve))
    if (this.#child.stdout === null) throw new Error('a driver says something')
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]()
  }

  /** What it says of a line that starts or stops an instance or asks. */
  async play(line: string): Promise<Record<string, unknown>> {
    this.#child.stdin?.write(`${line}\n`)
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`the driver ended at: ${line}`)
    return JSON.parse(value)
  }

  /** Its exit code: 0 only if every expectation held and the plug-in kept the contract. */
  async end(): Promise<number | null> {
    this.#child.stdin?.end()
    return this.#ended
  }
}
