// A host of a few lines behind the API: two tenants and a guard, each with versions in memory. It says what a real one says, so that
// tests of HTTP need no processes; admin-process.test.ts has a real one.

import type { Backend } from '../../host/admin/backend.ts'
import { Jobs, type StartWorker } from '../../host/admin/jobs.ts'
import { type ApiTimes, makeApi } from '../../host/admin/server.ts'
import type { Grant } from '../../host/admin/tokens.ts'
import { PortcullisError } from '../../host/errors.ts'
import type { Subject } from '../../host/store/store.ts'
import type { OperatorCommand } from '../../host/supervisor/operator-command.ts'

export const guardDigest = 'e'.repeat(64)
export const digestOf = (name: string, number: number) =>
  `${name}${number}`.padEnd(64, '0').replace(/[^0-9a-f]/g, 'f')

/** What the guard and the operator know, and no tenant may: it is in every answer that could leak it. */
export const secrets = [
  'GUARD-REASON',
  'GUARD-DETAIL',
  guardDigest,
  '/secret/',
  'account',
  '"guardVersion"',
  '"guardFuelUsed"',
  '"evaluator"',
  '"generation"',
]

interface Kept {
  readonly versions: number[]
  active: number | null
  previous: number | null
}

const since = { who: 'HOST account', timeMs: 1 }

export class FakeHost implements Backend {
  readonly commands: OperatorCommand[] = []
  readonly #kept = new Map<string, Kept>()
  readonly #decided = new Map<string, number>()
  isServing = true
  /** Told in place of an answer. */
  failure: Error | undefined
  /** Commands have no answer before. */
  until: Promise<void> | undefined

  constructor() {
    this.reset()
  }

  /** Two versions of each, the first of them active. */
  reset(): void {
    for (const name of ['a', 'b', 'guard'])
      this.#kept.set(name, { versions: [1, 2], active: 1, previous: null })
  }

  /** What of the host's state a request could change. */
  get state(): string {
    return JSON.stringify([...this.#kept])
  }

  decide(tenant: string, times = 1): void {
    this.#decided.set(tenant, (this.#decided.get(tenant) ?? 0) + times)
  }

  async tell(command: OperatorCommand): Promise<unknown> {
    this.commands.push(command)
    await this.until
    if (this.failure !== undefined) throw this.failure
    return this.#obey(command)
  }

  #of(subject: Subject): { name: string; kept: Kept } {
    const name = subject === 'guard' ? 'guard' : subject.tenant
    const kept = this.#kept.get(name)
    if (kept === undefined || (subject !== 'guard' && name === 'guard')) {
      throw new PortcullisError('ERR_VERSION_SUBJECT', `the configuration has no tenant ${name}`)
    }
    return { name, kept }
  }

  #version(name: string, kept: Kept, number: number): object {
    if (!kept.versions.includes(number)) throw new PortcullisError('ERR_VERSION_UNKNOWN', `${number}`)
    const policy = name === 'guard' ? guardDigest : digestOf(name, number)
    const state = kept.active === number ? 'active' : 'admitted'
    return { number, policy, bytes: 8, state, uploaded: since, blobs: true }
  }

