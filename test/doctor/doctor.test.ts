// `portcullis doctor` on Linux, as an administrator calls it: an installation in which everything is right, and many in which one thing
// is wrong. It names the thing and the cure, and the other checks say what they would have said.

import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type Check, checks, type State } from '../../host/cli/doctor/finding.ts'
import { tellHost } from '../../host/cli/operator-client.ts'
import { ServeProcess } from '../../host/cli/serve-process.ts'
import { askOnce } from '../../host/double/ask-once.ts'
import { root } from '../../host/paths.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import { type HostStatus, nodeRemark } from '../../host/supervisor/status.ts'
import type { Player } from '../contract/player.ts'
import { operations, plugin as pluginElement, webConfig } from '../iis/sites.ts'
import { examined, type Installation, installation, runDoctor, statesOf } from '../support/doctor.ts'
import { referencePage, tableRows } from '../support/reference-page.ts'
import { type Release, startRelease } from '../support/releases.ts'
import { configOf, eventually, policyPath, user } from '../support/testbed.ts'

// Not in a folder for everybody, which could be changed through that.
const top = mkdtempSync(join(root, 'build', 'doctor-'))
const endpoint = join(top, 'endpoint')

let host: ServeProcess
const hosts: ServeProcess[] = []

async function serve(config: string): Promise<ServeProcess> {
  const started = new ServeProcess(config)
  hosts.push(started)
  await started.serving()
  return started
}

beforeAll(async () => {
  const served = installation(top, endpoint)
  host = await serve(served.config)
})

afterAll(async () => {
  for (const started of hosts) started.kill('SIGKILL')
  for (const started of hosts) await started.ended()
  rmSync(top, { recursive: true, force: true })
})

const right: Partial<Record<Check, State>> = {
  node: nodeRemark(process.version, process.release.lts) === undefined ? 'ok' : 'warning',
  installation: 'ok',
  configuration: 'ok',
  settings: 'ok',
  rights: 'ok',
  service: 'skipped',
  host: 'ok',
  'plug-ins': 'ok',
  question: 'ok',
}

describe('an installation in which everything is right', () => {
  it('has no problem, and its running host answers', () => {
    const said = examined(runDoctor(installation(top, endpoint), '--json'))
    expect(said).toMatchObject({ status: 0, healthy: true })
    expect(statesOf(said)).toEqual(right)
    const questions = said.findings.filter(({ check }) => check === 'question')
    expect(questions.map(({ what }) => what)).toEqual([
      'a host of its own, asked through the plug-in, allowed and denied as its policy says',
      expect.stringMatching(
        /^the running host, asked for "wsman\/a", answered deny, code 5, id [0-9a-f]{32}$/,
      ),
    ])
  })

  it('is shown to people with a line for each finding, and one at the end', () => {
    const { status, stdout, stderr } = runDoctor(installation(top, endpoint))
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^ok {7}configuration {2}.*portcullis\.json: 1 tenant$/m)
    expect(stdout).toMatch(/^ok {7}host {11}process \d+ serves 1 tenant$/m)
    expect(stdout).toMatch(/\n\n0 problems, [01] warnings?, 1 not looked at\.\n$/)
  })

  it('stays so if this account has no tenant: the running host is not asked', () => {
    const site = installation(top, endpoint)
    const other = { name: 'a', applications: [{ account: 'uid:4711', application: 'wsman/a' }] }
    site.configure({ tenants: [{ ...other, policy: site.policy }] })
    const said = examined(runDoctor(site, '--json'))
    expect(said).toMatchObject({ status: 0, healthy: true })
    expect(said.findings).toContainEqual({
      check: 'question',
      state: 'skipped',
      what: `the running host was not asked: no tenant is for ${ownAccount()}, which runs this`,
    })
  })
})

interface Mistake {
  readonly name: string
  make?(site: Installation): void
  options?(site: Installation): readonly string[]
  readonly check: Check
  readonly what: RegExp
  readonly cure: RegExp
  /** What changes beside the check itself. */
  readonly also?: Partial<Record<Check, State>>
}

/** What nothing can be said of without a configuration. */
const unknown = { settings: 'skipped', host: 'skipped', 'plug-ins': 'skipped' } as const

const withWebConfig = ({ folder }: Installation) => ['--web-config', join(folder, 'web.config')]

