/** The part of portcullis_io that is about files (native/io/files.h), loaded when something of it is first asked for. */

import koffi from 'koffi'

import { nativeLibrary } from '../paths.ts'

const WRITERS_BYTES = 8192
const NAME_BYTES = 1024

/** What `lock` returns for a file that another process holds. */
export const LOCKED = -20

let loaded: ReturnType<typeof koffi.load> | undefined

function declared(prototype: string) {
  loaded ??= koffi.load(nativeLibrary('portcullis_io'))
  return loaded.func(prototype)
}

function textOf(bytes: Buffer): string {
  return bytes.toString('utf8', 0, bytes.indexOf(0))
}

export function lock(path: string): { status: number; handle: bigint | number } {
  const handle: [bigint | number] = [0]
  const status = declared('int pcio_file_lock(const char *path, _Out_ int64_t *lock)')(path, handle)
  return { status, handle: handle[0] }
}

export function unlock(handle: bigint | number): void {
  declared('void pcio_file_unlock(int64_t lock)')(handle)
}

/** Windows only. Returns the system's error number, or 0. */
export function replace(path: string, replacement: string): number {
  return declared('int pcio_file_replace(const char *path, const char *replacement)')(path, replacement)
}

/** Windows only. Whoever has any of the rights `mask`, as texts of SIDs; or the system's error number. */
export function writers(path: string, mask: number): string[] | number {
  const bytes = Buffer.alloc(WRITERS_BYTES)
  const status = declared('int pcio_file_writers(const char *path, uint32_t mask, uint8_t *texts)')(
    path,
    mask,
    bytes,
  )
  return status === 0 ? textOf(bytes).split('\n').slice(0, -1) : status
}

/** Windows only. The name of a SID's account; undefined if it has none here. */
export function accountName(sid: string): string | undefined {
  const bytes = Buffer.alloc(NAME_BYTES)
  declared('void pcio_account_name(const char *sid, uint8_t *name)')(sid, bytes)
  return textOf(bytes) || undefined
}
