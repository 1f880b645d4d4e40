/**
 * One evaluator process as the supervisor sees it: started with everything that limits it, spoken to over descriptor
 * 3, gone when its process is gone. It reports what happens to its owner and decides nothing.
 *
 *   starting --ready--> ready --serve()--> serving
 *       any state --the process ends--> dead (exactly once)
 */

import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'

import { PortcullisError } from '../errors.ts'
import { evaluatorReadyMsMax, memoryPagesMax, tableEntriesMax } from '../limits.ts'
import { evaluatorMain } from '../paths.ts'
import type { ConnectionLabel, FromEvaluator, ToEvaluator } from '../wire/control.ts'
import { encodeFrame, FrameReader } from '../wire/frames.ts'
import { frameType, type Kind, kindOf, overtimeHeaderBytes } from '../wire/layout.ts'

/**
 * Flags of the evaluator's Node. The first two are limits that V8 itself enforces on every module. Compiling lazily would
 * put a compile time of the tenant's choosing inside a decision.
 */
const nodeFlags = [
  `--wasm-max-mem-pages=${memoryPagesMax}`,
  `--wasm-max-table-size=${tableEntriesMax}`,
  '--no-wasm-lazy-compilation',
  '--disable-proto=delete',
  '--disallow-code-generation-from-strings',
]

const CONTROL_DESCRIPTOR = 3

/** What is kept of anything that an evaluator prints: a stack trace fits. */
const printedCharactersMax = 4096

/** What the watchdog said with its last breath. */
export interface Overtime extends ConnectionLabel {
  readonly id: string
  readonly kind: Kind | undefined
  readonly attempt: number
  readonly processorMs: number
  readonly wallMs: number
}

export interface EvaluatorOwner {
  message(from: EvaluatorProcess, message: FromEvaluator): void
  overtime(from: EvaluatorProcess, overtime: Overtime): void
  /** It wrote to standard error, which only a dying one does. */
  printed(from: EvaluatorProcess, text: string): void
  /** The process has ended; nothing else comes from it. */
  dead(from: EvaluatorProcess, how: string): void
}

function readOvertime(body: Buffer): Overtime {
  const label = JSON.parse(body.toString('utf8', overtimeHeaderBytes)) as ConnectionLabel
  return {
    ...label,
    id: body.toString('hex', 0, 16),
    kind: kindOf(body.readUInt16LE(16)),
    attempt: body.readUInt16LE(18),
    processorMs: body.readUInt32LE(20),
    wallMs: body.readUInt32LE(24),
  }
}

export class EvaluatorProcess {
  state: 'starting' | 'ready' | 'serving' | 'dead' = 'starting'
  /** Which evaluator it serves as; undefined for a spare. */
  index: number | undefined
  /** Whether it has ever served: one that has may be replaced without a pause. */
  proven = false
  readonly #child: ChildProcess
  readonly #control: Duplex
  readonly #owner: EvaluatorOwner
  readonly #frames = new FrameReader()
  readonly #readyTimer: NodeJS.Timeout

  constructor(owner: EvaluatorOwner) {
    this.#owner = owner
    // An empty environment: an evaluator is given nothing that it does not need.
    this.#child = spawn(process.execPath, [...nodeFlags, evaluatorMain], {
      env: {},
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    })
    // What Node itself prints when it dies. Not inherited: an evaluator must not be able to write into the log.
    this.#child.stderr?.on('data', (chunk: Buffer) =>
      owner.printed(this, chunk.toString().slice(0, printedCharactersMax)),
    )
    this.#control = this.#child.stdio[CONTROL_DESCRIPTOR] as Duplex
    this.#control.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#control.on('error', () => this.kill())
    this.#child.on('error', (error) => this.#dead(error.message))
    this.#child.on('close', (status, signal) => this.#dead(signal ?? `exit status ${status}`))
    this.#readyTimer = setTimeout(() => this.kill(), evaluatorReadyMsMax)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  send(message: ToEvaluator): void {
    this.#control.write(encodeFrame(frameType.control, Buffer.from(JSON.stringify(message))))
  }

  /** Makes a ready evaluator serve under a number. */
  serve(message: ToEvaluator & { type: 'serve' }): void {
    if (this.state !== 'ready') throw new PortcullisError('ERR_HOST_FAULT', `serve in state ${this.state}`)
    this.state = 'serving'
    this.index = message.index
    this.send(message)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #take(chunk: Buffer): void {
    for (const { type, body } of this.#frames.take(chunk)) {
      if (type === frameType.overtime) this.#owner.overtime(this, readOvertime(body))
      else this.#message(JSON.parse(body.toString()) as FromEvaluator)
    }
  }

  #message(message: FromEvaluator): void {
    if (message.type === 'ready' && this.state === 'starting') {
      clearTimeout(this.#readyTimer)
      this.state = 'ready'
    }
    if (message.type === 'serving') this.proven = true
    this.#owner.message(this, message)
  }

  #dead(how: string): void {
    if (this.state === 'dead') return
    clearTimeout(this.#readyTimer)
    this.state = 'dead'
    this.#owner.dead(this, how)
  }
}