const mistakes: readonly Mistake[] = [
  {
    name: 'a configuration that is missing',
    make: ({ config }) => rmSync(config),
    check: 'configuration',
    what: /portcullis\.json is not there \[ERR_CONFIG_UNREADABLE\]$/,
    cure: /--config/,
    also: unknown,
  },
  {
    name: 'a configuration that is no JSON',
    make: ({ config }) => writeFileSync(config, '{\n  "endpoint": "e",\n}'),
    check: 'configuration',
    what: /portcullis\.json, line 3, column 1: .* \[ERR_CONFIG_JSON\]$/,
    cure: /mend the file at the place/,
    also: unknown,
  },
  {
    name: 'a configuration with a member that nobody knows',
    make: (site) => site.configure({ tenant: [] }),
    check: 'configuration',
    what: /"tenant" is not a known member \[ERR_CONFIG_SCHEMA\]$/,
    cure: /mend the file at the place/,
    also: unknown,
  },
  {
    name: 'a policy that is missing',
    make: ({ policy }) => rmSync(policy),
    check: 'configuration',
    what: /\/tenants\/0\/policy: .*policy\.wasm is not there \[ERR_CONFIG_POLICY\]$/,
    cure: /put the policy there, or mend its path/,
    also: unknown,
  },
  {
    name: 'settings that are missing',
    make: ({ settings }) => rmSync(settings),
    check: 'settings',
    what: /portcullis\.settings is not there \[ERR_PLUGIN_SETTINGS\]$/,
    cure: /write "endpoint = ..." and "owner = ..." into it/,
  },
  {
    name: 'settings that lead to another endpoint',
    make: ({ settings }) => writeFileSync(settings, `endpoint = /elsewhere\nowner = ${ownAccount()}\n`),
    check: 'settings',
    what: /: endpoint is "\/elsewhere" and should be ".*\/endpoint"$/,
    cure: /write "endpoint = ..."/,
  },
  {
    name: 'settings that name another owner',
    make: ({ settings }) => writeFileSync(settings, `endpoint = ${endpoint}\nowner = uid:4711\n`),
    check: 'settings',
    what: /: owner is "uid:4711" and should be "uid:\d+"$/,
    cure: /"owner = ..."/,
  },
  {
    name: 'settings with a line that is none',
    make: ({ settings }) => writeFileSync(settings, `endpoint = ${endpoint}\nowner uid:4711\n`),
    check: 'settings',
    what: /portcullis\.settings, line 2: it is not "endpoint = ...".* \[ERR_PLUGIN_SETTINGS\]$/,
    cure: /write "endpoint = ..."/,
  },
  {
    name: 'a plug-in that is not where it was said to be',
    make: ({ plugin }) => renameSync(plugin, `${plugin}.old`),
    check: 'settings',
    what: /^the plug-in .*libportcullis\.so is not there$/,
    cure: /--plugin/,
  },
  {
    name: 'a configuration that everybody may change',
    make: ({ config }) => chmodSync(config, 0o666),
    check: 'rights',
    what: /portcullis\.json may be changed by everyone through .*portcullis\.json$/,
    cure: /chmod go-w/,
  },
  {
    name: 'a configuration that is a link in a folder for everybody',
    make: ({ config, folder }) => {
      mkdirSync(join(folder, 'open'))
      chmodSync(join(folder, 'open'), 0o777)
      symlinkSync(config, join(folder, 'open', 'link.json'))
    },
    options: ({ folder }) => ['--config', join(folder, 'open', 'link.json')],
    check: 'rights',
    what: /may be changed by everyone through .*\/open$/,
    cure: /chmod go-w/,
  },
  {
    name: 'a policy in a folder that everybody may change',
    make: ({ folder }) => chmodSync(join(folder, 'policies'), 0o777),
    check: 'rights',
    what: /policy\.wasm may be changed by everyone through .*\/policies$/,
    cure: /chmod go-w/,
  },
  {
    name: 'a plug-in that everybody may change',
    make: ({ plugin }) => chmodSync(plugin, 0o757),
    check: 'rights',
    what: /libportcullis\.so may be changed by everyone through .*libportcullis\.so$/,
    cure: /chmod go-w/,
  },
  {
    name: 'a host that does not run',
    make: (site) => {
      site.configure({ endpoint: join(site.folder, 'nobody') })
      writeFileSync(site.settings, `endpoint = ${join(site.folder, 'nobody')}\nowner = uid:4711\n`)
    },
    check: 'host',
    what: /^no host serves .*\/nobody$/,
    cure: /start it: "portcullis serve"/,
    also: { 'plug-ins': 'skipped' },
  },
  {
    name: 'a web.config that is missing',
    options: withWebConfig,
    check: 'web.config',
    what: /web\.config is not there \[ERR_IIS_UNREADABLE\]$/,
    cure: /--web-config/,
  },
  {
    name: 'a web.config without the plug-in',
    make: ({ folder }) => {
      const inside = `<PluginModules>${operations}</PluginModules>`
      writeFileSync(join(folder, 'web.config'), webConfig(inside))
    },
    options: withWebConfig,
    check: 'web.config',
    what: /web\.config: .*not configured/,
    cure: /portcullis iis apply/,
  },
  {
    name: 'a web.config with an attribute that is wrong',
    make: ({ folder }) => {
      const inside = `<PluginModules>${pluginElement}${operations}</PluginModules>`.replace('"1"', '"2"')
      writeFileSync(join(folder, 'web.config'), webConfig(inside))
    },
    options: withWebConfig,
    check: 'web.config',
    what: /web\.config: SDKVersion is "2" and must be "1"$/,
    cure: /portcullis iis apply/,
  },
]

