/**
 * The audit log as the supervisor has it: records go in and never wait; a thread of its own writes them. What the disk cannot take
 * waits in a bounded backlog, and what has no room there is counted, and stands in the log as a gap.
 *
 *     open --the log's end was read--> open --close()--> closing --all safe, or late--> closed
 *
 * With `deny` the owner is told when the log is behind, so that no decision is made that it might not hold: half of the backlog is
 * full, or the disk refuses. With `spill` decisions go on. In both, nothing is missing silently.
 */

import { dirname } from 'node:path'

import type { ConnectionRecord, DecisionRecord } from '../control/messages.ts'
import { overtimeDecision } from '../control/overtime-decision.ts'
import type { Overtime } from '../control/read-message.ts'
import { type ErrorCode, PortcullisError } from '../errors.ts'
import { FileLock } from '../files/lock.ts'
import { auditCloseMsMax, auditRetryMsMax, auditRetryMsMin } from '../limits.ts'
import { version as release } from '../paths.ts'
import { Backlog } from './backlog.ts'
import { realAuditDisk } from './disk.ts'
import { auditFailure } from './failure.ts'
import { lockPath } from './files.ts'
import {
  type AuditAct,
  type AuditDenials,
  type AuditGap,
  type AuditQuarantine,
  type Members,
  type RecordType,
  textOf,
} from './format.ts'
import type { LogBounds } from './log-end.ts'
import { actMembers, denialsMembers } from './members.ts'
import type { FromWriter, Progress, Trouble } from './messages.ts'
import { type StartWriter, startWriterThread, type WriterThread } from './writer-thread.ts'

export type { AuditAct, AuditDenials, AuditGap, AuditQuarantine } from './format.ts'

export interface AuditOptions {
  /** Made if it is not there; those above it have to be. */
  readonly folder: string
  readonly whenBehind: 'deny' | 'spill'
  readonly fileBytes: number
  /** Without it, files stay. */
  readonly keepDays?: number
  /** Of more files than this the oldest go. Without it, none for their number. */
  readonly files?: number
}

export interface AuditOwner {
  /** With `deny` only: whether decisions are to be refused. */
  behind(isBehind: boolean): void
  /** The disk refuses something. It is tried again; this is said once until `recovered`. */
  failed(error: PortcullisError): void
  recovered(): void
  /** So many records were not kept; the log says so from now on. */
  gap(lost: number): void
}

export interface AuditStatus {
  readonly folder: string
  /** Of the last record that is safe, and its number. */
  readonly head: string
  readonly sequence: number
  /** Records accepted and not yet on the disk, and how long the oldest of them has waited. */
  readonly lag: number
  readonly lagMs: number
  /** Since the host started: gaps that were recorded, and the records in those whose size is known. */
  readonly gaps: number
  readonly lost: number
  readonly isBehind: boolean
  readonly whenBehind: 'deny' | 'spill'
  readonly bytesWritten: number
  readonly filesRemoved: number
  readonly error?: { readonly code: ErrorCode; readonly detail: string }
}

function boundsOf({ fileBytes, keepDays, files }: AuditOptions): LogBounds {
  return { fileBytes, ...(keepDays !== undefined && { keepDays }), ...(files !== undefined && { files }) }
}

const nothing: Progress = { batches: 0, head: '', sequence: 0, bytesWritten: 0, filesRemoved: 0 }

export class Audit {
  #options: AuditOptions
  readonly #owner: AuditOwner
  readonly #start: StartWriter
  readonly #lock: { release(): void }
  readonly #backlog: Backlog
  readonly #troubles = new Map<Trouble, PortcullisError>()
  #writer: WriterThread | undefined
  /** Of this thread; and what threads before it had done that have ended. */
  #progress = nothing
  #before = { bytesWritten: 0, filesRemoved: 0 }
  #batchesSafe = 0
  /** The thread takes batches. */
  #isOpen = false
  #hasBeenOpen = false
  #restartMs = auditRetryMsMin
  #restartTimer: NodeJS.Timeout | undefined
  #flush: NodeJS.Immediate | undefined
  #isBehind = false
  #opening: { resolve: () => void; reject: (error: Error) => void } | undefined
  #closing: Promise<void> | undefined
  #ended: (() => void) | undefined

  private constructor(
    options: AuditOptions,
    owner: AuditOwner,
    lock: { release(): void },
    start: StartWriter,
    backlog: Backlog,
  ) {
    this.#options = options
    this.#owner = owner
    this.#lock = lock
    this.#start = start
    this.#backlog = backlog
  }

