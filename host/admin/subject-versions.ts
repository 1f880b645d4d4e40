/** What the routes of a subject have in common: what the host tells of its versions, and what kinds of rows there are. */

import { PortcullisError } from '../errors.ts'
import type { Subject } from '../store/store.ts'
import type { Backend } from './backend.ts'

export type Told = Readonly<Record<string, unknown>>

export interface SubjectVersions {
  readonly active: {
    readonly number: number | null
    readonly previous: number | null
    readonly since: object
    readonly confirmByMs?: number
  } | null
  readonly omitted: number
  readonly versions: readonly (Told & { readonly number: number })[]
}

/** Throws ERR_VERSION_SUBJECT. */
export async function versionsOf(backend: Backend, subject: Subject): Promise<SubjectVersions> {
  const [found] = (await backend.tell({ command: 'versions', subject })) as readonly SubjectVersions[]
  if (found !== undefined) return found
  throw new PortcullisError('ERR_HOST_FAULT', 'the host tells of no versions')
}

/** A row that only looks, and one that changes something. */
export const anyone = { access: 'tenant-reader', cost: 'read', status: 200 } as const
export const changing = { access: 'tenant-admin', cost: 'change', status: 200 } as const

/** What comes of a version that is named. */
export const versionProblems = ['ERR_VERSION_SUBJECT', 'ERR_VERSION_UNKNOWN'] as const
