/**
 * Who may do what. A token has a role, and unless it is an operator's one tenant. Whatever is not that tenant's does not exist for it:
 * it hears the same as of a tenant that nobody has, before anything is asked of the host.
 */

import { PortcullisError } from '../errors.ts'
import type { Subject } from '../store/store.ts'
import { tenantPattern } from '../store/subject-folder.ts'
import { guardPrefix, tenantPrefix } from './subject.ts'
import type { Grant, Role } from './tokens.ts'

/** The least that a route takes; what a reader may an admin may, and an operator may everything. */
export type Access = 'anyone' | 'tenant-reader' | 'tenant-admin' | 'operator'

const ranks: Readonly<Record<Role, number>> = { 'tenant-reader': 1, 'tenant-admin': 2, operator: 3 }

/** Whom the host names when it has taken something back by itself. */
const itself = 'host'

/** The token of `Authorization: Bearer`; empty if there is none, or nothing that could be one. */
export function bearerOf(header: string | undefined): string {
  return /^Bearer +([\w.~+/=-]{1,256})$/i.exec(header ?? '')?.[1] ?? ''
}

/**
 * Throws ERR_API_UNKNOWN for what is another's, the guard's or the host's, ERR_API_ROLE for what is its own and takes more. `subject` is
 * undefined for a route that is about the host.
 */
export function authorize(grant: Grant, access: Access, subject: Subject | undefined): void {
  if (grant.role === 'operator' || access === 'anyone') return
  const isOwn = subject !== undefined && subject !== 'guard' && subject.tenant === grant.tenant
  if (!isOwn) throw new PortcullisError('ERR_API_UNKNOWN')
  if (ranks[grant.role] < ranks[access]) throw new PortcullisError('ERR_API_ROLE')
}

const tokenPrefix = 'token '

/** Who did it, as the store, the log and the audit log name it. */
export function whoOf({ name }: Grant): string {
  return `${tokenPrefix}${name}`
}

/** What a tenant is told of who did something: accounts of the machine are not its business. */
export function whoForTenant(who: string): string {
  return who.startsWith(tokenPrefix) || who === itself ? who : 'an operator'
}

/** Whose a route is about, from its path and what stands in the place of `{tenant}`. Throws ERR_API_UNKNOWN for what can be no tenant. */
export function subjectIn(path: string, params: unknown): Subject | undefined {
  if (path.startsWith(guardPrefix)) return 'guard'
  if (!path.startsWith(tenantPrefix)) return undefined
  const { tenant = '' } = params as { readonly tenant?: string }
  if (tenantPattern.test(tenant)) return { tenant }
  throw new PortcullisError('ERR_API_UNKNOWN')
}
