// The admin process beside a real host: what a tenant and an operator do through it, and that whatever becomes of it is no decision's
// business.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'

import { afterEach, describe, expect, it } from 'vitest'

import { tellHost } from '../../host/cli/operator-client.ts'
import { win32 } from '../../host/winrm/codes.ts'
import { eventually, policyPath, user } from '../support/testbed.ts'
import { jsonHeaders, ServedApi, wasmHeaders } from './served-api.ts'

let api: ServedApi | undefined
afterEach(async () => {
  await api?.close()
  api = undefined
})

async function served(more: object = {}): Promise<ServedApi> {
  api = new ServedApi()
  await api.serveApi(more)
  return api
}

const module = readFileSync(policyPath('as-told'))

const reload = (of: ServedApi) => tellHost(of.bed.endpoint, { command: 'reload', who: 'test' })

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch {
    return false
  }
}

describe('through the API a tenant', () => {
  it('uploads, activates, takes back and downloads its policy', async () => {
    const of = await served()
    const { token } = await of.token('tenant-admin', 'a')
    const versions = '/v1/tenants/a/versions'
    const pushed = await of.json(versions, { method: 'POST', token, headers: wasmHeaders, body: module })
    expect([pushed.status, pushed.json]).toMatchObject([
      201,
      { number: 1, state: 'admitted', uploaded: { who: expect.stringMatching(/^token tenant-admin-a-/) } },
    ])
    const active = await of.json('/v1/tenants/a/active', { token })
    expect([active.headers.etag, active.json.version]).toEqual(['"none"', null])
    const put = (etag: string) =>
      of.json('/v1/tenants/a/active', {
        method: 'PUT',
        token,
        headers: { ...jsonHeaders, 'if-match': etag },
        body: '{"version":1}',
      })
    expect(await put('"7"')).toMatchObject({ status: 412, json: { code: 'ERR_ACTIVATION_CONFLICT' } })
    expect(await put('"none"')).toMatchObject({ status: 200, headers: { etag: '"1"' } })
    expect((await of.json(`${versions}/1/report`, { token })).json).toMatchObject({ bytes: module.length })
    const downloaded = await of.ask(`${versions}/1/module`, { token })
    expect(downloaded.body.equals(module)).toBe(true)
    const back = await of.json('/v1/tenants/a/active/rollback', { method: 'POST', token })
    expect([back.status, back.json.code]).toEqual([404, 'ERR_VERSION_UNKNOWN'])
    expect((await of.json('/v1/tenants/a/config', { token })).json.tenant).toMatchObject({
      name: 'a',
      version: 1,
    })
  })

  it('is refused from the next request on when its token is revoked', async () => {
    const of = await served()
    const { token, id } = await of.token('tenant-reader', 'a')
    expect((await of.ask('/v1/tenants/a/versions', { token })).status).toBe(200)
    await tellHost(of.bed.endpoint, { command: 'token-revoke', id, who: 'test' })
    expect((await of.ask('/v1/tenants/a/versions', { token })).status).toBe(401)
  })

  it('is told what a module is refused for, and sees it kept as refused', async () => {
    const of = await served()
    const { token } = await of.token('tenant-admin', 'a')
    const empty = Buffer.from('0061736d01000000', 'hex')
    const refused = await of.json('/v1/tenants/a/versions', {
      method: 'POST',
      token,
      headers: wasmHeaders,
      body: empty,
    })
    expect(refused).toMatchObject({
      status: 422,
      json: { code: 'ERR_VERSION_REFUSED', detail: expect.stringContaining('ERR_MODULE') },
    })
    expect((await of.json('/v1/tenants/a/versions/1', { token })).json.state).toBe('refused')
  })
})

describe('an operator', () => {
  it('sees status, metrics, tenants, tokens and the configuration', async () => {
    const of = await served()
    const { token } = await of.token('operator')
    expect((await of.json('/v1/status', { token })).json).toMatchObject({
      state: 'running',
      admin: { state: 'listening' },
    })
    expect((await of.ask('/metrics', { token })).body.toString()).toMatch(/^portcullis_/m)
    expect((await of.json('/v1/tenants', { token })).json).toMatchObject({ count: 1, list: [{ name: 'a' }] })
    expect((await of.json('/v1/tokens', { token })).json).toMatchObject([
      { role: 'operator', state: 'valid' },
    ])
    expect((await of.json('/v1/config', { token })).json).toMatchObject({ tenants: [{ name: 'a' }] })
    expect((await of.json('/v1/audit', { token })).status).toBe(200)
    expect((await of.json('/ready')).json).toEqual({ ready: true })
    expect((await of.json('/v1/reload', { method: 'POST', token })).json).toMatchObject({ generation: 2 })
  })
})

