/**
 * The supervisor: keeps N evaluators serving and one spare warm, writes the log, and never runs tenant code.
 *
 *   start() --all serve--> running --close()--> closing --all ended--> closed
 *      close() may come at any time, and more than once
 *
 * An evaluator that dies is replaced by the spare at once, and the spare by a new process. One that dies before it has
 * ever served is not started again in a loop: each failure in a row doubles the pause.
 */

import type { Logger } from 'pino'

import type { Overtime, Running } from '../control/read-message.ts'
import { PortcullisError } from '../errors.ts'
import { blameGraceMs, closeMsMax, processorMsMax, restartMsMax, restartMsMin } from '../limits.ts'
import type { Config } from '../tenant/config.ts'
import { type AdmittedModule, admitPolicies } from './admit-policies.ts'
import { Blame, type End, isConfigured, type Quarantined } from './blame.ts'
import { otherAccounts, prepareEndpoint } from './endpoint.ts'
import { type EvaluatorOwner, EvaluatorProcess, type Told } from './evaluator-process.ts'
import { logConnection, logDecision, logOvertime } from './log.ts'
import { type OperatorCommand, OperatorEndpoint } from './operator-endpoint.ts'
import { Observations } from './status.ts'

/** The configuration is read once, at start. */
const GENERATION = 1

export class Supervisor implements EvaluatorOwner {
  readonly #config: Config
  readonly #log: Logger
  readonly #others: readonly string[]
  readonly #tenantNames: ReadonlySet<string>
  readonly #evaluators = new Set<EvaluatorProcess>()
  /** Numbers that no evaluator serves under, or is about to, at the moment. */
  readonly #vacant: number[]
  readonly #blame = new Blame()
  readonly #observed = new Observations()
  /** Undefined until they are admitted. */
  #modules: ReadonlyMap<string, AdmittedModule> | undefined
  #operatorEndpoint: OperatorEndpoint | undefined
  #state: 'new' | 'starting' | 'running' | 'closing' | 'closed' = 'new'
  #restartMs = restartMsMin
  #restartTimer: NodeJS.Timeout | undefined
  #started: { resolve: (serves: boolean) => void; reject: (error: Error) => void } | undefined
  #closing: Promise<void> | undefined
  #allEnded: (() => void) | undefined

  constructor(config: Config, log: Logger) {
    this.#config = config
    this.#log = log
    this.#others = otherAccounts(config)
    this.#tenantNames = new Set(config.tenants.map(({ name }) => name))
    this.#vacant = Array.from({ length: config.evaluators }, (_, index) => index)
  }

