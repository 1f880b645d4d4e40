// Who may do what: every route, asked by every role and without one, about its own tenant, another's and one that nobody has. What a
// token may not see is answered byte for byte as what is not there, and nothing of it reaches the host.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Route } from '../../host/admin/route.ts'
import { statusesOf } from '../../host/admin/route.ts'
import { allRoutes } from '../../host/admin/server.ts'
import { TokenFile } from '../../host/admin/token-file.ts'
import { TokenReader } from '../../host/admin/tokens.ts'
import { answerTo } from '../../host/supervisor/admin-process.ts'
import { bearer, digestOf, type FakeHost, fakeApi, grants, secrets, wasm } from './fake-host.ts'

const routes = allRoutes(
  () => Buffer.alloc(0),
  async () => true,
)

/** Routes whose answer has no end are asked for what is wrong with them only, when they would be let in. */
const isStream = ({ reply }: Route) => reply === 'events'

let app: FastifyInstance
let host: FakeHost
let job: string
let guardJob: string

beforeAll(async () => {
  ;({ app, host } = await fakeApi())
})
afterAll(() => app.close())
beforeEach(async () => {
  host.reset()
  for (const path of ['/v1/tenants/a', '/v1/tenants/b', '/v1/guard']) await cancelAll(path)
  job = await begin('/v1/tenants/a')
  guardJob = await begin('/v1/guard')
})

async function begin(path: string): Promise<string> {
  const payload = { kind: 'replay' }
  const options = { method: 'POST', url: `${path}/jobs`, headers: bearer('operator'), payload } as const
  return (await app.inject(options)).json().id
}

async function cancelAll(path: string): Promise<void> {
  const { jobs } = (await app.inject({ url: `${path}/jobs`, headers: bearer('operator') })).json()
  for (const { id } of jobs) {
    await app.inject({ method: 'DELETE', url: `${path}/jobs/${id}`, headers: bearer('operator') })
  }
}

/** A request that the route takes, of whoever may. */
function requestOf(
  { method, path, body, headers = {} }: Route,
  tenant: string,
  token?: string,
): InjectOptions {
  const url = path
    .replace('{tenant}', tenant)
    .replace('{n}', '1')
    .replace('{id}', path.includes('guard') ? guardJob : job)
  const payload =
    body === 'upload'
      ? wasm
      : path.endsWith('/active')
        ? { version: 2 }
        : path.endsWith('/jobs')
          ? { kind: 'replay' }
          : {}
  return {
    method,
    url,
    headers: {
      ...(token !== undefined && bearer(token)),
      ...(body === 'upload' && { 'content-type': 'application/wasm' }),
      ...('if-match' in headers && path.endsWith('/active') && { 'if-match': '"1"' }),
    },
    ...(body !== undefined && { payload }),
  }
}

/** What has to come, as the rules say and not as the code does. */
function expected(route: Route, role: string, tenant: string): 'let in' | 401 | 403 | 404 {
  if (['/openapi.json', '/health', '/ready'].includes(route.path)) return 'let in'
  if (!(role in grants)) return 401
  if (role === 'operator') return 'let in'
  const isOfTenant = route.path.startsWith('/v1/tenants/{tenant}/')
  if (!isOfTenant || tenant !== grants[role]?.tenant) return 404
  const forOperators = route.method === 'DELETE' && route.path.endsWith('/quarantine')
  const forAdmins = route.method !== 'GET' || route.path.endsWith('/module')
  return forOperators || (forAdmins && role === 'readerA') ? 403 : 'let in'
}

const tenants = ['a', 'b', 'nobody', 'guard', 'A', 'a%2F..%2Fb', '%00', 'constructor', 'a b']
const roles = ['operator', 'adminA', 'readerA', 'wrong']

/** What is the same in each answer of a kind, but for the clock. */
function bytesOf({ statusCode, headers, rawPayload }: Awaited<ReturnType<typeof app.inject>>): string {
  const { date: _, ...rest } = headers
  return JSON.stringify([statusCode, rest, rawPayload.toString()])
}

describe.each(roles)('as %s', (role) => {
  it.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s',
    async (_, route) => {
      const about = route.path.includes('{tenant}') ? tenants : ['a']
      for (const tenant of about) {
        const due = expected(route, role, tenant)
        if (due === 'let in' && isStream(route)) continue
        const [state, asked] = [host.state, host.commands.length]
        const reply = await app.inject(requestOf(route, tenant, role))
        const place = `${role} asks ${route.method} ${route.path} of ${tenant}: ${reply.payload.slice(0, 200)}`
        if (due !== 'let in') {
          expect([place, reply.statusCode]).toEqual([place, due])
          expect([place, host.state, host.commands.length]).toEqual([place, state, asked])
          continue
        }
        if (tenant === grants[role]?.tenant || role === 'operator') {
          expect([place, statusesOf(route).includes(reply.statusCode)]).toEqual([place, true])
        }
        if (tenant === 'a') expect([place, reply.statusCode < 400]).toEqual([place, true])
        if (role === 'operator' || route.access === 'anyone') continue
        for (const secret of secrets) expect([place, reply.payload.includes(secret)]).toEqual([place, false])
        for (const command of host.commands.slice(asked))
          expect(JSON.stringify(command)).not.toMatch(/guard|"b"/)
      }
    },
  )
})

