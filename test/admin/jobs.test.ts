// Jobs of a real host: what is recorded is made again, in a process of its own, and a tenant hears of nobody else.

import { readFileSync } from 'node:fs'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { eventually, policyPath, user } from '../support/testbed.ts'
import { jsonHeaders, ServedApi, wasmHeaders } from './served-api.ts'

const api = new ServedApi()
let tokenA: string
let operator: string

const principal = (senderName: string) => {
  const { kind: _, ...rest } = user
  return { ...rest, application: 'wsman/a', senderName }
}

/** Version 1 allows ada, and version 2 bob. */
const names = ['ada', 'bob']

async function push(token: string, path: string, admins: readonly string[]): Promise<void> {
  const form = new FormData()
  form.append('module', new Blob([readFileSync(policyPath('settings'))]), 'policy.wasm')
  form.append('settings', JSON.stringify({ admins }))
  const request = new Request('http://x', { method: 'POST', body: form })
  const headers = { 'content-type': request.headers.get('content-type') ?? '' }
  const body = Buffer.from(await request.arrayBuffer())
  expect((await api.ask(`${path}/versions`, { method: 'POST', token, headers, body })).status).toBe(201)
}

async function job(token: string, path: string, body: object) {
  const options = { method: 'POST', token, headers: jsonHeaders, body: JSON.stringify(body) }
  const begun = await api.json(`${path}/jobs`, options)
  expect(begun.status).toBe(202)
  return eventually(
    async () => (await api.json(String(begun.headers.location), { token })).json,
    ({ state }) => state !== 'waiting' && state !== 'running',
    30_000,
  )
}

beforeAll(async () => {
  await api.serveApi({ recording: 'recording', guard: { policy: policyPath('as-told') } }, [
    { name: 'a', showReasons: true },
    { name: 'b', policy: 'as-told' },
  ])
  operator = (await api.token('operator')).token
  tokenA = (await api.token('tenant-admin', 'a')).token
  for (const name of names) await push(tokenA, '/v1/tenants/a', [name])
  const headers = { ...jsonHeaders, 'if-match': '"none"' }
  const active = { method: 'PUT', token: tokenA, headers, body: '{"version":1}' }
  expect((await api.ask('/v1/tenants/a/active', active)).status).toBe(200)
  const [a, b] = [api.bed.startup('a'), api.bed.startup('b')]
  for (let times = 0; times < 5; times++) {
    await api.bed.winrm.ask(a, { ...user, senderName: 'contains admins ada' })
    await api.bed.winrm.ask(b, { ...user, senderName: 'deny SECRET-OF-B' })
    await api.bed.winrm.ask(b, { ...user, senderName: 'deny SECRET-OF-B' })
  }
  await api.bed.winrm.ask(a, { ...user, senderName: 'deny GUARD-REASON' })
})
afterAll(() => api.close())

describe('a replay', () => {
  it("makes a tenant's own decisions again, equal to the last unit of fuel", async () => {
    const { state, report } = await job(tokenA, '/v1/tenants/a', { kind: 'replay' })
    expect([state, report]).toMatchObject(['done', { decisions: 6, equal: 6, changes: null }])
    expect(JSON.stringify(report)).not.toMatch(/SECRET-OF-B|GUARD|otherTenants|remarks|decisions-1|guard/)
  })

  it('says what another version would have changed, without a word of the guard', async () => {
    const { state, report } = await job(tokenA, '/v1/tenants/a', { kind: 'replay', with: 2 })
    expect([state, report]).toMatchObject(['done', { decisions: 6, changes: { denied: { count: 5 } } }])
    const [example] = report.changes.denied.examples
    expect(example).toMatchObject({
      sender: 'contains admins ada',
      before: { outcome: 'allow' },
      after: { outcome: 'deny' },
    })
    expect(JSON.stringify(report)).not.toMatch(
      /SECRET-OF-B|"reason":"GUARD|otherTenants|guardFuelUsed|"file"|"line"/,
    )
  })

  it('is told to an operator with files and lines', async () => {
    const { report } = await job(operator, '/v1/tenants/a', { kind: 'replay', with: 2 })
    expect(report.changes.denied.examples[0]).toMatchObject({
      file: expect.stringContaining('decisions-1.jsonl'),
      line: expect.any(Number),
    })
  })
})

describe('a comparison', () => {
  const asked = {
    kind: 'diff',
    from: 1,
    to: 2,
    principals: [principal('contains admins ada'), principal('contains admins bob')],
    resources: [{ resourceUri: 'http://resource', actions: ['http://get'] }],
  }

  it('says what one version allows and the other does not', async () => {
    const { state, report } = await job(tokenA, '/v1/tenants/a', asked)
    expect([state, report]).toMatchObject([
      'done',
      { points: 4, changes: { allowed: { count: 2 }, denied: { count: 2 } } },
    ])
  })

  it('fails with the entry that is none', async () => {
    const { state, problem } = await job(tokenA, '/v1/tenants/a', {
      ...asked,
      principals: [{ senderName: 'x', userSid: 'none' }],
    })
    expect([state, problem]).toMatchObject([
      'failed',
      { code: 'ERR_QUESTION_FILE', detail: expect.stringContaining('entry 1') },
    ])
  })
})

it('a job that runs long is cancelled, and the next one begins', async () => {
  const many = Array.from({ length: 3000 }, (_, index) => principal(`contains admins ${index}`))
  const body = JSON.stringify({
    kind: 'diff',
    from: 1,
    to: 2,
    principals: many,
    resources: [
      {
        resourceUri: 'http://resource',
        actions: Array.from({ length: 300 }, (_, index) => `http://get/${index}`),
      },
    ],
  })
  const begun = await api.json('/v1/tenants/a/jobs', {
    method: 'POST',
    token: tokenA,
    headers: jsonHeaders,
    body,
  })
  expect(begun).toMatchObject({ status: 202, json: { state: 'running' } })
  const path = String(begun.headers.location)
  await eventually(
    async () => (await api.json(path, { token: tokenA })).json,
    ({ progress }) => progress > 0,
    30_000,
  )
  expect((await api.json(path, { method: 'DELETE', token: tokenA })).json.state).toBe('cancelled')
  expect((await job(tokenA, '/v1/tenants/a', { kind: 'replay' })).state).toBe('done')
})

it('a stream tells decisions of a real host, and a bad upload nothing of its machine', async () => {
  const { json } = await api.json('/v1/tenants/a/decisions?limit=500', { token: tokenA })
  expect(json.decisions).toHaveLength(6)
  expect(JSON.stringify(json)).not.toMatch(/SECRET-OF-B|"reason":"GUARD|"guard\w*":|"evaluator"|"generation"/)
  expect((await api.json('/v1/decisions?limit=500', { token: operator })).json.decisions).toHaveLength(16)
  const bad = await api.json('/v1/tenants/a/versions', {
    method: 'POST',
    token: tokenA,
    headers: wasmHeaders,
    body: 'no module',
  })
  expect(bad).toMatchObject({ status: 422, json: { code: 'ERR_MODULE_MALFORMED' } })
})
