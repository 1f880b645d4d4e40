/** The routes of one subject's versions: of a tenant, and the same of the provider's guard for operators. */

import { PortcullisError } from '../errors.ts'
import type { Subject } from '../store/store.ts'

import type { TenantConfig } from '../supervisor/effective-config.ts'

import type { Backend } from './backend.ts'
import { decisionsOf } from './decision-routes.ts'
import { jobRoutes } from './job-routes.ts'
import type { Call, Reply, Route } from './route.ts'
import * as schemas from './schemas.ts'
import { guardPrefix, pathOf, subjectOf, tenantPrefix } from './subject.ts'
import { activatedView, quarantineView, versionView } from './tenant-view.ts'
import type { Upload } from './upload.ts'

type Told = Readonly<Record<string, unknown>>

interface SubjectVersions {
  readonly active: {
    readonly number: number | null
    readonly previous: number | null
    readonly since: object
    readonly confirmByMs?: number
  } | null
  readonly omitted: number
  readonly versions: readonly (Told & { readonly number: number })[]
}

async function versionsOf(backend: Backend, subject: Subject): Promise<SubjectVersions> {
  const [found] = (await backend.tell({ command: 'versions', subject })) as readonly SubjectVersions[]
  if (found !== undefined) return found
  throw new PortcullisError('ERR_HOST_FAULT', 'the host tells of no versions')
}

function etagOf(active: number | null): string {
  return `"${active ?? 'none'}"`
}

/** The version that an If-Match names, null for none; undefined if there is no If-Match. Throws ERR_API_REQUEST. */
function ifMatch({ header }: Call): number | null | undefined {
  const text = header('if-match')
  if (text === undefined) return undefined
  const [, named] = /^"(none|[1-9][0-9]{0,6})"$/.exec(text) ?? []
  if (named !== undefined) return named === 'none' ? null : Number(named)
  throw new PortcullisError(
    'ERR_API_REQUEST',
    `If-Match is "none" or a version's number in quotes, one of them`,
  )
}

function activatedReply({ isOperator }: Call, told: unknown): Reply {
  const activated = told as Told & { readonly version: number | null }
  return {
    body: isOperator ? activated : activatedView(activated),
    headers: { etag: etagOf(activated.version) },
  }
}

const anyone = { access: 'tenant-reader', cost: 'read', status: 200 } as const
const changing = { access: 'tenant-admin', cost: 'change', status: 200 } as const

const versionProblems = ['ERR_VERSION_SUBJECT', 'ERR_VERSION_UNKNOWN'] as const
const activation = [
  ...versionProblems,
  'ERR_VERSION_STATE',
  'ERR_ACTIVATION_PENDING',
  'ERR_ACTIVATION_CONFLICT',
  'ERR_VERSION_REFUSED',
] as const

function versionRoutes(prefix: string): Route[] {
  const one = { params: schemas.versionParams, problems: versionProblems } as const
  return [
    {
      ...anyone,
      method: 'GET',
      path: `${prefix}/versions`,
      summary: 'Every version, and which is active.',
      reply: schemas.versions,
      problems: ['ERR_VERSION_SUBJECT'],
      handle: async (call, { backend }) => {
        const found = await versionsOf(backend, subjectOf(call))
        const versions = call.isOperator ? found.versions : found.versions.map(versionView)
        return { body: { ...found, versions } }
      },
    },
    {
      ...changing,
      method: 'POST',
      path: `${prefix}/versions`,
      cost: 'upload',
      summary: 'Uploads a module, with settings and vectors if it has some, and has it admitted.',
      headers: { 'portcullis-reason': 'Why, percent-encoded; or a part "reason".' },
      body: 'upload',
      status: 201,
      reply: schemas.version,
      problems: ['ERR_VERSION_SUBJECT', 'ERR_VERSION_REFUSED', 'ERR_MODULE_SIZE', 'ERR_MODULE_MALFORMED'],
      handle: async (call, { backend }) => {
        const { module, settings, vectors } = call.body as Upload
        const version = (await backend.tell({
          command: 'push',
          subject: subjectOf(call),
          module: module.toString('base64'),
          ...(settings !== undefined && { settings }),
          ...(vectors !== undefined && { vectors }),
          ...call.by,
        })) as Told
        const location = `${pathOf(subjectOf(call))}/versions/${version.number}`
        return { status: 201, body: call.isOperator ? version : versionView(version), headers: { location } }
      },
    },
    {
      ...anyone,
      ...one,
      method: 'GET',
      path: `${prefix}/versions/{n}`,
      summary: 'One version.',
      reply: schemas.version,
      handle: async (call, { backend }) => {
        const { versions } = await versionsOf(backend, subjectOf(call))
        const found = versions.find(({ number }) => number === Number(call.params.n))
        if (found === undefined) throw new PortcullisError('ERR_VERSION_UNKNOWN', `${call.params.n}`)
        return { body: call.isOperator ? found : versionView(found) }
      },
    },
    {
      ...anyone,
      ...one,
      method: 'GET',
      path: `${prefix}/versions/{n}/report`,
      summary: 'The admission report of its bytes, as admission gives it now.',
      reply: schemas.report,
      problems: [...versionProblems, 'ERR_VERSION_STATE'],
      handle: async (call, { backend }) => ({
        body: await backend.tell({
          command: 'report',
          subject: subjectOf(call),
          version: String(call.params.n),
        }),
      }),
    },
    {
      ...changing,
      ...one,
      method: 'GET',
      path: `${prefix}/versions/{n}/module`,
      cost: 'read',
      summary:
        'Its module as it was uploaded; as application/json with settings and vectors, the module in base64.',
      headers: {
        accept: 'application/wasm, or application/json for all of it.',
        'portcullis-reason': 'Why, percent-encoded: a download is an act.',
      },
      reply: 'bytes',
      problems: [...versionProblems, 'ERR_VERSION_STATE'],
      handle: download,
    },
    {
      ...changing,
      ...one,
      method: 'POST',
      path: `${prefix}/versions/{n}/retire`,
      summary: 'Lets go of its bytes: it can never be activated again.',
      body: schemas.reasonBody,
      reply: schemas.version,
      problems: [...versionProblems, 'ERR_VERSION_STATE'],
      handle: async (call, { backend }) => {
        const command = {
          command: 'retire',
          subject: subjectOf(call),
          version: String(call.params.n),
        } as const
        const version = (await backend.tell({ ...command, ...call.by })) as Told
        return { body: call.isOperator ? version : versionView(version) }
      },
    },
  ]
}