it('all of it is in the table: each role is let in somewhere and kept out elsewhere', () => {
  const counts = roles.map((role) => routes.filter((route) => expected(route, role, 'a') === 'let in').length)
  expect(counts).toEqual([routes.length, 21, 13, 3])
})

it('all of it is what the supervisor has done for the admin process', async () => {
  host.commands.length = 0
  for (const route of routes.filter((one) => !isStream(one)))
    await app.inject(requestOf(route, 'a', 'operator'))
  const asked = new Map(host.commands.map((command) => [command.command, command]))
  for (const [name, command] of asked) {
    expect([name, await answerTo(1, command, { obey: () => true })]).toEqual([
      name,
      { type: 'reply', id: 1, result: true },
    ])
  }
  expect(asked.size).toBeGreaterThan(14)
})

describe("what is not a token's", () => {
  it('is the same bytes for another tenant, for none, for the guard, for the host and for what is no route', async () => {
    const paths = [
      ...tenants.slice(1).map((tenant) => `/v1/tenants/${tenant}/versions`),
      '/v1/tenants/b/versions/99',
      `/v1/tenants/b/jobs/${job}`,
      '/v1/tenants/b/decisions?limit=nonsense',
      '/v1/guard/versions',
      '/v1/status',
      '/v1/nothing',
    ]
    const answers = new Set<string>()
    for (const url of paths) {
      answers.add(bytesOf(await app.inject({ url, headers: bearer('adminA') })))
    }
    expect([...answers]).toHaveLength(1)
    expect([...answers][0]).toContain('ERR_API_UNKNOWN')
  })

  it('is not read: a body of any kind comes to the same', async () => {
    const answers = new Set<string>()
    for (const [type, payload] of [
      ['application/wasm', wasm],
      ['application/json', '{'],
      ['text/plain', 'x'.repeat(100_000)],
    ] as const) {
      const headers = { ...bearer('adminA'), 'content-type': type }
      for (const url of ['/v1/tenants/b/versions', '/v1/reload', '/v1/nothing']) {
        answers.add(bytesOf(await app.inject({ method: 'POST', url, headers, payload })))
      }
    }
    expect([...answers]).toHaveLength(1)
  })

  it('is no job of another, though its id is right', async () => {
    const { statusCode } = await app.inject({
      method: 'DELETE',
      url: `/v1/tenants/b/jobs/${job}`,
      headers: bearer('adminB'),
    })
    expect(statusCode).toBe(404)
  })

  it("is the guard's digest in what is quarantined", async () => {
    const { json } = await app.inject({ url: '/v1/tenants/a/quarantine', headers: bearer('readerA') })
    expect(json()).toMatchObject([
      { policy: digestOf('a', 1), reason: 'deaths' },
      { tenant: 'a', explanation: expect.stringContaining('guard') },
    ])
  })
})

describe('a token that is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-roles-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is refused with the same bytes, whatever is wrong with it', async () => {
    const path = join(folder, 'tokens.json')
    const file = new TokenFile(path)
    const nowMs = Date.now()
    const make = (name: string, tenant: string, expiresMs: number) =>
      file.create({ name, role: 'tenant-admin', tenant, expiresMs, by: 'test' }, nowMs)
    const good = make('good', 'a', nowMs + 60_000).token
    const expired = make('expired', 'a', nowMs + 1).token
    const revoked = make('revoked', 'a', nowMs + 60_000)
    file.revoke(revoked.id, 'test', nowMs)
    const reader = new TokenReader(path)
    const real = await fakeApi({ tokens: {}, now: () => nowMs + 1_000 })
    const { makeApi } = await import('../../host/admin/server.ts')
    const api = await makeApi({
      backend: real.host,
      jobs: real.jobs,
      recording: () => undefined,
      tokens: reader,
      now: () => nowMs + 1_000,
    })
    const of = (authorization: string | undefined, url = '/v1/tenants/a/versions') =>
      api.inject({ url, ...(authorization !== undefined && { headers: { authorization } }) })
    expect((await of(`Bearer ${good}`)).statusCode).toBe(200)
    const wrong = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      `Basic ${good}`,
      good,
      `Bearer ${good}x`,
      `Bearer ${good.slice(0, -1)}`,
      `Bearer ${good} ${good}`,
      `Bearer pct_${'0'.repeat(12)}_${'A'.repeat(43)}`,
      `Bearer ${'x'.repeat(10_000)}`,
      `Bearer ${expired}`,
      `Bearer ${revoked.token}`,
    ]
    const answers = new Set<string>()
    for (const authorization of wrong) answers.add(bytesOf(await of(authorization)))
    for (const url of ['/v1/tenants/b/versions', '/v1/guard/versions', '/v1/status', '/v1/nothing']) {
      answers.add(bytesOf(await of(`Bearer ${expired}`, url)))
    }
    expect([...answers]).toHaveLength(1)
    expect([...answers][0]).toContain('"www-authenticate":"Bearer realm=\\"portcullis\\""')
    expect(real.host.commands).toHaveLength(1)
    await api.close()
    await real.app.close()
  })
})
