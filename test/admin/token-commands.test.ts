// Tokens by the real commands and a real host: made, listed, revoked, and never seen a second time.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { TokenReader } from '../../host/admin/tokens.ts'
import { StoreHost } from '../lifecycle/store-host.ts'
import { runProgram } from '../support/command.ts'

let site: StoreHost
let reader: TokenReader

beforeAll(async () => {
  site = new StoreHost()
  await site.serve({ admin: { listen: '127.0.0.1:0' } })
  reader = new TokenReader(join(site.bed.folder, 'tokens.json'))
})

afterAll(() => site.close())

const run = (...args: string[]) =>
  runProgram('main', site.bed.folder, 'token', args[0] ?? '', '--config', 'portcullis.json', ...args.slice(1))

const refusedBy = (...args: string[]) => {
  const { status, stderr } = run(...args)
  return [status, stderr.match(/\[(\w+)\]\n$/)?.[1]]
}

const file = (name: string) => join(site.bed.folder, name)
const day = 86_400_000

it('a token is made, shown once, listed without its secret, and lets nobody in once it is revoked', async () => {
  const made = run('create', '--name', 'ci', '--role', 'tenant-admin', '--tenant', 'a', '--expires', '30d')
  const [, id = '', token = ''] =
    /^token ([0-9a-f]{12}): ci, tenant-admin of a, until \S+Z\n(pct_\S+)\nkeep it; it is not shown again\n$/.exec(
      made.stdout,
    ) ?? []
  expect([made.status, made.stderr]).toEqual([0, ''])
  expect(reader.check(token, Date.now())).toEqual({ id, name: 'ci', role: 'tenant-admin', tenant: 'a' })
  expect(reader.check(token, Date.now() + 30 * day)).toBeUndefined()
  const list = run('list')
  expect(list.stdout).toMatch(new RegExp(`^${id} +ci +tenant-admin of a +valid `, 'm'))
  const [shown] = JSON.parse(run('list', '--json').stdout)
  expect(Object.keys(shown).sort()).toEqual(
    ['id', 'name', 'role', 'tenant', 'createdMs', 'by', 'expiresMs', 'state'].sort(),
  )
  const revoked = run('revoke', id, '--reason', 'it leaked')
  expect([revoked.status, revoked.stdout]).toEqual([0, `token ${id}: ci, tenant-admin of a, is revoked\n`])
  expect(reader.check(token, Date.now())).toBeUndefined()
  expect(run('list').stdout).toMatch(new RegExp(`^${id} +ci +tenant-admin of a +revoked `, 'm'))
  await site.host?.entry(({ event }) => event === 'token-revoked', 5_000)
  expect(site.host?.entries.filter(({ event }) => `${event}`.startsWith('token-'))).toMatchObject([
    { event: 'token-created', id, tokenName: 'ci', role: 'tenant-admin', tenant: 'a' },
    { event: 'token-revoked', id, tokenName: 'ci', why: 'it leaked' },
  ])
  expect(JSON.stringify(site.host?.entries)).not.toContain(token.slice(17))
})

it('a token may go into a file for its owner alone, and is not shown then', () => {
  const { status, stdout } = run('create', '--name', 'web', '--role', 'operator', '--output', 'web.token')
  expect([status, stdout]).toEqual([
    0,
    expect.stringMatching(/^token \S+: web, operator, until .*\nit is in .*web\.token\n$/),
  ])
  const token = readFileSync(file('web.token'), 'utf8')
  expect(token).toMatch(/^pct_[0-9a-f]{12}_\S{43}\n$/)
  expect(stdout).not.toContain(token.trim().slice(17))
  expect(reader.check(token.trim(), Date.now())?.role).toBe('operator')
  if (process.platform !== 'win32') expect(statSync(file('web.token')).mode & 0o777).toBe(0o600)
  const json = run('create', '--name', 'j', '--role', 'operator', '--output', 'j.token', '--json')
  expect(JSON.parse(json.stdout)).toMatchObject({ name: 'j', state: 'valid' })
  expect(json.stdout).not.toContain('"token"')
})

it('a file that is there, or cannot be, is left alone, and no token is made', () => {
  const before = run('list').stdout
  writeFileSync(file('mine'), 'mine')
  expect(refusedBy('create', '--name', 'x', '--role', 'operator', '--output', 'mine')).toEqual([
    1,
    'ERR_FILE_WRITE',
  ])
  expect(refusedBy('create', '--name', 'x', '--role', 'operator', '--output', 'no/such')).toEqual([
    1,
    'ERR_FILE_WRITE',
  ])
  expect(readFileSync(file('mine'), 'utf8')).toBe('mine')
  expect(refusedBy('create', '--name', 'x y', '--role', 'operator', '--output', 'none')).toEqual([
    1,
    'ERR_TOKEN_VALUE',
  ])
  expect(readdirSync(site.bed.folder)).not.toContain('none')
  expect(run('list').stdout).toBe(before)
})

it.each<[string, string[], [number, string | undefined]]>([
  ['no role', ['create', '--name', 'x'], [2, undefined]],
  ['another role', ['create', '--name', 'x', '--role', 'root'], [2, undefined]],
  ['no name', ['create', '--role', 'operator'], [2, undefined]],
  ['more than a year', ['create', '--name', 'x', '--role', 'operator', '--expires', '367d'], [2, undefined]],
  [
    'a role of a tenant without one',
    ['create', '--name', 'x', '--role', 'tenant-reader'],
    [1, 'ERR_TOKEN_VALUE'],
  ],
  [
    'an operator of a tenant',
    ['create', '--name', 'x', '--role', 'operator', '--tenant', 'a'],
    [1, 'ERR_TOKEN_VALUE'],
  ],
  [
    'a tenant that is not configured',
    ['create', '--name', 'x', '--role', 'tenant-reader', '--tenant', 'nobody'],
    [1, 'ERR_TOKEN_VALUE'],
  ],
  ['an id that is not there', ['revoke', '000000000000'], [1, 'ERR_TOKEN_UNKNOWN']],
])('%s is refused', (_, args, refused) => {
  expect(refusedBy(...args)).toEqual(refused)
})

it('without an admin API in the configuration there are no tokens', async () => {
  await site.host?.close()
  await site.serve()
  for (const args of [
    ['list'],
    ['create', '--name', 'x', '--role', 'operator'],
    ['revoke', '000000000000'],
  ]) {
    expect(refusedBy(...args)).toEqual([1, 'ERR_TOKEN_FILE'])
  }
})
