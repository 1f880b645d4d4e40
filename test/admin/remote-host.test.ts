// The command line against a real host through its admin API: the same commands, and the same answers as over the host's own socket.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { runProgram } from '../support/command.ts'
import { eventually, policyPath, user } from '../support/testbed.ts'
import { ServedApi } from './served-api.ts'

let api: ServedApi
let here: readonly string[]
let elsewhere: readonly string[]

const file = (name: string) => join(api.bed.folder, name)

async function tokenFile(...args: Parameters<ServedApi['token']>): Promise<string> {
  const name = `${args.join('-')}.token`
  writeFileSync(file(name), (await api.token(...args)).token)
  return name
}

beforeAll(async () => {
  api = new ServedApi()
  await api.serveApi({ guard: {} }, [{ name: 'a' }, { name: 'b', policy: 'mirror' }])
  here = ['--config', 'portcullis.json']
  elsewhere = ['--server', `http://${api.address}`, '--token-file', await tokenFile('operator')]
}, 60_000)

afterAll(() => api.close())

const run = (host: readonly string[], ...args: string[]) =>
  runProgram('main', api.bed.folder, ...args, ...host)

function json(host: readonly string[], ...args: string[]) {
  const { status, stdout, stderr } = run(host, ...args, '--json')
  expect([status, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

const refusedBy = (host: readonly string[], ...args: string[]) => {
  const { status, stderr } = run(host, ...args)
  return [status, stderr.match(/\[(ERR_\w+)\]\n/)?.[1]]
}

const vectors = `${JSON.stringify({
  question: { kind: 'user', application: 'wsman/a', senderName: 'contains admins ada' },
  expect: { outcome: 'allow' },
})}\n\n`

describe('from elsewhere', () => {
  it('a version is pushed, activated, confirmed, taken back and retired, by the token’s name', () => {
    writeFileSync(file('settings.json'), '{"admins": ["ada"]}')
    writeFileSync(file('vectors.jsonl'), vectors)
    const upload = ['push', policyPath('settings'), '--tenant', 'a', '--settings', 'settings.json']
    const first = json(elsewhere, ...upload, '--vectors', 'vectors.jsonl', '--reason', 'ticket 7, é')
    expect(first).toMatchObject({
      number: 1,
      state: 'admitted',
      uploaded: { who: expect.stringMatching(/^token operator-/), why: 'ticket 7, é' },
    })
    // The same bytes are the same version, whichever way they come.
    expect(json(here, ...upload, '--vectors', 'vectors.jsonl')).toMatchObject({ number: 1 })
    expect(json(elsewhere, ...upload)).toMatchObject({ number: 2 })
    expect(json(elsewhere, 'activate', '1', '--tenant', 'a')).toMatchObject({ version: 1, previous: null })
    expect(json(elsewhere, 'activate', '2', '--tenant', 'a', '--confirm-within', '10m')).toMatchObject({
      version: 2,
      confirmByMs: expect.any(Number),
    })
    expect(json(elsewhere, 'confirm', '--tenant', 'a', '--reason', 'it holds')).toMatchObject({ version: 2 })
    expect(json(elsewhere, 'rollback', '--tenant', 'a', '--if-active', '2')).toMatchObject({ version: 1 })
    const { number } = json(elsewhere, 'push', policyPath('mirror'), '--tenant', 'a')
    expect(json(elsewhere, 'retire', `${number}`, '--tenant', 'a')).toMatchObject({ blobs: false })
    expect(api.journal).toContain('"why":"it holds"')
  })

  it('everything that is asked is answered as here', async () => {
    await api.bed.winrm.ask(api.bed.startup('a'), user)
    await eventually(
      async () => run(here, 'decisions').stdout,
      (decided) => decided !== '',
    )
    for (const args of [
      ['versions'],
      ['versions', '--tenant', 'a'],
      ['versions', '--guard'],
      ['config'],
      ['config', '--tenant', 'a'],
      ['quarantine'],
      ['quarantine', '--tenant', 'a'],
      ['report', '1', '--tenant', 'a'],
      ['download', '1', '--tenant', 'a'],
    ]) {
      expect(json(elsewhere, ...args), args.join(' ')).toEqual(json(here, ...args))
    }
    expect(run(elsewhere, 'decisions')).toEqual(run(here, 'decisions'))
    expect(run(elsewhere, 'metrics').stdout).toMatch(/^# HELP portcullis_/m)
    expect(json(elsewhere, 'status')).toMatchObject({ state: 'running', endpoint: api.bed.endpoint })
    expect(json(elsewhere, 'reload', '--reason', 'nothing new')).toMatchObject({ added: [], removed: [] })
    expect(run(elsewhere, 'status').stdout).toMatch(/^state +running for /)
  })

  it('a version that is downloaded is what was uploaded, to the byte', () => {
    expect(run(elsewhere, 'download', '1', '--tenant', 'a', '--output', 'got.wasm').status).toBe(0)
    expect(readFileSync(file('got.wasm')).equals(readFileSync(policyPath('settings')))).toBe(true)
    expect(readFileSync(file('got.vectors.jsonl'), 'utf8')).toBe(vectors)
    const [{ versions }] = json(here, 'versions', '--tenant', 'a')
    expect(refusedBy(elsewhere, 'report', versions[0].policy.slice(0, 12), '--tenant', 'a')).toEqual([
      1,
      'ERR_VERSION_UNKNOWN', // two versions have this module
    ])
  })

  it('what is refused is refused with the same code as here', () => {
    writeFileSync(file('bad.wasm'), Buffer.from('0061736d01000000', 'hex'))
    for (const [args, code] of [
      [['activate', '99', '--tenant', 'a'], 'ERR_VERSION_UNKNOWN'],
      [['activate', '2', '--tenant', 'a', '--if-active', '99'], 'ERR_ACTIVATION_CONFLICT'],
      [['activate', '3', '--tenant', 'a'], 'ERR_VERSION_STATE'],
      [['confirm', '--tenant', 'a'], 'ERR_ACTIVATION_PENDING'],
      [['rollback', '--guard'], 'ERR_VERSION_UNKNOWN'],
      [['versions', '--tenant', 'b'], 'ERR_VERSION_SUBJECT'],
      [['retire', '1', '--tenant', 'a'], 'ERR_VERSION_STATE'],
      [['push', 'bad.wasm', '--tenant', 'a'], 'ERR_VERSION_REFUSED'],
    ] as const) {
      expect(refusedBy(elsewhere, ...args), args.join(' ')).toEqual([1, code])
      expect(refusedBy(here, ...args), args.join(' ')).toEqual([1, code])
    }
  })

  it('a tenant does what is its own, and nothing else is there for it', async () => {
    const admin = ['--server', `http://${api.address}`, '--token-file', await tokenFile('tenant-admin', 'a')]
    expect(run(admin, 'activate', '2', '--tenant', 'a').stdout).toMatch(
      /^a: version 2 answers now \(version 1 before; after [\d.]+ ms\)\n$/,
    )
    expect(json(admin, 'versions', '--tenant', 'a')).toMatchObject([{ active: { number: 2 } }])
    expect(json(admin, 'config', '--tenant', 'a').tenant).toMatchObject({ name: 'a', version: 2 })
    for (const args of [
      ['versions', '--tenant', 'b'],
      ['versions', '--guard'],
      ['config', '--tenant', 'nobody'],
    ]) {
      expect(refusedBy(admin, ...args), args.join(' ')).toEqual([1, 'ERR_API_UNKNOWN'])
    }
    expect(run(admin, 'status').status).toBe(1)
    const reader = [
      '--server',
      `http://${api.address}`,
      '--token-file',
      await tokenFile('tenant-reader', 'a'),
    ]
    expect(json(reader, 'report', '1', '--tenant', 'a')).toHaveProperty('meteredSha256')
    expect(refusedBy(reader, 'activate', '1', '--tenant', 'a')).toEqual([1, 'ERR_API_ROLE'])
    expect(refusedBy(reader, 'download', '1', '--tenant', 'a')).toEqual([1, 'ERR_API_ROLE'])
  })

  it('a wrong token is told so', () => {
    writeFileSync(file('wrong.token'), `pct_0123456789ab_${'x'.repeat(43)}`)
    const wrong = ['--server', `http://${api.address}`, '--token-file', 'wrong.token']
    expect(refusedBy(wrong, 'config')).toEqual([1, 'ERR_API_TOKEN'])
  })
})
