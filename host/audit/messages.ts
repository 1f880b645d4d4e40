/** What the supervisor's thread and the thread that writes the audit log say to each other. One file for both ends. */

import type { ErrorCode } from '../errors.ts'
import type { Members } from './format.ts'
import type { LogBounds } from './log-end.ts'

export interface WriterData {
  readonly folder: string
  readonly bounds: LogBounds
  /**
   * Of the record that a host begins with, for the first thread of one. It is safe before the log is open: from then on a log
   * without `stopped` at its end says that something may be missing, even if nothing else ever reached the disk.
   */
  readonly started?: Members['started']
}

export type ToWriter =
  /** Texts of records, a line each. */
  | { readonly type: 'batch'; readonly texts: string }
  | { readonly type: 'bounds'; readonly bounds: LogBounds }
  /** After the last batch. `text` is that of the last record, which is written when all others are safe. */
  | { readonly type: 'close'; readonly text: string }

/** How far the log is on the disk. */
export interface Progress {
  /** Of all that were handed over. */
  readonly batches: number
  readonly head: string
  readonly sequence: number
  readonly bytesWritten: number
  readonly filesRemoved: number
}

export type FromWriter =
  /** `foundGap`: who wrote the log before has ended without closing it, and the log says so from now on. */
  | { readonly type: 'opened'; readonly progress: Progress; readonly foundGap: boolean }
  /** The log cannot be opened; nothing else follows. */
  | { readonly type: 'refused'; readonly code: ErrorCode; readonly detail: string }
  | { readonly type: 'safe'; readonly progress: Progress }
  /** A write failed, or a file that should go could not be taken away. It is tried again and again. */
  | { readonly type: 'failed'; readonly what: Trouble; readonly code: ErrorCode; readonly detail: string }
  | { readonly type: 'recovered'; readonly what: Trouble }
  /** Everything is on the disk, and the file is closed. */
  | { readonly type: 'closed' }

export type Trouble = 'writing' | 'removing'
