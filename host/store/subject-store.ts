/**
 * One subject of the store: its journal, its blobs and what they amount to.
 *
 *     nothing there -> folder -> empty journal -> blobs folder -> first line
 *     read, check all (nothing is changed) -> settle: cut what is torn, take away what no line names -> ready
 *
 * The journal is safe before there can be a blob. Blobs without one are damage, not rubbish.
 */

import { join } from 'node:path'

import type { PortcullisError } from '../errors.ts'
import { BLOBS, Blobs } from './blobs.ts'
import type { Disk } from './disk.ts'
import type { Entry, Event } from './entry.ts'
import { damaged, reading, writing } from './failure.ts'
import { History } from './history.ts'
import { JOURNAL, JournalEnd, type ReadJournal, readJournal } from './journal.ts'
import { type Subject, subjectFolder } from './subject-folder.ts'

/** What a journal says, and what it amounts to. */
export interface ReadSubject extends ReadJournal {
  readonly history: History
  /** Its whole lines. */
  readonly bytes: Buffer
  /** Whether there is a journal at all. */
  readonly isThere: boolean
}

/** Lets entries follow one another. Throws ERR_STORE_DAMAGED for one that cannot. */
function historyOf(entries: readonly Entry[], file: string): History {
  const history = new History()
  for (const entry of entries) {
    try {
      history.check(entry)
    } catch (error) {
      throw damaged({ file, line: entry.sequence }, (error as PortcullisError).message)
    }
    history.apply(entry)
  }
  return history
}

/** Reads and changes nothing. Throws ERR_STORE_DAMAGED, ERR_STORE_FORMAT, ERR_FILE_READ. */
export function readSubject(disk: Disk, store: string, subject: Subject): ReadSubject {
  const folder = join(store, ...subjectFolder(subject))
  const file = join(folder, JOURNAL)
  const found = reading(file, () => disk.read(file))
  if (found === undefined && (reading(folder, () => disk.list(join(folder, BLOBS))) ?? []).length > 0) {
    throw damaged({ file }, 'it is not there, and versions are')
  }
  const bytes = found ?? Buffer.alloc(0)
  const read = readJournal(bytes, file, subject)
  return {
    ...read,
    history: historyOf(read.entries, file),
    bytes: bytes.subarray(0, read.length),
    isThere: found !== undefined,
  }
}

export class SubjectStore {
  readonly subject: Subject
  readonly history: History
  readonly blobs: Blobs
  readonly #disk: Disk
  readonly #store: string
  readonly #journal: JournalEnd
  readonly #torn: number
  readonly #hasJournal: boolean
  #isPrepared: boolean

  constructor(disk: Disk, store: string, subject: Subject) {
    const read = readSubject(disk, store, subject)
    const folder = join(store, ...subjectFolder(subject))
    this.subject = subject
    this.history = read.history
    this.blobs = new Blobs(disk, folder)
    this.#disk = disk
    this.#store = store
    this.#journal = new JournalEnd(disk, join(folder, JOURNAL), read)
    this.#torn = read.torn
    this.#hasJournal = read.isThere
    this.#isPrepared = read.entries.length > 0
  }

  /** Takes away what a crash has left. Returns how many bytes of a line that was never written whole. Throws ERR_STORE_WRITE. */
  settle(): number {
    if (!this.#hasJournal) return 0
    writing(this.#journal.path, () => this.#journal.settle(this.#torn))
    this.blobs.sweep(this.history.named())
    return this.#torn
  }

  /** Writes the blobs, then the line; only then it is so. */
  record(event: Event, timeMs: number, blobs: readonly Buffer[] = []): void {
    this.history.check(event)
    this.#prepare()
    if (blobs.length > 0) this.blobs.put(blobs)
    this.history.apply(this.#journal.append({ ...event, timeMs }))
  }

  /** Whether nothing was ever written about it. */
  get isEmpty(): boolean {
    return this.#journal.isEmpty
  }

  #prepare(): void {
    if (this.#isPrepared) return
    const names = subjectFolder(this.subject)
    writing(join(this.#store, ...names), () => {
      let folder = this.#store
      for (const name of names) {
        const above = folder
        folder = join(folder, name)
        this.#disk.makeFolder(folder)
        this.#disk.syncFolder(above)
      }
      const handle = this.#disk.open(this.#journal.path, 'append')
      try {
        this.#disk.sync(handle)
      } finally {
        this.#disk.close(handle)
      }
      this.#disk.makeFolder(this.blobs.folder)
      this.#disk.syncFolder(folder)
    })
    this.#isPrepared = true
  }
}
