/**
 * One evaluator process as the supervisor sees it: started with everything that limits it, spoken to over descriptor
 * 3, with a page on descriptor 4 that says what it works on, gone when its process is gone. It reports what happens to its owner and decides nothing.
 *
 *   loading --it says ready--> ready --serve()--> assigned --it says serving--> serving
 *       any state --the process ends--> dead (exactly once)
 *
 * What it sends is believed only as far as it is well formed and comes in its turn; anything else ends the process.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'

import { encodeFrame, FrameReader } from '../control/frames.ts'
import type { FromEvaluator, ToEvaluator } from '../control/messages.ts'
import { type Overtime, type Running, readMessage, readOvertime } from '../control/read-message.ts'
import { engineFlags } from '../engine-flags.ts'
import { PortcullisError } from '../errors.ts'
import { backlogBytesMax, evaluatorReadyMsMax, lastWordsMsMax, printedBytesMax } from '../limits.ts'
import { evaluatorMain } from '../paths.ts'
import { frameType } from '../wire/layout.ts'
import { DecisionCount } from './decision-count.ts'
import { RunningPage } from './running-page.ts'

const CONTROL_DESCRIPTOR = 3

/** What an evaluator says that does not change its state. */
export type Told = Exclude<FromEvaluator, { type: 'ready' | 'serving' | 'failed' }>

/** Why decisions are lost: the supervisor was too far behind to be told, or the evaluator ended before it had told them. */
export type Cause = 'backlog' | 'evaluator ended'

export interface EvaluatorOwner {
  ready(from: EvaluatorProcess): void
  serving(from: EvaluatorProcess, index: number): void
  /** It could not do what it was told, or does not speak as an evaluator does. Its end follows. */
  failed(from: EvaluatorProcess, error: PortcullisError): void
  told(from: EvaluatorProcess, message: Told): void
  overtime(from: EvaluatorProcess, overtime: Overtime): void
  /** So many decisions of it are lost: before the one that is told next, or before its end, which is told next. */
  lost(from: EvaluatorProcess, decisions: number | 'unknown', cause: Cause): void
  /**
   * The process has ended; nothing else comes from it. `printed`: what Node wrote to standard error. `running`: the
   * question that it was working on.
   */
  dead(from: EvaluatorProcess, how: string, printed: string, running: Running | undefined): void
}

export class EvaluatorProcess {
  state: 'loading' | 'ready' | 'assigned' | 'serving' | 'dead' = 'loading'
  /** Which evaluator it serves as, or is to; undefined for a spare. */
  index: number | undefined
  /** Whether it has ever served: one that has may be replaced without a pause. */
  hasServed = false
  /** Whether its watchdog has answered for it: then its end loses nothing. */
  overran = false
  readonly #child: ChildProcess
  readonly #control: Duplex
  readonly #owner: EvaluatorOwner
  readonly #frames = new FrameReader()
  readonly #page = new RunningPage()
  readonly #decisions = new DecisionCount()
  #printed = ''
  #timer: NodeJS.Timeout | undefined

