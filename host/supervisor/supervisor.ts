/**
 * The supervisor: keeps N evaluators serving and one spare warm, has what happens told (chronicle.ts), and never runs tenant code.
 *
 *   start() --all serve--> running --close()--> closing --all ended--> closed
 *      close() may come at any time, and more than once
 *
 * An evaluator that dies is replaced by the spare at once, and the spare by a new process. One that dies before it has
 * ever served is not started again in a loop: each failure in a row doubles the pause.
 */

import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'

import type { Version } from '../control/messages.ts'
import type { Overtime, Running } from '../control/read-message.ts'
import { PortcullisError } from '../errors.ts'
import { blameGraceMs, closeMsMax, processorMsMax, restartMsMax, restartMsMin } from '../limits.ts'
import type { ApiCounts, Figures } from '../metrics/metrics.ts'
import { type By, Store } from '../store/store.ts'
import type { Config } from '../tenant/config.ts'
import { Activations } from './activations.ts'
import type { Via } from './acts.ts'
import { AdminProcess } from './admin-process.ts'
import type { Halt } from './auditing.ts'
import { Blame, type End, endOf, isReason, type Reason } from './blame.ts'
import { checkBreakGlass } from './break-glass.ts'
import { Chronicle } from './chronicle.ts'
import { openToOthers, otherAccounts, prepareEndpoint } from './endpoint.ts'
import { type Cause, type EvaluatorOwner, EvaluatorProcess, type Told } from './evaluator-process.ts'
import { KeptVersions } from './kept-versions.ts'
import { LiveTable } from './live-table.ts'
import { obey } from './operator.ts'
import type { OperatorCommand } from './operator-command.ts'
import { OperatorEndpoint } from './operator-endpoint.ts'
import { PolicySource } from './policy-source.ts'
import { checkReloadable, difference, type Reloaded } from './reload.ts'
import type { HostStatus } from './status.ts'
import { tableOfConfig } from './table-of-config.ts'

export class Supervisor implements EvaluatorOwner {
  #config: Config
  readonly #load: () => Config
  readonly #log: Logger
  readonly #evaluators = new Set<EvaluatorProcess>()
  /** Numbers that no evaluator serves under, or is about to, at the moment. */
  readonly #vacant: number[]
  readonly #blame = new Blame()
  readonly #chronicle: Chronicle
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
  /** What operators told and were not answered yet. */
  readonly #underWay = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined
  #allEnded: (() => void) | undefined