  /** Rejects with ERR_AUDIT_OPEN, ERR_AUDIT_DAMAGED, and ERR_FILE_LOCKED if another process writes there. */
  static async open(
    options: AuditOptions,
    owner: AuditOwner,
    start: StartWriter = startWriterThread,
    backlog = new Backlog(),
  ): Promise<Audit> {
    const { folder } = options
    try {
      realAuditDisk.makeFolder(folder)
      realAuditDisk.syncFolder(dirname(folder))
    } catch (error) {
      throw auditFailure(error, folder, 'ERR_AUDIT_OPEN')
    }
    const audit = new Audit(options, owner, FileLock.take(lockPath(folder)), start, backlog)
    try {
      await new Promise<void>((resolve, reject) => {
        audit.#opening = { resolve, reject }
        audit.#startWriter()
      })
    } catch (error) {
      audit.#lock.release()
      throw error
    }
    return audit
  }

  // ---- what is recorded

  decision(record: DecisionRecord, evaluator: number | undefined): void {
    // An evaluator may say anything that is a number.
    const timeMs = Number.isSafeInteger(record.timeMs) ? record.timeMs : Date.now()
    this.#record('decision', { ...record, timeMs, evaluator }, timeMs)
  }

  /** The decision of a watchdog. */
  overtime(overtime: Overtime, evaluator: number | undefined): void {
    this.#record('decision', { ...overtimeDecision(overtime), evaluator })
  }

  act(act: AuditAct): void {
    this.#record('act', actMembers(act))
  }

  /** Records of which it is known that they are not there. */
  gap(gap: AuditGap): void {
    this.#record('gap', gap)
  }

  pluginDenials(denials: AuditDenials): void {
    this.#record('plugin-denials', denialsMembers(denials))
  }

  connectionRefused({ accepted: _, ...record }: ConnectionRecord): void {
    this.#record('connection-refused', record)
  }

  quarantined(quarantine: AuditQuarantine): void {
    this.#record('quarantined', quarantine)
  }

  #record<Type extends RecordType>(type: Type, members: Members[Type], timeMs = Date.now()): void {
    // The last record is on its way. Nothing comes after it; that something should have is not kept quiet.
    if (this.#closing !== undefined) return this.#owner.gap(1)
    this.#backlog.offer(type, timeMs, members, Date.now())
    this.#judge()
    this.#sendSoon()
  }

  // ---- how it stands

  /** Everything but the folder may be another one from now on. */
  reconfigure(options: AuditOptions): void {
    if (options.folder !== this.#options.folder) {
      throw new PortcullisError(
        'ERR_HOST_FAULT',
        'an audit log was told to move; another one is to be opened',
      )
    }
    const { whenBehind: before } = this.#options
    this.#options = options
    this.#writer?.tell({ type: 'bounds', bounds: boundsOf(options) })
    if (this.#isBehind && before !== options.whenBehind) this.#owner.behind(options.whenBehind === 'deny')
  }

  status(): AuditStatus {
    const { folder, whenBehind } = this.#options
    const { head, sequence, bytesWritten, filesRemoved } = this.#progress
    const error = this.#troubles.get('writing') ?? this.#troubles.get('removing')
    return {
      folder,
      head,
      sequence,
      lag: this.#backlog.records,
      lagMs: Math.round(this.#backlog.ageMs(Date.now())),
      gaps: this.#backlog.gaps,
      lost: this.#backlog.lost,
      isBehind: this.#isBehind,
      whenBehind,
      bytesWritten: this.#before.bytesWritten + bytesWritten,
      filesRemoved: this.#before.filesRemoved + filesRemoved,
      ...(error !== undefined && { error: { code: error.code, detail: error.detail } }),
    }
  }

  #judge(): void {
    const { share } = this.#backlog
    const isBehind = this.#troubles.has('writing') || share > 1 / 2 || (this.#isBehind && share >= 1 / 4)
    if (isBehind === this.#isBehind) return
    this.#isBehind = isBehind
    if (this.#options.whenBehind === 'deny') this.#owner.behind(isBehind)
  }

  #fail(what: Trouble, error: PortcullisError): void {
    const isNew = !this.#troubles.has(what)
    this.#troubles.set(what, error)
    if (isNew) this.#owner.failed(error)
    this.#judge()
  }

  #recover(what: Trouble): void {
    if (this.#troubles.delete(what)) this.#owner.recovered()
    this.#judge()
  }

  // ---- the thread that writes

  #startWriter(): void {
    const started = this.#hasBeenOpen ? undefined : { release, processId: process.pid }
    const data = {
      folder: this.#options.folder,
      bounds: boundsOf(this.#options),
      ...(started !== undefined && { started }),
    }
    this.#batchesSafe = 0
    this.#writer = this.#start(data, {
      said: (message) => this.#said(message),
      ended: (why) => this.#writerEnded(why),
    })
  }