async function download(call: Call, { backend }: { readonly backend: Backend }): Promise<Reply> {
  const subject = subjectOf(call)
  const command = { command: 'download', subject, version: String(call.params.n), ...call.by } as const
  const told = (await backend.tell(command)) as { readonly module: string; readonly policy: string }
  const headers = { etag: `"${told.policy}"` }
  if (call.header('accept')?.includes('application/json')) return { body: told, headers }
  return {
    body: Buffer.from(told.module, 'base64'),
    headers: { ...headers, 'content-type': 'application/wasm' },
  }
}

function activeRoutes(prefix: string): Route[] {
  return [
    {
      ...anyone,
      method: 'GET',
      path: `${prefix}/active`,
      summary: 'The version that answers; its number, or "none", is the ETag.',
      reply: schemas.active,
      problems: ['ERR_VERSION_SUBJECT'],
      handle: async (call, { backend }) => {
        const { active } = await versionsOf(backend, subjectOf(call))
        const { number = null, previous = null, ...rest } = active ?? {}
        return { body: { version: number, previous, ...rest }, headers: { etag: etagOf(number) } }
      },
    },
    {
      ...changing,
      method: 'PUT',
      path: `${prefix}/active`,
      summary: 'Has a version answer, if the one that If-Match names is active.',
      headers: { 'if-match': 'The ETag of what is active now.' },
      body: schemas.activeBody,
      reply: schemas.activated,
      problems: ['ERR_API_PRECONDITION', ...activation],
      handle: async (call, { backend }) => {
        const ifActive = ifMatch(call)
        if (ifActive === undefined) throw new PortcullisError('ERR_API_PRECONDITION', 'it has no If-Match')
        const { version, confirmWithinSeconds } = call.body as {
          version: number
          confirmWithinSeconds?: number
        }
        const told = await backend.tell({
          command: 'activate',
          subject: subjectOf(call),
          version: String(version),
          ifActive,
          ...(confirmWithinSeconds !== undefined && { confirmWithinMs: confirmWithinSeconds * 1000 }),
          ...call.by,
        })
        return activatedReply(call, told)
      },
    },
    {
      ...changing,
      method: 'POST',
      path: `${prefix}/active/confirm`,
      summary: 'Makes a provisional activation one for good.',
      body: schemas.reasonBody,
      reply: schemas.activated,
      problems: ['ERR_VERSION_SUBJECT', 'ERR_ACTIVATION_PENDING'],
      handle: async (call, { backend }) =>
        activatedReply(
          call,
          await backend.tell({ command: 'confirm', subject: subjectOf(call), ...call.by }),
        ),
    },
    {
      ...changing,
      method: 'POST',
      path: `${prefix}/active/rollback`,
      summary: 'Has the version before answer again.',
      headers: { 'if-match': 'Optional: the ETag of what is active now.' },
      body: schemas.reasonBody,
      reply: schemas.activated,
      problems: activation,
      handle: async (call, { backend }) => {
        const ifActive = ifMatch(call)
        const told = await backend.tell({
          command: 'rollback',
          subject: subjectOf(call),
          ...(ifActive !== undefined && { ifActive }),
          ...call.by,
        })
        return activatedReply(call, told)
      },
    },
  ]
}

/** The modules that are the tenant's own. Throws ERR_VERSION_SUBJECT if there is no such tenant. */
async function ownDigests(backend: Backend, tenant: string): Promise<ReadonlySet<unknown>> {
  const { tenant: now } = (await backend.tell({ command: 'config', tenant })) as TenantConfig
  const isOfFile = now.policy !== null && now.version === null
  const { versions } = isOfFile ? { versions: [] } : await versionsOf(backend, { tenant })
  return new Set([now.policy, ...versions.map(({ policy }) => policy)])
}

/** A tenant's only: the guard is quarantined for one tenant at a time, and asked by all. */
function tenantRoutes(prefix: string): Route[] {
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

const ofSubject = (prefix: string) => [
  ...versionRoutes(prefix),
  ...activeRoutes(prefix),
  ...jobRoutes(prefix),
]

export function subjectRoutes(): Route[] {
  const forOperators = ofSubject(guardPrefix).map((route): Route => ({ ...route, access: 'operator' }))
  return [...ofSubject(tenantPrefix), ...tenantRoutes(tenantPrefix), ...forOperators]
}
