// What operators do, and what the host does by itself, as its audit log has it: done or refused, by whom and why, and never what was
// uploaded.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { CreatedToken } from '../../host/admin/token-file.ts'
import { tellHost } from '../../host/cli/operator-client.ts'
import type { ServeProcess } from '../../host/cli/serve-process.ts'
import type { HostStatus } from '../../host/supervisor/status.ts'
import { ServedApi } from '../admin/served-api.ts'
import { StoreHost, tenant, who } from '../lifecycle/store-host.ts'
import { type AuditRecord, auditRecords } from '../support/audit-log.ts'
import { eventually, policyPath, told, user } from '../support/testbed.ts'

let stored: StoreHost
let host: ServeProcess

beforeEach(async () => {
  stored = new StoreHost()
})

afterEach(async () => {
  await stored.close()
})

const audit = { folder: 'audit' }
const folder = () => join(stored.bed.folder, 'audit')
const journalPath = () => join(stored.bed.folder, 'store', 'tenants', 't-a', 'journal.jsonl')
const tell = (command: object) => tellHost(stored.bed.endpoint, command as { command: 'status' })

/** Of one type; when they are on the disk. */
const recordsOf = (type: string, count: number): Promise<AuditRecord[]> =>
  eventually(
    async () => auditRecords(folder()).filter((record) => record.type === type),
    (records) => records.length >= count,
  )

/** What is different from run to run is left out. */
function fixed({ sequence: _, timeMs: __, chain: ___, type: ____, ...members }: AuditRecord): object {
  return members
}

const digestOf = (policy: string) =>
  createHash('sha256')
    .update(readFileSync(policyPath(policy)))
    .digest('hex')

