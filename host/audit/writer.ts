/**
 * The thread that writes the audit log, but for being one: batches come, lines go to the disk, and what is safe is told. What the disk
 * refuses is told once and tried again until it works; batches wait meanwhile, and whoever sends them bounds how many.
 *
 *     batch --> write --> idle for 20 ms, or 1 s since the last --> sync --> safe
 *                 '-------------- failed --> again in 100 ms, 200 ms, ... 5 s --> recovered
 */

import { PortcullisError } from '../errors.ts'
import { auditIdleMs, auditRetainMs, auditRetryMsMax, auditRetryMsMin, auditSyncMs } from '../limits.ts'
import type { AuditDisk } from './disk.ts'
import { LogEnd } from './log-end.ts'
import type { FromWriter, Progress, ToWriter, Trouble, WriterData } from './messages.ts'

type Say = (message: FromWriter) => void

export class Writer {
  readonly #log: LogEnd
  readonly #say: Say
  readonly #troubles = new Set<Trouble>()
  #retryMs = auditRetryMsMin
  #retryTimer: NodeJS.Timeout | undefined
  #syncTimer: NodeJS.Timeout | undefined
  /** Since when something is written and not safe. */
  #unsafeSinceMs: number | undefined
  /** The text of the last record, until it has been added. */
  #lastText: string | undefined
  #isClosing = false
  readonly #retainTimer: NodeJS.Timeout

  /** Says `opened` or throws ERR_AUDIT_OPEN, ERR_AUDIT_DAMAGED. */
  constructor(disk: AuditDisk, { folder, bounds, started }: WriterData, say: Say) {
    this.#say = say
    this.#log = new LogEnd(disk, folder, bounds, Date.now(), started)
    this.#retainTimer = setInterval(() => this.#work(() => this.#log.retain(Date.now())), auditRetainMs)
    this.#remove()
    this.#say({ type: 'opened', progress: this.#progress(), foundGap: this.#log.foundGap })
  }

  told(message: ToWriter): void {
    switch (message.type) {
      case 'batch':
        this.#log.add(message.texts.split('\n'))
        break
      case 'bounds':
        this.#log.bounds = message.bounds
        this.#work(() => this.#log.retain(Date.now()))
        break
      case 'close':
        this.#isClosing = true
        this.#lastText = message.text
    }
    this.#work()
  }

  /** Ends without another word, wherever it is. */
  destroy(): void {
    clearInterval(this.#retainTimer)
    clearTimeout(this.#retryTimer)
    clearTimeout(this.#syncTimer)
    this.#log.close()
  }

  /** Writes what there is, and sees to it that it becomes safe in time. */
  #work(first: () => void = () => {}): void {
    if (this.#retryTimer !== undefined) return
    this.#attempt(() => {
      first()
      this.#log.write(Date.now())
      if (!this.#log.hasUnsafe && !this.#isClosing) return
      this.#unsafeSinceMs ??= performance.now()
      const dueMs = this.#unsafeSinceMs + auditSyncMs - performance.now()
      clearTimeout(this.#syncTimer)
      if (this.#isClosing || dueMs <= 0) this.#sync()
      else this.#syncTimer = setTimeout(() => this.#attempt(() => this.#sync()), Math.min(auditIdleMs, dueMs))
    })
  }

  #sync(): void {
    this.#log.sync()
    this.#unsafeSinceMs = undefined
    this.#retryMs = auditRetryMsMin
    this.#settle('writing')
    this.#remove()
    this.#say({ type: 'safe', progress: this.#progress() })
    if (!this.#isClosing) return
    if (this.#lastText !== undefined) {
      this.#log.add([this.#lastText])
      this.#lastText = undefined
      this.#log.write(Date.now())
      return this.#sync()
    }
    this.destroy()
    this.#say({ type: 'closed' })
  }

  #attempt(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#fail('writing', this.#log.failure(error))
      clearTimeout(this.#syncTimer)
      this.#retryTimer = setTimeout(() => {
        this.#retryTimer = undefined
        this.#attempt(() => {
          this.#log.write(Date.now())
          this.#sync()
        })
      }, this.#retryMs)
      this.#retryMs = Math.min(this.#retryMs * 2, auditRetryMsMax)
    }
  }

  #remove(): void {
    try {
      this.#log.removeDoomed()
      this.#settle('removing')
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      this.#fail('removing', error)
    }
  }

  #fail(what: Trouble, { code, detail }: PortcullisError): void {
    if (this.#troubles.has(what)) return
    this.#troubles.add(what)
    this.#say({ type: 'failed', what, code, detail })
  }

  #settle(what: Trouble): void {
    if (this.#troubles.delete(what)) this.#say({ type: 'recovered', what })
  }

  #progress(): Progress {
    const { position, batchesSafe, bytesWritten, filesRemoved } = this.#log
    return { batches: batchesSafe, ...position, bytesWritten, filesRemoved }
  }
}
