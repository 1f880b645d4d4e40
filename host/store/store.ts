/**
 * The store: every version of every tenant's policy and of the provider's guard, and which of them is active.
 *
 *     store/lock                          held by the one process that may write
 *     store/guard/                        journal.jsonl, blobs/<sha256>
 *     store/tenants/t-<name>/             the same
 *
 * Data flows one way: a call is checked against what is known, its blobs are made safe, its line is added to the journal and made
 * safe, and only then is it known. After a crash the store is what it was before or after the call that was under way, and it is what
 * it was after if the call had returned. Everything is synchronous; writes are rare, and nothing is decided meanwhile.
 *
 * Every call that writes throws ERR_STORE_WRITE if the disk refuses (and nothing has changed then), ERR_STORE_VALUE for what the
 * store does not take, ERR_VERSION_UNKNOWN, and ERR_VERSION_STATE if the version is not in a state for it.
 */

import { dirname, join } from 'node:path'

import { PortcullisError } from '../errors.ts'
import {
  meteredBytesMax,
  moduleBytesMax,
  storeMessageUnitsMax,
  storeVectorsBytesMax,
  versionsMax,
} from '../limits.ts'
import { checkSettings } from '../tenant/settings.ts'
import type { Settings } from '../wire/settings-block.ts'
import { Blobs, digestOf } from './blobs.ts'
import { type Disk, type Lock, realDisk } from './disk.ts'
import type { By, Entry } from './entry.ts'
import { damaged, writing } from './failure.ts'
import { type Active, History, type Quarantined, type StoredVersion } from './history.ts'
import { foundSubjects, notATenant, type Subject, subjectFolder, subjectName } from './subject-folder.ts'
import { readSubject, SubjectStore } from './subject-store.ts'

export type { By, Entry } from './entry.ts'
export type { Active, Quarantined, StoredAdmission, StoredVersion, VersionState } from './history.ts'
export type { Subject } from './subject-folder.ts'

export const LOCK = 'lock'

export interface Upload {
  readonly module: Buffer
  readonly settings?: Settings
  /** The text of a vectors file. */
  readonly vectors?: string
}

/** A line that a crash left half written, and that was cut off at opening. Nobody had been told that it was done. */
export interface Repair {
  readonly subject: Subject
  readonly bytes: number
}

function bounded(bytes: Buffer, max: number, what: string): Buffer {
  if (bytes.length > 0 && bytes.length <= max) return bytes
  throw new PortcullisError('ERR_STORE_VALUE', `${what} of ${bytes.length} bytes; 1 to ${max} are kept`)
}

/** The guard first, then tenants by name. */
function orderOf(subject: Subject): string {
  return subject === 'guard' ? '' : subject.tenant
}

/** What a journal has of it. */
function told({ who, why }: By): By {
  return { who, ...(why !== undefined && { why }) }
}

/** Throws ERR_STORE_DAMAGED for a folder that is nobody's: a tenant's may have been renamed. */
function soundSubjects(disk: Disk, folder: string): readonly Subject[] {
  const { subjects, foreign } = foundSubjects(disk, folder)
  if (foreign[0] !== undefined) throw damaged({ file: foreign[0] }, notATenant)
  return subjects
}

/** The same settings are the same bytes, in whatever order they came. */
function settingsBytes(settings: Settings): Buffer {
  const sorted = Object.entries(settings).sort(([one], [other]) => (one < other ? -1 : 1))
  return Buffer.from(JSON.stringify(Object.fromEntries(sorted)))
}

export class Store {
  readonly folder: string
  /** What was cut off when it was opened. */
  readonly repairs: readonly Repair[]
  readonly #disk: Disk
  readonly #lock: Lock
  #isClosed = false
  readonly #subjects = new Map<string, SubjectStore>()

  private constructor(folder: string, disk: Disk, lock: Lock) {
    this.folder = folder
    this.#disk = disk
    this.#lock = lock
    const found = soundSubjects(disk, folder).map((subject) => new SubjectStore(disk, folder, subject))
    // All of them have been read by now: a store with damage in it is left as it is.
    const repairs: Repair[] = []
    for (const each of found) {
      this.#subjects.set(subjectName(each.subject), each)
      const bytes = each.settle()
      if (bytes > 0) repairs.push({ subject: each.subject, bytes })
    }
    this.repairs = repairs
  }