  #activated({ active, previous }: Kept, changed: boolean): object {
    return { version: active, previous, changed, generation: 7, milliseconds: 1 }
  }

  #obey(command: OperatorCommand): unknown {
    switch (command.command) {
      case 'status':
        return {
          state: this.isServing ? 'running' : 'closing',
          version: '0',
          generation: 7,
          evaluators: { configured: 1, processes: [{ state: 'serving' }] },
          tenants: { count: 2, list: [{ name: 'a' }, { name: 'b' }] },
        }
      case 'audit':
        return { head: '0'.repeat(64), sequence: 1, lag: 0, isBehind: false }
      case 'reload':
        return { generation: 8, milliseconds: 1, added: [], removed: [], changed: [], guardChanged: false }
      case 'quarantine':
        return ['a', 'b']
          .filter((tenant) => (command.tenant ?? tenant) === tenant)
          .flatMap((tenant) =>
            [digestOf(tenant, 1), guardDigest].map((policy) => ({
              tenant,
              policy,
              reason: 'deaths',
              sinceMs: 1,
              explanation: 'in words',
            })),
          )
      case 'lift':
        return []
      case 'metrics':
        return { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'portcullis_up 1\n' }
      case 'config':
        return this.#config(command.tenant)
      case 'token-list':
        return [{ id: 'f'.repeat(12), name: 'ci', role: 'operator' }]
      case 'decisions':
        return this.#decisions(command)
      case 'versions':
        return (
          command.subject === undefined ? ['a', 'b'].map((tenant) => ({ tenant })) : [command.subject]
        ).map((subject) => this.#versions(subject))
      default:
        return this.#change(command)
    }
  }

  #config(tenant: string | undefined): object {
    if (tenant === undefined) return { generation: 7, guard: { policy: guardDigest }, tenants: [] }
    const { kept } = this.#of({ tenant })
    const policy = kept.active === null ? null : digestOf(tenant, kept.active)
    return { activationsPerMinute: 30, tenant: { name: tenant, policy, version: kept.active } }
  }

  #versions(subject: Subject): object {
    const { name, kept } = this.#of(subject)
    const { active: number, previous } = kept
    const versions = kept.versions.map((each) => this.#version(name, kept, each))
    return { subject, active: { number, previous, since }, omitted: 0, versions }
  }

  #decisions({ tenant, after, limit = 100 }: { tenant?: string; after?: string; limit?: number }): object {
    if (tenant !== undefined) this.#of({ tenant })
    const name = tenant ?? 'a'
    const count = this.#decided.get(name) ?? 0
    const from = after === undefined ? Math.max(0, count - limit) : Number(after.split('.')[1])
    const to = Math.min(count, from + limit)
    const decisions = Array.from({ length: to - from }, (_, index) => ({
      cursor: `run.${from + index + 1}`,
      id: String(from + index + 1).padStart(32, '0'),
      tenant: name,
      application: `wsman/${name}`,
      kind: 'user',
      outcome: 'deny',
      code: 5,
      by: index % 2 === 0 ? 'guard' : 'host',
      reason: 'GUARD-REASON',
      detail: 'GUARD-DETAIL',
      error: 'ERR_POLICY_TRAP',
      policy: digestOf(name, 1),
      guard: guardDigest,
      guardVersion: 3,
      guardFuelUsed: 4,
      fuelUsed: 1,
      generation: 7,
      evaluator: 0,
    }))
    return { decisions, cursor: `run.${to}`, omitted: 0 }
  }

  #change(command: OperatorCommand): unknown {
    if (!('subject' in command) || command.subject === undefined) {
      throw new PortcullisError('ERR_COMMAND', `a fake host knows no "${command.command}"`)
    }
    const { name, kept } = this.#of(command.subject)
    switch (command.command) {
      case 'push':
        kept.versions.push(kept.versions.length + 1)
        return this.#version(name, kept, kept.versions.length)
      case 'activate': {
        if (command.ifActive !== undefined && command.ifActive !== kept.active) {
          throw new PortcullisError('ERR_ACTIVATION_CONFLICT', `version ${kept.active} is active`)
        }
        this.#version(name, kept, Number(command.version))
        kept.previous = kept.active
        kept.active = Number(command.version)
        return this.#activated(kept, true)
      }
      case 'rollback':
      case 'confirm':
        return this.#activated(kept, true)
      case 'retire':
        return { ...this.#version(name, kept, Number(command.version)), blobs: false }
      case 'report':
        this.#version(name, kept, Number(command.version))
        return { sha256: digestOf(name, Number(command.version)), warnings: [] }
      case 'download': {
        const number = Number(command.version)
        this.#version(name, kept, number)
        return { number, policy: digestOf(name, number), module: wasm.toString('base64') }
      }
      default:
        throw new PortcullisError('ERR_COMMAND', 'a fake host does not know it')
    }
  }
}

/** The smallest module. */
export const wasm = Buffer.from('0061736d01000000', 'hex')

/** One that has as many bytes. */
export function wasmOf(bytes: number): Buffer {
  // A custom section without a name: its number, its length in four bytes, and zeros.
  const length = bytes - wasm.length - 5
  const digits = [0, 7, 14].map((shift) => 0x80 | ((length >> shift) & 0x7f))
  return Buffer.concat([wasm, Buffer.from([0, ...digits, length >> 21]), Buffer.alloc(length)])
}

/** What each token of a test lets in; `wrong` and whatever else is not here lets nobody in. */
export const grants: Readonly<Record<string, Grant>> = {
  operator: { id: '0'.repeat(12), name: 'op', role: 'operator' },
  adminA: { id: '1'.repeat(12), name: 'admin-a', role: 'tenant-admin', tenant: 'a' },
  readerA: { id: '2'.repeat(12), name: 'reader-a', role: 'tenant-reader', tenant: 'a' },
  adminB: { id: '3'.repeat(12), name: 'admin-b', role: 'tenant-admin', tenant: 'b' },
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Jobs that end when a test says so. */
export class FakeWorkers {
  readonly begun: { end: (report: object) => void; fail: (error: Error) => void; isKilled: boolean }[] = []

  readonly start: StartWorker = (_, progress) => {
    progress(1)
    let end: (report: object) => void = () => {}
    let fail: (error: Error) => void = () => {}
    const report = new Promise<object>((resolve, reject) => {
      end = resolve
      fail = reject
    })
    const one = { end, fail, isKilled: false }
    this.begun.push(one)
    return {
      report,
      kill: () => {
        one.isKilled = true
      },
    }
  }
}

export interface FakeOptions {
  readonly tokens?: Readonly<Record<string, Grant>>
  readonly times?: Partial<ApiTimes>
  readonly recording?: string | undefined
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer }
  /** Of the rate limits: a test that is not about them sees none. */
  readonly now?: () => number
}

/** An hour passes between two requests, unless a test says otherwise. */
function leaping(): () => number {
  let nowMs = Date.now()
  return () => {
    nowMs += 3_600_000
    return nowMs
  }
}

export async function fakeApi({
  tokens = grants,
  times,
  recording = '/secret/recording',
  now = leaping(),
  tls,
}: FakeOptions = {}) {
  const host = new FakeHost()
  const workers = new FakeWorkers()
  const jobs = new Jobs(workers.start)
  const failures: Error[] = []
  const app = await makeApi({
    backend: host,
    jobs,
    recording: () => recording,
    tokens: { check: (token) => tokens[token] },
    failed: (error) => failures.push(error),
    now,
    ...(times && { times }),
    ...(tls && { tls }),
  })
  return { app, host, jobs, workers, failures }
}
