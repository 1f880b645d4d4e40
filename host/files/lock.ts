/**
 * A lock between processes: a file that one of them holds. The system gives it back when the process ends, however it ends, so
 * there is nothing to clean up after a crash. The file itself stays.
 */

import { PortcullisError } from '../errors.ts'
import { LOCKED, lock, unlock } from './native-files.ts'

export class FileLock {
  #handle: bigint | number | undefined

  private constructor(handle: bigint | number) {
    this.#handle = handle
  }

  /** Does not wait. Throws ERR_FILE_LOCKED if another process, or another lock of this one, holds it; ERR_FILE_WRITE. */
  static take(path: string): FileLock {
    const { status, handle } = lock(path)
    if (status === LOCKED) throw new PortcullisError('ERR_FILE_LOCKED', path)
    if (status !== 0) throw new PortcullisError('ERR_FILE_WRITE', `${path}: the system's error ${status}`)
    return new FileLock(handle)
  }

  release(): void {
    if (this.#handle === undefined) return
    unlock(this.#handle)
    this.#handle = undefined
  }
}
