// The command line with --server: what is printed, which options go together, and what a script may rely on.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { commandMain } from '../../host/paths.ts'
import { policyPath } from '../support/testbed.ts'
import { FakeApi } from './fake-api.ts'

const token = `pct_0123456789ab_${'s'.repeat(43)}`
const other = `pct_0123456789ab_${'t'.repeat(43)}`

let folder: string
let api: FakeApi

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-remote-cli-'))
  writeFileSync(join(folder, 'token'), `${token}\n`)
})
afterAll(() => rmSync(folder, { recursive: true }))

beforeEach(async () => {
  api = await FakeApi.open()
})
afterEach(() => api.close())

interface Ended {
  readonly status: number | string | null | undefined
  readonly stdout: string
  readonly stderr: string
}

/** Not `runProgram`: the server is in this process. */
function run(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const { INIT_CWD: _, PORTCULLIS_SERVER: __, PORTCULLIS_TOKEN: ___, ...rest } = process.env
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...rest, ...env } }
    execFile(process.execPath, [commandMain, ...args], options, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : error.code, stdout, stderr }),
    )
  })
}

const remote = (...args: string[]) => run([...args, '--server', api.origin, '--token-file', 'token'])
const activated = { version: 3, previous: 2, changed: true, milliseconds: 12.5 }

describe('a command with --server', () => {
  it('prints what it prints of a host here', async () => {
    api.answers['POST /v1/tenants/contoso/versions'] = {
      status: 201,
      body: { number: 3, policy: 'ab'.repeat(32), bytes: 5, state: 'admitted' },
    }
    const pushed = await remote('push', policyPath('settings'), '--tenant', 'contoso', '--reason', 'ticket 7')
    expect([pushed.status, pushed.stderr]).toEqual([0, ''])
    expect(pushed.stdout).toBe(
      `contoso, version 3: admitted; 5 bytes, SHA-256 ${'ab'.repeat(32)}\n"portcullis activate 3 --tenant contoso --server ${api.origin} --token-file token" makes it answer\n`,
    )
    expect(api.asked[0]?.body.includes(readFileSync(policyPath('settings')))).toBe(true)
  })

  it('tells an activation also where generations are not told', async () => {
    api.answers['PUT /v1/tenants/contoso/active'] = { body: activated }
    const told = await remote('activate', '3', '--tenant', 'contoso', '--if-active', '2')
    expect(told.stdout).toBe('contoso: version 3 answers now (version 2 before; after 12.5 ms)\n')
    api.answers['PUT /v1/tenants/contoso/active'] = { body: { ...activated, generation: 9, changed: false } }
    const again = await remote('activate', '3', '--tenant', 'contoso', '--if-active', '3')
    expect(again.stdout).toBe('contoso: version 3 answered already (generation 9)\n')
  })

  it('tells a quarantine of the guard without its module', async () => {
    const explanation = "the provider's guard does not run for this tenant"
    api.answers['GET /v1/tenants/contoso/quarantine'] = {
      body: [{ tenant: 'contoso', sinceMs: 0, explanation }],
    }
    const { stdout } = await remote('quarantine', '--tenant', 'contoso')
    expect(stdout).toMatch(/^contoso +1970-01-01T00:00:00.000Z +the provider's guard does not run/m)
  })

  it('ends with status 1 and the code, if the host refuses', async () => {
    api.problem('POST /v1/tenants/contoso/active/rollback', 404, {
      code: 'ERR_VERSION_UNKNOWN',
      detail: 'no',
    })
    expect(await remote('rollback', '--tenant', 'contoso')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'portcullis: there is no such version: no [ERR_VERSION_UNKNOWN]\n',
    })
  })

  it.each([['metrics'], ['decisions'], ['status', '--json'], ['config'], ['versions', '--json'], ['reload']])(
    'sends %s to the server with the token',
    async (...args) => {
      await remote(...args)
      expect(api.asked.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${token}`])
    },
  )
})

describe('which host', () => {
  it('may be said by the environment, with the token', async () => {
    const env = { PORTCULLIS_SERVER: api.origin, PORTCULLIS_TOKEN: other }
    expect((await run(['config'], env)).status).toBe(0)
    expect((await run(['config', '--token-file', 'token'], env)).status).toBe(0)
    expect(api.asked.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${other}`,
      `Bearer ${token}`,
    ])
  })

  it('is that of --config if it is given, whatever the environment says', async () => {
    const env = { PORTCULLIS_SERVER: api.origin, PORTCULLIS_TOKEN: token }
    const { status, stderr } = await run(['config', '--config', 'gone.json'], env)
    expect([status, stderr]).toEqual([2, expect.stringMatching(/ERR_CONFIG_UNREADABLE/)])
    expect(api.asked).toEqual([])
  })

  it.each<[string, string[], RegExp]>([
    ['none is named', ['status'], /^error: give '--config <file>' or '--server <url>'\n/],
    [
      'two are',
      ['status', '--config', 'c', '--server', 'https://a'],
      /^error: option '--server <url>' cannot be used with option '--config <file>'\n/,
    ],
    [
      'a token is for one that needs none',
      ['status', '--config', 'c', '--token-file', 'token'],
      /^error: option '--token-file <file>' cannot be used with option '--config <file>'\n/,
    ],
    ['it has no token', ['status', '--server', 'https://a'], /\[ERR_SERVER_OPTION\]\n$/],
    [
      'its token would be read on the way',
      ['status', '--server', 'http://a.example', '--token-file', 'token'],
      /\[ERR_SERVER_OPTION\]\n$/,
    ],
    [
      'a command is for this machine',
      ['stop', '--config', 'c', '--server', 'https://a'],
      /unknown option '--server'/,
    ],
  ])('is wrong usage if %s', async (_, args, message) => {
    const { status, stdout, stderr } = await run(args)
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)])
  })
})
