/** What the audit log does with a disk: what the store does, and files that are too long to be read whole. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

import { type Disk, realDisk } from '../store/disk.ts'

export interface AuditDisk
  extends Pick<
    Disk,
    | 'list'
    | 'open'
    | 'write'
    | 'truncate'
    | 'sync'
    | 'close'
    | 'unlink'
    | 'makeFolder'
    | 'syncFolder'
    | 'lock'
  > {
  /** Opens a file to read it. */
  look(path: string): Look
}

/** A file that is read piece by piece. */
export interface Look {
  readonly length: number
  /** Fills the bytes from that place on; returns how many there were. */
  read(bytes: Buffer, at: number): number
  close(): void
}

export const realAuditDisk: AuditDisk = {
  ...realDisk,
  look(path) {
    const handle = openSync(path, 'r')
    return {
      length: fstatSync(handle).size,
      read: (bytes, at) => readSync(handle, bytes, 0, bytes.length, at),
      close: () => closeSync(handle),
    }
  },
}
