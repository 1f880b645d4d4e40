/** The routes of one subject: of a tenant, and most of them also of the provider's guard, for operators. */

import { activeRoutes } from './active-routes.ts'
import { jobRoutes } from './job-routes.ts'
import type { Route } from './route.ts'
import { guardPrefix, tenantPrefix } from './subject.ts'
import { tenantRoutes } from './tenant-routes.ts'
import { versionRoutes } from './version-routes.ts'

const ofSubject = (prefix: string) => [
  ...versionRoutes(prefix),
  ...activeRoutes(prefix),
  ...jobRoutes(prefix),
]

export function subjectRoutes(): Route[] {
  const forOperators = ofSubject(guardPrefix).map((route): Route => ({ ...route, access: 'operator' }))
  return [...ofSubject(tenantPrefix), ...tenantRoutes(tenantPrefix), ...forOperators]
}
