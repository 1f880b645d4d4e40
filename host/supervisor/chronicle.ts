/**
 * What happens in a host, told once by whoever sees it happen, to everybody who keeps something of it: the structured log, the audit
 * log, the counts, the status, the latest decisions and the recording. Which of them hears of what, and in which order, is here and
 * nowhere else; what follows from an event is the supervisor's.
 *
 *     supervisor --an event--> log, audit, metrics, status, latest decisions, recording
 *     operators  --a question-> status, metrics, latest decisions, audit
 */

import type { Logger } from 'pino'

import type { AuditAct, AuditStatus } from '../audit/audit.ts'
import type { ConnectionRecord, DecisionRecord, Version } from '../control/messages.ts'
import { overtimeDecision } from '../control/overtime-decision.ts'
import type { Overtime, Running } from '../control/read-message.ts'
import type { PortcullisError } from '../errors.ts'
import {
  type ApiCounts,
  type EvaluatorEnd,
  type Figures,
  Metrics,
  type MetricsText,
} from '../metrics/metrics.ts'
import type { Config } from '../tenant/config.ts'
import { Auditing, type Halt } from './auditing.ts'
import { type End, endOf, type Reason } from './blame.ts'
import type { Cause } from './evaluator-process.ts'
import { type DecisionsQuery, Latest, type LatestDecisions } from './latest-decisions.ts'
import { logConnection, logDecision, logOvertime } from './log.ts'
import { Recording } from './recording.ts'
import { type HostStatus, type Known, Observations } from './status.ts'
import type { Table } from './table.ts'

/** An evaluator of which something is told. */
interface Teller {
  readonly index: number | undefined
  readonly pid: number | undefined
  readonly overran: boolean
}

/** What an operator, or a counter, asks for: seen by the supervisor at that moment. */
type Seen<All> = Omit<All, 'audit' | 'connections'>

const reported = {
  'evaluator-failed': 'an evaluator failed',
  'policy-refused': 'a policy is not admitted',
  'store-failed': 'the store cannot be written',
} as const

export class Chronicle {
  readonly #log: Logger
  readonly #auditing: Auditing
  readonly #metrics: Metrics
  readonly #recording: Recording
  readonly #observed = new Observations()
  readonly #latest = new Latest()