describe('the audit log', () => {
  it('has every act, done or refused, with who, why and what, and no question for it', async () => {
    host = await stored.serve({ audit })
    const why = 'ticket 7\u202e'
    const named = { subject: tenant, who, why }
    await stored.push(tenant, 'slow')
    const junk = Buffer.from('no module at all')
    await expect(tell({ command: 'push', ...named, module: junk.toString('base64') })).rejects.toThrow(
      /ERR_VERSION_REFUSED/,
    )
    await expect(tell({ command: 'rollback', ...named })).rejects.toThrow(/ERR_VERSION_UNKNOWN/)
    await tell({ command: 'activate', ...named, version: '1' })
    await expect(tell({ command: 'confirm', ...named })).rejects.toThrow(/ERR_ACTIVATION_PENDING/)
    await tell({ command: 'versions' })
    await tell({ command: 'status' })
    await tell({ command: 'audit' })
    await tell({ command: 'quarantine' })
    await tell({ command: 'lift', tenant: 'a', who, why })
    await tell({ command: 'reload', who, why })
    await tell({ command: 'stop' })
    expect(await host.ended()).toBe(0)

    const common = { via: 'endpoint', ...named }
    const refused = { ...common, result: 'refused', detail: expect.any(String) }
    const policy = digestOf('slow')
    const junkDigest = createHash('sha256').update(junk).digest('hex')
    expect((await recordsOf('act', 8)).map(fixed)).toEqual([
      { command: 'push', via: 'endpoint', subject: tenant, who, version: 1, policy, result: 'done' },
      { command: 'push', ...refused, policy: junkDigest, code: 'ERR_VERSION_REFUSED' },
      { command: 'rollback', ...refused, code: 'ERR_VERSION_UNKNOWN' },
      { command: 'activate', ...common, version: 1, policy, result: 'done' },
      { command: 'confirm', ...refused, code: 'ERR_ACTIVATION_PENDING' },
      { command: 'lift', via: 'endpoint', tenant: 'a', who, why, result: 'done' },
      { command: 'reload', via: 'endpoint', who, why, result: 'done' },
      { command: 'stop', via: 'endpoint', result: 'done' },
    ])
    const text = readFileSync(join(folder(), 'audit-00000001.jsonl'), 'utf8')
    expect(text).not.toContain(readFileSync(policyPath('slow')).toString('base64').slice(0, 40))
    expect(text).not.toContain('\u202e')
    expect(auditRecords(folder()).at(-1)?.type).toBe('stopped')
  })

  it('has an act that is under way when the host is told to end, and whoever told it is answered', async () => {
    host = await stored.serve({ audit })
    const pushed = stored.push(tenant, 'slow')
    await eventually(
      async () => existsSync(journalPath()),
      (isThere) => isThere,
    )
    await tell({ command: 'stop' })
    expect(await pushed).toMatchObject({ number: 1, state: 'admitted' })
    expect(await host.ended()).toBe(0)
    expect((await recordsOf('act', 2)).map(({ command, result }) => [command, result])).toEqual([
      ['stop', 'done'],
      ['push', 'done'],
    ])
    expect(auditRecords(folder()).at(-1)?.type).toBe('stopped')
  })

  it('has what comes through the API beside it, downloads and tokens too, and no secret of them', async () => {
    await stored.close()
    const api = new ServedApi()
    stored = api
    await api.serveApi({ audit })
    const made = { role: 'tenant-admin', tenant: 'a', expiresInMs: 60_000, who, why: 'ci' }
    const { token, id } = (await tell({ command: 'token-create', name: 'ci', ...made })) as CreatedToken
    await expect(tell({ command: 'token-create', name: 'ci', ...made })).rejects.toThrow(/ERR_TOKEN_VALUE/)
    await api.push(tenant, 'slow')
    await api.push(tenant, 'mirror')
    const ask = (method: string, path: string) =>
      api.ask(`/v1/tenants/a/versions/${path}`, {
        method,
        token,
        headers: { 'portcullis-reason': 'ticket%208' },
      })
    const direct = { subject: tenant, who, why: 'ticket 9' }
    await tell({ command: 'download', version: '1', ...direct })
    expect((await ask('GET', '1/module')).status).toBe(200)
    expect((await ask('GET', '7/module')).status).toBe(404)
    await tell({ command: 'retire', version: '1', ...direct })
    expect((await ask('POST', '2/retire')).status).toBe(200)
    expect((await ask('POST', '2/retire')).status).toBe(409)
    await tell({ command: 'token-revoke', id, who, why: 'gone' })
    await expect(tell({ command: 'token-revoke', id: 'f'.repeat(12), who })).rejects.toThrow(
      /ERR_TOKEN_UNKNOWN/,
    )

    const one = { via: 'endpoint', ...direct, version: 1, policy: digestOf('slow'), result: 'done' }
    const byToken = { via: 'api', subject: tenant, who: 'token ci', why: 'ticket 8' }
    const two = { ...byToken, version: 2, policy: digestOf('mirror'), result: 'done' }
    const refused = { result: 'refused', detail: expect.any(String) }
    const ci = { name: 'ci', role: 'tenant-admin' }
    const created = { command: 'token-create', via: 'endpoint', who, why: 'ci', tenant: 'a' }
    const revoked = { command: 'token-revoke', via: 'endpoint', who }
    const acts = (await recordsOf('act', 12)).map(fixed)
    expect(acts.filter((act) => Object(act).command !== 'push')).toEqual([
      { ...created, token: { id, ...ci }, result: 'done' },
      { ...created, token: ci, ...refused, code: 'ERR_TOKEN_VALUE' },
      { command: 'download', ...one },
      { command: 'download', ...two, version: 1, policy: digestOf('slow') },
      { command: 'download', ...byToken, version: '7', ...refused, code: 'ERR_VERSION_UNKNOWN' },
      { command: 'retire', ...one },
      { command: 'retire', ...two },
      { command: 'retire', ...byToken, version: '2', ...refused, code: 'ERR_VERSION_STATE' },
      { ...revoked, why: 'gone', token: { id, ...ci }, result: 'done' },
      { ...revoked, token: { id: 'f'.repeat(12) }, ...refused, code: 'ERR_TOKEN_UNKNOWN' },
    ])
    expect(await api.host?.close()).toBe(0)
    const text = readdirSync(folder())
      .map((name) => readFileSync(join(folder(), name), 'utf8'))
      .join('')
    const [, , secret = token] = token.split('_')
    for (const one of [token, secret, createHash('sha256').update(secret).digest('hex')]) {
      expect(text).not.toContain(one)
    }
    expect(text).not.toContain(readFileSync(policyPath('slow')).toString('base64').slice(0, 40))
  })

  it('has what the host takes back by itself', async () => {
    await stored.serve({ audit })
    await stored.push(tenant, 'slow')
    await stored.push(tenant, 'mirror')
    await stored.activate(tenant, 1)
    await stored.activate(tenant, 2, 100)
    const acts = await recordsOf('act', 5)
    expect(acts.map(fixed).at(-1)).toEqual({
      command: 'return',
      via: 'host',
      subject: tenant,
      version: 1,
      policy: digestOf('slow'),
      why: 'it was not confirmed in time',
      result: 'done',
    })
  })

  it('has decisions as the log has them, quarantines, and what a plug-in denied by itself or was refused', async () => {
    const { bed } = stored
    const early = bed.startup('bad')
    for (let count = 0; count < 3; count++) expect(told(await bed.winrm.ask(early, user)).code).toBe(5)
    host = await stored.serve({ audit }, [
      { name: 'bad', policy: 'endless' },
      { name: 'foreign', policy: 'slow', accounts: ['uid:4242'] },
    ])
    await eventually(
      () => bed.winrm.ask(early, user),
      ({ code }) => code === 0,
    )
    const [denials] = await recordsOf('plugin-denials', 1)
    expect(denials).toMatchObject({ application: 'wsman/bad', tenant: 'bad', processId: process.pid })
    expect(Object(denials?.denied).UNREACHABLE).toBeGreaterThanOrEqual(3)

    await bed.winrm.ask(bed.startup('foreign'), user)
    const [refusal] = await recordsOf('connection-refused', 1)
    expect(refusal).toMatchObject({ application: 'wsman/foreign', error: 'ERR_CONNECTION_FOREIGN' })

    await bed.winrm.ask(early, { ...user, senderName: 'endless' })
    expect(await recordsOf('quarantined', 1)).toMatchObject([
      { tenant: 'bad', policy: digestOf('endless'), reason: 'processor time', phase: 'tenant' },
    ])
    expect(await host.close()).toBe(0)
    const logged = host.entries.filter(({ event }) => event === 'decision')
    const decisions = auditRecords(folder()).filter(({ type }) => type === 'decision')
    expect(decisions.map(({ id, outcome, code, tenant: name }) => [id, outcome, code, name])).toEqual(
      logged.map(({ id, outcome, code, tenant: name }) => [id, outcome, code, name]),
    )
    expect(decisions.filter(({ error }) => error === 'ERR_POLICY_TIME')).toHaveLength(1)
    expect(logged.length).toBeGreaterThanOrEqual(2)
  })
})

