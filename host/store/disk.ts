/**
 * What the store does with a disk, call by call, so that a test can count the calls, end the store at any of them, and lose what
 * was not yet safe. `realDisk` is node:fs with nothing added but what Windows needs.
 *
 * Bytes are safe after `sync` of their file, names after `syncFolder` of their folder; before that a loss of power may keep them,
 * lose them, or keep a part. Every call throws the system's own error.
 */

import {
  chmodSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

import { FileLock } from '../files/lock.ts'
import { replaceMsMax } from '../limits.ts'

export interface Name {
  readonly name: string
  readonly isFolder: boolean
}

export interface Disk {
  /** Undefined if it is not there. */
  read(path: string): Buffer | undefined
  /** What a folder holds, sorted by name; undefined if it is not there. */
  list(path: string): Name[] | undefined
  /** `new` empties what is there, `append` writes behind it, `edit` needs it to be there. Readable by its owner alone. */
  open(path: string, mode: 'new' | 'append' | 'edit'): number
  /** All of the bytes. */
  write(handle: number, bytes: Buffer): void
  truncate(handle: number, length: number): void
  sync(handle: number): void
  close(handle: number): void
  /** In place of what has the new name already, if that is a file. */
  rename(from: string, to: string): void
  unlink(path: string): void
  /** Makes it, for its owner alone; one that is there is closed to everybody else. */
  makeFolder(path: string): void
  /** An empty one. */
  removeFolder(path: string): void
  /** Windows has nothing to be asked: there a name is safe with its file. */
  syncFolder(path: string): void
  /** The lock that one process may hold. Throws ERR_FILE_LOCKED, ERR_FILE_WRITE. */
  lock(path: string): Lock
}

export interface Lock {
  /** Gives it back. Its file stays. */
  release(): void
  /** Gives it back and takes its file away; throws if somebody else has got it meanwhile. */
  remove(): void
}

const isWindows = process.platform === 'win32'
const flags = { new: 'w', append: 'a', edit: 'r+' } as const
const busyCodes = new Set(['EACCES', 'EBUSY', 'EPERM'])
const PAUSE_MS = 20

/** The system's own word for what went wrong, such as ENOENT. */
export function systemCode(error: unknown): string | undefined {
  const { code, errno } = error as NodeJS.ErrnoException
  return errno === undefined ? undefined : code
}

function unlessGone<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** On Windows a scanner may have the file open for a moment. */
function withPatience(act: () => void): void {
  const until = Date.now() + replaceMsMax
  for (;;) {
    try {
      act()
      return
    } catch (error) {
      if (!isWindows || !busyCodes.has(systemCode(error) ?? '') || Date.now() > until) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
  if (isWindows) return
  const stat = lstatSync(path)
  if (!stat.isDirectory()) throw Object.assign(new Error('it is no folder'), { code: 'ENOTDIR', errno: 0 })
  if ((stat.mode & 0o7777) !== 0o700) chmodSync(path, 0o700)
}

export const realDisk: Disk = {
  read: (path) => unlessGone(() => readFileSync(path)),
  list: (path) =>
    unlessGone(() =>
      readdirSync(path, { withFileTypes: true })
        .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
        .sort((one, other) => (one.name < other.name ? -1 : 1)),
    ),
  open: (path, mode) => openSync(path, flags[mode], 0o600),
  write(handle, bytes) {
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at)
  },
  truncate: ftruncateSync,
  sync: fsyncSync,
  close: closeSync,
  rename: (from, to) => withPatience(() => renameSync(from, to)),
  unlink: unlinkSync,
  makeFolder,
  removeFolder: (path) => rmdirSync(path),
  syncFolder(path) {
    if (isWindows) return
    const folder = openSync(path, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  },
  lock(path) {
    const lock = FileLock.take(path)
    return {
      release: () => lock.release(),
      remove() {
        // Where a file that is open can go, nobody may come to hold one that is gone; Windows lets go of none that is open.
        if (!isWindows) unlinkSync(path)
        lock.release()
        if (isWindows) unlinkSync(path)
      },
    }
  },
}

/** A file with these bytes, safe but for its name. */
export function writeWhole(disk: Disk, path: string, bytes: Buffer): void {
  const handle = disk.open(path, 'new')
  try {
    disk.write(handle, bytes)
    disk.sync(handle)
  } finally {
    disk.close(handle)
  }
}

/** A folder with everything that is in it, if it is there. */
export function removeAll(disk: Disk, path: string): void {
  const names = disk.list(path)
  if (names === undefined) return
  for (const { name, isFolder } of names) {
    if (isFolder) removeAll(disk, join(path, name))
    else disk.unlink(join(path, name))
  }
  disk.removeFolder(path)
}
