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
export const cure =
  'nothing was changed; put a backup in its place ("portcullis store restore"), or ask whoever changes files there'