  /** `tell`: what evaluators have to know of the audit log. `figures`: the host as it is when somebody asks. */
  constructor(log: Logger, tell: (halt: Halt) => void, figures: () => Seen<Figures>) {
    this.#log = log
    this.#auditing = new Auditing(log, tell)
    this.#recording = new Recording(log)
    this.#metrics = new Metrics(() => ({
      ...figures(),
      connections: this.#observed.connections,
      audit: this.#auditing.status,
    }))
  }

  // ---- as the configuration says

  /** Before anything happens that is to be audited. Rejects with ERR_AUDIT_OPEN and the like, and then the host must not serve. */
  beginAudit({ audit }: Config): Promise<void> {
    return this.#auditing.open(audit)
  }

  /** When it is certain that no other host records there. */
  beginRecording({ recording }: Config): void {
    this.#recording.open(recording)
  }

  reconfigured({ audit, recording }: Config): void {
    this.#recording.open(recording)
    this.#auditing.reconfigure(audit)
  }

  /** Evaluators are about to decide by this table. */
  next(table: Table): void {
    this.#recording.next(table)
    this.#latest.configured(table.tenants.keys())
    this.#metrics.configured(table.tenants.keys())
  }

  /** When nothing happens any more that is to be audited. */
  async close(): Promise<void> {
    this.#recording.close()
    await this.#auditing.close()
  }

  // ---- what is decided

  /** Decided by `table`. `block`: the question, if it is recorded. */
  decision(from: Teller, record: DecisionRecord, block: string | undefined, table: Table): void {
    this.#observed.decision(record.tenant)
    this.#metrics.decision(record)
    this.#latest.decided(record, from.index, Date.now())
    this.#auditing.decision(record, from.index)
    logDecision(this.#log, record, from.index)
    this.#recording.decision(record, block, table)
  }

  /** The watchdog has decided. */
  overtime(from: Teller, overtime: Overtime): void {
    const decision = overtimeDecision(overtime)
    this.#observed.decision(decision.tenant)
    this.#metrics.decision({ ...decision, microseconds: overtime.wallMs * 1000 })
    this.#latest.decided(decision, from.index, Date.now())
    this.#auditing.overtime(overtime, from.index)
    logOvertime(this.#log, overtime, from.index)
  }

  /** A gap is recorded as a gap: whoever reads the log must not take it for silence. */
  lost({ index: evaluator }: Teller, lost: number | 'unknown', cause: Cause): void {
    this.#auditing.lost(evaluator, lost, cause)
    this.#metrics.gap(lost)
    this.#log.error({ event: 'gap', evaluator, lost, cause }, 'decisions are not recorded')
  }

  /** So many that were no decisions. */
  messagesLost({ index: evaluator }: Teller, lost: number): void {
    if (lost === 0) return
    this.#auditing.messagesLost(evaluator, lost, 'backlog')
    this.#log.error({ event: 'messages-lost', evaluator, lost }, 'an evaluator could not say all')
  }

  /** There is a verdict on a question that came a second time. */
  held(isCleared: boolean): void {
    this.#metrics.held(isCleared)
  }

  // ---- plug-ins

  /** Throws ERR_CHANNEL for one that cannot be. */
  connection(from: Teller, told: { connection?: number; record: ConnectionRecord }): void {
    this.#metrics.connection(told.record, this.#observed.connection(from, told))
    this.#auditing.connection(told.record)
    logConnection(this.#log, told.record, from.index)
  }

  disconnection(from: Teller, connection: number): void {
    this.#observed.disconnection(from, connection)
  }

  // ---- evaluators

  evaluatorStarted(): void {
    this.#metrics.evaluatorStarted()
  }

  evaluatorReady({ pid: evaluatorPid }: Teller): void {
    this.#log.debug({ event: 'evaluator-ready', evaluatorPid }, 'an evaluator is ready')
  }

  evaluatorServing({ pid: evaluatorPid }: Teller, index: number): void {
    this.#observed.serving(index)
    this.#log.info({ event: 'evaluator-serving', evaluator: index, evaluatorPid }, 'an evaluator serves')
  }

  evaluatorFailed(error: PortcullisError): void {
    this.#report('evaluator-failed', error)
    this.#metrics.evaluatorFailed(error.code)
  }

  /** `printed`: its last words. `isMissed`: it was not told to end. */
  evaluatorEnded(from: Teller, how: string, printed: string, isMissed: boolean): void {
    const { index: evaluator, pid: evaluatorPid } = from
    this.#observed.evaluatorGone(from)
    this.#metrics.evaluatorEnded(from.overran ? 'watchdog' : doerOf(how))
    if (printed !== '')
      this.#log.error({ event: 'evaluator-printed', evaluator, text: printed }, 'a dying evaluator wrote')
    if (isMissed)
      this.#log.warn({ event: 'evaluator-died', evaluator, evaluatorPid, how }, 'an evaluator has ended')
  }

  // ---- policies

  policyRefused(error: PortcullisError): void {
    this.#report('policy-refused', error)
  }

  suspected(version: Version | undefined, { id, phase }: Pick<Running, 'id' | 'phase'>, end: End): void {
    const facts = { ...version, id, phase, end }
    this.#log.warn({ event: 'policy-suspected', ...facts }, 'an evaluator ended while it ran a policy')
  }

  quarantined(
    version: Version,
    reason: Reason,
    { id, phase }: Pick<Running, 'id' | 'phase'>,
    end: End,
  ): void {
    const facts = { ...version, id, phase, end, reason }
    this.#log.error({ event: 'policy-quarantined', ...facts }, 'a policy does not run any more')
    this.#metrics.quarantined(reason)
    this.#auditing.quarantined(facts)
  }

  storeFailed(error: PortcullisError): void {
    this.#report('store-failed', error)
  }

  // ---- operators

  /** Somebody did something to the host, or tried to; or the host did it itself. */
  acted(act: AuditAct): void {
    this.#auditing.act(act)
    this.#metrics.acted(act.command, act.code)
  }

  /** What the admin API has answered. */
  api(counts: ApiCounts): void {
    this.#metrics.api(counts)
  }

  // ---- for whoever asks

  /** Whether evaluators are to ask nobody. */
  get halt(): Halt {
    return this.#auditing.halt
  }

  /** Null without an audit log. */
  get audit(): AuditStatus | null {
    return this.#auditing.status
  }

  status(seen: Seen<Known>): HostStatus {
    return this.#observed.status({ ...seen, audit: this.#auditing.status })
  }

  metrics(): Promise<MetricsText> {
    return this.#metrics.text()
  }

  decisions(query: DecisionsQuery): LatestDecisions {
    return this.#latest.ask(query)
  }

  #report(event: keyof typeof reported, { code, detail }: PortcullisError): void {
    this.#log.error({ event, code, detail }, reported[event])
  }
}

function doerOf(how: string): EvaluatorEnd {
  if (how === 'exit status 0') return 'closed'
  return endOf(how) === 'crash' ? 'crash' : 'outside'
}
