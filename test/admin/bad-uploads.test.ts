// Uploads that are none: too large, no module, broken off, slow, another's, thousands in a row. Each is told what is wrong, and nothing
// of it is left: not in the store, not in a file, not in the host's memory.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import {
  apiChangesPerMinute,
  apiConnectionsOfAddressMax,
  apiDrainBytesMax,
  apiUploadsOfTokenMax,
  apiUploadsPerMinute,
  moduleBytesMax,
  storeVectorsBytesMax,
} from '../../host/limits.ts'
import { selfSigned } from '../support/certificate.ts'
import { eventually, policyPath, sleep } from '../support/testbed.ts'
import { bearer, fakeApi, grants, wasm } from './fake-host.ts'
import { ServedApi, wasmHeaders } from './served-api.ts'

/** A form as a client writes it, with whatever in it. */
function formOf(
  parts: readonly (readonly [name: string, content: string | Buffer, fileName?: string])[],
): Buffer {
  const chunks = parts.flatMap(([name, content, fileName]) => [
    `--x\r\nContent-Disposition: form-data; name="${name}"${fileName === undefined ? '' : `; filename="${fileName}"`}\r\n\r\n`,
    content,
    '\r\n',
  ])
  return Buffer.concat([...chunks, '--x--\r\n'].map((chunk) => Buffer.from(chunk)))
}

const formHeaders = { 'content-type': 'multipart/form-data; boundary=x' }
const whole = formOf([['module', wasm, 'policy.wasm']])
const many = Array.from({ length: 40 }, (_, index) => [`part${index}`, 'x'] as const)

const bad: readonly (readonly [
  what: string,
  headers: Record<string, string>,
  body: Buffer,
  status: number,
  code: string,
])[] = [
  ['nothing', wasmHeaders, Buffer.alloc(0), 413, 'ERR_MODULE_SIZE'],
  ['a text', wasmHeaders, Buffer.from('no module'), 422, 'ERR_MODULE_MALFORMED'],
  ['the beginning of one', wasmHeaders, wasm.subarray(0, 7), 422, 'ERR_MODULE_MALFORMED'],
  [
    'one that was cut off',
    wasmHeaders,
    readFileSync(policyPath('as-told')).subarray(0, -100),
    422,
    'ERR_MODULE_INVALID',
  ],
  [
    'another version of WebAssembly',
    wasmHeaders,
    Buffer.from('0061736d02000000', 'hex'),
    422,
    'ERR_MODULE_MALFORMED',
  ],
  [
    'a byte more than a module may have',
    wasmHeaders,
    Buffer.alloc(moduleBytesMax + 1),
    413,
    'ERR_MODULE_SIZE',
  ],
  ['JSON', { 'content-type': 'application/json' }, Buffer.from('{}'), 415, 'ERR_API_MEDIA'],
  ['no type', {}, wasm, 415, 'ERR_API_MEDIA'],
  ['a form without a boundary', { 'content-type': 'multipart/form-data' }, whole, 400, 'ERR_API_REQUEST'],
  ['a form that breaks off', formHeaders, whole.subarray(0, -20), 400, 'ERR_API_REQUEST'],
  ['a form without a module', formHeaders, formOf([['settings', '{}']]), 400, 'ERR_API_REQUEST'],
  [
    'a form with a part that is unknown',
    formHeaders,
    formOf([
      ['module', wasm],
      ['other', 'x'],
    ]),
    400,
    'ERR_API_REQUEST',
  ],
  [
    'a form with two modules',
    formHeaders,
    formOf([
      ['module', wasm],
      ['module', wasm],
    ]),
    400,
    'ERR_API_REQUEST',
  ],
  ['a form of many parts', formHeaders, formOf(many), 400, 'ERR_API_REQUEST'],
  [
    'a part that is named as what every object has',
    formHeaders,
    formOf([['__proto__', 'x']]),
    400,
    'ERR_API_REQUEST',
  ],
  [
    'a form with too large a module',
    formHeaders,
    formOf([['module', Buffer.alloc(moduleBytesMax + 1), 'm.wasm']]),
    413,
    'ERR_MODULE_SIZE',
  ],
  [
    'a form with too many vectors',
    formHeaders,
    formOf([
      ['module', wasm, 'm.wasm'],
      ['vectors', Buffer.alloc(storeVectorsBytesMax + 1), 'v.jsonl'],
    ]),
    413,
    'ERR_API_SIZE',
  ],
  [
    'settings that are no JSON',
    formHeaders,
    formOf([
      ['module', wasm],
      ['settings', '{'],
    ]),
    422,
    'ERR_SETTINGS_FILE',
  ],
  [
    'settings that are a list',
    formHeaders,
    formOf([
      ['module', wasm],
      ['settings', '[]'],
    ]),
    422,
    'ERR_SETTINGS_FILE',
  ],
  [
    'vectors that are no text',
    formHeaders,
    formOf([
      ['module', wasm],
      ['vectors', Buffer.from('ff', 'hex'), 'v'],
    ]),
    400,
    'ERR_API_REQUEST',
  ],
  [
    'a reason without end',
    formHeaders,
    formOf([
      ['module', wasm],
      ['reason', 'x'.repeat(1025)],
    ]),
    400,
    'ERR_API_REQUEST',
  ],
]

