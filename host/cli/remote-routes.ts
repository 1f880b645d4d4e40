/**
 * What each command is as a request of the admin API (docs/reference/api.md): one row a command. Whoever uses a host from far has the same commands and gets
 * the same answers; who did it is said by the token.
 */

import type { StoredVersion, Subject } from '../store/store.ts'
import { isNumber, wantedVersion } from '../store/wanted-version.ts'
import type { OperatorCommand } from '../supervisor/operator-command.ts'

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** With the query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** As JSON, or as a form. */
  readonly body?: object | FormData
  /** What the host may take minutes for. */
  readonly isWork?: boolean
  /** The answer as the command has it; default: the JSON that came. */
  readonly read?: (answer: ApiAnswer) => unknown
}

export interface ApiAnswer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Sends a request first that a row needs the answer of. */
export type Ask = (request: ApiRequest) => Promise<ApiAnswer>

type Of<Name extends OperatorCommand['command']> = Extract<OperatorCommand, { command: Name }>

type Routes = {
  readonly [Name in OperatorCommand['command']]?: (
    command: Of<Name>,
    ask: Ask,
  ) => ApiRequest | Promise<ApiRequest>
}

function tenantPath(tenant: string): string {
  return `/v1/tenants/${encodeURIComponent(tenant)}`
}

function pathOf(subject: Subject): string {
  return subject === 'guard' ? '/v1/guard' : tenantPath(subject.tenant)
}

/** Of a tenant, or of the host. */
function scopeOf(tenant: string | undefined): string {
  return tenant === undefined ? '/v1' : tenantPath(tenant)
}

function reasonOf({ why }: { readonly why?: string }): { reason?: string } {
  return why === undefined ? {} : { reason: why }
}

/** For requests without a body; half a character, which a header cannot have, becomes a mark. */
function reasonHeader({ why }: { readonly why?: string }): { headers?: Record<string, string> } {
  return why === undefined
    ? {}
    : { headers: { 'portcullis-reason': encodeURIComponent(Buffer.from(why).toString()) } }
}

function etagOf(active: number | null): string {
  return `"${active ?? 'none'}"`
}

interface Chosen {
  readonly subject: Subject
  readonly version: string
}

/** The API knows versions by their numbers only. */
async function numberOf({ subject, version }: Chosen, ask: Ask): Promise<number> {
  if (isNumber(version)) return Number(version)
  const { text } = await ask({ method: 'GET', path: `${pathOf(subject)}/versions` })
  const { versions } = JSON.parse(text) as { versions: readonly StoredVersion[] }
  const whose = subject === 'guard' ? 'the guard' : subject.tenant
  return wantedVersion(versions, version, whose).number
}

async function versionPath(chosen: Chosen, ask: Ask): Promise<string> {
  return `${pathOf(chosen.subject)}/versions/${await numberOf(chosen, ask)}`
}

/** Parts are files: a form changes the ends of lines in what is text. */
function formOf({ module, settings, vectors, why }: Of<'push'>): FormData {
  const form = new FormData()
  const add = (name: string, content: string | Buffer, type: string) =>
    form.set(name, new Blob([content as string], { type }), name)
  add('module', Buffer.from(module, 'base64'), 'application/wasm')
  if (settings !== undefined) add('settings', JSON.stringify(settings), 'application/json')
  if (vectors !== undefined) add('vectors', vectors, 'application/jsonl')
  if (why !== undefined) add('reason', why, 'text/plain')
  return form
}

export const routes: Routes = {
  status: () => ({ method: 'GET', path: '/v1/status' }),
  audit: () => ({ method: 'GET', path: '/v1/audit' }),
  config: ({ tenant }) => ({ method: 'GET', path: `${scopeOf(tenant)}/config` }),
  reload: (command) => ({ method: 'POST', path: '/v1/reload', body: reasonOf(command), isWork: true }),
  metrics: () => ({
    method: 'GET',
    path: '/metrics',
    read: ({ headers, text }) => ({ contentType: headers['content-type'], text }),
  }),
  decisions: ({ command: _, tenant, after, limit, ...filter }) => {
    const query = new URLSearchParams({
      ...(after !== undefined && { cursor: after }),
      ...(limit !== undefined && { limit: `${limit}` }),
      ...filter,
    }).toString()
    return { method: 'GET', path: `${scopeOf(tenant)}/decisions${query === '' ? '' : `?${query}`}` }
  },
  quarantine: ({ tenant }) => ({ method: 'GET', path: `${scopeOf(tenant)}/quarantine` }),
  lift: (command) => ({
    method: 'DELETE',
    path: `${tenantPath(command.tenant)}/quarantine`,
    ...reasonHeader(command),
  }),
  versions: ({ subject }) =>
    subject === undefined
      ? { method: 'GET', path: '/v1/versions' }
      : {
          method: 'GET',
          path: `${pathOf(subject)}/versions`,
          read: ({ text }) => [JSON.parse(text)],
        },
  push: (command) => ({
    method: 'POST',
    path: `${pathOf(command.subject)}/versions`,
    body: formOf(command),
    isWork: true,
  }),
  report: async (command, ask) => ({
    method: 'GET',
    path: `${await versionPath(command, ask)}/report`,
    isWork: true,
  }),
  download: async (command, ask) => {
    const { headers } = reasonHeader(command)
    return {
      method: 'GET',
      path: `${await versionPath(command, ask)}/module`,
      headers: { ...headers, accept: 'application/json' },
    }
  },
  retire: async (command, ask) => ({
    method: 'POST',
    path: `${await versionPath(command, ask)}/retire`,
    body: reasonOf(command),
    isWork: true,
  }),
  /** The API wants to know what was seen active: without it, what is so now. */
  activate: async (command, ask) => {
    const { subject, confirmWithinMs, ifActive } = command
    const path = `${pathOf(subject)}/active`
    const version = await numberOf(command, ask)
    const etag = ifActive === undefined ? (await ask({ method: 'GET', path })).headers.etag : etagOf(ifActive)
    return {
      method: 'PUT',
      path,
      headers: { 'if-match': `${etag}` },
      body: {
        version,
        ...(confirmWithinMs !== undefined && { confirmWithinSeconds: Math.ceil(confirmWithinMs / 1000) }),
        ...reasonOf(command),
      },
      isWork: true,
    }
  },
  confirm: (command) => ({
    method: 'POST',
    path: `${pathOf(command.subject)}/active/confirm`,
    body: reasonOf(command),
    isWork: true,
  }),
  rollback: (command) => ({
    method: 'POST',
    path: `${pathOf(command.subject)}/active/rollback`,
    ...(command.ifActive !== undefined && { headers: { 'if-match': etagOf(command.ifActive) } }),
    body: reasonOf(command),
    isWork: true,
  }),
}
