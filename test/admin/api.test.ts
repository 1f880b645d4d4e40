// What the API answers, route by route, in front of a host of a few lines. Who may ask is roles.test.ts.

import { Ajv } from 'ajv'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { type ErrorCode, errorTable, PortcullisError } from '../../host/errors.ts'
import { moduleBytesMax } from '../../host/limits.ts'
import { bearer, digestOf, type FakeHost, type FakeWorkers, fakeApi, wasm, wasmOf } from './fake-host.ts'

let app: FastifyInstance
let host: FakeHost
let workers: FakeWorkers
let failures: Error[]

beforeEach(async () => {
  ;({ app, host, workers, failures } = await fakeApi())
})
afterEach(async () => {
  expect(failures).toEqual([])
  await app.close()
})

const asOperator = bearer('operator')
const ofA = bearer('adminA')

const get = (url: string, headers: object = asOperator) => app.inject({ url, headers: { ...headers } })

describe('what anybody may ask', () => {
  it('is health, whether the host serves, and the document', async () => {
    expect((await get('/health', {})).json()).toEqual({ status: 'ok' })
    expect((await get('/ready', {})).json()).toEqual({ ready: true })
    expect((await get('/openapi.json', {})).json()).toMatchObject({ openapi: '3.1.0' })
  })

  it('is 503 of a host that does not serve, without a name in it', async () => {
    host.isServing = false
    const { statusCode, json } = await get('/ready', {})
    expect([statusCode, json()]).toEqual([503, { ready: false }])
  })

  it('is asked by one address so often and no more', async () => {
    const nowMs = Date.now()
    const still = await fakeApi({ now: () => nowMs })
    const statuses = new Map<number, number>()
    for (let times = 0; times < 1_000; times++) {
      const { statusCode } = await still.app.inject('/openapi.json')
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
    }
    expect([...statuses]).toEqual([
      [200, 600],
      [429, 400],
    ])
    await still.app.close()
  })

  it('puts one question a second to the host, however many ask', async () => {
    for (let times = 0; times < 50; times++) await get('/ready', {})
    expect(host.commands.length).toBeLessThanOrEqual(2)
  })
})

