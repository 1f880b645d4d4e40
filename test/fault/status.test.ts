// `portcullis status` of a real host with worker processes of several releases.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { version } from '../../host/paths.ts'
import type { HostStatus } from '../../host/supervisor/status.ts'
import type { Player } from '../contract/player.ts'
import { runProgram } from '../support/command.ts'
import { referencePage } from '../support/reference-page.ts'
import { type Release, releases, startRelease } from '../support/releases.ts'
import { configOf, eventually, Testbed } from '../support/testbed.ts'

let bed: Testbed

beforeAll(() => {
  bed = new Testbed()
})

afterAll(() => bed.close())

const command = (...options: string[]) =>
  runProgram('main', bed.folder, 'status', '--config', 'portcullis.json', ...options)

const statusOf = (): HostStatus => JSON.parse(command('--json').stdout) as HostStatus

describe('the status of a running host', () => {
  const players: Player[] = []

  /** Its process id is told by the host: the driver says it at its end. */
  async function start(release: Release): Promise<Player> {
    const player = startRelease(release, bed.folder, bed.endpoint)
    players.push(player)
    await player.play(
      'startup A application="wsman/a"',
      ...Array.from({ length: 3 }, () => 'ask A user sender=x mechanism=Negotiate'),
    )
    return player
  }

  const plugIn = ({ plugIns }: HostStatus, release: Release) =>
    plugIns.list.find(({ pluginVersion }) => pluginVersion === releases[release].product)

  beforeAll(async () => {
    const tenants = [
      { name: 'a', policy: 'slow' },
      { name: 'b', policy: 'slow' },
    ]
    await bed.host(tenants, { audit: { folder: 'audit' } })
  })

  afterAll(() => {
    for (const player of players) player.kill()
  })

  it('without plug-ins has the host, its evaluators and its tenants', () => {
    const { status, stdout } = command()
    expect(status).toBe(0)
    expect(stdout).toMatch(/^state +running for \d+ s, since 20/m)
    expect(stdout).toContain(`${version}, wire version 1`)
    expect(stdout).toContain('No plug-in is connected.')
    const told = statusOf()
    expect(told).toMatchObject({ version, state: 'running', generation: 1, quarantined: 0 })
    expect(told).toMatchObject({ endpoint: bed.endpoint, node: { version: process.version } })
    const { configured, processes } = told.evaluators
    expect(configured).toBe(2)
    expect(
      processes
        .filter(({ state }) => state === 'serving')
        .map(({ number }) => number)
        .sort(),
    ).toEqual([0, 1])
    const policy = expect.stringMatching(/^[0-9a-f]{64}$/)
    // Without a version: these policies are the configuration's.
    expect(told.tenants.list).toEqual([
      { name: 'a', applications: 1, policy, connections: 0, decisions: 0 },
      { name: 'b', applications: 1, policy, connections: 0, decisions: 0 },
    ])
  })

  it('has each worker process with the release that it has loaded, connected or refused, until it ends', async () => {
    const [today, bridging] = [await start('today'), await start('bridging'), await start('newer')]
    const told = await eventually(
      async () => statusOf(),
      (status) =>
        plugIn(status, 'newer')?.denied.VERSION !== undefined && plugIn(status, 'today') !== undefined,
    )
    const common = { account: expect.stringMatching(/^uid:\d+$/), application: 'wsman/a', tenant: 'a' }
    expect(plugIn(told, 'today')).toMatchObject({ ...common, wireVersion: 1, denied: {} })
    expect(plugIn(told, 'bridging')).toMatchObject({ ...common, wireVersion: 1 })
    expect(plugIn(told, 'today')?.connections).toBeGreaterThan(0)
    const error = 'ERR_CONNECTION_VERSION'
    const offered = { lowest: 2, highest: 2 }
    expect(plugIn(told, 'newer')).toMatchObject({ ...common, error, offered, connections: 0 })
    const { connections, decisions } = told.tenants.list[0] ?? {}
    expect(connections).toBeGreaterThanOrEqual(2)
    expect(decisions).toBe(6)

    const text = command().stdout
    expect(text).toMatch(/^plug-ins +2 connected \(1 of another release\), 1 refused$/m)
    expect(text).toMatch(/wsman\/a +a +uid:\d+ +2\.0\.0 +ERR_CONNECTION_VERSION +0 +\d+ s ago +VERSION \d+$/m)
    expect(text).toMatch(/Upgrade the host to 2\.0\.0 or later/)

    const { processId } = await today.end()
    expect(plugIn(told, 'today')?.processId).toBe(processId)
    await bridging.end()
    await eventually(
      async () => statusOf(),
      (status) => plugIn(status, 'today')?.connections === 0 && status.tenants.list[0]?.connections === 0,
    )
  })

  it('counts an evaluator that was replaced, and its connections as gone', async () => {
    const player = await start('today')
    const pid = statusOf().evaluators.processes.find(({ number }) => number === 0)?.processId ?? 0
    process.kill(pid, 'SIGKILL')
    await eventually(
      async () => statusOf().evaluators.processes,
      (processes) => processes.some(({ number, restarts }) => number === 0 && restarts === 1),
    )
    await player.end()
    await eventually(
      async () => statusOf().tenants.list,
      (tenants) => tenants.every(({ connections }) => connections === 0),
    )
  })

  it('is described by the reference page, field by field', () => {
    const page = referencePage('status')
    const names = (value: unknown): string[] =>
      value === null || typeof value !== 'object'
        ? []
        : Object.entries(value).flatMap(([name, member]) => [
            ...(Array.isArray(value) || /^[A-Z]/.test(name) ? [] : [name]),
            ...names(member),
          ])
    const undocumented = [...new Set(names(statusOf()))].filter((name) => !page.includes(`\`${name}\``))
    expect(undocumented).toEqual([])
  })
})

it('is an error, with status 1, if no host answers', () => {
  writeFileSync(
    join(bed.folder, 'gone.json'),
    JSON.stringify(configOf([{ name: 'a', policy: 'slow' }], { endpoint: 'gone' })),
  )
  const { status, stdout, stderr } = runProgram(
    'main',
    bed.folder,
    'status',
    '--config',
    'gone.json',
    '--json',
  )
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/no running host answers: .*gone.*\[ERR_HOST_UNREACHABLE\]/)
})
