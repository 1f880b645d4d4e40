/**
 * The supervisor: keeps N evaluators serving and one spare warm, writes the log, and never runs tenant code.
 *
 *   start() --all serve--> running --close()--> closing --all ended--> closed
 *      close() may come at any time, and more than once
 *
 * An evaluator that dies is replaced by the spare at once, and the spare by a new process. One that dies before it has
 * ever served is not started again in a loop: each failure in a row doubles the pause.
 */

import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'

import type { AuditAct } from '../audit/audit.ts'
import type { FromEvaluator, Version } from '../control/messages.ts'
import { overtimeDecision } from '../control/overtime-decision.ts'
import type { Overtime, Running } from '../control/read-message.ts'
import { PortcullisError } from '../errors.ts'
import { blameGraceMs, closeMsMax, processorMsMax, restartMsMax, restartMsMin } from '../limits.ts'
import { type ApiCounts, type EvaluatorEnd, type Figures, Metrics } from '../metrics/metrics.ts'
import { type By, Store } from '../store/store.ts'
import type { Config } from '../tenant/config.ts'
import { Activations } from './activations.ts'
import type { Via } from './acts.ts'
import { AdminProcess } from './admin-process.ts'
import { Auditing } from './auditing.ts'
import { Blame, type End, isReason, type Reason } from './blame.ts'
import { checkBreakGlass } from './break-glass.ts'
import { openToOthers, otherAccounts, prepareEndpoint } from './endpoint.ts'
import { type Cause, type EvaluatorOwner, EvaluatorProcess, type Told } from './evaluator-process.ts'
import { KeptVersions } from './kept-versions.ts'
import { Latest } from './latest-decisions.ts'
import { LiveTable } from './live-table.ts'
import { logConnection, logDecision, logOvertime } from './log.ts'
import { obey } from './operator.ts'
import type { OperatorCommand } from './operator-command.ts'
import { OperatorEndpoint } from './operator-endpoint.ts'
import { PolicySource } from './policy-source.ts'
import { Recording } from './recording.ts'
import { checkReloadable, difference, type Reloaded } from './reload.ts'
import { type HostStatus, Observations } from './status.ts'
import type { Table } from './table.ts'
import { tableOfConfig } from './table-of-config.ts'

const reported = {
  'evaluator-failed': 'an evaluator failed',
  'policy-refused': 'a policy is not admitted',
  'store-failed': 'the store cannot be written',
} as const

export class Supervisor implements EvaluatorOwner {
  #config: Config
  readonly #load: () => Config
  readonly #log: Logger
  readonly #evaluators = new Set<EvaluatorProcess>()
  /** Numbers that no evaluator serves under, or is about to, at the moment. */
  readonly #vacant: number[]
  readonly #blame = new Blame()
  readonly #observed = new Observations()
  readonly #latest = new Latest()
  readonly #metrics = new Metrics(() => this.#figures())
  readonly #auditing: Auditing
  readonly #recording: Recording
  readonly #admin: AdminProcess
  readonly #live: LiveTable
  /** What evaluators are equipped with is there. */
  #hasTable = false
  #store: Store | undefined
  #source: PolicySource
  #activations: Activations | undefined
  #kept: KeptVersions | undefined
  #operatorEndpoint: OperatorEndpoint | undefined
  #state: 'new' | 'starting' | 'running' | 'closing' | 'closed' = 'new'
  #restartMs = restartMsMin
  #restartTimer: NodeJS.Timeout | undefined
  #started: { resolve: (serves: boolean) => void; reject: (error: Error) => void } | undefined
  #closing: Promise<void> | undefined
  #allEnded: (() => void) | undefined