describe('to a host of a few lines', () => {
  let api: Awaited<ReturnType<typeof fakeApi>>
  beforeEach(async () => {
    api = await fakeApi()
  })
  afterEach(async () => {
    expect(api.failures).toEqual([])
    await api.app.close()
  })

  it.each(bad)(
    '%s is told what is wrong, and the host nothing',
    async (_, headers, payload, status, code) => {
      const url = '/v1/tenants/a/versions'
      const reply = await api.app.inject({
        method: 'POST',
        url,
        headers: { ...bearer('adminA'), ...headers },
        payload,
      })
      expect([reply.statusCode, reply.json().code]).toEqual([status, code])
      expect(api.host.commands).toEqual([])
    },
  )
})

describe('ten thousand in a row', () => {
  it('that download, which the host reads and records, come to as many as changes', async () => {
    const nowMs = Date.now()
    const { app, host } = await fakeApi({ now: () => nowMs })
    const url = '/v1/tenants/a/versions/1/module'
    for (let times = 0; times < 10 * apiChangesPerMinute; times++) {
      await app.inject({ url, headers: bearer('adminA') })
    }
    expect(host.commands).toHaveLength(apiChangesPerMinute)
    await app.close()
  })

  it('come to ten answers and a wait, and keep nobody else out', async () => {
    let nowMs = Date.now()
    const { app, host } = await fakeApi({ now: () => nowMs })
    const post = (token: string, payload: Buffer) =>
      app.inject({
        method: 'POST',
        url: '/v1/tenants/a/versions',
        headers: { ...bearer(token), ...wasmHeaders },
        payload,
      })
    const statuses = new Map<number, number>()
    for (let times = 0; times < 10_000; times++) {
      const { statusCode, headers } = await post('adminA', Buffer.from(`no module ${times}`))
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
      if (statusCode === 429) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    }
    expect([...statuses]).toEqual([
      [422, apiUploadsPerMinute],
      [429, 10_000 - apiUploadsPerMinute],
    ])
    expect(host.commands).toEqual([])
    expect((await post('operator', wasm)).statusCode).toBe(201)
    nowMs += 60_000
    expect((await post('adminA', wasm)).statusCode).toBe(201)
    await app.close()
  })

  it('without a good token are told so some times, and then to wait, whoever else comes from there', async () => {
    const nowMs = Date.now()
    const { app, host } = await fakeApi({ now: () => nowMs })
    const statuses = new Map<number, number>()
    for (let times = 0; times < 10_000; times++) {
      const { statusCode } = await app.inject({ url: '/v1/status', headers: bearer('wrong') })
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
    }
    expect([...statuses]).toEqual([
      [401, 30],
      [429, 9_970],
    ])
    expect(host.commands).toEqual([])
    expect((await app.inject({ url: '/v1/status', headers: bearer('operator') })).statusCode).toBe(200)
    await app.close()
  })
})