describe('an installation with one mistake', () => {
  it.each(mistakes)('$name', ({ make, options, check, what, cure, also = {} }) => {
    const site = installation(top, endpoint)
    make?.(site)
    const said = examined(runDoctor(site, '--json', ...(options?.(site) ?? [])))
    expect(said).toMatchObject({ status: 1, healthy: false })
    expect(statesOf(said)).toEqual({ ...right, ...also, [check]: 'problem' })
    expect(said.findings.filter((finding) => finding.check === check && finding.state === 'problem')).toEqual(
      [{ check, state: 'problem', what: expect.stringMatching(what), cure: expect.stringMatching(cure) }],
    )
  })
})

describe('plug-ins of other releases', () => {
  const players: Player[] = []

  async function connect(release: Release): Promise<void> {
    const player = startRelease(release, top, endpoint)
    players.push(player)
    await player.play('startup A application="wsman/a"', 'ask A user sender=x mechanism=Negotiate')
  }

  const seen = async () => {
    const { plugIns } = (await tellHost(endpoint, { command: 'status' })) as HostStatus
    return plugIns.list.map(({ pluginVersion }) => pluginVersion)
  }

  afterAll(() => {
    for (const player of players) player.kill()
  })

  it('that speak our version are a warning, those that do not are a problem', async () => {
    for (const release of ['bridging', 'newer', 'older', 'older'] as const) await connect(release)
    await eventually(seen, (versions) => versions.filter((version) => version === '0.0.9').length === 2)
    const said = examined(runDoctor(installation(top, endpoint), '--json'))
    expect(statesOf(said)).toEqual({ ...right, 'plug-ins': 'problem' })
    const findings = said.findings.filter(({ check }) => check === 'plug-ins')
    expect(findings.map(({ state, what, cure }) => `${state}: ${what} -> ${cure}`).sort()).toEqual([
      expect.stringMatching(
        /^problem: plug-in 0\.0\.9 .*: process \d+, wsman\/a, uid:\d+ and 1 more -> Give/,
      ),
      expect.stringMatching(
        /^problem: plug-in 2\.0\.0 speaks .*: process \d+, .* -> Upgrade the host to 2\.0/,
      ),
      expect.stringMatching(/^warning: plug-in 1\.9\.0\.3 .*: process \d+, .* -> it works; .*iis apply/),
    ])
  })
})

/** Serves an endpoint's status, and whatever it says there. */
async function pretend(place: string, reply: object): Promise<Server> {
  mkdirSync(place, { mode: 0o700 })
  const server = createServer((socket) => socket.on('data', () => socket.end(`${JSON.stringify(reply)}\n`)))
  await new Promise<void>((resolve) => server.listen(join(place, 'operator.sock'), resolve))
  return server
}