  /** `load` reads the configuration anew, for a reload. */
  constructor(config: Config, load: () => Config, log: Logger) {
    this.#config = config
    this.#load = load
    this.#log = log
    this.#vacant = Array.from({ length: config.evaluators }, (_, index) => index)
    this.#auditing = new Auditing(log, (halt) => {
      for (const evaluator of this.#evaluators) evaluator.send(halt)
    })
    this.#recording = new Recording(log)
    const owner = {
      obey: (command: OperatorCommand) => this.#obey(command, 'api'),
      counts: (counts: ApiCounts) => this.#metrics.api(counts),
    }
    this.#admin = new AdminProcess(owner, log)
    this.#source = new PolicySource(undefined, log)
    this.#live = new LiveTable(
      () => this.#evaluators,
      (next) => this.#next(next),
    )
  }

  /**
   * Resolves to true when every evaluator serves, to false if `close` came first. Rejects, with nothing left running,
   * if it cannot be.
   */
  async start(): Promise<boolean> {
    this.#state = 'starting'
    try {
      const { endpoint } = this.#config
      await prepareEndpoint(endpoint, otherAccounts(this.#config).length > 0)
      if (!this.#isOpen) return false
      const serves = new Promise<boolean>((resolve, reject) => {
        this.#started = { resolve, reject }
      })
      serves.catch(() => {}) // it is waited for below, when the policies are there
      // Evaluators begin while policies are admitted: each of the two is half of a start.
      this.#fill()
      await this.#auditing.open(this.#config.audit)
      if (!this.#isOpen) return false
      this.#openStore()
      this.#recording.open(this.#config.recording)
      const report = (error: PortcullisError) => this.#report(error, 'policy-refused')
      const table = await tableOfConfig(this.#config, this.#source, 1, report)
      if (!this.#isOpen) return false
      this.#operatorEndpoint = await OperatorEndpoint.open(endpoint, (command) =>
        this.#obey(command, 'endpoint'),
      )
      if (!this.#isOpen) {
        this.#operatorEndpoint.close()
        return false
      }
      this.#admin.configure(this.#config.admin, this.#config.recording)
      this.#live.begin(table)
      // Nothing comes between the two: an evaluator that began in between would be equipped twice.
      this.#hasTable = true
      for (const evaluator of this.#evaluators) this.#equip(evaluator)
      return await serves
    } catch (error) {
      if (error instanceof PortcullisError) {
        const { code, detail } = error
        this.#log.fatal({ event: 'failed', code, detail }, 'the host cannot serve')
      }
      await this.close()
      throw error
    }
  }

  /** Evaluators are about to decide by this table. */
  #next(table: Table): void {
    this.#recording.next(table)
    this.#latest.configured(table.tenants.keys())
    this.#metrics.configured(table.tenants.keys())
  }

  /** Nobody else writes it as long as this process lives. */
  #openStore(): void {
    const { store: folder } = this.#config
    if (folder === undefined) return
    const store = Store.open(folder)
    this.#store = store
    for (const { subject, bytes } of store.repairs) {
      this.#log.warn(
        { event: 'store-repaired', subject, bytes },
        'what a crash had left half written is cut off',
      )
    }
    this.#source = new PolicySource(store, this.#log)
    this.#activations = new Activations(store, {
      config: () => this.#config,
      live: this.#live,
      source: this.#source,
      blame: this.#blame,
      auditing: { act: (act) => this.#acted(act) },
      log: this.#log,
    })
    this.#kept = new KeptVersions(store, { config: () => this.#config, live: this.#live, log: this.#log })
    this.#activations.resume()
    for (const subject of store.subjects()) {
      if (subject === 'guard') continue
      for (const { policy, reason, sinceMs } of store.quarantined(subject)) {
        if (isReason(reason)) this.#blame.remember({ tenant: subject.tenant, policy, reason, sinceMs })
      }
    }
  }

  /** Finishes what was accepted and ends every process. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    this.#state = 'closing'
    clearTimeout(this.#restartTimer)
    const adminEnded = this.#admin.close()
    const killTimer = setTimeout(() => {
      for (const evaluator of this.#evaluators) evaluator.kill()
    }, closeMsMax)
    if (this.#evaluators.size > 0) {
      const ended = new Promise<void>((resolve) => {
        this.#allEnded = resolve
      })
      for (const evaluator of this.#evaluators) evaluator.send({ type: 'close' })
      await ended
    }
    clearTimeout(killTimer)
    await adminEnded
    this.#activations?.close()
    this.#store?.close()
    this.#recording.close()
    await this.#auditing.close()
    // Last: as long as it is there, this endpoint is served.
    this.#operatorEndpoint?.close()
    this.#state = 'closed'
    this.#log.info({ event: 'closed' }, 'the host has ended')
    this.#started?.resolve(false)
  }

  // ---- keeping the number

  get #isOpen(): boolean {
    return this.#state === 'starting' || this.#state === 'running'
  }

  /** As many processes as evaluators, and once they serve one spare. */
  #fill(): void {
    try {
      const due = this.#config.evaluators + (this.#state === 'running' ? 1 : 0)
      while (this.#isOpen && this.#evaluators.size < due) this.#spawn()
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      this.#fail(error)
      this.#fillLater()
    }
  }

  #fillLater(): void {
    if (this.#restartTimer !== undefined || !this.#isOpen) return
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = undefined
      this.#fill()
    }, this.#restartMs)
    this.#restartMs = Math.min(this.#restartMs * 2, restartMsMax)
  }

  #spawn(): void {
    const evaluator = new EvaluatorProcess(this)
    this.#evaluators.add(evaluator)
    this.#metrics.evaluatorStarted()
    if (this.#hasTable) this.#equip(evaluator)
  }

  /** Gives a new evaluator everything that it decides by. */
  #equip(evaluator: EvaluatorProcess): void {
    evaluator.send({ type: 'quarantine', versions: this.#blame.quarantined })
    evaluator.send(this.#auditing.halt)
    this.#live.equip(evaluator)
    evaluator.expectReady()
  }

  /** Gives ready evaluators the numbers that nobody serves under. */
  #assign(): void {
    const { endpoint, evaluators: count } = this.#config
    const others = otherAccounts(this.#config)
    for (const evaluator of this.#isOpen ? this.#evaluators : []) {
      const index = evaluator.state === 'ready' ? this.#vacant.shift() : undefined
      if (index === undefined) continue
      evaluator.serve({ type: 'serve', index, count, endpoint, others })
    }
  }

  #report({ code, detail }: PortcullisError, event: keyof typeof reported = 'evaluator-failed'): void {
    this.#log.error({ event, code, detail }, reported[event])
  }

  #fail(error: PortcullisError): void {
    this.#report(error)
    this.#metrics.evaluatorFailed(error.code)
    if (this.#state === 'starting') this.#started?.reject(error)
  }

  // ---- what evaluators report

  ready(from: EvaluatorProcess): void {
    this.#log.debug({ event: 'evaluator-ready', evaluatorPid: from.pid }, 'an evaluator is ready')
    this.#assign()
  }

  serving(from: EvaluatorProcess, index: number): void {
    this.#restartMs = restartMsMin
    this.#observed.serving(index)
    this.#log.info(
      { event: 'evaluator-serving', evaluator: index, evaluatorPid: from.pid },
      'an evaluator serves',
    )
    const serving = [...this.#evaluators].filter(({ state }) => state === 'serving')
    if (this.#state !== 'starting' || serving.length < this.#config.evaluators) return
    const { endpoint, evaluators, tenants } = this.#config
    this.#state = 'running'
    this.#log.info({ event: 'serving', endpoint, evaluators, tenants: tenants.length }, 'the host serves')
    this.#fill()
    this.#started?.resolve(true)
  }

  failed(_: EvaluatorProcess, error: PortcullisError): void {
    this.#fail(error)
  }

  told(from: EvaluatorProcess, message: Told): void {
    switch (message.type) {
      case 'prepared':
      case 'flipped':
        return this.#live.did(from, message.type, message.generation)
      case 'unprepared': {
        const { generation, code, detail } = message
        return this.#live.unprepared(from, generation, new PortcullisError(code, detail))
      }
      case 'lost':
        return this.#messagesLost(from, message.messages)
      case 'connection':
        if (message.record.tenant !== undefined) this.#live.checkTenant(message.record.tenant)
        this.#metrics.connection(message.record, this.#observed.connection(from, message))
        this.#auditing.connection(message.record)
        return logConnection(this.#log, message.record, from.index)
      case 'disconnection':
        return this.#observed.disconnection(from, message.connection)
      case 'held':
        return this.#judgeLater(from, this.#live.checkTenant(message.tenant), message.id)
      case 'decision':
        return this.#decided(from, message)
    }
  }

  #decided(from: EvaluatorProcess, { record, block }: FromEvaluator & { type: 'decision' }): void {
    const table = this.#live.madeBy(record)
    this.#observed.decision(record.tenant)
    this.#metrics.decision(record)
    this.#latest.decided(record, from.index, Date.now())
    this.#auditing.decision(record, from.index)
    logDecision(this.#log, record, from.index)
    this.#recording.decision(record, block, table)
  }

  overtime(from: EvaluatorProcess, overtime: Overtime): void {
    if (!this.#live.isConfigured(overtime)) {
      throw new PortcullisError(
        'ERR_CHANNEL',
        'an evaluator speaks of a tenant or a policy that does not exist',
      )
    }
    const decision = overtimeDecision(overtime)
    this.#metrics.decision({ ...decision, microseconds: overtime.wallMs * 1000 })
    this.#latest.decided(decision, from.index, Date.now())
    this.#auditing.overtime(overtime, from.index)
    logOvertime(this.#log, overtime, from.index)
    this.#blameFor(overtime, overtime.processorMs >= processorMsMax ? 'processor time' : 'wall time')
  }

  // ---- whose doing it was

  /** An evaluator that has died at the same moment must be known of before there is a verdict. */
  #judgeLater(from: EvaluatorProcess, tenant: string, id: string): void {
    setTimeout(() => {
      if (from.state !== 'serving') return
      const cleared = this.#blame.clears(id, tenant, Date.now())
      this.#metrics.held(cleared)
      from.send({ type: 'verdict', id, tenant, cleared })
    }, blameGraceMs)
  }

  #blameFor(running: Omit<Running, 'overtimeMs'>, end: End): void {
    const { version, verdict } = this.#blame.judge(running, end, Date.now())
    if (verdict === 'nothing') return
    const facts = { ...version, id: running.id, phase: running.phase, end }
    if (verdict === 'suspected') {
      this.#log.warn({ event: 'policy-suspected', ...facts }, 'an evaluator ended while it ran a policy')
    } else {
      this.#log.error(
        { event: 'policy-quarantined', ...facts, reason: verdict },
        'a policy does not run any more',
      )
      this.#metrics.quarantined(verdict)
      if (version !== undefined) {
        const { id, phase } = running
        this.#auditing.quarantined({ ...version, reason: verdict, id, phase, end })
      }
      this.#keepQuarantine(version, verdict)
      this.#tellQuarantine()
    }
  }

  /** So that it holds when the host starts again, for what is the store's. */
  #keepQuarantine(version: Version | undefined, reason: Reason): void {
    if (version === undefined) return
    const { tenant, policy } = version
    try {
      this.#store?.quarantine({ tenant }, { policy, reason }, Date.now())
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      this.#report(error, 'store-failed')
    }
  }

  #tellQuarantine(): void {
    for (const evaluator of this.#evaluators) {
      evaluator.send({ type: 'quarantine', versions: this.#blame.quarantined })
    }
  }

  #obey(command: OperatorCommand, via: Via): Promise<unknown> {
    return obey(
      {
        log: this.#log,
        state: this.#state,
        auditing: this.#auditing,
        acted: (act) => this.#acted(act),
        blame: this.#blame,
        store: this.#store,
        activations: this.#activations,
        kept: this.#kept,
        config: () => this.#config,
        table: () => this.#live.now,
        status: () => this.#status(),
        decisions: (query) => this.#latest.ask(query),
        metrics: () => this.#metrics.text(),
        stop: () => {
          this.#log.info({ event: 'closing', signal: 'stop' }, 'finishing what was accepted')
          setImmediate(() => void this.close()) // the answer first
        },
        reload: (by) => this.#reload(by),
        quarantineChanged: () => this.#tellQuarantine(),
      },
      command,
      via,
    )
  }

  #acted(act: AuditAct): void {
    this.#auditing.act(act)
    this.#metrics.acted(act.command, act.code)
  }

  #figures(): Figures {
    const { generation, tenants, modules } = this.#live.now
    const store = this.#store
    return {
      isRunning: this.#state === 'running',
      generation,
      tenants: tenants.size,
      policies: modules.size,
      evaluatorsConfigured: this.#config.evaluators,
      evaluators: [...this.#evaluators].map(({ state }) => state),
      connections: this.#observed.connections,
      quarantined: this.#blame.quarantined.length,
      audit: this.#auditing.status,
      versions: store?.subjects().flatMap((subject) => store.versions(subject).map(({ state }) => state)),
    }
  }

  #status(): HostStatus {
    return this.#observed.status({
      endpoint: this.#config.endpoint,
      configured: this.#config.evaluators,
      table: this.#live.now,
      state: this.#state,
      evaluators: [...this.#evaluators],
      quarantined: this.#blame.quarantined.length,
      audit: this.#auditing.status,
      admin: this.#admin.status,
    })
  }

  // ---- another configuration

  /** Reads the configuration again. It goes live whole, or not at all. */
  async #reload(by: By): Promise<Reloaded> {
    let before = this.#live.now
    const began = performance.now()
    const now = await this.#live.change(async (table) => {
      before = table
      const config = this.#load()
      checkReloadable(this.#config, config)
      const problems: PortcullisError[] = []
      const to = await tableOfConfig(config, this.#source, 0, (error) => problems.push(error))
      if (problems[0] !== undefined) throw problems[0]
      await checkBreakGlass(before, to, config.breakGlass)
      return { to, makeDurable: () => this.#reconfigure(config) }
    })
    const { generation } = now
    this.#log.info({ event: 'reloaded', generation, ...by }, 'another configuration decides')
    return { generation, ...difference(before, now), milliseconds: Math.round(performance.now() - began) }
  }

  #reconfigure(config: Config): void {
    const others = otherAccounts(config)
    if (!isDeepStrictEqual(others, otherAccounts(this.#config))) {
      openToOthers(config.endpoint, others.length > 0)
      for (const evaluator of this.#evaluators) {
        if (evaluator.index !== undefined) evaluator.send({ type: 'others', others })
      }
    }
    this.#config = config
    this.#recording.open(config.recording)
    this.#auditing.reconfigure(config.audit)
    this.#admin.configure(config.admin, config.recording)
  }

  /** A gap is recorded as a gap: whoever reads the log must not take it for silence. */
  lost({ index: evaluator }: EvaluatorProcess, lost: number | 'unknown', cause: Cause): void {
    this.#auditing.lost(evaluator, lost, cause)
    this.#metrics.gap(lost)
    this.#log.error({ event: 'gap', evaluator, lost, cause }, 'decisions are not recorded')
  }

  #messagesLost({ index: evaluator }: EvaluatorProcess, lost: number): void {
    if (lost === 0) return
    this.#auditing.messagesLost(evaluator, lost, 'backlog')
    this.#log.error({ event: 'messages-lost', evaluator, lost }, 'an evaluator could not say all')
  }

  dead(from: EvaluatorProcess, how: string, printed: string, running: Running | undefined): void {
    this.#evaluators.delete(from)
    this.#observed.evaluatorGone(from)
    this.#metrics.evaluatorEnded(from.overran ? 'watchdog' : doerOf(how))
    if (running !== undefined && !from.overran && this.#live.isConfigured(running)) {
      this.#blameFor(running, running.overtimeMs >= processorMsMax ? 'processor time' : endOf(how))
    }
    const { index: evaluator, pid: evaluatorPid } = from
    if (printed !== '')
      this.#log.error({ event: 'evaluator-printed', evaluator, text: printed }, 'a dying evaluator wrote')
    this.#live.gone(from, running === undefined && endOf(how) === 'crash')
    if (this.#isOpen) {
      this.#log.warn({ event: 'evaluator-died', evaluator, evaluatorPid, how }, 'an evaluator has ended')
      if (evaluator !== undefined) this.#vacant.push(evaluator)
      this.#assign()
      if (from.hasServed) this.#fill()
      else this.#failedToStart(how)
    } else if (this.#evaluators.size === 0) {
      this.#allEnded?.()
    }
  }

  #failedToStart(how: string): void {
    if (this.#state === 'starting') this.#started?.reject(new PortcullisError('ERR_EVALUATOR_START', how))
    this.#fillLater()
  }
}

/** Signals that a process gets by what it did itself. Exits that nobody asked for are its own doing too. */
const ownSignals = ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGABRT', 'SIGSYS', 'SIGXCPU']

function doerOf(how: string): EvaluatorEnd {
  if (how === 'exit status 0') return 'closed'
  return endOf(how) === 'crash' ? 'crash' : 'outside'
}

function endOf(how: string): End {
  return ownSignals.includes(how) || how.startsWith('exit status') ? 'crash' : 'from outside'
}
