/**
 * A store copied to another place, and back. A copy is made beside its place under another name, checked from end to end, and then
 * given its name: it is there whole, or not at all.
 *
 *     backup:  store (in use or not)  -> DIR.partial   -> checked -> DIR
 *     restore: DIR, checked -> store.partial -> checked -> store, which was absent or empty
 */

import { dirname, join } from 'node:path'

import { PortcullisError } from '../errors.ts'
import { BLOBS, Blobs } from './blobs.ts'
import { type Disk, type Lock, realDisk, removeAll, systemCode, writeWhole } from './disk.ts'
import { reading, writing } from './failure.ts'
import { JOURNAL } from './journal.ts'
import { LOCK } from './store.ts'
import { foundSubjects, type Subject, subjectFolder } from './subject-folder.ts'
import { type Checked, verifyStore, withBlobs } from './verify.ts'

/** What a copy is called while it is made. One that was left by a process which did not live to finish it makes room. */
const PARTIAL = '.partial'

function refused(detail: string): PortcullisError {
  return new PortcullisError('ERR_STORE_FOLDER', detail)
}

/** Throws ERR_STORE_DAMAGED with every problem. */
function expectSound(folder: string, { problems }: Checked): void {
  if (problems.length === 0) return
  const lines = problems.map(
    ({ file, line, what, toDo }) => `${file}${line === undefined ? '' : `, line ${line}`}: ${what}; ${toDo}`,
  )
  throw new PortcullisError('ERR_STORE_DAMAGED', `${folder}\n  ${lines.join('\n  ')}`)
}

/** Journals first and then what they name: whatever a host writes meanwhile, a copy is a state that the subject had. */
function copySubject(disk: Disk, from: string, to: string, subject: Subject): void {
  const source = new Blobs(disk, join(from, ...subjectFolder(subject)))
  let folder = to
  for (const name of subjectFolder(subject)) {
    folder = join(folder, name)
    disk.makeFolder(folder)
    disk.syncFolder(dirname(folder))
  }
  disk.makeFolder(join(folder, BLOBS))
  const target = new Blobs(disk, folder)
  const { read, missing } = withBlobs(disk, from, subject, (digest) => target.put([source.read(digest)]))
  if (missing[0] !== undefined) throw missing[0]
  target.sweep(read.history.named())
  writeWhole(disk, join(folder, JOURNAL), read.bytes)
  disk.syncFolder(folder)
}

function copyStore(disk: Disk, from: string, to: string): Checked {
  const { subjects, foreign } = foundSubjects(disk, from)
  if (foreign[0] !== undefined) throw refused(`${foreign[0]} is no tenant's folder; move it away`)
  writing(to, () => {
    removeAll(disk, to)
    disk.makeFolder(to)
    for (const subject of subjects) copySubject(disk, from, to, subject)
  })
  const checked = verifyStore(to, disk)
  expectSound(to, checked)
  return checked
}

/** Makes a copy and then puts it in place; of one that fails nothing stays. */
function copyInto(disk: Disk, from: string, to: string, make: () => void): Checked {
  const partial = to + PARTIAL
  try {
    const checked = copyStore(disk, from, partial)
    writing(to, () => {
      make()
      disk.rename(partial, to)
      disk.syncFolder(dirname(to))
    })
    return checked
  } catch (error) {
    discard(disk, partial)
    throw error
  }
}

/** As far as the disk lets it; the next copy begins with the rest. */
function discard(disk: Disk, folder: string): void {
  try {
    removeAll(disk, folder)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}

/**
 * Copies a store, in use or not, into a folder that is not there yet, and checks the copy. Throws ERR_STORE_FOLDER, what `verifyStore`
 * finds as ERR_STORE_DAMAGED or ERR_STORE_DIGEST, ERR_STORE_WRITE, ERR_FILE_READ.
 */
export function backupStore(folder: string, target: string, disk: Disk = realDisk): Checked {
  if (reading(folder, () => disk.list(folder)) === undefined) throw refused(`${folder} is not there`)
  if (reading(target, () => disk.list(target)) !== undefined) {
    throw refused(`${target} is there already; name a folder that is not, and it is made`)
  }
  return copyInto(disk, folder, target, () => {})
}

/** Undefined: there is no folder. Throws ERR_STORE_FOLDER if there is something in it, ERR_FILE_LOCKED if a host has it open. */
function lockEmpty(disk: Disk, folder: string): Lock | undefined {
  const expectEmpty = () => {
    const names = reading(folder, () => disk.list(folder))
    if (names?.some(({ name }) => name !== LOCK)) {
      throw refused(`${folder} is not empty; end the host, move the folder away, and try again`)
    }
    return names
  }
  if (expectEmpty() === undefined) return undefined
  const lock = disk.lock(join(folder, LOCK))
  try {
    expectEmpty()
    return lock
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * Puts a backup in the place of a store that is absent or empty. Throws ERR_STORE_FOLDER, ERR_STORE_DAMAGED if the backup is not sound,
 * ERR_FILE_LOCKED if a host has the store open, ERR_STORE_WRITE, ERR_FILE_READ.
 */
export function restoreStore(backup: string, folder: string, disk: Disk = realDisk): Checked {
  const checked = verifyStore(backup, disk)
  expectSound(backup, checked)
  if (checked.subjects === 0) throw refused(`${backup} has no store in it`)
  const lock = lockEmpty(disk, folder)
  try {
    return copyInto(disk, backup, folder, () => {
      if (lock === undefined) return
      lock.remove()
      disk.removeFolder(folder)
    })
  } finally {
    lock?.release()
  }
}
