/** What the audit log says when it cannot be opened, is damaged, or a disk refuses. */

import { type ErrorCode, PortcullisError } from '../errors.ts'
import { failure } from '../store/failure.ts'

/** A system's error with its place. Anything else is a fault of the host's own, and stays what it is. */
export function auditFailure(error: unknown, path: string, code: ErrorCode): PortcullisError {
  const known = failure(error, path, code)
  return known instanceof PortcullisError
    ? known
    : new PortcullisError('ERR_HOST_FAULT', `${path}: ${(error as Error).stack}`)
}

const cure =
  'nothing was changed; move the folder away, keep it, and the host begins a new one ("portcullis audit verify" says more)'

/** Something of a log that is not as the host wrote it, with its place; `line` is counted from 1. */
export function damaged(file: string, line: number | undefined, what: string): PortcullisError {
  const place = line === undefined ? file : `${file}, line ${line}`
  return new PortcullisError('ERR_AUDIT_DAMAGED', `${place}: ${what}; ${cure}`)
}