  /** `load` reads the configuration anew, for a reload. */
  constructor(config: Config, load: () => Config, log: Logger) {
    this.#config = config
    this.#load = load
    this.#log = log
    this.#vacant = Array.from({ length: config.evaluators }, (_, index) => index)
    const tell = (halt: Halt) => {
      for (const evaluator of this.#evaluators) evaluator.send(halt)
    }
    this.#chronicle = new Chronicle(log, tell, () => this.#figures())
    const owner = {
      obey: (command: OperatorCommand) => this.#obey(command, 'api'),
      counts: (counts: ApiCounts) => this.#chronicle.api(counts),
    }
    this.#admin = new AdminProcess(owner, log)
    this.#source = new PolicySource(undefined, log)
    this.#live = new LiveTable(
      () => this.#evaluators,
      (next) => this.#chronicle.next(next),
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
      await this.#chronicle.beginAudit(this.#config)
      if (!this.#isOpen) return false
      this.#openStore()
      this.#chronicle.beginRecording(this.#config)
      const report = (error: PortcullisError) => this.#chronicle.policyRefused(error)
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
      chronicle: this.#chronicle,
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
    let killTimer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      killTimer = setTimeout(() => {
        for (const evaluator of this.#evaluators) evaluator.kill()
        resolve()
      }, closeMsMax)
    })
    if (this.#evaluators.size > 0) {
      const ended = new Promise<void>((resolve) => {
        this.#allEnded = resolve
      })
      for (const evaluator of this.#evaluators) evaluator.send({ type: 'close' })
      await ended
    }
    await adminEnded
    // An act that was begun is in the store and in the audit log before these are closed, unless it takes all too long.
    await Promise.race([Promise.all(this.#underWay), late])
    clearTimeout(killTimer)
    this.#activations?.close()
    this.#store?.close()
    await this.#chronicle.close()
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
    this.#chronicle.evaluatorStarted()
    if (this.#hasTable) this.#equip(evaluator)
  }

  /** Gives a new evaluator everything that it decides by. */
  #equip(evaluator: EvaluatorProcess): void {
    evaluator.send({ type: 'quarantine', versions: this.#blame.quarantined })
    evaluator.send(this.#chronicle.halt)
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

  #fail(error: PortcullisError): void {
    this.#chronicle.evaluatorFailed(error)
    if (this.#state === 'starting') this.#started?.reject(error)
  }

  // ---- what evaluators report

  ready(from: EvaluatorProcess): void {
    this.#chronicle.evaluatorReady(from)
    this.#assign()
  }

  serving(from: EvaluatorProcess, index: number): void {
    this.#restartMs = restartMsMin
    this.#chronicle.evaluatorServing(from, index)
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
        return this.#chronicle.messagesLost(from, message.messages)
      case 'connection':
        if (message.record.tenant !== undefined) this.#live.checkTenant(message.record.tenant)
        return this.#chronicle.connection(from, message)
      case 'disconnection':
        return this.#chronicle.disconnection(from, message.connection)
      case 'held':
        return this.#judgeLater(from, this.#live.checkTenant(message.tenant), message.id)
      case 'decision':
        return this.#chronicle.decision(
          from,
          message.record,
          message.block,
          this.#live.madeBy(message.record),
        )
    }
  }

  overtime(from: EvaluatorProcess, overtime: Overtime): void {
    if (!this.#live.isConfigured(overtime)) {
      throw new PortcullisError(
        'ERR_CHANNEL',
        'an evaluator speaks of a tenant or a policy that does not exist',
      )
    }
    this.#chronicle.overtime(from, overtime)
    this.#blameFor(overtime, overtime.processorMs >= processorMsMax ? 'processor time' : 'wall time')
  }

  // ---- whose doing it was

  /** An evaluator that has died at the same moment must be known of before there is a verdict. */
  #judgeLater(from: EvaluatorProcess, tenant: string, id: string): void {
    setTimeout(() => {
      if (from.state !== 'serving') return
      const cleared = this.#blame.clears(id, tenant, Date.now())
      this.#chronicle.held(cleared)
      from.send({ type: 'verdict', id, tenant, cleared })
    }, blameGraceMs)
  }

  #blameFor(running: Omit<Running, 'overtimeMs'>, end: End): void {
    const { version, verdict } = this.#blame.judge(running, end, Date.now())
    if (verdict === 'nothing') return
    if (verdict === 'suspected' || version === undefined) {
      return this.#chronicle.suspected(version, running, end)
    }
    this.#chronicle.quarantined(version, verdict, running, end)
    this.#keepQuarantine(version, verdict)
    this.#tellQuarantine()
  }

  /** So that it holds when the host starts again, for what is the store's. */
  #keepQuarantine({ tenant, policy }: Version, reason: Reason): void {
    try {
      this.#store?.quarantine({ tenant }, { policy, reason }, Date.now())
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      this.#chronicle.storeFailed(error)
    }
  }

  #tellQuarantine(): void {
    for (const evaluator of this.#evaluators) {
      evaluator.send({ type: 'quarantine', versions: this.#blame.quarantined })
    }
  }

  #obey(command: OperatorCommand, via: Via): Promise<unknown> {
    const answer = this.#carryOut(command, via)
    const ended = answer.catch(() => {}).finally(() => this.#underWay.delete(ended))
    this.#underWay.add(ended)
    return answer
  }

  #carryOut(command: OperatorCommand, via: Via): Promise<unknown> {
    return obey(
      {
        log: this.#log,
        state: this.#state,
        chronicle: this.#chronicle,
        blame: this.#blame,
        store: this.#store,
        activations: this.#activations,
        kept: this.#kept,
        config: () => this.#config,
        table: () => this.#live.now,
        status: () => this.#status(),
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

  #figures(): Omit<Figures, 'connections' | 'audit'> {
    const { generation, tenants, modules } = this.#live.now
    const store = this.#store
    return {
      isRunning: this.#state === 'running',
      generation,
      tenants: tenants.size,
      policies: modules.size,
      evaluatorsConfigured: this.#config.evaluators,
      evaluators: [...this.#evaluators].map(({ state }) => state),
      quarantined: this.#blame.quarantined.length,
      versions: store?.subjects().flatMap((subject) => store.versions(subject).map(({ state }) => state)),
    }
  }

  #status(): HostStatus {
    return this.#chronicle.status({
      endpoint: this.#config.endpoint,
      configured: this.#config.evaluators,
      table: this.#live.now,
      state: this.#state,
      evaluators: [...this.#evaluators],
      quarantined: this.#blame.quarantined.length,
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
    this.#chronicle.reconfigured(config)
    this.#admin.configure(config.admin, config.recording)
  }

  lost(from: EvaluatorProcess, lost: number | 'unknown', cause: Cause): void {
    this.#chronicle.lost(from, lost, cause)
  }

  dead(from: EvaluatorProcess, how: string, printed: string, running: Running | undefined): void {
    this.#evaluators.delete(from)
    this.#chronicle.evaluatorEnded(from, how, printed, this.#isOpen)
    if (running !== undefined && !from.overran && this.#live.isConfigured(running)) {
      this.#blameFor(running, running.overtimeMs >= processorMsMax ? 'processor time' : endOf(how))
    }
    this.#live.gone(from, running === undefined && endOf(how) === 'crash')
    if (this.#isOpen) {
      if (from.index !== undefined) this.#vacant.push(from.index)
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
