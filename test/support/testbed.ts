// Everything a test needs around one plug-in: a folder, a settings file beside the library, a configuration, real hosts
// on request. A process has one plug-in, so a test file has one testbed at a time.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { ServeProcess } from '../../host/cli/serve-process.ts'
import { type Completion, Double, installPlugin } from '../../host/double/double.ts'
import { fuelMax } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import type { Question } from '../../host/winrm/question.ts'

export interface TenantSpec {
  /** Also names the application: `wsman/<name>`. */
  readonly name: string
  /** A policy of test/policies or policies/examples. */
  /** Without one it is the store's. */
  readonly policy?: string
  /** Of another policy, in its place. */
  readonly policyFile?: string
  readonly accounts?: readonly string[]
  readonly [member: string]: unknown
}

export function policyPath(name: string): string {
  const folder = name.startsWith('examples/') ? 'policies' : 'test-policies'
  return join(root, 'build', folder, `${name.replace('examples/', '')}.wasm`)
}

/** These spin for longer than a policy's usual fuel lasts: in them it is time that is tested. */
const spins = ['slow', 'endless']

export function configOf(tenants: readonly TenantSpec[], more: object = {}): object {
  return {
    endpoint: 'endpoint',
    evaluators: 2,
    tenants: tenants.map(({ name, policy, policyFile, accounts = [ownAccount()], ...members }) => ({
      name,
      applications: accounts.map((account) => ({ account, application: `wsman/${name}` })),
      ...(policy !== undefined && {
        policy: policyFile ?? policyPath(policy),
        ...(spins.includes(policy) && { fuelPerDecision: fuelMax }),
      }),
      ...members,
    })),
    ...more,
  }
}

export class Testbed {
  readonly folder = mkdtempSync(join(tmpdir(), 'portcullis-test-'))
  readonly endpoint = join(this.folder, 'endpoint')
  readonly configPath = join(this.folder, 'portcullis.json')
  readonly pluginFolder = join(this.folder, 'plugin')
  readonly settingsPath = join(this.pluginFolder, 'portcullis.settings')
  readonly winrm = new Double()
  readonly #hosts: ServeProcess[] = []
  readonly #instances: number[] = []

  constructor() {
    mkdirSync(this.endpoint, { mode: 0o700 })
    mkdirSync(this.pluginFolder)
    this.winrm.load(installPlugin(this.pluginFolder, this.endpoint, ownAccount()))
  }

  writeConfig(tenants: readonly TenantSpec[], more: object = {}): void {
    writeFileSync(this.configPath, JSON.stringify(configOf(tenants, more)))
  }

  /** A real host that serves these tenants. */
  async host(tenants: readonly TenantSpec[], more: object = {}): Promise<ServeProcess> {
    this.writeConfig(tenants, more)
    const host = new ServeProcess(this.configPath, '--log-level', 'debug')
    this.#hosts.push(host)
    await host.serving()
    return host
  }

  startup(name: string): number {
    const { code, instance } = this.winrm.startup(`wsman/${name}`)
    if (code !== 0) throw new Error(`Startup returned ${code}`)
    this.#instances.push(instance)
    return instance
  }

  async close(): Promise<void> {
    for (const instance of this.#instances) await this.winrm.shutdown(instance)
    for (const host of this.#hosts) host.kill('SIGKILL')
    for (const host of this.#hosts) await host.ended()
    this.winrm.unload()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export const user: Question = {
  kind: 'user',
  application: '',
  senderName: 'CONTOSO\\alice',
  authenticationMechanism: 'Negotiate',
  httpUrl: 'https://winrm.example/wsman',
  userSid: 'S-1-5-21-1-2-3-1001',
  groupSids: ['S-1-5-32-545'],
}

export const operation: Question = {
  ...user,
  kind: 'operation',
  operation: 7,
  action: 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get',
  resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service',
}

export const quota: Question = { ...user, kind: 'quota' }

/** What WinRM makes of a completion: the code, and whether it says that nobody answered. */
export function told({ code, extended }: Completion): { code: number; noAnswer: boolean } {
  return { code, noAnswer: extended?.includes('outcome="no answer"') ?? false }
}

/** Waits until all evaluators serve and the spare is warm, so that one of them can be spared. */
export async function settled(host: ServeProcess, evaluators = 2): Promise<void> {
  const count = (name: string) => host.entries.filter(({ event }) => event === name).length
  await eventually(
    async () => count('evaluator-ready') - count('evaluator-died'),
    (alive) => alive === evaluators + 1,
  )
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Repeats until it holds: for what recovers by itself, soon but not at once. */
export async function eventually<T>(
  attempt: () => Promise<T>,
  holds: (value: T) => boolean,
  withinMs = 10_000,
): Promise<T> {
  const until = Date.now() + withinMs
  for (;;) {
    const value = await attempt()
    if (holds(value)) return value
    if (Date.now() > until)
      throw new Error(`still ${JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}` : v))}`)
    await sleep(50)
  }
}
