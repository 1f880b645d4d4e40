/**
 * A subject's blobs: files named by the SHA-256 of what is in them. A blob is written under another name, made safe, and only then
 * given its own: what has a digest for a name is whole. It is there before the line of the journal that names it.
 */

import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'

import { type Disk, systemCode, writeWhole } from './disk.ts'
import { reading, StoreError, writing } from './failure.ts'

export const BLOBS = 'blobs'

/** What a blob is called while it is written. */
const HALF = '.new'

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function isDigest(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name)
}

/** Whether a name is one that the store gives. */
export function isOurs(name: string): boolean {
  return isDigest(basename(name, HALF))
}

export class Blobs {
  readonly folder: string
  readonly #disk: Disk

  constructor(disk: Disk, subjectFolder: string) {
    this.#disk = disk
    this.folder = join(subjectFolder, BLOBS)
  }

  /**
   * Returns when all of them are safe. One that is there already stays, if it is what its name says. Throws ERR_STORE_WRITE.
   */
  put(all: readonly Buffer[]): void {
    writing(this.folder, () => {
      for (const bytes of all) {
        const path = join(this.folder, digestOf(bytes))
        const there = this.#disk.read(path)
        if (there === undefined || !there.equals(bytes)) this.#write(path, bytes)
      }
      // Also for those that were there: the one who wrote them may not have come to it.
      this.#disk.syncFolder(this.folder)
    })
  }

  #write(path: string, bytes: Buffer): void {
    const half = path + HALF
    writeWhole(this.#disk, half, bytes)
    this.#disk.rename(half, path)
  }

  /** Throws ERR_STORE_DIGEST unless it is there and is what was stored; ERR_FILE_READ. */
  read(digest: string): Buffer {
    const path = join(this.folder, digest)
    const bytes = reading(path, () => this.#disk.read(path))
    if (bytes !== undefined && digestOf(bytes) === digest) return bytes
    const what =
      bytes === undefined ? 'it is not there' : `its ${bytes.length} bytes are not those of its name`
    const toDo = 'upload the version again, or put a backup in place'
    throw new StoreError('ERR_STORE_DIGEST', { file: path }, what, toDo)
  }

  /** Names in the folder that are not among these. */
  unnamed(named: ReadonlySet<string>): string[] {
    const names = reading(this.folder, () => this.#disk.list(this.folder)) ?? []
    return names.map(({ name }) => name).filter((name) => !named.has(name))
  }

  /**
   * Takes away what no line names. A file that somebody has open, as on Windows, stays until the store is opened the next time:
   * it costs its room and nothing else.
   */
  sweep(named: ReadonlySet<string>): void {
    for (const name of this.unnamed(named)) {
      if (!isOurs(name)) continue
      try {
        this.#disk.unlink(join(this.folder, name))
      } catch (error) {
        if (systemCode(error) === undefined) throw error
      }
    }
  }
}
