/** The routes that are about the host as a whole: an operator's, and three that anybody may ask because they tell nothing. */

import type { HostStatus } from '../supervisor/status.ts'
import { decisionsOf } from './decision-routes.ts'
import type { Route } from './route.ts'
import * as schemas from './schemas.ts'

/** Whether the host runs, every evaluator that is configured serves, and policies are asked. */
export function isReady({ state, evaluators: { configured, processes }, audit }: HostStatus): boolean {
  const serving = processes.filter((one) => one.state === 'serving').length
  const isHalted = audit?.isBehind === true && audit.whenBehind === 'deny'
  return state === 'running' && serving >= configured && !isHalted
}

/** `openApi` gives the document, and `ready` looks no more often than strangers may make it. */
export function hostRoutes(openApi: () => Buffer, ready: () => Promise<boolean>): Route[] {
  const operator = { access: 'operator', cost: 'read', status: 200 } as const
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      access: 'anyone',
      cost: 'read',
      summary: 'The OpenAPI document of this API.',
      status: 200,
      reply: schemas.document,
      handle: () => ({ body: openApi() }),
    },
    {
      method: 'GET',
      path: '/health',
      access: 'anyone',
      cost: 'read',
      summary: 'The admin process answers.',
      status: 200,
      reply: schemas.health,
      handle: () => ({ body: { status: 'ok' } }),
    },
    {
      method: 'GET',
      path: '/ready',
      access: 'anyone',
      cost: 'read',
      summary: 'The host runs, every evaluator serves, and the audit log lets policies be asked; 503 if not.',
      status: 200,
      reply: schemas.ready,
      problems: ['ERR_API_BUSY'],
      handle: async () => {
        const isNow = await ready()
        return { status: isNow ? 200 : 503, body: { ready: isNow } }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/metrics',
      summary: 'Metrics, as Prometheus reads them.',
      reply: 'text',
      handle: async (_, { backend }) => {
        const { contentType, text } = (await backend.tell({ command: 'metrics' })) as {
          contentType: string
          text: string
        }
        return { body: Buffer.from(text), headers: { 'content-type': contentType } }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/v1/status',
      summary: 'What the host serves and with what.',
      reply: schemas.status,
      handle: async (_, { backend }) => ({ body: await backend.tell({ command: 'status' }) }),
    },
    {
      ...operator,
      method: 'POST',
      path: '/v1/reload',
      cost: 'change',
      summary: 'Reads the configuration again.',
      body: schemas.reasonBody,
      reply: schemas.reloaded,
      problems: ['ERR_RELOAD', 'ERR_CONFIG_VALUE'],
      handle: async ({ by }, { backend }) => ({ body: await backend.tell({ command: 'reload', ...by }) }),
    },
    {
      ...operator,
      method: 'GET',
      path: '/v1/config',
      summary: 'The effective configuration.',
      reply: schemas.config,
      handle: async (_, { backend }) => ({ body: await backend.tell({ command: 'config' }) }),
    },
    {
      ...operator,
      method: 'GET',
      path: '/v1/audit',
      summary: 'How far the audit log is; null without one.',
      reply: schemas.audit,
      handle: async (_, { backend }) => ({ body: await backend.tell({ command: 'audit' }) }),
    },
    {
      ...operator,
      method: 'GET',
      path: '/v1/tokens',
      summary: 'The tokens, without their secrets. They are made and revoked by the command line only.',
      reply: schemas.tokens,
      handle: async (_, { backend }) => ({ body: await backend.tell({ command: 'token-list' }) }),
    },
    {
      ...operator,
      method: 'GET',
      path: '/v1/tenants',
      summary: 'The tenants, those asked last first.',
      reply: schemas.tenants,
      handle: async (_, { backend }) => {
        const { tenants } = (await backend.tell({ command: 'status' })) as HostStatus
        return { body: tenants }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/v1/versions',
      summary: "The versions of every subject that is the store's.",
      reply: schemas.allVersions,
      handle: async (_, { backend }) => ({ body: await backend.tell({ command: 'versions' }) }),
    },
    {
      ...operator,
      method: 'GET',
      path: '/v1/quarantine',
      summary: 'What is quarantined, of all tenants.',
      reply: schemas.quarantined,
      handle: async (_, { backend }) => ({ body: await backend.tell({ command: 'quarantine' }) }),
    },
    ...decisionsOf('/v1', 'operator'),
  ]
}
