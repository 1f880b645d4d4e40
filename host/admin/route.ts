/**
 * What a route is: one row that says who may ask, what it takes and what it answers. Server, OpenAPI document, reference page and tests
 * all read these rows. A handler translates between HTTP and commands, and decides nothing.
 */

import type { ErrorCode } from '../errors.ts'
import type { Subject } from '../store/store.ts'
import type { Access } from './access.ts'
import type { Backend } from './backend.ts'
import type { Jobs } from './jobs.ts'
import { statusOf } from './problem.ts'
import type { Schema } from './schemas.ts'
import { tenantPrefix } from './subject.ts'
import type { Grant } from './tokens.ts'

/** A request of somebody whose token lets him ask it. */
export interface Call {
  readonly grant: Grant
  readonly isOperator: boolean
  /** Whose versions it is about; undefined for what is about the host. */
  readonly subject: Subject | undefined
  /** As commands have it. */
  readonly by: { readonly who: string; readonly why?: string }
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  /** JSON that follows the route's schema, or an upload. */
  readonly body: unknown
  readonly header: (name: string) => string | undefined
}

export interface Reply {
  /** Default 200. */
  readonly status?: number
  /** Told as JSON, but bytes as they are. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What handlers have to do with. */
export interface Services {
  readonly backend: Backend
  readonly jobs: Jobs
  /** The folder that decisions are recorded in, if they are. */
  readonly recording: () => string | undefined
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** `{tenant}`, `{n}` and `{id}` stand for what is asked about. */
  readonly path: string
  readonly access: Access
  /** What of a token's share it takes. */
  readonly cost: 'read' | 'change' | 'upload'
  readonly summary: string
  readonly params?: Readonly<Record<string, Schema>>
  readonly query?: Schema
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Schema | 'upload'
  readonly bodyBytesMax?: number
  /** A module is admitted for it. So many are under way at a time, so that who only looks does not wait for them. */
  readonly isWork?: boolean
  /** What it answers when all is well. */
  readonly status: number
  readonly reply: Schema | 'bytes' | 'text' | 'events'
  /** Beside those that any route may come to. */
  readonly problems?: readonly ErrorCode[]
  readonly handle: (call: Call, services: Services) => Promise<Reply> | Reply
}

/** Codes that any route with a token may answer with. */
const always: readonly ErrorCode[] = ['ERR_API_TOKEN', 'ERR_API_RATE', 'ERR_HOST_FAULT', 'ERR_API_BUSY']

/** What a route may answer with: its own status, and those of problems, in their order. */
export function statusesOf({
  access,
  path,
  method,
  query,
  body,
  params,
  status,
  problems = [],
}: Route): number[] {
  if (access === 'anyone') return [status, statusOf('ERR_API_RATE'), ...problems.map(statusOf)]
  const codes: ErrorCode[] = [...always, ...problems, 'ERR_API_UNKNOWN']
  if (path.startsWith(tenantPrefix) && access !== 'tenant-reader') codes.push('ERR_API_ROLE')
  if (query !== undefined || body !== undefined || params !== undefined || method !== 'GET') {
    codes.push('ERR_API_REQUEST')
  }
  if (body !== undefined) codes.push('ERR_API_SIZE', 'ERR_API_MEDIA')
  return [status, ...[...new Set(codes.map(statusOf))].sort((a, b) => a - b)]
}
