// Versions that change while IIS would keep running: the store, activation and reload on Windows' build. Under Wine.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { configOf, eventually, policyPath, type TenantSpec } from '../support/testbed.ts'
import { install, reasonToSkipWindowsHost, runPortcullis, WindowsHost } from '../support/windows-host.ts'
import { DriverSession, startWine, windowsLibrary, windowsPath, wineAccount } from '../support/wine.ts'

const timeout = 240_000
const folder = mkdtempSync(join(tmpdir(), 'portcullis-windows-lifecycle-'))
const endpoint = `portcullis-lifecycle-${process.pid}`
const configPath = join(folder, 'portcullis.json')
const plugin = join(folder, 'plugin', 'portcullis.dll')
const settingsPath = join(folder, 'settings.json')

const skipped = reasonToSkipWindowsHost()
let host: WindowsHost
let driver: DriverSession
let runs = 0

const stored: TenantSpec = { name: 'a' }

function configure(tenants: readonly TenantSpec[], others: readonly string[] = []): void {
  const given = tenants.map((tenant) => ({ ...tenant, accounts: [wineAccount, ...others] }))
  writeFileSync(configPath, JSON.stringify(configOf(given, { endpoint, store: 'store' })))
}

/** The command's words; throws if it does not end with status 0. */
async function tell(command: string, ...options: string[]): Promise<string> {
  const output = join(folder, `said-${runs++}`)
  const words = command.split(' ')
  const on = ['--config', windowsPath(configPath)]
  const { status, output: said } = await runPortcullis(output, ...words, ...on, ...options)
  if (status === 0) return said
  throw new Error(`${command} ended with ${status}: ${said}${readFileSync(`${output}.error`, 'utf8')}`)
}

/** Whether ada is one of the administrators that the active version has in its settings. */
const ask = () =>
  driver.play('ask A user sender="contains admins ada" mechanism=Negotiate token=1 within=1500')

async function push(administrator: string): Promise<string> {
  writeFileSync(settingsPath, JSON.stringify({ admins: [administrator] }))
  return tell(
    'push',
    windowsPath(policyPath('settings')),
    '--tenant',
    'a',
    '--settings',
    windowsPath(settingsPath),
  )
}

async function serve(): Promise<void> {
  host = new WindowsHost(configPath)
  await host.serving()
}

beforeAll(async () => {
  if (skipped !== '') return
  startWine()
  install()
  mkdirSync(dirname(plugin))
  copyFileSync(windowsLibrary('portcullis'), plugin)
  writeFileSync(
    join(dirname(plugin), 'portcullis.settings'),
    `endpoint = ${endpoint}\nowner = ${wineAccount}\n`,
  )
  configure([stored])
  await serve()
  driver = new DriverSession(windowsPath(plugin))
  await driver.play('startup A application="wsman/a"')
}, timeout)

afterAll(async () => {
  if (skipped === '') {
    host.kill()
    await host.ended()
  }
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(skipped !== '')(`versions of the store on Windows${skipped}`, () => {
  it('are activated and rolled back without a restart of anything', { timeout }, async () => {
    expect(await push('ada')).toContain('a, version 1: admitted')
    expect(await push('bob')).toContain('a, version 2: admitted')
    await eventually(ask, ({ outcome }) => outcome === 'no-answer')
    expect(await tell('activate', '1', '--tenant', 'a')).toContain('version 1 answers now')
    expect(await ask()).toMatchObject({ code: 0 })
    expect(await tell('activate', '2', '--tenant', 'a')).toContain('version 2 answers now')
    expect(await ask()).toMatchObject({ code: 5, outcome: 'denied' })
    expect(await tell('rollback', '--tenant', 'a')).toContain('version 1 answers again')
    expect(await ask()).toMatchObject({ code: 0 })
  })

  it('are what they were when the host was killed and serves again; nobody else can open their store', {
    timeout,
  }, async () => {
    const backup = windowsPath(join(folder, 'backup'))
    expect(await tell('store backup', backup)).toContain('2 versions')
    await expect(tell('store restore', backup)).rejects.toThrow(/end the host, .*ERR_STORE_FOLDER/)
    host.kill()
    await host.ended()
    await serve()
    await eventually(ask, ({ code }) => code === 0)
    expect(await tell('versions', '--tenant', 'a')).toContain('a: version 1 is active')
  })

  it('go on answering when a reload lets another account in', { timeout }, async () => {
    configure([stored], ['S-1-5-82-1-2-3'])
    expect(await tell('reload')).toMatch(/the configuration is live .*\nchanged 1 tenant: a/)
    expect(await ask()).toMatchObject({ code: 0 })
    await driver.play('shutdown A')
    await driver.play('startup A application="wsman/a"') // connections of its own, to pipes that were made since
    await eventually(ask, ({ code }) => code === 0)
    expect(await driver.end()).toBe(0)
    expect(host.entries.filter(({ event }) => event === 'evaluator-died')).toEqual([])
  })
})
