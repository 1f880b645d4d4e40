// Single versions of the store, by the real commands and a real host: given back as they came, reported on, and let go for good.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { tellHost } from '../../host/cli/operator-client.ts'
import { operatorLineBytesMax } from '../../host/limits.ts'
import type { StoredVersion } from '../../host/store/store.ts'
import type { VersionReport } from '../../host/supervisor/kept-versions.ts'
import { runProgram } from '../support/command.ts'
import { policyPath } from '../support/testbed.ts'
import { StoreHost, tenant, who } from './store-host.ts'

let site: StoreHost

beforeEach(() => {
  site = new StoreHost()
})

afterEach(() => site.close())

const run = (...args: string[]) => {
  const [command = '', ...rest] = args
  return runProgram('main', site.bed.folder, command, '--config', 'portcullis.json', ...rest)
}

const refusedBy = (args: string[]) => {
  const { status, stderr } = run(...args)
  return [status, stderr.match(/\[(\w+)\]\n$/)?.[1]]
}

/** So many versions of the tenant, none of them active. */
async function versions(count: number): Promise<void> {
  await site.serve()
  for (let index = 0; index < count; index++) await site.push(tenant, 'settings', { admins: [`a${index}`] })
}

const stored = async (number: number): Promise<StoredVersion> => {
  const [of] = (await tellHost(site.bed.endpoint, { command: 'versions', subject: tenant })) as {
    versions: StoredVersion[]
  }[]
  return of?.versions[number - 1] as StoredVersion
}

