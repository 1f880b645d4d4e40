/**
 * The demo's host: a real `portcullis serve` in a process of its own, in a folder made for this run, whose log
 * tells the table what the host recorded about a question. A tenant changes its policy while it serves, over the admin API and with a
 * token of its own, and in the end the audit log is held against the head that the host told.
 */

import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { CreatedToken } from '../../admin/token-file.ts'
import type { AuditStatus } from '../../audit/audit.ts'
import { type Verified, verifyLog } from '../../audit/verify.ts'
import type { DecisionRecord } from '../../control/messages.ts'
import { PortcullisError } from '../../errors.ts'
import { examplePolicy, repair } from '../../paths.ts'
import type { StoredVersion } from '../../store/store.ts'
import { ownAccount } from '../../supervisor/account.ts'
import type { Activated } from '../../supervisor/activations.ts'
import type { OperatorCommand } from '../../supervisor/operator-command.ts'
import { tellHost } from '../operator-client.ts'
import { tellServer } from '../remote-client.ts'
import { type Server, serverOf } from '../remote-server.ts'
import { ServeProcess } from '../serve-process.ts'

/** A record is written as soon as the evaluator is idle; one that has not come by then was never made. */
const RECORD_MS_MAX = 500

/** The process of the admin API is started when the host serves. */
const API_MS_MAX = 30_000

/** Longer than the demo takes. */
const TOKEN_MS = 3_600_000

function example(name: string): string {
  const path = examplePolicy(name)
  if (!existsSync(path)) throw new PortcullisError('ERR_CONFIG_POLICY', `${path}; ${repair}`)
  return path
}

/** Of the tenant whose policy is pushed and activated while the host serves. */
export const storedApplication = 'wsman/adatum'

/** The demo's configuration for one account, with policies by their names; without that tenant. */
export function demoConfig(endpoint: string, account: string, example: (name: string) => string) {
  return {
    endpoint,
    evaluators: 2,
    guard: { policy: example('provider-guard') },
    tenants: [
      {
        name: 'contoso',
        applications: [{ account, application: 'wsman/contoso' }],
        policy: example('role-by-group'),
        timeZone: 'Europe/Zurich',
        allowAdministrator: true,
        // So that the guard and the policy, not the plug-in, say what a request without a token gets.
        runAsPoolAccountWithoutToken: true,
      },
      {
        name: 'fabrikam',
        applications: [{ account, application: 'wsman/fabrikam' }],
        policy: example('read-only-auditor'),
        timeZone: 'Asia/Tokyo',
        quotaCeiling: {
          concurrentShells: 10,
          concurrentOperations: 50,
          timeslotSeconds: 300,
          operationsPerTimeslot: 5000,
        },
      },
    ],
  }
}

const STORED_TENANT = 'adatum'

/** With that tenant, and what it takes to let it change its policy from elsewhere, and to prove what was decided. */
function withStore(config: ReturnType<typeof demoConfig>, account: string) {
  const stored = { name: STORED_TENANT, applications: [{ account, application: storedApplication }] }
  return {
    ...config,
    store: 'store',
    audit: { folder: 'audit' },
    admin: { listen: '127.0.0.1:0' },
    tenants: [...config.tenants, stored],
  }
}

export class DemoHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'portcullis-demo-'))
  readonly configPath = join(this.folder, 'portcullis.json')
  readonly endpoint =
    process.platform === 'win32' ? `portcullis-demo-${process.pid}` : join(this.folder, 'endpoint')
  readonly logPath = join(this.folder, 'host.log')
  /** Of that tenant's administrator. */
  readonly tokenPath = join(this.folder, 'adatum.token')
  readonly #serve: ServeProcess
  #server: Server | undefined

  constructor() {
    const account = ownAccount()
    const config = withStore(demoConfig(this.endpoint, account, example), account)
    writeFileSync(this.configPath, `${JSON.stringify(config, null, 2)}\n`)
    this.#serve = new ServeProcess(this.configPath)
    this.#serve.listen((entry) => appendFileSync(this.logPath, `${JSON.stringify(entry)}\n`))
  }

  /** Resolves when the host serves, its admin API too. */
  async start(): Promise<void> {
    await this.#serve.serving()
    const entry = await this.#serve.entry(({ event }) => event === 'api-listening', API_MS_MAX)
    if (entry === undefined) {
      throw new PortcullisError('ERR_HOST_UNREACHABLE', `${this.logPath} says why it has no admin API`)
    }
    const { token } = (await tellHost(this.endpoint, {
      command: 'token-create',
      name: 'demo',
      role: 'tenant-admin',
      tenant: STORED_TENANT,
      expiresInMs: TOKEN_MS,
      who: 'demo',
    })) as CreatedToken
    writeFileSync(this.tokenPath, `${token}\n`, { mode: 0o600 })
    this.#server = serverOf(`http://${entry.address}`, this.tokenPath)
  }

  /** The admin API, and the tenant's token. */
  get server(): Server {
    if (this.#server === undefined) throw new PortcullisError('ERR_HOST_FAULT', 'the demo has not started')
    return this.#server
  }

  /** What the host recorded about a question; undefined if it never saw it. */
  async record(id: string): Promise<DecisionRecord | undefined> {
    const entry = await this.#serve.entry(
      (entry) => entry.event === 'decision' && entry.id === id,
      RECORD_MS_MAX,
    )
    return entry as DecisionRecord | undefined
  }

  /** What `portcullis push`, `activate` and `rollback` do with --server and the tenant's token. */
  async change(
    call: 'push' | 'activate' | 'rollback',
    { policy, version }: { policy?: string | undefined; version?: number | undefined },
  ): Promise<{ version: number | null; said: string }> {
    const signed = { subject: { tenant: STORED_TENANT }, who: 'demo' }
    const tell = (command: OperatorCommand) => tellServer(this.server, command)
    if (call === 'push') {
      const module = readFileSync(example(policy ?? '')).toString('base64')
      const { number, state, bytes } = (await tell({ command: call, module, ...signed })) as StoredVersion
      return { version: number, said: `version ${number}: ${state}, ${bytes} bytes` }
    }
    const answer = (await tell(
      call === 'activate'
        ? { command: call, version: String(version), ...signed }
        : { command: call, ...signed },
    )) as Activated
    return { version: answer.version, said: `version ${answer.version} answers` }
  }

  /** Ends the host, and reads its audit log from end to end: the head that it told while it served has to be in it. */
  async audited(): Promise<Verified> {
    const { folder, head, sequence } = (await tellHost(this.endpoint, { command: 'audit' })) as AuditStatus
    await this.#serve.close()
    return verifyLog(folder, { head, sequence })
  }

  /** Decisions as the log has them. */
  get decided(): DecisionRecord[] {
    return this.#serve.entries.filter(({ event }) => event === 'decision') as unknown as DecisionRecord[]
  }

  /** Waits until the host has ended by itself, for instance after Ctrl+C. */
  async ended(): Promise<void> {
    await this.#serve.ended()
    rmSync(this.folder, { recursive: true, force: true })
  }

  kill(): void {
    this.#serve.kill('SIGTERM')
  }

  async close(): Promise<void> {
    await this.#serve.close()
    await this.ended()
  }
}
