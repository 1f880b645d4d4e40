// One real path on Windows' build: driver.exe, the DLL, a named pipe, node.exe, WebAssembly, the completion. Under Wine.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { version } from '../../host/paths.ts'
import { configOf, eventually, sleep } from '../support/testbed.ts'
import { install, reasonToSkipWindowsHost, runPortcullis, WindowsHost } from '../support/windows-host.ts'
import {
  DriverSession,
  runWindows,
  startWine,
  windowsLibrary,
  windowsPath,
  wineAccount,
} from '../support/wine.ts'

const full = process.env.PORTCULLIS_LOAD === 'full'
const questions = full ? 100_000 : 10_000
const timeout = full ? 1_200_000 : 240_000

/** Of the driver over all questions: threads' stacks, eight connections to each of two evaluators, tables of the double. */
const GROWTH_KIB_MAX = 32 * 1024

const folder = mkdtempSync(join(tmpdir(), 'portcullis-windows-host-'))
const endpoint = `portcullis-host-${process.pid}`
const configPath = join(folder, 'portcullis.json')
const plugin = join(folder, 'plugin', 'portcullis.dll')
const newerPlugin = join(folder, 'newer', 'portcullis.dll')

const skipped = reasonToSkipWindowsHost()
let hosts: WindowsHost[] = []

async function serve(): Promise<WindowsHost> {
  const host = new WindowsHost(configPath)
  hosts.push(host)
  await host.serving()
  return host
}

beforeAll(() => {
  if (skipped !== '') return
  startWine()
  install()
  for (const [path, library] of [
    [plugin, 'portcullis'],
    [newerPlugin, 'portcullis_newer'],
  ] as const) {
    mkdirSync(dirname(path))
    copyFileSync(windowsLibrary(library), path)
    const settings = `endpoint = ${endpoint}\nowner = ${wineAccount}\n`
    writeFileSync(join(dirname(path), 'portcullis.settings'), settings)
  }
  const tenants = [
    { name: 'a', policy: 'mirror', accounts: [wineAccount] },
    { name: 'b', policy: 'mirror', accounts: [wineAccount] },
    { name: 'endless', policy: 'endless', accounts: [wineAccount] },
  ]
  const config = configOf(tenants, { endpoint }) as { tenants: { policy: string }[] }
  for (const tenant of config.tenants) tenant.policy = windowsPath(tenant.policy)
  writeFileSync(configPath, JSON.stringify(config))
})

