/** Whose versions a request is about, and where its routes are. */

import { PortcullisError } from '../errors.ts'
import type { Subject } from '../store/store.ts'

/** Of a route that is about a subject: the server has made sure. */
export function subjectOf({ subject }: { readonly subject: Subject | undefined }): Subject {
  if (subject !== undefined) return subject
  throw new PortcullisError('ERR_HOST_FAULT', 'a route has no subject')
}

/** Where a subject's routes begin. */
export function pathOf(subject: Subject): string {
  return subject === 'guard' ? '/v1/guard' : `/v1/tenants/${subject.tenant}`
}

/** The same, as rows of the table have it. */
export const guardPrefix = '/v1/guard'
export const tenantPrefix = '/v1/tenants/{tenant}'
