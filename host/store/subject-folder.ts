/**
 * Where a subject is in the store, and whose a folder is. A tenant's folder begins with `t-`, so that no tenant's name becomes a
 * name that Windows keeps for itself (con, nul, com1). Tenants' names have no capitals and no dots (config.schema.json), so two of
 * them never meet on a file system that does not tell case.
 */

import { join } from 'node:path'

import { PortcullisError } from '../errors.ts'
import type { Disk } from './disk.ts'
import { reading } from './failure.ts'

/** What has versions: a tenant, by name, or the provider's guard. */
export type Subject = { readonly tenant: string } | 'guard'

/** As the schema of the configuration has it; a test compares. */
export const tenantPattern = /^[a-z0-9][a-z0-9-]{0,62}$/

export const GUARD_FOLDER = 'guard'
export const TENANTS_FOLDER = 'tenants'
const PREFIX = 't-'

/** For messages and as a key. */
export function subjectName(subject: Subject): string {
  return subject === 'guard' ? 'the guard' : `tenant ${subject.tenant}`
}

/** Relative to the store, names from the top. Throws ERR_STORE_VALUE for a name that no tenant can have. */
export function subjectFolder(subject: Subject): string[] {
  if (subject === 'guard') return [GUARD_FOLDER]
  if (!tenantPattern.test(subject.tenant)) {
    throw new PortcullisError(
      'ERR_STORE_VALUE',
      `"${subject.tenant}" is not a tenant's name: lower-case letters, digits and hyphens, at most 63`,
    )
  }
  return [TENANTS_FOLDER, PREFIX + subject.tenant]
}

/** The tenant whose folder has this name; undefined if it is nobody's. */
function tenantOf(folder: string): Subject | undefined {
  const tenant = folder.slice(PREFIX.length)
  return folder.startsWith(PREFIX) && tenantPattern.test(tenant) ? { tenant } : undefined
}

/** What is wrong with a folder that is nobody's. */
export const notATenant = "this is no tenant's folder"

/** Every subject that has a folder, and the folders that are nobody's. Throws ERR_FILE_READ. */
export function foundSubjects(disk: Disk, store: string): { subjects: Subject[]; foreign: string[] } {
  const folders = (path: string) =>
    (reading(path, () => disk.list(path)) ?? []).filter(({ isFolder }) => isFolder).map(({ name }) => name)
  const tenants = join(store, TENANTS_FOLDER)
  const subjects: Subject[] = folders(store).includes(GUARD_FOLDER) ? ['guard'] : []
  const foreign: string[] = []
  for (const folder of folders(tenants)) {
    const tenant = tenantOf(folder)
    if (tenant === undefined) foreign.push(join(tenants, folder))
    else subjects.push(tenant)
  }
  return { subjects, foreign }
}