  /**
   * Resolves to true when every evaluator serves, to false if `close` came first. Rejects, with nothing left running,
   * if it cannot be.
   */
  async start(): Promise<boolean> {
    this.#state = 'starting'
    try {
      const { endpoint } = this.#config
      await prepareEndpoint(endpoint, this.#others.length > 0)
      if (!this.#isOpen) return false
      const serves = new Promise<boolean>((resolve, reject) => {
        this.#started = { resolve, reject }
      })
      serves.catch(() => {}) // it is waited for below, when the policies are there
      // Evaluators begin while policies are admitted: each of the two is half of a start.
      this.#fill()
      const modules = await admitPolicies(this.#config, this.#log, (error) => this.#report(error))
      if (!this.#isOpen) return false
      this.#operatorEndpoint = await OperatorEndpoint.open(endpoint, (command) => this.#obey(command))
      if (!this.#isOpen) {
        this.#operatorEndpoint.close()
        return false
      }
      // Nothing comes between the two: an evaluator that began in between would be equipped twice.
      this.#modules = modules
      for (const evaluator of this.#evaluators) this.#equip(evaluator, modules)
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

  /** Finishes what was accepted and ends every process. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    this.#state = 'closing'
    clearTimeout(this.#restartTimer)
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
    if (this.#modules !== undefined) this.#equip(evaluator, this.#modules)
  }

  /** Gives a new evaluator everything that it decides by. */
  #equip(evaluator: EvaluatorProcess, modules: ReadonlyMap<string, AdmittedModule>): void {
    const { guard, tenants } = this.#config
    for (const [digest, { bytes, digest: metered }] of modules) {
      evaluator.send({ type: 'policy', digest, metered, base64: bytes.toString('base64') })
    }
    for (const tenant of tenants) evaluator.send({ type: 'tenant', tenant })
    evaluator.send({ type: 'quarantine', versions: this.#blame.quarantined })
    evaluator.send({ type: 'table', generation: GENERATION, ...(guard !== undefined && { guard }) })
    evaluator.expectReady()
  }

  /** Gives ready evaluators the numbers that nobody serves under. */
  #assign(): void {
    const { endpoint, evaluators: count } = this.#config
    for (const evaluator of this.#isOpen ? this.#evaluators : []) {
      const index = evaluator.state === 'ready' ? this.#vacant.shift() : undefined
      if (index === undefined) continue
      evaluator.serve({ type: 'serve', index, count, endpoint, others: this.#others })
    }
  }

  #report({ code, detail }: PortcullisError): void {
    this.#log.error({ event: 'evaluator-failed', code, detail }, 'an evaluator failed')
  }

  #fail(error: PortcullisError): void {
    this.#report(error)
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
      case 'gap':
        return this.#gap(from, message.lost)
      case 'connection':
        if (message.record.tenant !== undefined) this.#known(message.record.tenant)
        this.#observed.connection(from, message)
        return logConnection(this.#log, message.record, from.index)
      case 'disconnection':
        return this.#observed.disconnection(from, message.connection)
      case 'held':
        return this.#judgeLater(from, this.#known(message.tenant), message.id)
      default:
        this.#observed.decision(this.#known(message.record.tenant))
        return logDecision(this.#log, message.record, from.index)
    }
  }

  #known(tenant: string): string {
    if (this.#tenantNames.has(tenant)) return tenant
    throw new PortcullisError('ERR_CHANNEL', 'an evaluator speaks of a tenant that does not exist')
  }

  overtime(from: EvaluatorProcess, overtime: Overtime): void {
    if (!isConfigured(this.#config, overtime)) {
      throw new PortcullisError(
        'ERR_CHANNEL',
        'an evaluator speaks of a tenant or a policy that does not exist',
      )
    }
    logOvertime(this.#log, overtime, from.index)
    this.#blameFor(overtime, overtime.processorMs >= processorMsMax ? 'processor time' : 'wall time')
  }

  // ---- whose doing it was

  /** An evaluator that has died at the same moment must be known of before there is a verdict. */
  #judgeLater(from: EvaluatorProcess, tenant: string, id: string): void {
    setTimeout(() => {
      if (from.state !== 'serving') return
      from.send({ type: 'verdict', id, tenant, cleared: this.#blame.clears(id, tenant, Date.now()) })
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
      this.#tellQuarantine()
    }
  }

  #tellQuarantine(): void {
    for (const evaluator of this.#evaluators) {
      evaluator.send({ type: 'quarantine', versions: this.#blame.quarantined })
    }
  }

  #obey(command: OperatorCommand): unknown {
    switch (command.command) {
      case 'quarantine':
        return this.#blame.quarantined
      case 'lift':
        return this.#lift(command.tenant)
      case 'status':
        return this.#observed.status({
          config: this.#config,
          generation: GENERATION,
          state: this.#state,
          evaluators: [...this.#evaluators],
          quarantined: this.#blame.quarantined.length,
        })
      case 'stop':
        this.#log.info({ event: 'closing', signal: 'stop' }, 'finishing what was accepted')
        setImmediate(() => void this.close()) // the answer first
        return true
    }
  }

  #lift(tenant: string): readonly Quarantined[] {
    const lifted = this.#blame.lift(tenant)
    if (lifted.length === 0) return lifted
    this.#log.warn({ event: 'quarantine-lifted', tenant, versions: lifted }, 'policies run again')
    this.#tellQuarantine()
    return lifted
  }

  /** A gap is recorded as a gap: whoever reads the log must not take it for silence. */
  #gap({ index: evaluator }: EvaluatorProcess, lost: number | 'unknown'): void {
    this.#log.error({ event: 'gap', evaluator, lost }, 'records are lost')
  }

  dead(from: EvaluatorProcess, how: string, printed: string, running: Running | undefined): void {
    this.#evaluators.delete(from)
    this.#observed.evaluatorGone(from)
    if (running !== undefined && !from.overran && isConfigured(this.#config, running)) {
      this.#blameFor(running, running.overtimeMs >= processorMsMax ? 'processor time' : endOf(how))
    }
    const { index: evaluator, pid: evaluatorPid } = from
    if (printed !== '')
      this.#log.error({ event: 'evaluator-printed', evaluator, text: printed }, 'a dying evaluator wrote')
    // The watchdog sends all records before it kills; any other sudden end may have taken some along.
    if (from.hasServed && how !== 'exit status 0' && !from.overran) this.#gap(from, 'unknown')
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

function endOf(how: string): End {
  return ownSignals.includes(how) || how.startsWith('exit status') ? 'crash' : 'from outside'
}
