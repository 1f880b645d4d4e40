/**
 * Reads a store from end to end, and changes nothing: every line of every journal, and every blob that a line names. Takes no
 * lock: a host may be at work on the store meanwhile, and what it is doing is no problem.
 *
 *     journal -> blobs that it names -> all there: done
 *                   ^                -> one is missing: journal again; it is longer -> so was the blob let go
 *                   +-----------------------------------------------+           as before -> that is a problem
 */

import { join } from 'node:path'

import { PortcullisError } from '../errors.ts'
import { storeReadingsMax, storeTailMs } from '../limits.ts'
import { Blobs, isDigest, isOurs } from './blobs.ts'
import { type Disk, realDisk } from './disk.ts'
import { damaged, reading, StoreError } from './failure.ts'
import { JOURNAL } from './journal.ts'
import { foundSubjects, notATenant, type Subject, subjectFolder } from './subject-folder.ts'
import { type ReadSubject, readSubject } from './subject-store.ts'

export interface Problem {
  readonly code: string
  readonly file: string
  readonly line?: number
  readonly what: string
  readonly toDo: string
}

export interface Checked {
  /** Subjects that something was written about, their versions, lines, blobs that are named, and the blobs' bytes. */
  readonly subjects: number
  readonly versions: number
  readonly entries: number
  readonly blobs: number
  readonly bytes: number
  readonly problems: readonly Problem[]
  /** What a crash has left, or a host is at work on, or nobody needs. */
  readonly notes: readonly string[]
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, storeTailMs)
}

/** Reads a journal that may be in use: what looks wrong is read once more. Throws what `readSubject` throws. */
export function readInUse(disk: Disk, store: string, subject: Subject): ReadSubject {
  try {
    const read = readSubject(disk, store, subject)
    if (read.torn === 0) return read
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
  }
  pause()
  return readSubject(disk, store, subject)
}

/**
 * Visits every blob that a journal names, each once; `visit` throws a StoreError for one that cannot be had. Returns the journal with
 * which all of them were there, or with what was not while nobody let go of anything.
 */
export function withBlobs(
  disk: Disk,
  store: string,
  subject: Subject,
  visit: (digest: string) => void,
): { read: ReadSubject; missing: StoreError[] } {
  const visited = new Set<string>()
  let read = readInUse(disk, store, subject)
  for (let readings = 1; ; readings++) {
    const missing: StoreError[] = []
    for (const digest of read.history.named()) {
      if (visited.has(digest)) continue
      try {
        visit(digest)
        visited.add(digest)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        missing.push(error)
      }
    }
    if (missing.length === 0) return { read, missing }
    const again = readInUse(disk, store, subject)
    if (again.entries.length === read.entries.length || readings === storeReadingsMax)
      return { read, missing }
    read = again
  }
}

/** Whose a blob is, in words. */
function owners({ history }: ReadSubject, file: string): string {
  const numbers = history.versions
    .filter(({ blobs }) => blobs)
    .filter(({ policy, settings, vectors, admission }) =>
      [policy, settings, vectors, admission?.metered].some((digest) => digest && file.endsWith(digest)),
    )
    .map(({ number }) => number)
  return `of version ${numbers.join(', ')}`
}

function problemOf({ code, file, line, what, toDo }: StoreError, more = ''): Problem {
  return { code, file, ...(line !== undefined && { line }), what: what + more, toDo }
}

/** What is there and does no harm. */
function notesOf({ torn, history }: ReadSubject, blobs: Blobs, place: string): string[] {
  const notes: string[] = []
  if (torn > 0)
    notes.push(
      `${join(place, JOURNAL)}: ${torn} bytes of a line that was never finished; the next start cuts them off`,
    )
  for (const name of blobs.unnamed(history.named())) {
    const path = join(blobs.folder, name)
    notes.push(
      isOurs(name)
        ? `${path}: no line names it; unless a host is about to, the next start takes it away`
        : `${path}: this is no file of the store; it may be taken away`,
    )
  }
  return notes
}

/** Of a subject whose journal cannot be believed: the blobs that are not what their own names say. */
function wrongBlobs(blobs: Blobs): Problem[] {
  const problems: Problem[] = []
  for (const digest of blobs.unnamed(new Set()).filter(isDigest)) {
    try {
      blobs.read(digest)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      problems.push(problemOf(error))
    }
  }
  return problems
}

/**
 * Problems are returned, all of them. Throws ERR_STORE_FOLDER if there is no store, ERR_FILE_READ for what this account may not read.
 */
export function verifyStore(folder: string, disk: Disk = realDisk): Checked {
  if (reading(folder, () => disk.list(folder)) === undefined) {
    throw new PortcullisError(
      'ERR_STORE_FOLDER',
      `${folder} is not there; a host makes it when it first starts`,
    )
  }
  const { subjects, foreign } = foundSubjects(disk, folder)
  const problems = foreign.map((file) => problemOf(damaged({ file }, notATenant)))
  const notes: string[] = []
  const counts = { subjects: 0, versions: 0, entries: 0, blobs: 0, bytes: 0 }
  for (const subject of subjects) {
    const place = join(folder, ...subjectFolder(subject))
    const blobs = new Blobs(disk, place)
    try {
      const { read, missing } = withBlobs(disk, folder, subject, (digest) => {
        counts.bytes += blobs.read(digest).length
        counts.blobs++
      })
      if (read.entries.length > 0) counts.subjects++
      counts.versions += read.history.versions.length
      counts.entries += read.entries.length
      problems.push(...missing.map((error) => problemOf(error, ` (${owners(read, error.file)})`)))
      notes.push(...notesOf(read, blobs, place))
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      problems.push(problemOf(error), ...wrongBlobs(blobs))
    }
  }
  return { ...counts, problems, notes }
}