afterEach(async () => {
  for (const host of hosts) {
    host.kill()
    await host.ended()
  }
  hosts = []
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const user = String.raw`sender="DOMAIN\\Zo\u00eb" mechanism=Negotiate token=1`
const granted = { code: 0, outcome: 'allow', token: 1, context: true }
const unreachable = { code: 5, outcome: 'no-answer' }

describe.skipIf(skipped !== '')(`the host on Windows' Node${skipped}`, () => {
  it('gives every question of the demo the documented answer, as on Linux', { timeout }, async () => {
    const { status, output } = await runPortcullis(join(folder, 'demo'), 'demo')
    expect(output).toMatch(/^45 calls and commands, 45 as documented in host\/cli\/demo\/steps\.json\.$/m)
    // The command that ends it is an act; on Linux a signal does.
    expect(output).toMatch(/^The audit log: .* 26 decisions and 7 acts .* 0 gaps; .* whole\.$/m)
    expect(status).toBe(0)
  })

  it('is missed, killed, stopped and started again: each question is denied or answered, and it heals', {
    timeout,
  }, async () => {
    const driver = new DriverSession(windowsPath(plugin))
    const ask = () => driver.play(`ask A user ${user} within=1500`)
    const healed = () => eventually(ask, ({ code }) => code === 0)
    await driver.play('startup A application="wsman/a"')
    expect(await ask()).toMatchObject(unreachable)

    const first = await serve()
    expect(await healed()).toMatchObject(granted)
    first.kill()
    await first.ended()
    await eventually(ask, ({ outcome }) => outcome === 'no-answer')
    expect(await ask()).toMatchObject(unreachable)

    const second = await serve()
    expect(await healed()).toMatchObject(granted)
    expect(await second.close()).toBe(0)
    expect(second.entries.at(-1)).toMatchObject({ event: 'closed' })
    expect(await ask()).toMatchObject(unreachable)

    await serve()
    expect(await healed()).toMatchObject(granted)
    await driver.play('shutdown A')
    expect(await driver.end()).toEqual(0)
  })

  it('refuses the plug-in of a newer release, which denies with a code of its own, and tells of both in its status', {
    timeout,
  }, async () => {
    await serve()
    const driver = new DriverSession(windowsPath(plugin))
    const newer = new DriverSession(windowsPath(newerPlugin))
    await driver.play('startup A application="wsman/a"')
    await newer.play('startup A application="wsman/a"')
    expect(await driver.play(`ask A user ${user} within=1500`)).toMatchObject(granted)
    expect(await newer.play(`ask A user ${user} within=1500`)).toMatchObject({
      code: 1306,
      outcome: 'no-answer',
    })
    const config = ['--config', windowsPath(configPath)]
    const { status, output } = await runPortcullis(join(folder, 'status'), 'status', ...config, '--json')
    expect(status).toBe(0)
    const common = { account: wineAccount, application: 'wsman/a', tenant: 'a' }
    expect(JSON.parse(output).plugIns.list).toEqual([
      expect.objectContaining({ ...common, pluginVersion: '2.0.0', error: 'ERR_CONNECTION_VERSION' }),
      expect.objectContaining({ ...common, pluginVersion: version, wireVersion: 1 }),
    ])
    await newer.end()
    await driver.end()
  })

  it('replaces an evaluator that a policy without end has cost, and asks that policy no more', {
    timeout,
  }, async () => {
    const host = await serve()
    const driver = new DriverSession(windowsPath(plugin))
    await driver.play('startup E application="wsman/endless"')
    await driver.play('startup A application="wsman/a"')
    await sleep(300)
    const endless = 'ask E user sender=endless mechanism=Negotiate token=1'
    expect(await driver.play(endless)).toMatchObject({ code: 1460, outcome: 'no-answer' })
    await eventually(
      async () => host.entries.some(({ event }) => event === 'policy-quarantined'),
      (quarantined) => quarantined,
    )
    expect(await driver.play(endless)).toMatchObject({ code: 1359, outcome: 'no-answer' })
    expect(await driver.play(`ask A user ${user}`)).toMatchObject(granted)
    await eventually(
      async () => host.entries.filter(({ event }) => event === 'evaluator-serving').length,
      (count) => count === 3,
    )
    await driver.end()
  })

  it(`answers ${questions} questions from 32 threads, each once and as its own`, { timeout }, async () => {
    await serve()
    const applications = ['--application', 'wsman/a', '--application', 'wsman/b']
    const options = ['--threads', '32', '--questions', String(questions), ...applications]
    const { status, stdout, stderr } = await runWindows('portcullis_driver', [
      'load',
      windowsPath(plugin),
      ...options,
    ])
    expect([status, stderr]).toEqual([0, ''])
    const summary = JSON.parse(stdout)
    expect(summary).toMatchObject({ questions, wrong: 0, noAnswer: 0 })
    if (full) console.log(stdout)
    expect(summary.rssKibEnd - summary.rssKibStart).toBeLessThan(GROWTH_KIB_MAX)
  })

  it('grants and releases without growing: at most 4 MiB, and not one handle', { timeout }, async () => {
    await serve()
    const options = ['--threads', '8', '--count', String(questions), '--application', 'wsman/a']
    const { status, stdout, stderr } = await runWindows('portcullis_driver', [
      'cycles',
      windowsPath(plugin),
      ...options,
    ])
    expect([status, stderr]).toEqual([0, ''])
    if (full) console.log(stdout)
  })
})
