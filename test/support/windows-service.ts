// A service of Windows under Wine: `portcullis service` as an administrator calls it, and what the service writes.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { LogEntry } from '../../host/cli/serve-process.ts'
import { configOf, type TenantSpec } from './testbed.ts'
import { runPortcullis, type Said } from './windows-host.ts'
import { runWineTool, windowsLibrary, windowsPath, wineAccount } from './wine.ts'

export interface ServiceSaid extends Said {
  readonly error: string
}

/** One folder with a configuration, a log and a plug-in, and the service that belongs to them. */
export class WindowsService {
  readonly name: string
  readonly endpoint: string
  readonly folder: string
  readonly configPath: string
  readonly logFolder: string
  readonly plugin: string
  #runs = 0

  constructor(folder: string, name: string) {
    this.name = name
    this.endpoint = name
    this.folder = folder
    this.configPath = join(folder, 'portcullis.json')
    this.logFolder = join(folder, 'the log')
    this.plugin = join(folder, 'plugin', 'portcullis.dll')
    mkdirSync(join(folder, 'plugin'))
    copyFileSync(windowsLibrary('portcullis'), this.plugin)
  }

  writeConfig(tenants: readonly TenantSpec[], endpoint = this.endpoint): void {
    const given = tenants.map((tenant) => ({ ...tenant, accounts: [wineAccount] }))
    const config = configOf(given, { endpoint }) as { tenants: { policy: string }[] }
    for (const tenant of config.tenants) tenant.policy = windowsPath(tenant.policy)
    writeFileSync(this.configPath, JSON.stringify(config))
  }

  /** `portcullis service`, with the name of this one. */
  async run(command: string, ...options: string[]): Promise<ServiceSaid> {
    const output = join(this.folder, `said-${this.#runs++}`)
    const said = await runPortcullis(output, 'service', command, '--name', this.name, ...options)
    return { ...said, error: readFileSync(`${output}.error`, 'utf8') }
  }

  /** What install needs here: the pipes' owner is Wine's one user, not the account that is asked for. */
  get installOptions(): string[] {
    return [
      ...['--config', windowsPath(this.configPath), '--log', windowsPath(this.logFolder)],
      ...['--plugin-folder', windowsPath(join(this.folder, 'plugin')), '--owner', wineAccount],
    ]
  }

  install(): Promise<ServiceSaid> {
    return this.run('install', ...this.installOptions)
  }

  /** Throws if it did not do it. */
  async must(command: string, ...options: string[]): Promise<string> {
    const { status, output, error } = await this.run(command, ...options)
    if (status !== 0) throw new Error(`service ${command} ended with ${status}\n${output}${error}`)
    return output
  }

  async status(): Promise<Record<string, unknown>> {
    return JSON.parse((await this.run('status', '--json')).output)
  }

  /** service.log, of which a line is: time, word, and for an event its number; then the text. */
  get reported(): string[] {
    const path = join(this.logFolder, 'service.log')
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : []
  }

  reports(word: string): string[] {
    return this.reported.filter((line) => line.includes(`Z ${word} `))
  }

  /** The host's log; a line that is half written is left out. */
  get hostEntries(): LogEntry[] {
    const lines = readFileSync(join(this.logFolder, 'host.log'), 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as LogEntry)
  }

  /** The host's arguments, by which its process is found. */
  get hostOptions(): readonly string[] {
    return ['--supervised', windowsPath(this.configPath)]
  }

  get hostProcesses(): number[] {
    return processesOf(...this.hostOptions)
  }

  /** What the registry says under a key below Services; undefined if there is no such key. */
  registry(key: string): string | undefined {
    const path = `HKLM\\System\\CurrentControlSet\\Services\\${key}`
    const { status, stdout } = runWineTool('reg', 'query', path, '/s')
    return status === 0 ? stdout : undefined
  }
}

/** Processes of this system that were started with these arguments among others. */
export function processesOf(...options: readonly string[]): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const line = readFileSync(join('/proc', pid, 'cmdline'), 'utf8').split('\0')
        return options.every((option) => line.includes(option))
      } catch {
        return false // it has just ended
      }
    })
    .map(Number)
}

/**
 * Ends at once, as the task manager does, who was started with these arguments. By this system's number: Wine gives a
 * process's number to the next one as soon as it has ended, and whoever is late ends a stranger.
 */
export function killProcessOf(...options: readonly string[]): void {
  const [pid, ...more] = processesOf(...options)
  if (pid === undefined || more.length > 0) throw new Error(`not one process has ${options.join(' ')}`)
  process.kill(pid, 'SIGKILL')
}
