/** What the store says when a disk refuses. */

import { type ErrorCode, PortcullisError } from '../errors.ts'
import { systemCode } from './disk.ts'

const words: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: "this account's share of the disk is full",
  EROFS: 'the disk can only be read',
  EACCES: 'this account may not',
  EPERM: 'this account may not',
  ENOENT: 'it is not there',
}

/** A system's error with its place, under `code`. What is no system's error stays what it is. */
export function failure(error: unknown, path: string, code: ErrorCode): unknown {
  const why = systemCode(error)
  if (why === undefined) return error
  return new PortcullisError(code, `${path}: ${words[why] ?? (error as Error).message}`)
}

/** Does it, with what the system says against it as ERR_STORE_WRITE. */
export function writing<Value>(path: string, act: () => Value): Value {
  try {
    return act()
  } catch (error) {
    throw failure(error, path, 'ERR_STORE_WRITE')
  }
}

/** Does it, with what the system says against it as ERR_FILE_READ. */
export function reading<Value>(path: string, act: () => Value): Value {
  try {
    return act()
  } catch (error) {
    throw failure(error, path, 'ERR_FILE_READ')
  }
}

/** What an operator does about a store that is damaged. */
const cure =
  'nothing was changed; put a backup in its place ("portcullis store restore"), or ask whoever changes files there'

/** Something of a store that is not as the host wrote it, with its place. */
export class StoreError extends PortcullisError {
  readonly file: string
  /** From 1. */
  readonly line: number | undefined
  readonly what: string
  readonly toDo: string

  constructor(code: ErrorCode, place: { file: string; line?: number }, what: string, toDo: string) {
    super(code, `${place.file}${place.line === undefined ? '' : `, line ${place.line}`}: ${what}; ${toDo}`)
    this.file = place.file
    this.line = place.line
    this.what = what
    this.toDo = toDo
  }
}

export function damaged(place: { file: string; line?: number }, what: string): StoreError {
  return new StoreError('ERR_STORE_DAMAGED', place, what, cure)
}