  /** With all else that comes before this thread waits again. */
  #sendSoon(): void {
    this.#flush ??= setImmediate(() => this.#send())
  }

  #send(): void {
    clearImmediate(this.#flush)
    this.#flush = undefined
    if (!this.#isOpen) return
    for (let texts = this.#backlog.take(); texts !== undefined; texts = this.#backlog.take()) {
      this.#writer?.tell({ type: 'batch', texts })
    }
  }

  #said(message: FromWriter): void {
    switch (message.type) {
      case 'opened':
        this.#isOpen = true
        if (message.foundGap) this.#backlog.foundGap()
        this.#hasBeenOpen = true
        this.#progress = message.progress
        this.#restartMs = auditRetryMsMin
        this.#opening?.resolve()
        this.#opening = undefined
        this.#recover('writing')
        if (this.#closing !== undefined) return this.#finish()
        this.#closeGap()
        return this.#send()
      case 'refused':
        return this.#refused(new PortcullisError(message.code, message.detail))
      case 'safe':
        return this.#safe(message.progress)
      case 'failed':
        return this.#fail(message.what, new PortcullisError(message.code, message.detail))
      case 'recovered':
        return this.#recover(message.what)
      case 'closed':
        this.#isOpen = false
    }
  }

  #refused(error: PortcullisError): void {
    if (this.#hasBeenOpen) return this.#fail('writing', error)
    this.#opening?.reject(error)
    this.#opening = undefined
  }

  #safe(progress: Progress): void {
    this.#backlog.settle(progress.batches - this.#batchesSafe)
    this.#batchesSafe = progress.batches
    this.#progress = progress
    this.#closeGap()
    this.#judge()
  }

  #closeGap(mustBe = false): void {
    const lost = this.#backlog.closeGap(Date.now(), mustBe)
    if (lost === undefined) return
    this.#owner.gap(lost)
    this.#sendSoon()
  }

  /** What it had and was not safe may be there or not: the log says so itself, when the next thread finds no end in it. */
  #writerEnded(why: string): void {
    this.#writer = undefined
    this.#isOpen = false
    if (this.#closing !== undefined) return this.#ended?.()
    const { folder } = this.#options
    if (!this.#hasBeenOpen) return this.#refused(new PortcullisError('ERR_AUDIT_OPEN', `${folder}: ${why}`))
    const { bytesWritten, filesRemoved } = this.#progress
    this.#before.bytesWritten += bytesWritten
    this.#before.filesRemoved += filesRemoved
    this.#progress = { ...this.#progress, bytesWritten: 0, filesRemoved: 0 }
    this.#backlog.abandon()
    this.#troubles.delete('removing') // the next one says it again, if it is still so
    this.#fail('writing', new PortcullisError('ERR_AUDIT_WRITE', `${folder}: ${why}; another is started`))
    this.#restartTimer = setTimeout(() => this.#startWriter(), this.#restartMs)
    this.#restartMs = Math.min(this.#restartMs * 2, auditRetryMsMax)
  }

  // ---- the end

  /** Puts everything on the disk that has come; what is not there in time is told of as lost. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    clearTimeout(this.#restartTimer)
    const writer = this.#writer
    if (writer !== undefined) {
      const late = setTimeout(() => writer.destroy(), auditCloseMsMax)
      await new Promise<void>((resolve) => {
        this.#ended = resolve
        if (this.#isOpen) this.#finish() // one that is just being started is told when it takes batches
      })
      clearTimeout(late)
    }
    clearImmediate(this.#flush)
    this.#lock.release()
    const lost = this.#backlog.records
    if (lost > 0) this.#owner.gap(lost)
  }

  #finish(): void {
    this.#closeGap(true)
    this.#send()
    const text = textOf('stopped', Date.now(), { release, processId: process.pid })
    this.#writer?.tell({ type: 'close', text })
  }
}
