/**
 * The codes that WinRM is told, and which of them goes with which error. They are Win32 codes, but for the redirect,
 * which the Win32 metadata calls ERROR_WSMAN_REDIRECT_REQUESTED.
 */

import type { ErrorCode } from '../errors.ts'

export const win32 = {
  NO_ERROR: 0,
  ACCESS_DENIED: 5,
  NOT_ENOUGH_MEMORY: 8,
  INVALID_PARAMETER: 87,
  SHUTDOWN_IN_PROGRESS: 1115,
  REVISION_MISMATCH: 1306,
  INTERNAL_ERROR: 1359,
  TIMEOUT: 1460,
  BAD_CONFIGURATION: 1610,
  REDIRECT_REQUESTED: 0x80338199,
} as const

/** "No answer" is an internal error to WinRM, unless time was what ran out. */
export function codeOf(error: ErrorCode): number {
  return error === 'ERR_POLICY_TIME' ? win32.TIMEOUT : win32.INTERNAL_ERROR
}
