// Commands to a host elsewhere: each is the right request of the admin API, and what comes back is what the host's own socket would say.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'

import { tellServer } from '../../host/cli/remote-client.ts'
import { routes } from '../../host/cli/remote-routes.ts'
import { type Server, serverOf } from '../../host/cli/remote-server.ts'
import { downloadReplyBytesMax } from '../../host/limits.ts'
import type { OperatorCommand } from '../../host/supervisor/operator-command.ts'
import { selfSigned } from '../support/certificate.ts'
import { refusal } from '../support/refusal.ts'
import { FakeApi } from './fake-api.ts'

const token = `pct_0123456789ab_${'s'.repeat(43)}`
const who = 'me'
const subject = { tenant: 'contoso' }
const digest = 'abcdef01'.repeat(8)

let folder: string
let api: FakeApi
let server: Server

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-remote-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

beforeEach(async () => {
  api = await FakeApi.open()
  server = { origin: api.origin, token }
})
afterEach(() => {
  api.close()
  vi.unstubAllEnvs()
})

const tell = (command: OperatorCommand) => tellServer(server, command)

describe('a command', () => {
  const active = '/v1/tenants/contoso/active'
  const rows: [OperatorCommand, string, (object | undefined)?, Record<string, string>?][] = [
    [{ command: 'status' }, 'GET /v1/status'],
    [{ command: 'config' }, 'GET /v1/config'],
    [{ command: 'config', tenant: 'contoso' }, 'GET /v1/tenants/contoso/config'],
    [{ command: 'reload', who }, 'POST /v1/reload', {}],
    [{ command: 'reload', who, why: 'a tenant more' }, 'POST /v1/reload', { reason: 'a tenant more' }],
    [{ command: 'quarantine' }, 'GET /v1/quarantine'],
    [{ command: 'quarantine', tenant: 'contoso' }, 'GET /v1/tenants/contoso/quarantine'],
    [{ command: 'lift', tenant: 'contoso', who }, 'DELETE /v1/tenants/contoso/quarantine'],
    [
      { command: 'lift', tenant: 'contoso', who, why: 'é mended\n' },
      'DELETE /v1/tenants/contoso/quarantine',
      undefined,
      { 'portcullis-reason': '%C3%A9%20mended%0A' },
    ],
    [{ command: 'versions' }, 'GET /v1/versions'],
    [{ command: 'report', subject, version: '3' }, 'GET /v1/tenants/contoso/versions/3/report'],
    [{ command: 'report', subject: 'guard', version: '3' }, 'GET /v1/guard/versions/3/report'],
    [
      { command: 'download', subject, version: '3', who, why: 'a look' },
      'GET /v1/tenants/contoso/versions/3/module',
      undefined,
      { accept: 'application/json', 'portcullis-reason': 'a%20look' },
    ],
    [
      { command: 'retire', subject, version: '3', who, why: 'a hole' },
      'POST /v1/tenants/contoso/versions/3/retire',
      { reason: 'a hole' },
    ],
    [
      { command: 'activate', subject, version: '3', who, ifActive: 2 },
      `PUT ${active}`,
      { version: 3 },
      { 'if-match': '"2"' },
    ],
    [
      { command: 'activate', subject, version: '3', who, ifActive: null, confirmWithinMs: 600_000, why: 'w' },
      `PUT ${active}`,
      { version: 3, confirmWithinSeconds: 600, reason: 'w' },
      { 'if-match': '"none"' },
    ],
    [{ command: 'confirm', subject, who }, `POST ${active}/confirm`, {}],
    [{ command: 'rollback', subject: 'guard', who }, 'POST /v1/guard/active/rollback', {}],
    [
      { command: 'rollback', subject, who, ifActive: 4 },
      `POST ${active}/rollback`,
      {},
      { 'if-match': '"4"' },
    ],
    [{ command: 'decisions' }, 'GET /v1/decisions'],
    [
      { command: 'decisions', tenant: 'contoso', after: 'a.b', limit: 5, outcome: 'deny', sender: 'A\\ b&c' },
      'GET /v1/tenants/contoso/decisions?cursor=a.b&limit=5&outcome=deny&sender=A%5C+b%26c',
    ],
  ]

  it.each(rows)('%j is %s', async (command, at, body, headers = {}) => {
    api.answers[at] = { body: { answered: at } }
    expect(await tell(command)).toEqual({ answered: at })
    const [asked] = api.asked
    expect([api.asked.length, `${asked?.method} ${asked?.path}`]).toEqual([1, at])
    expect(asked?.headers).toMatchObject({ authorization: `Bearer ${token}`, ...headers })
    expect(asked?.headers['if-match']).toBe(headers['if-match'])
    expect(asked?.body.toString()).toBe(body === undefined ? '' : JSON.stringify(body))
  })

  it('about the versions of one subject is answered with a list of one, as by the host', async () => {
    const told = { subject, active: null, omitted: 0, versions: [] }
    api.answers['GET /v1/tenants/contoso/versions'] = { body: told }
    expect(await tell({ command: 'versions', subject })).toEqual([told])
  })

  it('for metrics is answered with their text', async () => {
    api.answers['GET /metrics'] = { headers: { 'content-type': 'text/plain; version=0.0.4' }, body: 'up 1\n' }
    expect(await tell({ command: 'metrics' })).toEqual({
      contentType: 'text/plain; version=0.0.4',
      text: 'up 1\n',
    })
  })

  it('that pushes is a form with every byte of module, settings, vectors and reason', async () => {
    const module = Buffer.from([0, 0x61, 0x73, 0x6d, 13, 10, 13, 255, 10])
    const vectors = '{"one": 1}\n{"two":\r2}\n'
    const settings = { admins: ['ada', 'ł'] }
    api.answers['POST /v1/guard/versions'] = { status: 201, body: { number: 7 } }
    const base64 = module.toString('base64')
    const told = await tell({
      command: 'push',
      subject: 'guard',
      module: base64,
      settings,
      vectors,
      who,
      why: 'é\n',
    })
    expect(told).toEqual({ number: 7 })
    const { headers, body } = api.asked[0] ?? {}
    expect(headers?.['content-length']).toBe(`${body?.length}`)
    const form = await new Response(new Uint8Array(body ?? []), {
      headers: { 'content-type': headers?.['content-type'] ?? '' },
    }).formData()
    const part = async (name: string) => Buffer.from(await (form.get(name) as File).arrayBuffer())
    expect([...form.keys()]).toEqual(['module', 'settings', 'vectors', 'reason'])
    expect((await part('module')).equals(module)).toBe(true)
    expect(JSON.parse(`${await part('settings')}`)).toEqual(settings)
    expect(`${await part('vectors')}`).toBe(vectors)
    expect(`${await part('reason')}`).toBe('é\n')
  })

  it('that activates says what is active now, if the operator does not say what it is to be', async () => {
    api.answers[`GET ${active}`] = { headers: { etag: '"5"' }, body: { version: 5 } }
    await tell({ command: 'activate', subject, version: '6', who })
    expect(api.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET ${active}`,
      `PUT ${active}`,
    ])
    expect(api.asked[1]?.headers['if-match']).toBe('"5"')
  })

  it('may name a version by its digest, which is looked up', async () => {
    const version = (number: number, policy: string) => ({ number, policy })
    api.answers['GET /v1/tenants/contoso/versions'] = {
      body: { versions: [version(1, 'f'.repeat(64)), version(12, digest)] },
    }
    await tell({ command: 'retire', subject, version: digest.slice(0, 8), who })
    expect(api.asked.at(-1)?.path).toBe('/v1/tenants/contoso/versions/12/retire')
    await expect(tell({ command: 'report', subject, version: 'deadbeef' })).rejects.toMatchObject({
      code: 'ERR_VERSION_UNKNOWN',
    })
  })

  it('that is for the host’s own machine is refused, and nothing is sent', async () => {
    for (const command of ['stop', 'token-list'] as const) {
      await expect(tell({ command })).rejects.toMatchObject({ code: 'ERR_SERVER_OPTION' })
      expect(routes[command]).toBeUndefined()
    }
    expect(api.asked).toEqual([])
  })
})

describe('what a host refuses with', () => {
  const at = 'GET /v1/status'
  const status = () => tell({ command: 'status' })

  it('comes back as the same error', async () => {
    api.problem(at, 409, {
      type: 'urn:portcullis:error:ERR_VERSION_STATE',
      title: 'the version is not in a state for this',
      status: 409,
      code: 'ERR_VERSION_STATE',
      detail: 'version 2 was refused',
      remedy: 'Look at it.',
    })
    await expect(status()).rejects.toMatchObject({
      code: 'ERR_VERSION_STATE',
      message: 'the version is not in a state for this: version 2 was refused [ERR_VERSION_STATE]',
    })
  })

  it('without a detail says what to do, and when to try again', async () => {
    api.problem(at, 429, { code: 'ERR_ACTIVATION_RATE', remedy: 'Wait.' }, { 'retry-after': '7' })
    await expect(status()).rejects.toMatchObject({ detail: 'Wait.; try again after 7 s' })
  })

  it('that is about requests says nothing of requests', async () => {
    api.problem(at, 404, {
      code: 'ERR_API_UNKNOWN',
      title: 't',
      remedy: 'Check the path against /openapi.json.',
    })
    await expect(status()).rejects.toMatchObject({ code: 'ERR_API_UNKNOWN', detail: '' })
  })

  it('with a code of another release, or of no release, is told with its words', async () => {
    for (const code of ['ERR_NEXT_YEAR', 'constructor', '__proto__']) {
      api.problem(at, 400, { code, title: 'a new thing', detail: 'this' })
      await expect(status()).rejects.toMatchObject({
        code: 'ERR_HOST_FAULT',
        detail: `${api.origin} says ${code}: a new thing: this`,
      })
    }
  })

  it.each<[string, object | string]>([
    ['a page of a proxy', '<html>'],
    ['JSON without a code', { error: 'no' }],
    ['nothing', ''],
  ])('that is %s is no host’s answer', async (_, body) => {
    api.answers[at] = { status: 502, headers: { 'content-type': 'text/html' }, body }
    await expect(status()).rejects.toMatchObject({
      code: 'ERR_HOST_UNREACHABLE',
      detail: `${api.origin} answers with status 502, and not as a host does`,
    })
  })
})

describe('a server that is no host', () => {
  const unreachable = (detail: RegExp) => ({
    code: 'ERR_HOST_UNREACHABLE',
    detail: expect.stringMatching(detail),
  })

  it('and redirects does not get the token to another place', async () => {
    const other = await FakeApi.open()
    for (const status of [301, 302, 307, 308]) {
      api.answers['GET /v1/status'] = { status, headers: { location: `${other.origin}/v1/status` } }
      await expect(tell({ command: 'status' })).rejects.toMatchObject(unreachable(/ redirects to http/))
    }
    expect(other.asked).toEqual([])
    other.close()
  })

  it('and answers with no JSON is told so', async () => {
    api.answers['GET /v1/status'] = { body: '<html>' }
    await expect(tell({ command: 'status' })).rejects.toMatchObject(unreachable(/no host’s answer/))
  })

  it('and answers without end is left', async () => {
    api.answers['GET /v1/status'] = { body: ' '.repeat(downloadReplyBytesMax + 1) }
    await expect(tell({ command: 'status' })).rejects.toMatchObject(unreachable(/without end/))
  })

  it('and is not there is told so', async () => {
    api.close()
    await expect(tell({ command: 'status' })).rejects.toMatchObject(unreachable(/\(ECONNREFUSED\)$/))
  })

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['hangs up', (socket) => socket.destroy(), /\(ECONNRESET\)$/],
    [
      'breaks off',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"a"'),
      /in the middle of its answer$/,
    ],
    ['speaks no HTTP', (socket) => socket.end('SSH-2.0\r\n'), /\(HPE_\w+\)$/],
  ])('and %s is told so', async (_, act, detail) => {
    const rude = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => act(socket))
    })
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve))
    server = { ...server, origin: `http://127.0.0.1:${(rude.address() as AddressInfo).port}` }
    await expect(tell({ command: 'status' })).rejects.toMatchObject(unreachable(detail))
    rude.close()
  })
})

describe('a certificate', () => {
  it('that its authority is named for is believed, and otherwise nothing is sent', async () => {
    const tls = selfSigned()
    const secure = await FakeApi.open(tls)
    secure.answers['GET /v1/status'] = { body: { state: 'running' } }
    const believing = { origin: secure.origin, token, ca: tls.certificate }
    expect(await tellServer(believing, { command: 'status' })).toEqual({ state: 'running' })
    for (const ca of [undefined, selfSigned().certificate]) {
      const doubting = { origin: secure.origin, token, ...(ca !== undefined && { ca }) }
      await expect(tellServer(doubting, { command: 'status' })).rejects.toMatchObject({
        code: 'ERR_HOST_UNREACHABLE',
        detail: expect.stringMatching(/certificate that is not believed here \(\w+\); --ca names/),
      })
    }
    expect(secure.asked).toHaveLength(1)
    secure.close()
  })
})

describe('the address of a server', () => {
  const file = () => {
    const path = join(folder, 'token')
    writeFileSync(path, `${token}\n`)
    return path
  }

  it.each([
    ['https://host.example:5991', 'https://host.example:5991'],
    ['https://host.example/', 'https://host.example'],
    ['https://10.0.0.1:1', 'https://10.0.0.1:1'],
    ['http://127.0.0.1:5991', 'http://127.0.0.1:5991'],
    ['http://[::1]:5991', 'http://[::1]:5991'],
  ])('may be %s', (address, origin) => expect(serverOf(address, file())).toEqual({ origin, token }))

  it.each([
    'host.example:5991',
    'host.example',
    '',
    'ftp://host.example',
    'http://host.example:5991',
    'http://localhost:5991', // a name, whoever it leads to
    'http://10.0.0.1:5991',
    'http://[::]:5991',
    'https://me:secret@host.example',
    'https://host.example/v1',
    'https://host.example/?x',
    'https://host.example/#x',
  ])('may not be %j', (address) => {
    const { code, message } = refusal(() => serverOf(address, file()))
    expect(code).toBe('ERR_SERVER_OPTION')
    expect(message).not.toContain('secret')
  })

  it('comes with a token from a file or the environment, and never repeats what is none', () => {
    const address = 'https://host.example'
    expect(refusal(() => serverOf(address)).detail).toMatch(/--token-file, or put it into PORTCULLIS_TOKEN/)
    vi.stubEnv('PORTCULLIS_TOKEN', token)
    expect(serverOf(address).token).toBe(token)
    vi.stubEnv('PORTCULLIS_TOKEN', 'another secret')
    expect(refusal(() => serverOf(address)).message).not.toContain('another secret')
    expect(serverOf(address, file()).token).toBe(token)
    const wrong = join(folder, 'wrong')
    writeFileSync(wrong, 'another secret')
    expect(refusal(() => serverOf(address, wrong))).toMatchObject({
      code: 'ERR_SERVER_OPTION',
      detail: `${wrong} has no token in it`,
    })
    expect(refusal(() => serverOf(address, join(folder, 'gone'))).code).toBe('ERR_SERVER_OPTION')
    expect(refusal(() => serverOf(address, file(), join(folder, 'gone'))).code).toBe('ERR_SERVER_OPTION')
  })
})