/** Not waited for by blocking, as runDoctor does: it has to be answered from here. */
async function examineFrom({ config, plugin }: Installation) {
  const main = join(root, 'build', 'host', 'cli', 'main.js')
  const child = spawn(process.execPath, [main, 'doctor', '--config', config, '--plugin', plugin, '--json'])
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return examined({ status: await ended, stdout, stderr })
}

describe('a host of another release', () => {
  it('is a warning, and the Node is its own', async () => {
    const place = join(top, 'newer')
    const status = (await tellHost(endpoint, { command: 'status' })) as HostStatus
    const node = { version: 'v18.0.0', remark: 'is old' }
    const plugIns = { list: [], forgotten: 0 }
    const server = await pretend(place, { result: { ...status, version: '9.9.9', node, plugIns } })
    const said = await examineFrom(installation(top, place))
    server.close()
    expect(statesOf(said)).toMatchObject({ ...right, node: 'warning', host: 'warning', question: 'problem' })
    expect(said.findings).toContainEqual({
      check: 'host',
      state: 'warning',
      what: expect.stringMatching(/^the host that runs is 9\.9\.9, this installation is /),
      cure: 'restart the host from this installation',
    })
    expect(said.findings[0]).toMatchObject({ check: 'node', what: 'v18.0.0 is old' })
  })

  it.each([{ result: { version: '9.9.9' } }, {}])(
    'that says %j is a problem of this check alone',
    async (reply) => {
      const place = mkdtempSync(join(top, 'strange-'))
      rmSync(place, { recursive: true })
      const server = await pretend(place, reply)
      const said = await examineFrom(installation(top, place))
      server.close()
      expect(said.status).toBe(1)
      expect(statesOf(said)).toEqual({ ...right, host: 'problem', 'plug-ins': 'skipped' })
      const { what, cure } = said.findings.find(({ check }) => check === 'host') ?? {}
      expect(what).toMatch(/^this look failed: TypeError/)
      expect(cure).toMatch(/restart the host; if that is not it, report this line$/)
    },
  )
})

describe('a policy that is quarantined', () => {
  it('is a warning, and the others are looked at', async () => {
    const site = installation(top, join(top, 'other'))
    const applications = [{ account: ownAccount(), application: 'wsman/a' }]
    const good = { name: 'a', applications, policy: site.policy }
    const { tenants } = configOf([{ name: 'bad', policy: 'endless' }]) as { tenants: object[] }
    site.configure({ tenants: [good, { ...tenants[0], policy: policyPath('endless') }] })
    await serve(site.config)
    const endless = { ...user, application: 'wsman/bad', senderName: 'endless' }
    const leads = { endpoint: join(top, 'other'), owner: ownAccount() }
    await eventually(
      async () => {
        await askOnce(leads, endless)
        return (await tellHost(leads.endpoint, { command: 'status' })) as HostStatus
      },
      ({ quarantined }) => quarantined === 1,
    )
    await eventually(
      async () => (await tellHost(leads.endpoint, { command: 'status' })) as HostStatus,
      ({ evaluators }) => evaluators.processes.some(({ state }) => state === 'serving'),
    )
    const said = examined(runDoctor(site, '--json'))
    expect(said.findings.filter(({ check }) => check === 'host')).toEqual([
      {
        check: 'host',
        state: 'warning',
        what: '1 policy is quarantined: its tenants get no answer',
        cure: expect.stringContaining('portcullis quarantine'),
      },
    ])
    expect(statesOf(said)).toEqual({ ...right, host: 'warning' })
    expect(said.status).toBe(0)
  })
})

describe('a host that is gone', () => {
  it('leaves an endpoint of whose owner the settings are still held to', async () => {
    const site = installation(top, join(top, 'gone'))
    const gone = await serve(site.config)
    await gone.close()
    const said = examined(runDoctor(site, '--json'))
    expect(statesOf(said)).toEqual({ ...right, host: 'problem', 'plug-ins': 'skipped' })
    writeFileSync(site.settings, `endpoint = ${join(top, 'gone')}\nowner = uid:4711\n`)
    expect(statesOf(examined(runDoctor(site, '--json')))).toMatchObject({ settings: 'problem' })
    expect(host.pid).not.toBe(gone.pid)
  })
})

it('has a reference page with every check, in the order in which they are shown', () => {
  const rows = tableRows(referencePage('doctor')).map(([first]) => first)
  expect(rows.filter((first) => checks.some((check) => check === first))).toEqual(checks)
})
