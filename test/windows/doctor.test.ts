// `portcullis doctor` on Windows' Node, of installations that are not finished: what is not there yet is named, with the command that
// makes it. Under Wine.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Check, Finding } from '../../host/cli/doctor/finding.ts'
import { operations, webConfig } from '../iis/sites.ts'
import { examined } from '../support/doctor.ts'
import { install, reasonToSkipWindowsHost, runPortcullis } from '../support/windows-host.ts'
import { WindowsService } from '../support/windows-service.ts'
import { startWine, windowsLibrary, windowsPath } from '../support/wine.ts'

const skipped = reasonToSkipWindowsHost()
const timeout = 120_000
const folder = mkdtempSync(join(tmpdir(), 'portcullis-windows-doctor-'))
const webConfigPath = join(folder, 'web.config')
const otherPlugin = join(folder, 'other', 'portcullis.dll')

let site: WindowsService
let findings: readonly Finding[]

async function examine(): Promise<void> {
  const options = ['--service', site.name, '--web-config', windowsPath(webConfigPath)]
  const { status, output } = await runPortcullis(
    join(folder, 'output'),
    ...['doctor', '--config', windowsPath(site.configPath), '--plugin', windowsPath(site.plugin), '--json'],
    ...options,
  )
  const said = examined({ status, stdout: output, stderr: '' })
  expect(said).toMatchObject({ status: 1, healthy: false })
  findings = said.findings
}

const of = (wanted: Check) =>
  findings.filter(({ check }) => check === wanted).map(({ check: _, ...finding }) => finding)

beforeAll(async () => {
  if (skipped !== '') return
  startWine()
  install()
  site = new WindowsService(folder, `portcullis-d-${process.pid}`)
  site.writeConfig([{ name: 'a', policy: 'mirror' }])
  mkdirSync(join(folder, 'other'))
  copyFileSync(windowsLibrary('portcullis'), otherPlugin)
  writeFileSync(join(folder, 'other', 'portcullis.settings'), 'endpoint = e\nowner = S-1-5-18\n')
  const element = `<AuthorizationPlugin Name="Portcullis" Filename="${windowsPath(otherPlugin)}" SDKVersion="1" SupportsQuota="true"/>`
  writeFileSync(webConfigPath, webConfig(`<PluginModules>${element}${operations}</PluginModules>`))
  await examine()
}, timeout)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(skipped !== '')(`an installation on Windows that is not finished${skipped}`, () => {
  it('has no service and no host, and both are told how they come to be', () => {
    expect(of('service')).toEqual([
      {
        state: 'problem',
        what: `no service "${site.name}" is installed`,
        cure: expect.stringMatching(/^"portcullis service install --config Z:\\.*portcullis\.json/),
      },
    ])
    expect(of('host')).toEqual([
      { state: 'problem', what: `no host serves ${site.endpoint}`, cure: expect.stringContaining('service') },
    ])
  })

  it('has no settings yet, and those that IIS loads lead elsewhere', () => {
    expect(of('settings')).toEqual([
      {
        state: 'problem',
        what: expect.stringMatching(/Z:\\.*portcullis\.settings is not there \[ERR_PLUGIN_SETTINGS\]$/),
        cure: expect.stringContaining('"portcullis service install"'),
      },
      {
        state: 'problem',
        what: `${windowsPath(join(folder, 'other', 'portcullis.settings'))}: endpoint is "e" and should be "${site.endpoint}"`,
        cure: expect.stringContaining('"portcullis service install"'),
      },
    ])
  })

  it('has a web.config with the plug-in of another installation', () => {
    expect(of('web.config').filter(({ what }) => what.includes('another plug-in'))).toEqual([
      {
        state: 'warning',
        what: `${windowsPath(webConfigPath)} names another plug-in than ${windowsPath(site.plugin)}: ${windowsPath(otherPlugin)}`,
        cure: expect.stringContaining('"portcullis iis apply"'),
      },
    ])
  })

  it('has a configuration and every part, and a host of its own answers', () => {
    for (const check of ['configuration', 'installation', 'question'] as const) {
      expect(of(check).map(({ state }) => state)).toEqual(['ok'])
    }
  })

  it('has settings for another host and another owner', { timeout }, async () => {
    writeFileSync(join(folder, 'plugin', 'portcullis.settings'), 'endpoint = e\nowner = SYSTEM\n')
    await examine()
    const [{ state, what } = { state: '', what: '' }] = of('settings')
    expect(state).toBe('problem')
    expect(what).toContain(
      `endpoint is "e" and should be "${site.endpoint}", owner is "SYSTEM" and should be a SID`,
    )
  })
})