  /** Throws ERR_EVALUATOR_START if the system has no process or descriptor to give. */
  constructor(owner: EvaluatorOwner) {
    this.#owner = owner
    // An empty environment, but for what Windows needs: an evaluator is given nothing that it does not need. Its standard error is kept apart from
    // ours, because whoever can write into the log can write anything into it.
    this.#child = spawn(process.execPath, [...engineFlags, evaluatorMain], {
      env: {},
      stdio: ['ignore', 'ignore', 'pipe', 'overlapped', this.#page.descriptor], // 'overlapped' is 'pipe' but on Windows
    })
    this.#child.on('error', (error) => this.#dead(error.message))
    this.#child.on('close', (status, signal) => this.#dead(signal ?? `exit status ${status}`))
    // What a turned evaluator has left behind may hold its streams open; it is dead all the same.
    this.#child.on('exit', (status, signal) => {
      setTimeout(() => {
        if (this.state === 'dead') return
        this.#control.destroy()
        this.#child.stderr?.destroy()
        this.#dead(signal ?? `exit status ${status}`)
      }, lastWordsMsMax).unref()
    })
    const control = this.#child.stdio?.[CONTROL_DESCRIPTOR]
    if (control === undefined || control === null) {
      this.state = 'dead'
      this.#page.lastWords()
      throw new PortcullisError('ERR_EVALUATOR_START', 'the system has no process or descriptor to give')
    }
    this.#control = control as Duplex
    this.#control.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#control.on('error', () => this.kill())
    this.#child.stderr?.on('error', () => {})
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      if (this.#printed.length < printedBytesMax)
        this.#printed += chunk.toString('latin1', 0, printedBytesMax)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get isLoading(): boolean {
    return this.state === 'loading'
  }

  send(message: ToEvaluator): void {
    this.#control.write(encodeFrame(frameType.control, Buffer.from(JSON.stringify(message))))
    if (this.state === 'serving' && this.#control.writableLength > backlogBytesMax) this.kill()
  }

  /** Sends them as it takes them: what waits for it stays small, however many there are. */
  async sendAll(messages: Iterable<ToEvaluator>): Promise<void> {
    for (const message of messages) {
      if (this.#control.destroyed) return
      this.send(message)
      if (this.#control.writableNeedDrain) {
        await new Promise<void>((resolve) => {
          const go = () => {
            this.#control.off('drain', go).off('close', go)
            resolve()
          }
          this.#control.once('drain', go).once('close', go)
        })
      }
    }
  }

  /** It has been sent everything that it is to load: from now on it is waited for. */
  expectReady(): void {
    this.#timer = setTimeout(() => this.#tooLate(), evaluatorReadyMsMax)
  }

  /** Makes a ready evaluator serve under a number. */
  serve(message: ToEvaluator & { type: 'serve' }): void {
    if (this.state !== 'ready') throw new PortcullisError('ERR_HOST_FAULT', `serve in state ${this.state}`)
    this.state = 'assigned'
    this.index = message.index
    this.#timer = setTimeout(() => this.#tooLate(), evaluatorReadyMsMax)
    this.send(message)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #tooLate(): void {
    this.#fail(
      new PortcullisError('ERR_EVALUATOR_START', `still ${this.state} after ${evaluatorReadyMsMax} ms`),
    )
  }

  #fail(error: PortcullisError): void {
    this.#owner.failed(this, error)
    this.kill()
  }

  #take(chunk: Buffer): void {
    try {
      for (const { type, body } of this.#frames.take(chunk)) {
        if (type === frameType.overtime) this.#overran(readOvertime(body))
        else this.#heed(readMessage(body))
      }
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      this.#control.removeAllListeners('data')
      this.#decisions.disbelieve()
      this.#fail(error)
    }
  }

  /** The last frame of an evaluator: whatever comes after it is no evaluator's. */
  #overran(overtime: Overtime): void {
    if (this.overran) throw new PortcullisError('ERR_CHANNEL', 'an evaluator ended twice')
    this.#missed(this.#decisions.told(overtime.sequence))
    this.#owner.overtime(this, overtime)
    this.overran = true
  }

  #missed(decisions: number): void {
    if (decisions > 0) this.#owner.lost(this, decisions, 'backlog')
  }

  #heed(message: FromEvaluator): void {
    switch (message.type) {
      case 'ready':
        this.#advance('loading', 'ready')
        this.#owner.ready(this)
        break
      case 'serving':
        this.#advance('assigned', 'serving')
        this.hasServed = true
        this.#owner.serving(this, this.index ?? message.index)
        break
      case 'unprepared':
        if (this.state === 'loading') this.#fail(new PortcullisError(message.code, message.detail))
        else this.#owner.told(this, message)
        break
      case 'failed':
        this.#fail(new PortcullisError(message.code, message.detail))
        break
      case 'decision':
        this.#missed(this.#decisions.told(message.sequence))
        this.#owner.told(this, message)
        break
      case 'lost':
        this.#missed(this.#decisions.counted(message.decided))
        this.#owner.told(this, message)
        break
      default:
        this.#owner.told(this, message)
    }
  }

  #advance(from: 'loading' | 'assigned', to: 'ready' | 'serving'): void {
    if (this.state !== from)
      throw new PortcullisError('ERR_CHANNEL', `an evaluator says ${to} while ${this.state}`)
    clearTimeout(this.#timer)
    this.state = to
  }

  #dead(how: string): void {
    if (this.state === 'dead') return
    clearTimeout(this.#timer)
    this.state = 'dead'
    const { running, decided } = this.#page.lastWords()
    const lost = this.#decisions.ended(decided)
    if (lost !== 0 && this.index !== undefined) this.#owner.lost(this, lost, 'evaluator ended')
    this.#owner.dead(this, how, this.#printed.slice(0, printedBytesMax), running)
  }
}
