// Decisions as they are made. Over a real socket, because a stream has no end that could be waited for.

import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterEach, expect, it } from 'vitest'

import type { Grant } from '../../host/admin/tokens.ts'
import { apiStreamBytesMax, apiStreamsOfTokenMax } from '../../host/limits.ts'
import { eventually } from '../support/testbed.ts'
import { bearer, fakeApi, grants, secrets } from './fake-host.ts'

const times = { pollMs: 5, heartbeatMs: 40 }

interface Opened {
  readonly response: IncomingMessage
  readonly text: () => string
  readonly ended: () => boolean
  readonly close: () => void
}

const open: Opened[] = []
let close: (() => Promise<unknown>) | undefined

afterEach(async () => {
  for (const stream of open.splice(0)) stream.close()
  await close?.()
})

async function served(tokens: Record<string, Grant> = { ...grants }) {
  const api = await fakeApi({ tokens, times })
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  close = () => api.app.close()
  const { port } = api.app.server.address() as AddressInfo
  const stream = (path: string, token: string, headers: object = {}, reads = true) =>
    new Promise<Opened>((resolve, reject) => {
      const url = `http://127.0.0.1:${port}${path}`
      const request = get(url, { headers: { ...bearer(token), ...headers }, agent: false }, (response) => {
        let text = ''
        let ended = false
        if (reads) response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('close', () => (ended = true))
        response.on('error', () => (ended = true))
        const opened = { response, text: () => text, ended: () => ended, close: () => request.destroy() }
        open.push(opened)
        resolve(opened)
      })
      request.on('error', reject)
    })
  return { ...api, stream }
}

const ids = (text: string) => [...text.matchAll(/^id: run\.(\d+)$/gm)].map(([, id]) => Number(id))
const hears = (stream: Opened, what: (text: string) => boolean) => eventually(async () => stream.text(), what)

it('tells what comes from now on, in order, each once', async () => {
  const { host, stream } = await served()
  host.decide('a', 7)
  const of = await stream('/v1/tenants/a/decisions/live', 'readerA')
  expect(of.response.headers['content-type']).toBe('text/event-stream; charset=utf-8')
  await hears(of, (text) => text.startsWith(': live'))
  for (let times = 0; times < 5; times++) {
    host.decide('a', 2)
    await hears(of, (text) => ids(text).includes(9 + 2 * times))
  }
  expect(ids(of.text())).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16, 17])
  for (const secret of secrets) expect(of.text()).not.toContain(secret)
})

it('goes on where a stream ended', async () => {
  const { host, stream } = await served()
  host.decide('a', 7)
  const of = await stream('/v1/tenants/a/decisions/live', 'readerA', { 'last-event-id': 'run.4' })
  await hears(of, (text) => ids(text).length === 3)
  expect(ids(of.text())).toEqual([5, 6, 7])
})

it('says how many are gone, and that the host was started again', async () => {
  const { host, stream } = await served()
  const tell = host.tell.bind(host)
  host.tell = async (command) => {
    const told = (await tell(command)) as object
    return 'after' in command && command.after === 'old.9'
      ? { ...told, cursor: 'run.0', omitted: 3, restarted: true }
      : told
  }
  const of = await stream('/v1/tenants/a/decisions/live', 'readerA', { 'last-event-id': 'old.9' })
  await hears(of, (text) => text.includes('event: gap\nid: run.0\ndata: {"omitted":3,"restarted":true}\n\n'))
})

it('says that it is there when nothing happens', async () => {
  const { stream } = await served()
  const of = await stream('/v1/decisions/live', 'operator')
  await hears(of, (text) => text.split(': still here\n\n').length > 2)
})

it('ends with its token', async () => {
  const tokens: Record<string, Grant> = { ...grants }
  const { stream } = await served(tokens)
  const of = await stream('/v1/tenants/a/decisions/live', 'readerA')
  delete tokens.readerA
  await eventually(
    async () => of.ended(),
    (ended) => ended,
  )
})

it('ends when the host does not answer, so that its client comes back', async () => {
  const { host, stream } = await served()
  const of = await stream('/v1/tenants/a/decisions/live', 'readerA')
  const { PortcullisError } = await import('../../host/errors.ts')
  host.failure = new PortcullisError('ERR_HOST_UNREACHABLE', 'closing')
  await eventually(
    async () => of.ended(),
    (ended) => ended,
  )
})

it('is bounded for each token, and a place is free again when one has gone', async () => {
  const { stream } = await served()
  const path = '/v1/tenants/a/decisions/live'
  const streams: Opened[] = []
  for (let number = 0; number < apiStreamsOfTokenMax; number++) streams.push(await stream(path, 'readerA'))
  const refused = await stream(path, 'readerA')
  expect([refused.response.statusCode, refused.response.headers['retry-after']]).toEqual([503, '5'])
  expect((await stream(path, 'adminA')).response.statusCode).toBe(200)
  streams[0]?.close()
  await eventually(
    async () => (await stream(path, 'readerA')).response.statusCode,
    (status) => status === 200,
  )
})

it('lets a client go that does not read', async () => {
  const { host, stream } = await served()
  const tell = host.tell.bind(host)
  const filler = 'x'.repeat(apiStreamBytesMax / 4)
  let polls = 0
  host.tell = async (command) => {
    const told = (await tell(command)) as { cursor: string }
    polls++
    return { ...told, decisions: [{ cursor: 'run.1', tenant: 'a', sender: filler }] }
  }
  const of = await stream('/v1/tenants/a/decisions/live', 'readerA', {}, false)
  of.response.pause()
  let before = -1
  await eventually(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      const isStill = before === polls
      before = polls
      return isStill
    },
    (isStill) => isStill,
  )
  expect(polls).toBeLessThan(1_000)
})

it.each(['?cursor=run.1', '?limit=5', '?tenant=b'])('is no stream with %s', async (query) => {
  const { stream } = await served()
  expect((await stream(`/v1/tenants/a/decisions/live${query}`, 'readerA')).response.statusCode).toBe(400)
})

it('is no stream after an id that is none', async () => {
  const { stream } = await served()
  const refused = await stream('/v1/tenants/a/decisions/live', 'readerA', { 'last-event-id': 'a b' })
  expect(refused.response.statusCode).toBe(400)
})