describe('the head of the audit log', () => {
  it('is in the status and what the command "audit" answers, and there is none without a log', async () => {
    await stored.serve({ audit })
    const [{ audit: shown }, asked] = [
      (await tell({ command: 'status' })) as HostStatus,
      await tell({ command: 'audit' }),
    ]
    expect(asked).toMatchObject({ folder: folder(), whenBehind: 'deny', isBehind: false, gaps: 0, lost: 0 })
    expect(shown?.head).toMatch(/^[0-9a-f]{64}$/)
    await stored.close()
    stored = new StoreHost()
    await stored.serve()
    expect(await tell({ command: 'audit' })).toBeNull()
    expect(await tell({ command: 'status' })).toMatchObject({ audit: null })
  })
})

describe('the configuration of the audit log', () => {
  it('may become another one by a reload, but for its folder', async () => {
    await stored.serve({ audit })
    const reload = async (to: object) => {
      stored.bed.writeConfig([{ name: 'a' }], { store: 'store', ...to })
      return tell({ command: 'reload', who })
    }
    await reload({ audit: { folder: 'audit', whenBehind: 'spill', keepDays: 3 } })
    expect(await tell({ command: 'audit' })).toMatchObject({ whenBehind: 'spill' })
    for (const to of [{}, { audit: { folder: 'elsewhere' } }]) {
      await expect(reload(to)).rejects.toThrow(/"audit.folder" was .*audit and would be .*ERR_RELOAD/)
    }
    expect(await tell({ command: 'audit' })).toMatchObject({ folder: folder(), whenBehind: 'spill' })
  })

  it('is refused, and the host does not start, if the log is in use or damaged', async () => {
    host = await stored.serve({ audit })
    const { bed } = stored
    const tenants = [{ name: 'a', policy: 'slow' }]
    await expect(bed.host(tenants, { endpoint: 'other', audit })).rejects.toThrow(/ERR_FILE_LOCKED/)
    expect(await host.close()).toBe(0)
    const path = join(folder(), 'audit-00000001.jsonl')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"started"', '"stopped"'))
    await expect(bed.host(tenants, { audit })).rejects.toThrow(/ERR_AUDIT_DAMAGED/)
  })
})