describe('the admin process', () => {
  it('comes again when it is killed, and nobody who asks for a decision notices', async () => {
    const of = await served()
    const { processId = 0 } = await of.listening()
    const instance = of.bed.startup('a')
    process.kill(processId, 'SIGKILL')
    const { code } = await of.bed.winrm.ask(instance, user)
    expect(code).toBe(win32.INTERNAL_ERROR) // nothing is active, and the host says so
    await eventually(
      () => of.admin(),
      (admin) => admin?.state === 'listening' && admin.processId !== processId,
    )
    await of.listening()
    expect((await of.ask('/health')).status).toBe(200)
  })

  it('ends with the host, however that ends', async () => {
    const of = await served()
    const { processId = 0 } = await of.listening()
    of.host?.kill('SIGKILL')
    await of.host?.ended()
    await eventually(
      async () => isAlive(processId),
      (alive) => !alive,
    )
  })

  it('says why it cannot listen, and does when it can', async () => {
    const taken: Server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    api = new ServedApi()
    await api.serve({ admin: { listen: `127.0.0.1:${port}` } })
    const down = await eventually(
      () => api?.admin() ?? Promise.resolve(undefined),
      (admin) => admin?.error !== undefined,
    )
    expect(down?.error).toMatchObject({
      code: 'ERR_ADMIN_LISTEN',
      detail: expect.stringContaining('EADDRINUSE'),
    })
    expect(api.host?.entries.filter(({ event }) => event === 'api-down')).toHaveLength(1)
    taken.close()
    expect((await api.listening()).address).toBe(`127.0.0.1:${port}`)
  })

  it('goes, comes and moves with a reload, and the host serves on', async () => {
    const of = await served()
    const first = of.address
    of.bed.writeConfig([{ name: 'a' }], { store: 'store' })
    await reload(of)
    expect(await of.admin()).toBeUndefined()
    await expect(of.ask('/health')).rejects.toThrow(/ECONN(REFUSED|RESET)/)
    of.bed.writeConfig([{ name: 'a' }], { store: 'store', admin: { listen: '[::1]:0' } })
    await reload(of)
    await of.listening()
    expect(of.address).toMatch(/^\[::1\]:[0-9]+$/)
    expect(of.address).not.toBe(first)
    expect((await of.ask('/health')).status).toBe(200)
    expect(of.host?.entries.some(({ event }) => event === 'evaluator-died')).toBe(false)
  })

  it('lets nobody in while the file of tokens is not one, and says so in the log', async () => {
    const of = await served()
    const { token } = await of.token('operator')
    const path = join(of.bed.folder, 'tokens.json')
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, '{')
    expect((await of.ask('/v1/status', { token })).status).toBe(401)
    expect(await of.host?.entry(({ event }) => event === 'api-tokens-unreadable', 20_000)).toMatchObject({
      code: 'ERR_TOKEN_FILE',
    })
    writeFileSync(path, text)
    expect((await of.ask('/v1/status', { token })).status).toBe(200)
  })
})

describe.runIf(spawnSync('openssl', ['version']).status === 0)('with TLS the API', () => {
  function certificate(folder: string, name: string): string {
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'certificate.pem')]
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const { status, stderr } = spawnSync('openssl', ['req', ...kind, ...files, ...subject], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
    return readFileSync(join(folder, 'certificate.pem'), 'utf8')
  }

  const admin = { listen: '127.0.0.1:0', tls: { certificate: 'certificate.pem', key: 'key.pem' } }

  it('is served, and with a new certificate after a reload', async () => {
    api = new ServedApi()
    const first = certificate(api.bed.folder, 'first')
    await api.serveApi({ admin })
    expect((await api.ask('/health', { ca: first })).status).toBe(200)
    const second = certificate(api.bed.folder, 'second')
    await reload(api)
    const of = api
    await eventually(
      () =>
        of.ask('/health', { ca: second }).then(
          ({ status }) => status,
          () => 0,
        ),
      (status) => status === 200,
    )
    await expect(of.ask('/health', { ca: first })).rejects.toThrow()
  })

  it('says that a certificate is not there', async () => {
    api = new ServedApi()
    await api.serve({ admin })
    const of = api
    const down = await eventually(
      () => of.admin(),
      (status) => status?.error !== undefined,
    )
    expect(down?.error).toMatchObject({
      code: 'ERR_ADMIN_LISTEN',
      detail: expect.stringContaining('certificate.pem is not there'),
    })
    expect(existsSync(of.bed.endpoint)).toBe(true)
  })
})