describe('over a socket that is slow', () => {
  const times = { headMs: 200, requestMs: 400, checkMs: 50 }
  const sockets: Socket[] = []
  let api: Awaited<ReturnType<typeof fakeApi>>
  let port: number

  beforeAll(async () => {
    api = await fakeApi({ times, tokens: grants })
    await api.app.listen({ host: '127.0.0.1', port: 0 })
    port = (api.app.server.address() as AddressInfo).port
  })
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
  })
  afterAll(async () => {
    expect([api.host.commands, api.failures]).toEqual([[], []])
    await api.app.close()
  })

  function opened(): { socket: Socket; heard: () => string; ended: () => boolean } {
    const socket = connect(port, '127.0.0.1')
    let heard = ''
    let ended = false
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1')
    })
    socket.on('close', () => {
      ended = true
    })
    socket.on('error', () => {})
    sockets.push(socket)
    return { socket, heard: () => heard, ended: () => ended }
  }

  const head = (token: string, length: number) =>
    `POST /v1/tenants/a/versions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/wasm\r\nContent-Length: ${length}\r\n\r\n`

  it.each([
    ['says nothing', ''],
    ['begins a head', 'POST /v1/tenants/a/versions HTTP/1.1\r\nHost: x\r\n'],
    ['begins a body', `${head('adminA', 1000)}\0asm`],
  ])('one that %s is let go', async (_, text) => {
    const { socket, ended } = opened()
    socket.write(text)
    await eventually(
      async () => ended(),
      (value) => value,
    )
  })

  it('one that sends a byte at a time is let go too', async () => {
    const { socket, ended } = opened()
    socket.write(head('adminA', 1_000_000 / 10))
    while (!ended()) {
      socket.write('x')
      await sleep(20)
    }
  })

  it('has a bounded number of uploads under way, and room again when they have gone', async () => {
    const streams = Array.from({ length: apiUploadsOfTokenMax }, () => opened())
    for (const { socket } of streams) socket.write(head('adminA', 1000))
    await sleep(50)
    const more = opened()
    more.socket.write(`${head('adminA', 8)}no wasm!`)
    await eventually(
      async () => more.heard(),
      (text) => text.startsWith('HTTP/1.1 503'),
    )
    for (const { socket } of streams) socket.destroy()
    await eventually(
      async () => {
        const again = opened()
        again.socket.write(`${head('adminA', 8)}no wasm!`)
        await sleep(50)
        return again.heard()
      },
      (text) => text.startsWith('HTTP/1.1 422'),
    )
  })

  it('keeps its place while the host admits its module, though it has gone', async () => {
    const { app, host } = await fakeApi({ tokens: grants })
    await app.listen({ host: '127.0.0.1', port: 0 })
    let proceed = () => {}
    host.until = new Promise((resolve) => {
      proceed = resolve
    })
    const report = () => app.inject({ url: '/v1/tenants/a/versions/1/report', headers: bearer('adminA') })
    for (let count = 1; count <= apiUploadsOfTokenMax; count++) {
      const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
      socket.write(Buffer.concat([Buffer.from(head('adminA', wasm.length)), wasm]))
      await eventually(
        async () => host.commands.length,
        (length) => length === count,
      )
      socket.destroy()
    }
    await sleep(50)
    expect(await report()).toMatchObject({ statusCode: 503 })
    expect(host.commands).toHaveLength(apiUploadsOfTokenMax)
    proceed()
    await eventually(
      async () => (await report()).statusCode,
      (status) => status === 200,
    )
    await app.close()
  })

  it('has a report no more often at the same time than an upload', async () => {
    const { app, host } = await fakeApi({ tokens: grants })
    let proceed = () => {}
    host.until = new Promise((resolve) => {
      proceed = resolve
    })
    const asked = Array.from({ length: apiUploadsOfTokenMax + 3 }, () =>
      app.inject({ url: '/v1/tenants/a/versions/1/report', headers: bearer('readerA') }),
    )
    await sleep(50)
    proceed()
    const statuses = (await Promise.all(asked)).map(({ statusCode }) => statusCode)
    expect(statuses.sort()).toEqual([...Array(apiUploadsOfTokenMax).fill(200), 503, 503, 503])
    await app.close()
  })

  it('is let go when it asks and does not read', async () => {
    const { app } = await fakeApi({ tokens: grants, times: { ...times, unreadMs: 200 } })
    await app.listen({ host: '127.0.0.1', port: 0 })
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    socket.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(500))
    await eventually(
      () => new Promise<number>((resolve) => app.server.getConnections((_, count) => resolve(count))),
      (count) => count === 1,
    )
    await eventually(
      () => new Promise<number>((resolve) => app.server.getConnections((_, count) => resolve(count))),
      (count) => count === 0,
    )
    socket.destroy()
    await app.close()
  })

  it('does not get all the connections for itself', async () => {
    const { app } = await fakeApi({ tokens: grants })
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    const many = Array.from({ length: apiConnectionsOfAddressMax + 20 }, () => {
      const socket = connect(port, '127.0.0.1')
      sockets.push(socket.on('error', () => {}))
      return socket
    })
    const closed = () => many.filter((socket) => socket.closed).length
    await eventually(
      async () => closed(),
      (count) => count === 20,
    )
    const other = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' })
    sockets.push(other)
    let heard = ''
    other.on('data', (chunk: Buffer) => {
      heard += chunk
    })
    other.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n')
    await eventually(
      async () => heard,
      (text) => text.startsWith('HTTP/1.1 200'),
    )
    for (const socket of sockets.splice(0)) socket.destroy()
    await app.close()
  })

  it('is told that its token is none before it has sent anything, and is not read without end', async () => {
    const { socket, heard, ended } = opened()
    socket.write(head('wrong', 100_000_000))
    await eventually(
      async () => heard(),
      (text) => text.startsWith('HTTP/1.1 401'),
    )
    const chunk = Buffer.alloc(64 * 1024)
    let sent = 0
    while (!ended()) {
      if (socket.write(chunk)) sent += chunk.length
      await sleep(1)
    }
    expect(sent).toBeLessThan(8 * apiDrainBytesMax)
  })

  it.each(['', 'GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01'])(
    'is let go if it begins with %j where TLS is due',
    async (text) => {
      const { certificate, key } = selfSigned()
      const secure = await fakeApi({ times, tls: { cert: Buffer.from(certificate), key: Buffer.from(key) } })
      await secure.app.listen({ host: '127.0.0.1', port: 0 })
      const socket = connect((secure.app.server.address() as AddressInfo).port, '127.0.0.1')
      socket.on('error', () => {})
      socket.resume().write(text)
      await new Promise((resolve) => socket.on('close', resolve))
      await secure.app.close()
    },
  )

  it('is told what is no HTTP', async () => {
    const { socket, heard } = opened()
    socket.write('\x16\x03\x01 hello\r\n\r\n')
    await eventually(
      async () => heard(),
      (text) => text.startsWith('HTTP/1.1 400'),
    )
  })
})