describe('a problem', () => {
  it('says what is wrong, with its code, its status and what to do', async () => {
    const reply = await get('/v1/tenants/nobody/versions')
    expect(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect([reply.statusCode, reply.json()]).toEqual([
      404,
      {
        type: 'urn:portcullis:error:ERR_VERSION_SUBJECT',
        title: errorTable.ERR_VERSION_SUBJECT.text,
        status: 404,
        code: 'ERR_VERSION_SUBJECT',
        detail: 'the configuration has no tenant nobody',
        remedy: expect.any(String),
      },
    ])
  })

  it('has no detail for a tenant that could name what is not its own', async () => {
    for (const [code, isShown] of [
      ['ERR_STORE_WRITE', false],
      ['ERR_ACTIVATION_BREAK_GLASS', false],
      ['ERR_HOST_FAULT', false],
      ['ERR_VERSION_REFUSED', true],
      ['ERR_ACTIVATION_PENDING', true],
    ] as [ErrorCode, boolean][]) {
      host.failure = new PortcullisError(code, 'at /secret/place')
      expect('detail' in (await get('/v1/tenants/a/versions', ofA)).json()).toBe(isShown)
      expect((await get('/v1/tenants/a/versions')).json().detail).toBe('at /secret/place')
    }
  })

  it('of the host says when to come again', async () => {
    host.failure = new PortcullisError('ERR_HOST_UNREACHABLE', 'the host is starting')
    const { statusCode, headers } = await get('/v1/status')
    expect([statusCode, headers['retry-after']]).toEqual([503, '1'])
  })

  it.each(['/v1/nothing', '/', '/v1/tenants/a', '/V1/status', `/v1/tenants/${'x'.repeat(500)}/versions`])(
    '404 comes of %s',
    async (url) => {
      const { statusCode, json } = await get(url)
      expect([statusCode, json().code]).toEqual([404, 'ERR_API_UNKNOWN'])
    },
  )

  it('comes of a path that is none', async () => {
    const { statusCode, json } = await get('/v1/%zz')
    expect([statusCode, json().code]).toEqual([400, 'ERR_API_REQUEST'])
  })
})

describe('versions', () => {
  it('are listed, shown and downloaded', async () => {
    expect((await get('/v1/tenants/a/versions', ofA)).json()).toMatchObject({
      subject: { tenant: 'a' },
      active: { number: 1 },
      versions: [{ number: 1 }, { number: 2 }],
    })
    expect((await get('/v1/tenants/a/versions/2', ofA)).json()).toMatchObject({
      number: 2,
      state: 'admitted',
    })
    const module = await get('/v1/tenants/a/versions/2/module', ofA)
    expect(module.rawPayload).toEqual(wasm)
    expect(module.headers).toMatchObject({
      'content-type': 'application/wasm',
      etag: `"${digestOf('a', 2)}"`,
    })
    const all = await get('/v1/tenants/a/versions/2/module', { ...ofA, accept: 'application/json' })
    expect(all.json()).toMatchObject({ number: 2, module: wasm.toString('base64') })
  })

  it.each(['/v1/tenants/a/versions/7', '/v1/tenants/a/versions/7/report', '/v1/tenants/a/versions/7/module'])(
    '%s is of a version that is not there',
    async (url) => {
      const { statusCode, json } = await get(url)
      expect([statusCode, json().code]).toEqual([404, 'ERR_VERSION_UNKNOWN'])
    },
  )

  it.each(['0', '-1', '1.5', 'one', '12345678'])('%s is no number of a version', async (n) => {
    expect((await get(`/v1/tenants/a/versions/${n}`)).statusCode).toBe(400)
  })

  it.each([moduleBytesMax / 4, moduleBytesMax])('are uploaded with %i bytes', async (bytes) => {
    const { statusCode } = await app.inject({
      method: 'POST',
      url: '/v1/tenants/a/versions',
      headers: { ...bearer('adminA'), 'content-type': 'application/wasm' },
      payload: wasmOf(bytes),
    })
    expect(statusCode).toBe(201)
  })

  it('are uploaded as a module alone', async () => {
    const reply = await app.inject({
      method: 'POST',
      url: '/v1/tenants/a/versions',
      headers: {
        ...ofA,
        'content-type': 'application/wasm',
        'portcullis-reason': encodeURIComponent('für Zoë'),
      },
      payload: wasm,
    })
    expect([reply.statusCode, reply.headers.location]).toEqual([201, '/v1/tenants/a/versions/3'])
    expect(host.commands).toEqual([
      {
        command: 'push',
        subject: { tenant: 'a' },
        module: wasm.toString('base64'),
        who: 'token admin-a',
        why: 'für Zoë',
      },
    ])
  })

  it.each([
    ['a text', '{"groups":["S-1-5-32-545"]}'],
    ['a file', new Blob(['{"groups":["S-1-5-32-545"]}'], { type: 'application/json' })],
  ])('are uploaded with settings that are %s, vectors and a reason', async (_, settings) => {
    const form = new FormData()
    form.append('module', new Blob([wasm]), 'policy.wasm')
    form.append('settings', settings)
    form.append('vectors', new Blob(['{"kind":"user"}\n']), 'vectors.jsonl')
    form.append('reason', 'a form')
    const request = new Request('http://x', { method: 'POST', body: form })
    const { statusCode } = await app.inject({
      method: 'POST',
      url: '/v1/guard/versions',
      headers: { ...asOperator, 'content-type': request.headers.get('content-type') ?? '' },
      payload: Buffer.from(await request.arrayBuffer()),
    })
    expect(statusCode).toBe(201)
    expect(host.commands).toEqual([
      {
        command: 'push',
        subject: 'guard',
        module: wasm.toString('base64'),
        settings: { groups: ['S-1-5-32-545'] },
        vectors: '{"kind":"user"}\n',
        who: 'token op',
        why: 'a form',
      },
    ])
  })
})

describe('a part that says that it is JSON', () => {
  it.each([
    ['{"groups":["a"]}', 201, { groups: ['a'] }],
    ['{"groups":', 400, undefined],
    ['"text"', 422, undefined],
  ] as const)('%s', async (text, status, settings) => {
    const part = (name: string, type: string, body: string | Buffer) => [
      `--x\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
      body,
      '\r\n',
    ]
    const chunks = [
      ...part('settings', 'application/json', text),
      ...part('module', 'application/wasm', wasm),
      '--x--\r\n',
    ]
    const reply = await app.inject({
      method: 'POST',
      url: '/v1/tenants/a/versions',
      headers: { ...ofA, 'content-type': 'multipart/form-data; boundary=x' },
      payload: Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))),
    })
    expect(reply.statusCode).toBe(status)
    expect(host.commands).toMatchObject(settings === undefined ? [] : [{ command: 'push', settings }])
  })
})

describe('the active version', () => {
  const put = (payload: object, headers: object = {}) =>
    app.inject({ method: 'PUT', url: '/v1/tenants/a/active', headers: { ...ofA, ...headers }, payload })

  it('has its number as ETag, and is changed by who names it', async () => {
    const before = await get('/v1/tenants/a/active', ofA)
    expect([before.headers.etag, before.json().version]).toEqual(['"1"', 1])
    const reply = await put({ version: 2, confirmWithinSeconds: 60, reason: 'now' }, { 'if-match': '"1"' })
    expect([reply.statusCode, reply.headers.etag, reply.json()]).toMatchObject([
      200,
      '"2"',
      { version: 2, previous: 1 },
    ])
    expect(host.commands.at(-1)).toEqual({
      command: 'activate',
      subject: { tenant: 'a' },
      version: '2',
      ifActive: 1,
      confirmWithinMs: 60_000,
      who: 'token admin-a',
      why: 'now',
    })
  })

  it('is not changed by who does not say what is active, or is mistaken', async () => {
    expect((await put({ version: 2 })).statusCode).toBe(428)
    expect((await put({ version: 2 }, { 'if-match': '"2"' })).statusCode).toBe(412)
    expect((await put({ version: 2 }, { 'if-match': '"none"' })).statusCode).toBe(412)
    for (const wrong of ['1', '*', 'W/"1"', '"1", "2"', '"0"', '']) {
      expect([wrong, (await put({ version: 2 }, { 'if-match': wrong })).statusCode]).toEqual([wrong, 400])
    }
    expect((await get('/v1/tenants/a/active')).json().version).toBe(1)
  })

  it.each<[object]>([
    [{}],
    [{ version: '2' }],
    [{ version: 0 }],
    [{ version: 2, more: 1 }],
    [{ version: 2, confirmWithinSeconds: 0 }],
    [{ version: 2, confirmWithinSeconds: 1e9 }],
    [{ version: 2, reason: 'x'.repeat(1025) }],
    [[]],
    [{ version: 2, __proto__: { x: 1 }, constructor: 1 }],
  ])('is not changed by %j', async (payload) => {
    expect((await put(payload, { 'if-match': '"1"' })).json()).toMatchObject({
      status: 400,
      code: 'ERR_API_REQUEST',
    })
    expect(host.commands).toEqual([])
  })

  it.each(['{', 'null', '"x"', ''])('is not changed by the body %j', async (payload) => {
    const headers = { ...ofA, 'if-match': '"1"', 'content-type': 'application/json' }
    const { statusCode } = await app.inject({ method: 'PUT', url: '/v1/tenants/a/active', headers, payload })
    expect(statusCode).toBe(400)
  })

  it('is confirmed and rolled back, with a body or without', async () => {
    for (const [path, payload] of [
      ['confirm', undefined],
      ['rollback', { reason: 'it was wrong' }],
    ] as const) {
      const url = `/v1/tenants/a/active/${path}`
      const reply = await app.inject({ method: 'POST', url, headers: ofA, ...(payload && { payload }) })
      expect(reply.statusCode).toBe(200)
      expect(host.commands.at(-1)).toMatchObject({
        command: path,
        who: 'token admin-a',
        ...(payload && { why: payload.reason }),
      })
    }
  })
})

describe('decisions', () => {
  it('are asked for by what the query says, and nothing else', async () => {
    await get(
      '/v1/tenants/a/decisions?limit=7&outcome=deny&kind=user&sender=alice&error=ERR_POLICY_TRAP&cursor=run.3',
      ofA,
    )
    expect(host.commands).toEqual([
      {
        command: 'decisions',
        tenant: 'a',
        after: 'run.3',
        limit: 7,
        outcome: 'deny',
        kind: 'user',
        sender: 'alice',
        error: 'ERR_POLICY_TRAP',
      },
    ])
  })

  it.each([
    'limit=0',
    'limit=501',
    'limit=x',
    'tenant=b',
    'command=stop',
    'after=run.1',
    'outcome=all',
    'outcome=deny&outcome=allow',
    'error=ERR_X',
  ])('are not asked for by %s', async (query) => {
    expect((await get(`/v1/tenants/a/decisions?${query}`, ofA)).statusCode).toBe(400)
    expect(host.commands).toEqual([])
  })
})

describe('jobs', () => {
  const post = (payload: object, headers: object = ofA) =>
    app.inject({ method: 'POST', url: '/v1/tenants/a/jobs', headers: { ...headers }, payload })
  const settled = () => new Promise((resolve) => setImmediate(resolve))

  it('wait for one another, and are done', async () => {
    const first = await post({ kind: 'replay', with: 2 })
    const second = await post({ kind: 'replay' })
    expect([first.statusCode, first.json().state, second.json().state]).toEqual([202, 'running', 'waiting'])
    workers.begun[0]?.end({ decisions: 1, changes: null, ended: found, different: found })
    await settled()
    const url = String(first.headers.location)
    expect((await get(url, ofA)).json()).toMatchObject({
      state: 'done',
      progress: 1,
      report: { decisions: 1 },
    })
    expect((await get(String(second.headers.location), ofA)).json().state).toBe('running')
    expect((await get('/v1/tenants/a/jobs', ofA)).json().jobs).toHaveLength(2)
  })

  const found = { count: 0, examples: [] }

  it('are bounded for each tenant, and another has room still', async () => {
    for (let times = 0; times < 4; times++) expect((await post({ kind: 'replay' })).statusCode).toBe(202)
    expect((await post({ kind: 'replay' })).json().code).toBe('ERR_JOB_LINE')
    const other = await app.inject({
      method: 'POST',
      url: '/v1/tenants/b/jobs',
      headers: bearer('adminB'),
      payload: { kind: 'replay' },
    })
    expect(other.statusCode).toBe(202)
  })

  it('are forgotten when a tenant has had many, and another keeps its own', async () => {
    const ofB = {
      method: 'POST',
      url: '/v1/tenants/b/jobs',
      headers: bearer('adminB'),
      payload: { kind: 'replay' },
    } as const
    const kept = (await app.inject(ofB)).headers.location
    await app.inject({ method: 'DELETE', url: String(kept), headers: bearer('adminB') })
    for (let times = 0; times < 20; times++) {
      const { headers } = await post({ kind: 'replay' })
      await app.inject({ method: 'DELETE', url: String(headers.location), headers: ofA })
    }
    expect((await get('/v1/tenants/a/jobs', ofA)).json().jobs).toHaveLength(8)
    expect((await get(String(kept), bearer('adminB'))).json().state).toBe('cancelled')
  })

  it('end when they are cancelled, whether they run or wait', async () => {
    const [first, second] = [await post({ kind: 'replay' }), await post({ kind: 'replay' })]
    for (const { headers } of [second, first]) {
      const reply = await app.inject({ method: 'DELETE', url: String(headers.location), headers: ofA })
      expect(reply.json().state).toBe('cancelled')
    }
    expect(workers.begun.map(({ isKilled }) => isKilled)).toEqual([true])
  })

  it('that fail tell a tenant the code and no path, and an operator all', async () => {
    const { headers } = await post({ kind: 'replay' })
    workers.begun[0]?.fail(
      new PortcullisError('ERR_RECORDING_FILE', '/secret/recording/decisions-1.jsonl, line 5'),
    )
    await settled()
    const url = String(headers.location)
    const { state, problem } = (await get(url, ofA)).json()
    expect([state, problem.code, problem.detail]).toEqual(['failed', 'ERR_RECORDING_FILE', undefined])
    expect((await get(url)).json().problem.detail).toContain('/secret/')
  })

  it('are refused at once for a version that is not there', async () => {
    expect((await post({ kind: 'replay', with: 9 })).json().code).toBe('ERR_VERSION_UNKNOWN')
    expect((await get('/v1/tenants/a/jobs', ofA)).json().jobs).toEqual([])
  })

  it.each<[object]>([
    [{ kind: 'sweep' }],
    [{ kind: 'diff', from: 1, to: 2 }],
    [{ kind: 'replay', tenant: 'b' }],
    [{ kind: 'replay', recording: '/etc' }],
  ])('are not begun by %j', async (payload) => {
    expect((await post(payload)).statusCode).toBe(400)
  })
})

describe('the document', () => {
  it('describes every answer of the routes that only look', async () => {
    host.decide('a', 3)
    const { paths } = (await get('/openapi.json')).json()
    const looked: string[] = []
    for (const [path, methods] of Object.entries<Record<string, { responses: Record<string, unknown> }>>(
      paths,
    )) {
      if (methods.get === undefined || path.endsWith('/live') || path.includes('{id}')) continue
      const reply = await get(path.replace('{tenant}', 'a').replace('{n}', '1'))
      const described = methods.get.responses[reply.statusCode] as {
        content: Record<string, { schema: object }>
      }
      expect([path, described === undefined]).toEqual([path, false])
      const schema = described.content['application/json']?.schema
      if (schema === undefined) continue
      const validate = new Ajv({ strict: false, discriminator: true }).compile(schema)
      expect([path, validate(reply.json()), validate.errors]).toEqual([path, true, null])
      looked.push(path)
    }
    expect(looked.length).toBeGreaterThan(20)
  })
})
