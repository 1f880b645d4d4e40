/**
 * The admin process as the supervisor sees it: started when the configuration has an `admin`, kept running, ended with the host. What
 * becomes of it is logged and in the status, and nobody who asks for a decision notices.
 *
 *     off --configure--> starting --it says so--> listening
 *                           ^                         |
 *                           +---- after a pause ------+--it ends--> down
 *
 * It may have every command done that an operator's token allows, and no other (acts.ts).
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import { type FromAdmin, readFromAdmin, type ToAdmin } from '../admin/messages.ts'
import { howItEnded } from '../admission/disposable-process.ts'
import { PortcullisError } from '../errors.ts'
import {
  adminHeapMegabytesMax,
  apiCommandsMax,
  closeMsMax,
  printedBytesMax,
  restartMsMax,
  restartMsMin,
} from '../limits.ts'
import type { ApiCounts } from '../metrics/metrics.ts'
import { adminMain } from '../paths.ts'
import type { Admin } from '../tenant/admin.ts'
import { checkCommand, type OperatorCommand } from './operator-command.ts'

export interface AdminOwner {
  /** Returns what is answered; throws, or rejects, with what is told. */
  readonly obey: (command: OperatorCommand) => unknown
  readonly counts: (counts: ApiCounts) => void
}

export interface AdminStatus {
  readonly state: 'starting' | 'listening' | 'down'
  /** Where it listens. */
  readonly address?: string
  readonly processId?: number
  /** Why it does not. */
  readonly error?: { readonly code: string; readonly detail: string }
}

/** What it is started for. */
interface Wanted {
  readonly admin: Admin
  readonly recording: string | undefined
}

/** What a command of the admin process comes to: refused if it is none. */
export async function answerTo(
  id: number,
  value: object,
  { obey }: Pick<AdminOwner, 'obey'>,
): Promise<ToAdmin> {
  try {
    return { type: 'reply', id, result: await obey(checkCommand(value)) }
  } catch (error) {
    const { code, detail } =
      error instanceof PortcullisError
        ? error
        : new PortcullisError('ERR_HOST_FAULT', (error as Error).message)
    return { type: 'reply', id, error: { code, detail } }
  }
}

export class AdminProcess {
  readonly #owner: AdminOwner
  readonly #log: Logger
  #wanted: Wanted | undefined
  #child: ChildProcess | undefined
  #status: AdminStatus = { state: 'starting' }
  #underWay = 0
  /** Answers that the channel has not taken yet. */
  #untaken = 0
  #restartMs = restartMsMin
  #restartTimer: NodeJS.Timeout | undefined
  /** It was told to end. */
  #isEnding = false
  #isClosing = false

  constructor(owner: AdminOwner, log: Logger) {
    this.#owner = owner
    this.#log = log
  }

  /** Undefined if the configuration has none. */
  get status(): AdminStatus | undefined {
    return this.#wanted === undefined ? undefined : this.#status
  }

