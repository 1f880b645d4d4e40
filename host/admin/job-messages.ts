/** What the admin process and the process of a job say to each other, as messages of Node's channel. */

import type { ErrorCode } from '../errors.ts'
import type { Settings } from '../wire/settings-block.ts'

/** A version, as the host has given it out. Bytes travel in base64. */
export interface JobModule {
  readonly name: string
  readonly module: string
  readonly settings?: Settings
}

export type JobWork =
  | {
      readonly kind: 'replay'
      /** The recording's folder. */
      readonly recording: string
      /** Whose decisions are made again; undefined: all. */
      readonly tenant?: string
      /** What is put in the place of `of`. */
      readonly replacement?: JobModule & { readonly of: 'guard' | 'tenant' }
    }
  | {
      readonly kind: 'diff'
      readonly from: JobModule
      readonly to: JobModule
      readonly principals: readonly unknown[]
      readonly resources: readonly unknown[]
      /** ISO 8601. */
      readonly time: string
    }

export type FromJob =
  | { readonly type: 'progress'; readonly count: number }
  | { readonly type: 'done'; readonly report: object }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly detail: string }