  /**
   * Makes the folder if it is not there (not those above it), takes the lock, and reads every journal; blobs are read when they are
   * asked for. Throws ERR_FILE_LOCKED if another process has the store open, ERR_STORE_DAMAGED or ERR_STORE_FORMAT with file and
   * line, ERR_FILE_READ and ERR_STORE_WRITE.
   */
  static open(folder: string, disk: Disk = realDisk): Store {
    writing(folder, () => {
      disk.makeFolder(folder)
      disk.syncFolder(dirname(folder))
    })
    const lock = disk.lock(join(folder, LOCK))
    try {
      return new Store(folder, disk, lock)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  /** Gives the lock back. Nothing can be written afterwards. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#lock.release()
  }

  /** Those that something has been written about: the guard first, then tenants by name. */
  subjects(): Subject[] {
    return [...this.#subjects.values()]
      .filter(({ isEmpty }) => !isEmpty)
      .map(({ subject }) => subject)
      .sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
  }

  /** In the order of their numbers. */
  versions(subject: Subject): readonly StoredVersion[] {
    return this.#history(subject).versions
  }

  /** Throws ERR_VERSION_UNKNOWN. */
  version(subject: Subject, number: number): StoredVersion {
    return this.#history(subject).version(number)
  }

  /** Undefined: nothing was ever activated. */
  active(subject: Subject): Active | undefined {
    return this.#history(subject).active
  }

  quarantined(subject: Subject): readonly Quarantined[] {
    return this.#history(subject).quarantined
  }

  /** The lines of the journal, read again and checked again. Throws what `open` throws about them. */
  journal(subject: Subject): readonly Entry[] {
    return readSubject(this.#disk, this.folder, subject).entries
  }

  /**
   * Returns the new version. The same module, settings and vectors as those of a version whose bytes are still there give that
   * version, whatever its state is, and nothing is recorded; a blob of it that was damaged is mended. An upload lets go
   * of the bytes of the oldest versions beyond `versionsKept`.
   */
  upload(subject: Subject, { module, settings, vectors }: Upload, by: By, nowMs: number): StoredVersion {
    const it = this.#of(subject)
    const parts = {
      policy: bounded(module, moduleBytesMax, 'a module'),
      settings: settings && settingsBytes(checkSettings(settings, subjectName(subject))),
      vectors:
        vectors === undefined ? undefined : bounded(Buffer.from(vectors), storeVectorsBytesMax, 'vectors'),
    }
    const policy = digestOf(parts.policy)
    const named = {
      ...(parts.settings && { settings: digestOf(parts.settings) }),
      ...(parts.vectors && { vectors: digestOf(parts.vectors) }),
    }
    const bytes = Object.values(parts).filter((part) => part !== undefined)
    const same = it.history.same(policy, named.settings, named.vectors)
    if (same !== undefined) {
      it.blobs.put(bytes)
      return same
    }
    if (it.history.next > versionsMax) {
      throw new PortcullisError(
        'ERR_STORE_VALUE',
        `${subjectName(subject)} has ${versionsMax} versions, and a journal takes no more; the operator can begin another (docs/reference/store.md)`,
      )
    }
    const numbers = it.history.forgettable()
    if (numbers.length > 0) {
      it.record({ type: 'forgotten', numbers }, nowMs)
      it.blobs.sweep(it.history.named())
    }
    const number = it.history.next
    it.record({ type: 'uploaded', number, policy, bytes: module.length, ...named, ...told(by) }, nowMs, bytes)
    return it.history.version(number)
  }

  /** It may be asked of a version again, and of one that was refused: a newer release may see it otherwise. */
  admitted(
    subject: Subject,
    number: number,
    { metered, rewriter, profile }: { metered: Buffer; rewriter: string; profile: string },
    nowMs: number,
  ): void {
    const it = this.#of(subject)
    const bytes = bounded(metered, meteredBytesMax, 'a metered module')
    it.record({ type: 'admitted', number, metered: digestOf(bytes), rewriter, profile }, nowMs, [bytes])
    it.blobs.sweep(it.history.named())
  }

  /** Any version but the active one. A message that is too long is cut. */
  refused(
    subject: Subject,
    number: number,
    { code, message }: { readonly code: string; readonly message: string },
    nowMs: number,
  ): void {
    const it = this.#of(subject)
    it.record({ type: 'refused', number, code, message: message.slice(0, storeMessageUnitsMax) }, nowMs)
    it.blobs.sweep(it.history.named())
  }

  /** Lets go of its bytes: never of what is active, nor of what a return makes active. */
  forget(subject: Subject, number: number, by: By, nowMs: number): void {
    const it = this.#of(subject)
    it.record({ type: 'forgotten', numbers: [number], ...told(by) }, nowMs)
    it.blobs.sweep(it.history.named())
  }

  /**
   * An admitted version whose bytes are there, be it quarantined or not; null: nothing is active from now on. With
   * `confirmByMs` it is provisional: who opens the store has to watch the time.
   */
  activate(subject: Subject, number: number | null, by: By, nowMs: number, confirmByMs?: number): void {
    const provisional = confirmByMs !== undefined && { confirmByMs }
    this.#of(subject).record({ type: 'activated', number, ...told(by), ...provisional }, nowMs)
  }

  /** Makes a provisional activation one for good, however late it is. */
  confirm(subject: Subject, by: By, nowMs: number): void {
    const it = this.#of(subject)
    it.record({ type: 'confirmed', number: it.history.active?.number ?? 0, ...told(by) }, nowMs)
  }

  /** By digest, so that it holds for every version with this module. One that is quarantined already stays so. */
  quarantine(
    subject: Subject,
    { policy, reason }: { readonly policy: string; readonly reason: string },
    nowMs: number,
  ): void {
    const it = this.#of(subject)
    if (it.history.quarantined.some((each) => each.policy === policy)) return
    it.record({ type: 'quarantined', policy, reason }, nowMs)
  }

  /** Lifts all that the subject has; returns what that was. If there is nothing, nothing is recorded. */
  lift(subject: Subject, by: By, nowMs: number): readonly Quarantined[] {
    const it = this.#of(subject)
    const { quarantined } = it.history
    if (quarantined.length > 0) it.record({ type: 'lifted', ...told(by) }, nowMs)
    return quarantined
  }

  /** As it was uploaded. Like the others below it throws ERR_STORE_DIGEST if a blob is not what was stored. */
  readModule(subject: Subject, number: number): Buffer {
    const { version, blobs } = this.#held(subject, number)
    return blobs.read(version.policy)
  }

  readMetered(subject: Subject, number: number): Buffer {
    const { version, blobs } = this.#held(subject, number)
    if (version.admission !== undefined) return blobs.read(version.admission.metered)
    throw new PortcullisError('ERR_VERSION_STATE', `version ${number} is ${version.state}`)
  }

  readSettings(subject: Subject, number: number): Settings | undefined {
    const { version, blobs } = this.#held(subject, number)
    if (version.settings === undefined) return undefined
    const place = `settings of version ${number} of ${subjectName(subject)}`
    return checkSettings(JSON.parse(blobs.read(version.settings).toString()), place)
  }

  readVectors(subject: Subject, number: number): string | undefined {
    const { version, blobs } = this.#held(subject, number)
    return version.vectors === undefined ? undefined : blobs.read(version.vectors).toString()
  }

  #history(subject: Subject): History {
    return this.#subjects.get(subjectName(subject))?.history ?? new History()
  }

  #held(subject: Subject, number: number): { version: StoredVersion; blobs: Blobs } {
    const version = this.#history(subject).held(number)
    return { version, blobs: new Blobs(this.#disk, join(this.folder, ...subjectFolder(subject))) }
  }

  /** For what is going to be written. */
  #of(subject: Subject): SubjectStore {
    if (this.#isClosed) throw new PortcullisError('ERR_HOST_FAULT', `${this.folder} was closed`)
    const key = subjectName(subject)
    const known = this.#subjects.get(key)
    if (known !== undefined) return known
    const made = new SubjectStore(this.#disk, this.folder, subject)
    this.#subjects.set(key, made)
    return made
  }
}
