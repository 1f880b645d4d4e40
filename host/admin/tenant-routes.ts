/** The routes that a tenant has and the guard has not: that is quarantined for one tenant at a time, and asked by all. */

import type { TenantConfig } from '../supervisor/effective-config.ts'
import type { Backend } from './backend.ts'
import { decisionsOf } from './decision-routes.ts'
import type { Route } from './route.ts'
import * as schemas from './schemas.ts'
import { anyone, changing, type Told, versionsOf } from './subject-versions.ts'
import { quarantineView } from './tenant-view.ts'

/** The modules that are the tenant's own. Throws ERR_VERSION_SUBJECT if there is no such tenant. */
async function ownDigests(backend: Backend, tenant: string): Promise<ReadonlySet<unknown>> {
  const { tenant: now } = (await backend.tell({ command: 'config', tenant })) as TenantConfig
  const isOfFile = now.policy !== null && now.version === null
  const { versions } = isOfFile ? { versions: [] } : await versionsOf(backend, { tenant })
  return new Set([now.policy, ...versions.map(({ policy }) => policy)])
}

export function tenantRoutes(prefix: string): Route[] {
  return [
    {
      ...anyone,
      method: 'GET',
      path: `${prefix}/config`,
      summary: 'The effective configuration of the tenant.',
      reply: schemas.config,
      problems: ['ERR_VERSION_SUBJECT'],
      handle: async ({ params: { tenant = '' } }, { backend }) => ({
        body: await backend.tell({ command: 'config', tenant }),
      }),
    },
    {
      ...anyone,
      method: 'GET',
      path: `${prefix}/quarantine`,
      summary: 'What is quarantined of the tenant, and why.',
      reply: schemas.quarantined,
      problems: ['ERR_VERSION_SUBJECT'],
      handle: async ({ params: { tenant = '' }, isOperator }, { backend }) => {
        const own = await ownDigests(backend, tenant)
        const told = (await backend.tell({ command: 'quarantine', tenant })) as readonly Told[]
        return { body: isOperator ? told : quarantineView(told, own) }
      },
    },
    {
      ...changing,
      method: 'DELETE',
      path: `${prefix}/quarantine`,
      access: 'operator',
      summary: 'Lets the policies of the tenant be asked again.',
      headers: { 'portcullis-reason': 'Why, percent-encoded.' },
      reply: schemas.lifted,
      problems: ['ERR_VERSION_SUBJECT'],
      handle: async ({ params: { tenant = '' }, by }, { backend }) => {
        await backend.tell({ command: 'config', tenant }) // a name that is misspelt must not look like one without quarantine
        return { body: await backend.tell({ command: 'lift', tenant, ...by }) }
      },
    },
    ...decisionsOf(prefix, 'tenant-reader'),
  ]
}
