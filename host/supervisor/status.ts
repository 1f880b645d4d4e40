/**
 * What `portcullis status` tells of a running host. The supervisor says what happens as it happens; what is asked for is put
 * together when somebody asks. Everything is bounded, because the answer is one line to the operator: what is left out is
 * counted.
 */

import type { AuditStatus } from '../audit/audit.ts'
import type { ConnectionRecord } from '../control/messages.ts'
import { PortcullisError } from '../errors.ts'
import { statusTenantsMax, statusTextUnitsMax } from '../limits.ts'
import { version } from '../paths.ts'
import { type WireVersions, wireVersions } from '../wire/layout.ts'
import type { AdminStatus } from './admin-process.ts'
import { type PlugIn, PlugIns } from './plug-ins.ts'
import type { Table } from './table.ts'

export interface TenantStatus {
  readonly name: string
  readonly applications: number
  /** What answers; absent if nothing is active. `version` is the store's number of it. */
  readonly policy?: string
  readonly version?: number
  /** Of plug-ins, with all evaluators. */
  readonly connections: number
  /** Since the host began. */
  readonly decisions: number
  readonly lastDecisionMs?: number
}

export interface EvaluatorStatus {
  /** Absent for the spare, and for one that is not ready yet. */
  readonly number?: number
  readonly processId?: number
  readonly state: 'loading' | 'ready' | 'assigned' | 'serving' | 'dead'
  readonly servingSinceMs?: number
  /** How often another process has taken over this number. */
  readonly restarts?: number
}

export interface HostStatus {
  readonly version: string
  readonly wire: WireVersions
  readonly node: { readonly version: string; readonly remark?: string }
  readonly processId: number
  readonly sinceMs: number
  readonly endpoint: string
  readonly state: string
  /** Of the configuration. */
  readonly generation: number
  /** How many are to serve, and the processes that there are: those and a spare. */
  readonly evaluators: { readonly configured: number; readonly processes: readonly EvaluatorStatus[] }
  readonly quarantined: number
  /** Null if there is no audit log. */
  readonly audit: AuditStatus | null
  readonly tenants: { readonly count: number; readonly list: readonly TenantStatus[] }
  /** `forgotten`: rows that had no place. */
  readonly plugIns: { readonly forgotten: number; readonly list: readonly PlugIn[] }
  /** Absent if the configuration has none. */
  readonly admin?: AdminStatus
}

/** The oldest line of Node that is good enough for years from now. */
const NODE_RECOMMENDED = 22

/** What an operator should know about the Node that runs the host. */
export function nodeRemark(version: string, lts: string | undefined): string | undefined {
  const major = Number(/^v?(\d+)/.exec(version)?.[1])
  if (major < NODE_RECOMMENDED) {
    return `works, but its line gets no more security fixes; install ${NODE_RECOMMENDED} or a newer LTS line`
  }
  return lts === undefined
    ? 'is no LTS line, and gets fixes for some months only; install an LTS line'
    : undefined
}

function cut(text: string): string {
  return text.length <= statusTextUnitsMax ? text : `${text.slice(0, statusTextUnitsMax - 1)}…`
}

/** The parts of an evaluator's process that are told. */
interface EvaluatorFacts {
  readonly index: number | undefined
  readonly pid: number | undefined
  readonly state: EvaluatorStatus['state']
}

/** What the supervisor knows, at the moment of the question. */
export interface Known {
  readonly endpoint: string
  /** Evaluators. */
  readonly configured: number
  readonly table: Table
  readonly state: string
  readonly evaluators: readonly EvaluatorFacts[]
  readonly quarantined: number
  readonly audit: AuditStatus | null
  readonly admin: AdminStatus | undefined
}

export class Observations {
  readonly #sinceMs = Date.now()
  readonly #plugIns = new PlugIns()
  readonly #decisions = new Map<string, { count: number; lastMs: number }>()
  /** By number. */
  readonly #served = new Map<number, { times: number; sinceMs: number }>()

  serving(evaluator: number): void {
    const { times = 0 } = this.#served.get(evaluator) ?? {}
    this.#served.set(evaluator, { times: times + 1, sinceMs: Date.now() })
  }

  /** Returns what the plug-in says for the first time that it denied by itself. */
  connection(
    evaluator: object,
    told: { connection?: number; record: ConnectionRecord },
  ): Readonly<Record<string, number>> {
    const { connection, record } = told
    if (!record.accepted) return this.#plugIns.refused(record, Date.now())
    if (connection === undefined || record.tenant === undefined) {
      throw new PortcullisError('ERR_CHANNEL', 'an evaluator accepts a connection of nobody')
    }
    return this.#plugIns.accepted(evaluator, connection, record, Date.now())
  }

  disconnection(evaluator: object, connection: number): void {
    this.#plugIns.closed(evaluator, connection, Date.now())
  }

  /** Open ones, by tenant. */
  get connections(): ReadonlyMap<string, number> {
    return this.#plugIns.connectionsByTenant()
  }

  evaluatorGone(evaluator: object): void {
    this.#plugIns.evaluatorGone(evaluator, Date.now())
  }

  /** `tenant` is one of the configuration. */
  decision(tenant: string): void {
    const known = this.#decisions.get(tenant)
    if (known === undefined) this.#decisions.set(tenant, { count: 1, lastMs: Date.now() })
    else {
      known.count++
      known.lastMs = Date.now()
    }
  }

  status({ endpoint, configured, table, state, evaluators, quarantined, audit, admin }: Known): HostStatus {
    const { rows, forgotten } = this.#plugIns.list(Date.now())
    const remark = nodeRemark(process.version, process.release.lts)
    return {
      version,
      wire: wireVersions,
      node: { version: process.version, ...(remark !== undefined && { remark }) },
      processId: process.pid,
      sinceMs: this.#sinceMs,
      endpoint,
      state,
      generation: table.generation,
      evaluators: {
        configured,
        processes: evaluators.map((evaluator) => this.#evaluator(evaluator)),
      },
      quarantined,
      audit,
      tenants: { count: table.tenants.size, list: this.#tenants(table) },
      plugIns: { forgotten, list: rows.map((row) => shortened(row)) },
      ...(admin && { admin }),
    }
  }

  #evaluator({ index, pid, state }: EvaluatorFacts): EvaluatorStatus {
    const served = state === 'serving' && index !== undefined ? this.#served.get(index) : undefined
    return {
      ...(index !== undefined && { number: index }),
      ...(pid !== undefined && { processId: pid }),
      state,
      ...(served && { servingSinceMs: served.sinceMs, restarts: served.times - 1 }),
    }
  }

  /** Those asked last first, then as they are configured. */
  #tenants({ tenants }: Table): TenantStatus[] {
    const lastMs = (name: string) => this.#decisions.get(name)?.lastMs ?? 0
    const connections = this.#plugIns.connectionsByTenant()
    return [...tenants.values()]
      .sort((a, b) => lastMs(b.name) - lastMs(a.name))
      .slice(0, statusTenantsMax)
      .map(({ name, applications, policy, version }) => {
        const decisions = this.#decisions.get(name)
        return {
          name,
          applications: applications.length,
          ...(policy !== undefined && { policy }),
          ...(version !== undefined && { version }),
          connections: connections.get(name) ?? 0,
          decisions: decisions?.count ?? 0,
          ...(decisions && { lastDecisionMs: decisions.lastMs }),
        }
      })
  }
}

/** Without what only an evaluator that lies would say at length. */
function shortened({ application, ...plugIn }: PlugIn): PlugIn {
  return { ...plugIn, ...(application !== undefined && { application: cut(application) }) }
}