describe('a version that is retired', () => {
  it('has no bytes any more, keeps its line, and is never activated again', async () => {
    await versions(2)
    await site.activate(tenant, 1)
    const before = await stored(2)
    expect(run('report', '2', '--tenant', 'a').status).toBe(0) // which is remembered
    const retired = run('retire', '2', '--tenant', 'a', '--reason', 'it has a hole')
    expect([retired.status, retired.stdout]).toEqual([
      0,
      'a, version 2: its bytes are let go; it cannot be activated again\n',
    ])
    expect(await stored(2)).toEqual({ ...before, blobs: false })
    const [line] = site.journal.match(/.*"forgotten".*/) ?? []
    expect(JSON.parse(line ?? '')).toMatchObject({ numbers: [2], why: 'it has a hole' })
    const blob = (digest = '') =>
      existsSync(join(site.bed.folder, 'store', 'tenants', 't-a', 'blobs', digest))
    expect([blob(before.settings), blob(before.policy)]).toEqual([false, true]) // version 1 has the same module
    for (const command of ['activate', 'retire', 'download', 'report']) {
      expect(refusedBy([command, '2', '--tenant', 'a'])).toEqual([1, 'ERR_VERSION_STATE'])
    }
    expect(await site.host?.entry(({ event }) => event === 'version-retired', 5_000)).toMatchObject({
      tenant: 'a',
      version: 2,
      policy: before.policy,
      why: 'it has a hole',
    })
  })

  it('comes back under another number if the same is pushed again', async () => {
    await versions(1)
    run('retire', '1', '--tenant', 'a')
    expect(await site.push(tenant, 'settings', { admins: ['a0'] })).toMatchObject({ number: 2, blobs: true })
  })

  it('is so also for a host that starts again', async () => {
    await versions(1)
    run('retire', '1', '--tenant', 'a')
    await site.host?.close()
    await site.serve()
    expect(await stored(1)).toMatchObject({ number: 1, blobs: false })
  })

  it('is never the one that is active, nor the one that a rollback or a return goes back to', async () => {
    await versions(3)
    await site.activate(tenant, 1)
    await site.activate(tenant, 2)
    expect(refusedBy(['retire', '1', '--tenant', 'a'])).toEqual([1, 'ERR_VERSION_STATE'])
    expect(refusedBy(['retire', '2', '--tenant', 'a'])).toEqual([1, 'ERR_VERSION_STATE'])
    await site.activate(tenant, 3, 60_000)
    expect(refusedBy(['retire', '2', '--tenant', 'a'])).toEqual([1, 'ERR_VERSION_STATE'])
    expect(run('retire', '1', '--tenant', 'a').status).toBe(0)
    await expect(site.tell('rollback')).resolves.toMatchObject({ version: 2 })
  })

  it('is not what is being activated meanwhile: changes are made one after the other', async () => {
    await versions(2)
    await site.activate(tenant, 1)
    const retire = { command: 'retire', subject: tenant, version: '2', who } as const
    const [activated, retired] = await Promise.allSettled([
      site.activate(tenant, 2),
      tellHost(site.bed.endpoint, retire),
    ])
    expect([activated.status, retired.status].sort()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('a change that says what it saw', () => {
  it('is made if that is still active when it is its turn, and otherwise nothing changes', async () => {
    await versions(3)
    expect(refusedBy(['activate', '1', '--tenant', 'a', '--if-active', '3'])).toEqual([
      1,
      'ERR_ACTIVATION_CONFLICT',
    ])
    expect(run('activate', '1', '--tenant', 'a', '--if-active', 'none').status).toBe(0)
    const conflict = run('activate', '2', '--tenant', 'a', '--if-active', 'none')
    expect(conflict.stderr).toMatch(/a: version 1 is active, and not nothing \[ERR_ACTIVATION_CONFLICT\]\n$/)
    expect(run('activate', '2', '--tenant', 'a', '--if-active', '1').status).toBe(0)
    // Also if it asks for what is active already: somebody else has done it.
    expect(refusedBy(['activate', '2', '--tenant', 'a', '--if-active', '1'])[1]).toBe(
      'ERR_ACTIVATION_CONFLICT',
    )
    expect(refusedBy(['rollback', '--tenant', 'a', '--if-active', '1'])[1]).toBe('ERR_ACTIVATION_CONFLICT')
    expect(run('rollback', '--tenant', 'a', '--if-active', '2').stdout).toMatch(/version 1 answers again/)
    expect(run('activate', '2', '--tenant', 'a', '--if-active', '0')).toMatchObject({ status: 2 })
    expect(site.journal.match(/"activated"/g)).toHaveLength(3)
  })

  it('is made by one of many who saw the same', async () => {
    await versions(5)
    const told = await Promise.allSettled(
      [1, 2, 3, 4, 5].map((version) =>
        tellHost(site.bed.endpoint, {
          command: 'activate',
          subject: tenant,
          version: String(version),
          ifActive: null,
          who,
        }),
      ),
    )
    expect(told.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const refused = told.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []))
    expect(refused).toEqual(Array(4).fill('ERR_ACTIVATION_CONFLICT'))
  })
})

describe('a version that is downloaded', () => {
  const vector = {
    question: { kind: 'user', application: 'wsman/a', senderName: 'contains admins ada' },
    expect: { outcome: 'allow' },
  }

  it('is what was pushed: module, settings and vectors, in files that were not there', async () => {
    await site.serve()
    const lines = `${JSON.stringify(vector)}\n`
    await site.push(tenant, 'settings', { admins: ['ada'] }, lines)
    const module = readFileSync(policyPath('settings'))
    const { status, stdout } = run('download', '1', '--tenant', 'a')
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^a, version 1:\n +\S+a-1\.wasm\n +\S+a-1\.settings\.json\n +\S+a-1\.vectors\.jsonl\n$/,
      ),
    ])
    const file = (name: string) => readFileSync(join(site.bed.folder, name))
    expect(file('a-1.wasm').equals(module)).toBe(true)
    expect(JSON.parse(file('a-1.settings.json').toString())).toEqual({ admins: ['ada'] })
    expect(file('a-1.vectors.jsonl').toString()).toBe(lines)
    expect(refusedBy(['download', '1', '--tenant', 'a'])).toEqual([1, 'ERR_FILE_WRITE'])
    const digest = createHash('sha256').update(module).digest('hex')
    const json = run('download', digest.slice(0, 8), '--tenant', 'a', '--json')
    expect(JSON.parse(json.stdout)).toEqual({
      number: 1,
      policy: digest,
      module: module.toString('base64'),
      settings: { admins: ['ada'] },
      vectors: lines,
    })
    expect(run('download', '1', '--tenant', 'a', '--output', 'other.bin').status).toBe(0)
    expect(file('other.bin').equals(module)).toBe(true)
    expect(file('other.bin.vectors.jsonl').toString()).toBe(lines)
  })

  it('may be as long as an upload', async () => {
    await site.serve()
    const line = JSON.stringify(vector)
    const lines = line + ' '.repeat(operatorLineBytesMax - 65_536 - line.length)
    await site.push(tenant, 'settings', { admins: ['ada'] }, lines)
    const whole = await tellHost(site.bed.endpoint, {
      command: 'download',
      subject: tenant,
      version: '1',
      who,
    })
    expect((whole as { vectors: string }).vectors).toBe(lines)
  })
})

describe('a report on a version', () => {
  const report = (version: string) =>
    tellHost(site.bed.endpoint, { command: 'report', subject: tenant, version }) as Promise<VersionReport>

  it('is what admission says of it, and is made once', async () => {
    await versions(1)
    const first = await report('1')
    expect(first).toMatchObject({ sha256: (await stored(1)).policy, warnings: [] })
    expect(await report('1')).toEqual(first) // also the milliseconds
    const { status, stdout } = run('report', '1', '--tenant', 'a')
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^a, version 1: admitted: it starts; no vectors were asked of it\n +module +[\d,]+ bytes/,
      ),
    ])
  })

  it('that was refused is the refusal', async () => {
    await site.serve()
    writeFileSync(join(site.bed.folder, 'bad.wasm'), 'no module')
    expect(run('push', 'bad.wasm', '--tenant', 'a').status).toBe(1)
    expect(await report('1')).toEqual({
      refusal: { code: 'ERR_MODULE_MALFORMED', message: expect.stringContaining('[ERR_MODULE_MALFORMED]') },
    })
    const { status, stdout } = run('report', '1', '--tenant', 'a')
    expect([status, stdout]).toEqual([1, expect.stringMatching(/^a, version 1: refused: .*MALFORMED\]\n$/)])
  })
})

it('what is not there, or not the store’s, is refused by each of them', async () => {
  await site.serve({}, [{ name: 'a' }, { name: 'b', policy: 'mirror' }])
  for (const command of ['retire', 'download', 'report']) {
    expect(refusedBy([command, '7', '--tenant', 'a'])).toEqual([1, 'ERR_VERSION_UNKNOWN'])
    expect(refusedBy([command, '1', '--tenant', 'b'])).toEqual([1, 'ERR_VERSION_SUBJECT'])
    expect(refusedBy([command, '1', '--tenant', 'nobody'])).toEqual([1, 'ERR_VERSION_SUBJECT'])
    expect(refusedBy([command, '1', '--guard'])).toEqual([1, 'ERR_VERSION_SUBJECT'])
    expect(run(command, '1')).toMatchObject({ status: 2 })
  }
})