  /** As the configuration says now. Another place to listen, or other tokens, are another process. */
  configure(admin: Admin | undefined, recording: string | undefined): void {
    if (this.#isClosing) return
    const before = this.#wanted
    this.#wanted = admin && { admin, recording }
    if (isDeepStrictEqual(before?.admin, admin)) {
      if (this.#wanted !== undefined) this.#tell(configureMessage(this.#wanted))
      return
    }
    clearTimeout(this.#restartTimer)
    this.#restartMs = restartMsMin
    this.#status = { state: 'starting' }
    if (this.#child === undefined) this.#start()
    else this.#end(this.#child) // its end starts the next one
  }

  /** Resolves when the process has ended. */
  async close(): Promise<void> {
    this.#isClosing = true
    clearTimeout(this.#restartTimer)
    const child = this.#child
    if (child === undefined) return
    await new Promise<void>((resolve) => {
      child.once('close', () => resolve())
      this.#end(child)
    })
  }

  #start(): void {
    const wanted = this.#wanted
    if (wanted === undefined) return
    // One that cannot listen is tried again and again: why it could not stays told until it can.
    this.#status = { ...this.#status, state: 'starting' }
    // Nothing of our environment, and a heap of its own: what strangers send cannot take the host's memory.
    const child = spawn(process.execPath, [`--max-old-space-size=${adminHeapMegabytesMax}`, adminMain], {
      env: {},
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child = child
    this.#underWay = 0
    this.#untaken = 0
    let printed = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      if (printed.length < printedBytesMax) printed += chunk.toString('latin1', 0, printedBytesMax)
    })
    child.on('message', (message) => this.#take(child, message))
    child.on('error', (error) => this.#gone(child, error.message))
    child.on('close', (status, signal) => this.#gone(child, howItEnded(status, signal, printed)))
    this.#tell(configureMessage(wanted))
  }

  /** `then`: the channel has taken it, or cannot: one that cannot be sent to is about to end. */
  #tell(message: ToAdmin, then: () => void = () => {}): void {
    if (this.#child?.connected) this.#child.send(message, then)
  }

  /** Lets it end by itself, for a while. */
  #end(child: ChildProcess): void {
    this.#isEnding = true
    this.#tell({ type: 'close' })
    const timer = setTimeout(() => child.kill('SIGKILL'), closeMsMax)
    child.once('close', () => clearTimeout(timer))
  }

  #take(child: ChildProcess, value: unknown): void {
    if (child !== this.#child) return
    try {
      this.#heed(readFromAdmin(value))
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      this.#failed(error)
      child.kill('SIGKILL')
    }
  }

  #heed(message: FromAdmin): void {
    switch (message.type) {
      case 'listening':
        this.#restartMs = restartMsMin
        this.#status = {
          state: 'listening',
          address: message.address,
          ...(this.#child?.pid !== undefined && { processId: this.#child.pid }),
        }
        this.#log.info({ event: 'api-listening', address: message.address }, 'the admin API is served')
        return
      case 'failed':
        return this.#failed(new PortcullisError(message.code, message.detail))
      case 'command':
        // One that asks and does not read what it is answered would have us keep all of it.
        if (this.#underWay >= apiCommandsMax || this.#untaken >= apiCommandsMax) {
          throw new PortcullisError('ERR_CHANNEL', 'the admin process has more commands than it may')
        }
        this.#underWay++
        void this.#obey(message.id, message.command)
        return
      case 'log': {
        const { level, event, code, detail } = message
        this.#log[level]({ event, code, detail }, 'the admin process')
        return
      }
      case 'counts': {
        const { type: _, ...counts } = message
        return this.#owner.counts(counts)
      }
    }
  }

  async #obey(id: number, value: object): Promise<void> {
    const child = this.#child
    const reply = await answerTo(id, value, this.#owner)
    if (child !== this.#child) return
    this.#underWay--
    this.#untaken++
    this.#tell(reply, () => {
      if (child === this.#child) this.#untaken--
    })
  }

  #failed({ code, detail }: PortcullisError): void {
    const isNews = this.#status.error?.detail !== detail
    this.#status = { state: 'down', error: { code, detail } }
    if (isNews) this.#log.error({ event: 'api-down', code, detail }, 'the admin API is not served')
  }

  #gone(child: ChildProcess, how: string): void {
    if (child !== this.#child) return
    const wasTold = this.#isEnding
    this.#child = undefined
    this.#isEnding = false
    if (this.#isClosing) return
    if (wasTold) return this.#start()
    if (this.#status.state !== 'down')
      this.#failed(new PortcullisError('ERR_ADMIN_LISTEN', `it ended (${how})`))
    this.#restartTimer = setTimeout(() => this.#start(), this.#restartMs)
    this.#restartMs = Math.min(this.#restartMs * 2, restartMsMax)
  }
}

function configureMessage({ admin, recording }: Wanted): ToAdmin {
  return { type: 'configure', ...admin, ...(recording !== undefined && { recording }) }
}
