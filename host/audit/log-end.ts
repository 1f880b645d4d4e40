/**
 * The end of an audit log, where lines are added. Synchronous, and on a thread of its own, because it waits for the disk.
 *
 *     add()   -> texts wait here
 *     write() -> numbered, chained, written; a file that is full is made safe first, and the next one begun
 *     sync()  -> safe; only now they are done, and files whose time has come go
 *
 * What is not safe is kept as bytes. If a call throws, the next `write` cuts the file where it is known to be safe and writes those
 * bytes again: the same lines, for they are numbered and chained already. After a failed fsync the system may have dropped what
 * was written, and say nothing of it the next time.
 */

import type { PortcullisError } from '../errors.ts'
import { auditBatchUnitsMax, auditFileMsMax } from '../limits.ts'
import { systemCode } from '../store/disk.ts'
import { lineOf } from './chain.ts'
import type { AuditDisk } from './disk.ts'
import { auditFailure } from './failure.ts'
import { filePath } from './files.ts'
import { FORMAT, type Members, type RecordType, textOf } from './format.ts'
import { type ClosedFile, openLog } from './open-log.ts'
import type { Position } from './read-file.ts'

export interface LogBounds {
  /** A file that has so many is full. */
  readonly fileBytes: number
  /** A file goes so many days after it was full. Without it, never. */
  readonly keepDays?: number
  /** Of more files the oldest go. */
  readonly files?: number
}

/** The file that is written. */
interface Current {
  readonly number: number
  readonly openedMs: number
  handle: number | undefined
  /** Of them `safeBytes` are on the disk for certain, and so is its name. */
  bytes: number
  safeBytes: number
  records: number
  nameIsSafe: boolean
}

/** Texts that came together, and how many of them have been numbered. */
interface Batch {
  readonly texts: readonly string[]
  next: number
}

const DAY_MS = 24 * 3_600_000

export class LogEnd {
  /** Who wrote the log before has ended without closing it. */
  readonly foundGap: boolean
  readonly #disk: AuditDisk
  readonly #folder: string
  #bounds: LogBounds
  #file: Current
  readonly #closed: ClosedFile[]
  /** Of the last line that is chained, be it written or not; and of the last one that is safe. */
  #position: Position
  #safe: Position
  #waiting: Batch[] = []
  /** Lines that are not safe. */
  #unsafe: Buffer[] = []
  /** The file may end anywhere behind its safe bytes, and nothing is written before it is mended. */
  #isUncertain = true
  /** Files that a record says are gone. They go when it is safe. */
  #doomed: number[] = []
  #batchesWritten = 0
  #batchesSafe = 0
  #bytesWritten = 0
  #filesRemoved = 0

