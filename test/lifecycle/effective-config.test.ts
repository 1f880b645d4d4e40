// What a running host says that it decides by: all of it to its operator, and of one tenant nothing that is another's.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, it } from 'vitest'

import { tellHost } from '../../host/cli/operator-client.ts'
import { operatorReplyBytesMax } from '../../host/limits.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import type { HostConfig, TenantConfig } from '../../host/supervisor/effective-config.ts'
import { runProgram } from '../support/command.ts'
import { StoreHost, tenant } from './store-host.ts'

let site: StoreHost

beforeEach(() => {
  site = new StoreHost()
})

afterEach(() => site.close())

const config = () => tellHost(site.bed.endpoint, { command: 'config' }) as Promise<HostConfig>
const configOfTenant = (name: string) =>
  tellHost(site.bed.endpoint, { command: 'config', tenant: name }) as Promise<TenantConfig>

it('has every default spelled out, and the version that is active where the store serves', async () => {
  await site.serve({ guard: {} }, [{ name: 'a' }, { name: 'b', policy: 'mirror' }])
  const pushed = await site.push(tenant, 'settings', { admins: ['ada'] })
  await site.activate(tenant, 1)
  const { folder, endpoint } = site.bed
  const told = await config()
  expect(told).toMatchObject({
    generation: 2,
    endpoint,
    evaluators: 2,
    store: join(folder, 'store'),
    recording: null,
    activationsPerMinute: 1_000_000,
    admin: null,
    guard: { policy: null, version: null, settings: null, fuelPerDecision: 1_000_000 },
    omitted: 0,
  })
  expect(told.tenants[0]).toEqual({
    name: 'a',
    applications: [{ account: ownAccount(), application: 'wsman/a' }],
    policy: pushed.policy,
    version: 1,
    settings: { admins: ['ada'] },
    fuelPerDecision: 1_000_000,
    timeZone: 'UTC',
    runAsPoolAccountWithoutToken: false,
    allowAdministrator: false,
    showReasons: false,
    redirectTargets: [],
    quotaCeiling: null,
    quotaWithoutAnswer: null,
    breakGlass: 0,
  })
  expect(told.tenants[1]).toMatchObject({
    name: 'b',
    version: null,
    policy: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  for (const member of ['policies', 'uses', 'files']) expect(told).not.toHaveProperty(member)
  const { status, stdout } = runProgram('main', folder, 'config', '--config', 'portcullis.json')
  expect([status, JSON.parse(stdout)]).toEqual([0, told])
})

it('of a tenant is that and nothing of anybody else, nor a path', async () => {
  const quota = {
    concurrentShells: 1,
    concurrentOperations: 2,
    timeslotSeconds: 3,
    operationsPerTimeslot: 4,
  }
  const line = {
    question: { kind: 'user', application: 'wsman/a', senderName: 'ada' },
    expect: { outcome: 'allow' },
  }
  writeFileSync(join(site.bed.folder, 'stay.jsonl'), JSON.stringify(line))
  await site.serve({ guard: {}, recording: 'recording' }, [
    { name: 'a', quotaCeiling: quota, breakGlass: 'stay.jsonl', redirectTargets: ['https://x.example'] },
    { name: 'other', policy: 'mirror' },
  ])
  const told = await configOfTenant('a')
  expect(Object.keys(told)).toEqual(['activationsPerMinute', 'tenant'])
  expect(told.tenant).toMatchObject({
    name: 'a',
    policy: null,
    version: null,
    quotaCeiling: quota,
    redirectTargets: ['https://x.example'],
    breakGlass: 1,
  })
  expect(JSON.stringify(told)).not.toMatch(new RegExp(`other|guard|${site.bed.folder}`))
  await expect(configOfTenant('nobody')).rejects.toMatchObject({ code: 'ERR_VERSION_SUBJECT' })
})

it('of more tenants than an answer takes says how many it leaves out', async () => {
  const applications = Array.from({ length: 100 }, (_, index) => ({
    account: ownAccount(),
    application: `wsman/${'x'.repeat(60)}${index}`,
  }))
  const many = Array.from({ length: 1_000 }, (_, index) => ({
    name: `t${index}`,
    policy: 'mirror',
    applications: applications.map(({ account, application }) => ({
      account,
      application: `${application}-${index}`,
    })),
  }))
  await site.serve({ evaluators: 1 }, many)
  const told = await config()
  expect(told.tenants.length).toBeGreaterThan(100)
  expect(told.tenants.length + told.omitted).toBe(1_000)
  expect(JSON.stringify(told).length).toBeLessThan(operatorReplyBytesMax)
  await expect(configOfTenant('t999')).resolves.toMatchObject({ tenant: { name: 't999' } })
})
