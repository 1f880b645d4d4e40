/**
 * What happens in a host goes to its audit log, if the configuration wants one, and what happens to the log comes back to the host:
 * where decisions must not be made without it, nobody is asked until it has caught up.
 *
 *     evaluators  decisions, gaps, connections --.                  .--> behind: every evaluator is halted
 *     operators   acts ---------------------------+--> host/audit --+--> failed, recovered, gap: the host's own log
 *     supervisor  quarantines, returns ----------'
 */

import type { Logger } from 'pino'

import {
  Audit,
  type AuditAct,
  type AuditOptions,
  type AuditQuarantine,
  type AuditStatus,
} from '../audit/audit.ts'
import type { ConnectionRecord, DecisionRecord, ToEvaluator } from '../control/messages.ts'
import type { Overtime } from '../control/read-message.ts'
import type { PortcullisError } from '../errors.ts'

type Evaluator = number | undefined

/** What is said to evaluators about records. */
export type Halt = ToEvaluator & { type: 'halt' }

export class Auditing {
  readonly #log: Logger
  readonly #tell: (halt: Halt) => void
  #opening: Promise<Audit> | undefined
  #audit: Audit | undefined
  #isHalted = false
  #mustRecord = false

  /** `tell`: what evaluators have to know, whenever it is another. */
  constructor(log: Logger, tell: (halt: Halt) => void) {
    this.#log = log
    this.#tell = tell
  }

  /** What an evaluator that begins has to be told. */
  get halt(): Halt {
    return { type: 'halt', halted: this.#isHalted, mustRecord: this.#mustRecord }
  }

  /** Null without an audit log. */
  get status(): AuditStatus | null {
    return this.#audit?.status() ?? null
  }

  /** Before anything happens that belongs into it. Rejects with ERR_AUDIT_OPEN and the like, and then the host must not serve. */
  async open(options: AuditOptions | undefined): Promise<void> {
    if (options === undefined) return
    this.#opening = Audit.open(options, {
      behind: (isBehind) => this.#behind(isBehind),
      failed: ({ code, detail }: PortcullisError) => {
        this.#log.error({ event: 'audit-failed', code, detail }, 'the audit log is not written; tried again')
      },
      recovered: () => this.#log.info({ event: 'audit-recovered' }, 'the audit log is written again'),
      gap: (lost) => this.#log.error({ event: 'audit-gap', lost }, 'records are not in the audit log'),
    })
    this.#audit = await this.#opening
    this.#require(options)
  }

  /** Where no decision may be missing, evaluators wait for room for its record. */
  #require({ whenBehind }: AuditOptions): void {
    const must = whenBehind === 'deny'
    if (must === this.#mustRecord) return
    this.#mustRecord = must
    this.#tell(this.halt)
  }

  /** `options`: of the same folder. */
  reconfigure(options: AuditOptions | undefined): void {
    if (options === undefined || this.#audit === undefined) return
    this.#audit.reconfigure(options)
    this.#require(options)
  }

  /** When nothing happens any more; what does all the same is told of as lost. Also if `open` has not come to its end yet. */
  async close(): Promise<void> {
    const audit = await this.#opening?.catch(() => undefined)
    await audit?.close()
  }

  #behind(isBehind: boolean): void {
    if (isBehind === this.#isHalted) return
    this.#isHalted = isBehind
    if (isBehind) this.#log.error({ event: 'audit-behind' }, 'the audit log is behind; nobody is asked')
    else this.#log.warn({ event: 'audit-caught-up' }, 'policies are asked again')
    this.#tell(this.halt)
  }

  // ---- what happens

  decision(record: DecisionRecord, evaluator: Evaluator): void {
    this.#audit?.decision(record, evaluator)
  }

  overtime(overtime: Overtime, evaluator: Evaluator): void {
    this.#audit?.overtime(overtime, evaluator)
  }

  /** So many decisions of an evaluator were made and not told. */
  lost(evaluator: Evaluator, lost: number | 'unknown', cause: string): void {
    this.#audit?.gap({ ...(evaluator !== undefined && { evaluator }), lost, cause })
  }

  /** So many of its messages that are no decisions: they would have been records of connections, if any. */
  messagesLost(evaluator: Evaluator, lost: number, cause: string): void {
    const types = { message: lost }
    this.#audit?.gap({ ...(evaluator !== undefined && { evaluator }), lost, cause, types })
  }

  /** What a plug-in that is refused has denied, it tells again when it is accepted. */
  connection(record: ConnectionRecord): void {
    if (!record.accepted) this.#audit?.connectionRefused(record)
    else if (Object.values(record.denied ?? {}).some((count) => count > 0)) this.#audit?.pluginDenials(record)
  }

  quarantined(quarantine: AuditQuarantine): void {
    this.#audit?.quarantined(quarantine)
  }

  act(act: AuditAct): void {
    this.#audit?.act(act)
  }
}