  /** Reads the end of the log, and mends what a crash has left there. Throws ERR_AUDIT_OPEN, ERR_AUDIT_DAMAGED. */
  constructor(
    disk: AuditDisk,
    folder: string,
    bounds: LogBounds,
    nowMs: number,
    started?: Members['started'],
  ) {
    this.#disk = disk
    this.#folder = folder
    this.#bounds = bounds
    const { end, closed, gap } = openLog(disk, folder, nowMs)
    const { number, bytes, records, openedMs = nowMs } = end
    this.foundGap = gap !== undefined
    this.#closed = closed
    this.#position = { head: end.head, sequence: end.sequence }
    this.#safe = this.#position
    this.#file = { number, openedMs, handle: undefined, bytes, safeBytes: bytes, records, nameIsSafe: false }
    try {
      if (records === 0) this.#begin(nowMs)
      if (gap !== undefined) this.#putOwn('gap', nowMs, gap)
      if (started !== undefined) this.#putOwn('started', nowMs, started)
      this.#doom(nowMs)
      this.write(nowMs)
      this.sync()
    } catch (error) {
      this.close()
      throw auditFailure(error, filePath(folder, this.#file.number), 'ERR_AUDIT_OPEN')
    }
  }

  set bounds(bounds: LogBounds) {
    this.#bounds = bounds
  }

  /** Of what is safe. */
  get position(): Position {
    return this.#safe
  }

  /** Of the batches that were added. */
  get batchesSafe(): number {
    return this.#batchesSafe
  }

  get bytesWritten(): number {
    return this.#bytesWritten
  }

  get filesRemoved(): number {
    return this.#filesRemoved
  }

  /** Whether `sync` has something to do. */
  get hasUnsafe(): boolean {
    return this.#unsafe.length > 0
  }

  add(texts: readonly string[]): void {
    this.#waiting.push({ texts, next: 0 })
  }

  /** Writes all that waits. Throws what the disk throws; then nothing is lost, and it is to be called again. */
  write(nowMs: number): void {
    if (this.#isUncertain) this.#mend()
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      while (batch.next < batch.texts.length) {
        if (this.#isFull(nowMs)) this.#rotate(nowMs)
        this.#put(this.#take(batch))
      }
      this.#waiting.shift()
      this.#batchesWritten++
    }
  }

  /** Makes safe what is written. Throws what the disk throws; it may be called again. */
  sync(): void {
    if (this.#isUncertain) this.#mend()
    const { handle } = this.#file
    if (handle === undefined) return
    this.#try(() => {
      this.#disk.sync(handle)
      if (!this.#file.nameIsSafe) this.#disk.syncFolder(this.#folder)
    })
    this.#file.nameIsSafe = true
    this.#file.safeBytes = this.#file.bytes
    this.#unsafe = []
    this.#safe = this.#position
    this.#batchesSafe = this.#batchesWritten
  }

  /** Writes that files go whose time has come; they do when that is safe. Throws what the disk throws, like `write`. */
  retain(nowMs: number): void {
    if (!this.#isUncertain) this.#doom(nowMs)
  }

  /** Takes away the files of which a safe record says that they are gone. Throws ERR_AUDIT_WRITE; it may be tried again. */
  removeDoomed(): void {
    if (this.#doomed.length === 0 || this.hasUnsafe) return
    for (let number = this.#doomed[0]; number !== undefined; number = this.#doomed[0]) {
      const path = filePath(this.#folder, number)
      try {
        this.#disk.unlink(path)
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw auditFailure(error, path, 'ERR_AUDIT_WRITE')
      }
      this.#doomed.shift()
      this.#filesRemoved++
    }
  }

  close(): void {
    const { handle } = this.#file
    this.#file.handle = undefined
    if (handle !== undefined) this.#disk.close(handle)
  }

  /** A disk's refusal, with the file. */
  failure(error: unknown): PortcullisError {
    return auditFailure(error, filePath(this.#folder, this.#file.number), 'ERR_AUDIT_WRITE')
  }

  #isFull(nowMs: number): boolean {
    const { bytes, records, openedMs } = this.#file
    const { fileBytes, keepDays } = this.#bounds
    if (records <= 1) return false
    return bytes >= fileBytes || (keepDays !== undefined && nowMs - openedMs >= auditFileMsMax)
  }

  /**
   * What comes next goes into a new file. This one is safe before: a file is never there without all of the one before. And the new
   * one's first records are, so that only records that came together may be torn together.
   */
  #rotate(nowMs: number): void {
    this.sync()
    this.close()
    this.#closed.push({ number: this.#file.number, closedMs: nowMs, ...this.#position })
    this.#isUncertain = true
    this.#file = {
      number: this.#file.number + 1,
      openedMs: nowMs,
      handle: undefined,
      bytes: 0,
      safeBytes: 0,
      records: 0,
      nameIsSafe: false,
    }
    this.#begin(nowMs)
    this.#doom(nowMs)
    this.sync()
  }

  #begin(nowMs: number): void {
    const { head } = this.#position
    this.#putOwn('opened', nowMs, { format: FORMAT, file: this.#file.number, previous: head })
  }

  /** Says of the oldest files whose time has come, or that are too many, that they go. */
  #doom(nowMs: number): void {
    const { keepDays = Number.POSITIVE_INFINITY, files = Number.POSITIVE_INFINITY } = this.#bounds
    const isDue = ({ closedMs }: ClosedFile, index: number) =>
      nowMs - closedMs > keepDays * DAY_MS || this.#closed.length + 1 - index > files
    const kept = this.#closed.findIndex((file, index) => !isDue(file, index))
    const due = this.#closed.splice(0, kept < 0 ? this.#closed.length : kept)
    const [first, last] = [due[0], due.at(-1)]
    if (first === undefined || last === undefined) return
    const { head, sequence: lastSequence } = last
    this.#doomed.push(...due.map(({ number }) => number))
    this.#putOwn('removed', nowMs, { firstFile: first.number, lastFile: last.number, lastSequence, head })
  }

  /** Numbers and chains the next texts of a batch, as many as are written at once. */
  #take(batch: Batch): { lines: string; records: number } {
    const units = Math.min(auditBatchUnitsMax, this.#bounds.fileBytes - this.#file.bytes)
    let lines = ''
    const first = batch.next
    do {
      lines += this.#chained(batch.texts[batch.next++] as string)
    } while (lines.length < units && batch.next < batch.texts.length)
    return { lines, records: batch.next - first }
  }

  #chained(text: string): string {
    const sequence = this.#position.sequence + 1
    const { line, head } = lineOf(text, sequence, this.#position.head)
    this.#position = { head, sequence }
    return line
  }

  /** A record of the log's own. */
  #putOwn<Type extends RecordType>(type: Type, nowMs: number, members: Members[Type]): void {
    this.#put({ lines: this.#chained(textOf(type, nowMs, members)), records: 1 })
  }

  #put({ lines, records }: { lines: string; records: number }): void {
    const bytes = Buffer.from(lines)
    this.#unsafe.push(bytes)
    this.#file.bytes += bytes.length
    this.#file.records += records
    this.#bytesWritten += bytes.length
    // Until it is mended the line waits among those that are not safe.
    const { handle } = this.#file
    if (!this.#isUncertain && handle !== undefined) this.#try(() => this.#disk.write(handle, bytes))
  }

  /** Cuts the file where it is known to be safe, and writes again what comes after. */
  #mend(): void {
    const path = filePath(this.#folder, this.#file.number)
    this.#isUncertain = true
    this.#try(() => {
      this.close()
      const { safeBytes } = this.#file
      if (safeBytes > 0) {
        const handle = this.#disk.open(path, 'edit')
        try {
          this.#disk.truncate(handle, safeBytes)
        } finally {
          this.#disk.close(handle)
        }
      }
      const handle = this.#disk.open(path, safeBytes > 0 ? 'append' : 'new')
      this.#file.handle = handle
      for (const bytes of this.#unsafe) this.#disk.write(handle, bytes)
    })
    this.#isUncertain = false
  }

  #try(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#isUncertain = true
      throw error
    }
  }
}
