/**
 * Puts new bytes in a file's place, all or nothing: whoever reads it, and whoever finds it after a crash, finds what was there
 * before or what is there now. Who may do what with the file stays as it was.
 */

import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

import { PortcullisError } from '../errors.ts'
import { replaceMsMax } from '../limits.ts'
import { replace } from './native-files.ts'

const isWindows = process.platform === 'win32'

/** What Windows says while somebody has the file open: a scanner, a backup, IIS while it reads. */
const busyErrors = new Set([5, 32, 33, 1175]) // access denied, sharing and lock violation, unable to remove replaced

/**
 * The old file has been taken away already, and the new one could not be given its name: unable to move replacement. Now the new
 * one is all that there is, and it is tried again with a plain rename.
 */
const halfwayErrors = new Set([1176, 1177])
const busyCodes = new Set(['EACCES', 'EBUSY', 'EPERM'])

const PAUSE_MS = 20

/** Between two tries nothing else is to be done: a command waits for its file. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
}

/** Tries once. False: somebody has the file open. */
function putInPlace(path: string, replacement: string): boolean {
  if (isWindows && existsSync(path)) {
    const error = replace(path, replacement)
    if (error !== 0 && !busyErrors.has(error) && !halfwayErrors.has(error))
      throw new Error(`Windows' error ${error}`)
    return error === 0
  }
  try {
    renameSync(replacement, path)
    return true
  } catch (error) {
    if (isWindows && busyCodes.has((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** On Linux a name is only safe when its folder is; Windows has nothing to be asked. */
function syncFolder(path: string): void {
  if (isWindows) return
  const folder = openSync(path, 'r')
  fsyncSync(folder)
  closeSync(folder)
}

function write(path: string, bytes: Uint8Array, mode: number | undefined): void {
  const file = openSync(path, 'wx', mode ?? 0o666)
  try {
    if (mode !== undefined && !isWindows) fchmodSync(file, mode)
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/**
 * A link stays; what it leads to is replaced. `mode`: what it has afterwards, be it new or not; without it, what it had. Throws ERR_FILE_WRITE, with the old file where it was; should Windows have taken that away
 * and not taken the new one, the error says where that is.
 */
export function replaceFile(name: string, bytes: Uint8Array, mode?: number): void {
  const wasThere = existsSync(name)
  const path = wasThere ? realpathSync(name) : name
  const replacement = join(dirname(path), `.${basename(path)}.${process.pid}.new`)
  try {
    const old = statSync(path, { throwIfNoEntry: false })
    if (old !== undefined && !old.isFile()) throw new Error('it is no file')
    const itsMode = mode ?? old?.mode
    rmSync(replacement, { force: true }) // of a process that had our number and did not live to use it
    write(replacement, bytes, itsMode === undefined ? undefined : itsMode & 0o7777)
    const until = Date.now() + replaceMsMax
    while (!putInPlace(path, replacement)) {
      if (Date.now() > until)
        throw new Error('another program has it open, or this account may not change it')
      pause()
    }
    syncFolder(dirname(path))
  } catch (error) {
    const isLost = wasThere && !existsSync(path) && existsSync(replacement)
    if (!isLost) rmSync(replacement, { force: true })
    const where = isLost ? `; what it was to become is in ${replacement}: rename that` : ''
    throw new PortcullisError('ERR_FILE_WRITE', `${path}: ${(error as Error).message}${where}`)
  }
}