describe('to a real host', () => {
  const api = new ServedApi()
  let token: string

  beforeAll(async () => {
    await api.serveApi()
    token = (await api.token('tenant-admin', 'a')).token
    const body = readFileSync(policyPath('as-told'))
    const pushed = await api.ask('/v1/tenants/a/versions', {
      method: 'POST',
      token,
      headers: wasmHeaders,
      body,
    })
    expect(pushed.status).toBe(201)
  })
  afterAll(() => api.close())

  /** Every file around the host, with its content. */
  function files(): string[] {
    const { folder } = api.bed
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => `${name} ${readFileSync(join(folder, name)).toString('base64')}`)
      .sort()
  }

  it('nothing is left of any of them, in the store or beside it', async () => {
    const before = files()
    for (const [what, headers, body] of bad) {
      const other = (await api.token('tenant-admin', 'a')).token
      const { status } = await api.ask('/v1/tenants/a/versions', {
        method: 'POST',
        token: other,
        headers,
        body,
      })
      expect([what, status >= 400 && status < 500]).toEqual([what, true])
      const foreign = await api.ask('/v1/tenants/b/versions', { method: 'POST', token, headers, body })
      expect([what, [404, 429].includes(foreign.status)]).toEqual([what, true])
    }
    const without = (all: string[]) => all.filter((file) => !file.startsWith('tokens.json'))
    expect(without(files())).toEqual(without(before))
  })
})
