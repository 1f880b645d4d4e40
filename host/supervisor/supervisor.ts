/**
 * The supervisor: keeps N evaluators serving and one spare warm, writes the log, and never runs tenant code.
 *
 *   start() --all serve--> running --close()--> closing --all ended--> closed
 *
 * An evaluator that dies is replaced by the spare at once, and the spare by a new process. One that dies before it has
 * ever served is not started again in a loop: each failure in a row doubles the pause.
 */

import type { Logger } from 'pino'

import { PortcullisError } from '../errors.ts'
import { closeMsMax, restartMsMax, restartMsMin } from '../limits.ts'
import type { Config } from '../tenant/config.ts'
import type { FromEvaluator, ToEvaluator } from '../wire/control.ts'
import { isOpenToOthers, prepareEndpointFolder } from './endpoint-folder.ts'
import { type EvaluatorOwner, EvaluatorProcess, type Overtime } from './evaluator-process.ts'
import { logConnection, logDecisions, logOvertime } from './log.ts'

/** The configuration is read once, at start. */
const GENERATION = 1

export class Supervisor implements EvaluatorOwner {
  readonly #config: Config
  readonly #log: Logger
  readonly #openToOthers: boolean
  readonly #evaluators = new Set<EvaluatorProcess>()
  /** Numbers that no evaluator serves under at the moment. */
  readonly #vacant: number[]
  #state: 'new' | 'starting' | 'running' | 'closing' | 'closed' = 'new'
  #restartMs = restartMsMin
  #restartTimer: NodeJS.Timeout | undefined
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined
  #ended: (() => void) | undefined

  constructor(config: Config, log: Logger) {
    this.#config = config
    this.#log = log
    this.#openToOthers = isOpenToOthers(config)
    this.#vacant = Array.from({ length: config.evaluators }, (_, index) => index)
  }

  /** Resolves when every evaluator serves. Rejects, with nothing left running, if that cannot be. */
  async start(): Promise<void> {
    prepareEndpointFolder(this.#config.endpoint, this.#openToOthers)
    this.#state = 'starting'
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settle = { resolve, reject }
        this.#fill()
      })
    } catch (error) {
      await this.close()
      throw error
    }
    this.#state = 'running'
    const { endpoint, evaluators, tenants } = this.#config
    this.#log.info({ event: 'serving', endpoint, evaluators, tenants: tenants.length }, 'the host serves')
  }

  /** Finishes what was accepted and ends every process. May be called twice. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closing'
    clearTimeout(this.#restartTimer)
    const killTimer = setTimeout(() => {
      for (const evaluator of this.#evaluators) evaluator.kill()
    }, closeMsMax)
    if (this.#evaluators.size > 0) {
      for (const evaluator of this.#evaluators) evaluator.send({ type: 'close' })
      await new Promise<void>((resolve) => {
        this.#ended = resolve
      })
    }
    clearTimeout(killTimer)
    this.#state = 'closed'
    this.#log.info({ event: 'closed' }, 'the host has ended')
  }

  // ---- keeping the number

  get #isOpen(): boolean {
    return this.#state === 'starting' || this.#state === 'running'
  }

  /** As many processes as evaluators and one spare. */
  #fill(): void {
    while (this.#isOpen && this.#evaluators.size < this.#config.evaluators + 1) this.#spawn()
  }

  #spawn(): void {
    const { policies, guard, tenants } = this.#config
    const evaluator = new EvaluatorProcess(this)
    this.#evaluators.add(evaluator)
    for (const [digest, bytes] of policies) {
      evaluator.send({ type: 'policy', digest, base64: bytes.toString('base64') })
    }
    const table: ToEvaluator = { type: 'table', generation: GENERATION, tenants }
    evaluator.send(guard === undefined ? table : { ...table, guard })
  }

  /** Gives ready evaluators the numbers that nobody serves under. */
  #assign(): void {
    const { endpoint, evaluators: count } = this.#config
    for (const evaluator of this.#isOpen ? this.#evaluators : []) {
      const index = evaluator.state === 'ready' ? this.#vacant.shift() : undefined
      if (index === undefined) continue
      evaluator.serve({ type: 'serve', index, count, endpoint, openToOthers: this.#openToOthers })
    }
  }

  // ---- what evaluators report

  message(from: EvaluatorProcess, message: FromEvaluator): void {
    switch (message.type) {
      case 'ready':
        this.#ready(from, message)
        break
      case 'serving':
        this.#serving(from, message.index)
        break
      case 'failed':
        this.#fail(new PortcullisError(message.code, message.message))
        break
      case 'connection':
        logConnection(this.#log, message.record)
        break
      case 'decisions':
        logDecisions(this.#log, message.records, message.lost, from.index)
        break
    }
  }

  #ready(from: EvaluatorProcess, { faults }: FromEvaluator & { type: 'ready' }): void {
    this.#log.debug({ event: 'evaluator-ready', evaluatorPid: from.pid }, 'an evaluator is ready')
    if (faults.length > 0) {
      const details = faults.map(({ digest, message }) => `sha256 ${digest.slice(0, 12)}…: ${message}`)
      return this.#fail(new PortcullisError('ERR_CONFIG_POLICY', details.join('; ')))
    }
    this.#assign()
  }

  #serving(from: EvaluatorProcess, index: number): void {
    this.#restartMs = restartMsMin
    this.#log.info(
      { event: 'evaluator-serving', evaluator: index, evaluatorPid: from.pid },
      `evaluator ${index} serves`,
    )
    const serving = [...this.#evaluators].filter(({ state }) => state === 'serving')
    if (serving.length === this.#config.evaluators) this.#settle?.resolve()
  }

  #fail(error: Error): void {
    this.#log.error({ event: 'evaluator-failed', err: error }, error.message)
    if (this.#state === 'starting') this.#settle?.reject(error)
  }

  printed(from: EvaluatorProcess, text: string): void {
    this.#log.error(
      { event: 'evaluator-printed', evaluator: from.index, text },
      'an evaluator printed something',
    )
  }

  overtime(from: EvaluatorProcess, overtime: Overtime): void {
    logOvertime(this.#log, overtime, from.index)
  }

  dead(from: EvaluatorProcess, how: string): void {
    this.#evaluators.delete(from)
    if (this.#isOpen) {
      const fields = { event: 'evaluator-died', evaluator: from.index, evaluatorPid: from.pid, how }
      this.#log.warn(fields, `evaluator ${from.index ?? '(spare)'} has ended: ${how}`)
      if (from.index !== undefined) this.#vacant.push(from.index)
      if (from.proven) this.#replace()
      else this.#replaceLater(how)
    } else if (this.#evaluators.size === 0) {
      this.#ended?.()
    }
  }

  #replace(): void {
    this.#assign()
    this.#fill()
  }

  #replaceLater(how: string): void {
    if (this.#state === 'starting') return this.#fail(new PortcullisError('ERR_EVALUATOR_START', how))
    this.#restartTimer = setTimeout(() => this.#replace(), this.#restartMs)
    this.#restartMs = Math.min(this.#restartMs * 2, restartMsMax)
  }
}
