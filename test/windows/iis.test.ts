// `portcullis iis` on Windows' Node: Windows' paths, the plug-in's own file, and a web.config as Windows' tools write it.

import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { host, operations, webConfig } from '../iis/sites.ts'
import { install, reasonToSkipWindowsHost, runPortcullis } from '../support/windows-host.ts'
import { startWine, windowsLibrary, windowsPath } from '../support/wine.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-windows-iis-'))
const site = join(folder, 'site')
const path = join(site, 'web.config')
const plugin = join(folder, 'plugin', 'portcullis.dll')
const settings = join(folder, 'plugin', 'portcullis.settings')
const hostPath = join(folder, 'applicationHost.config')
const skipped = reasonToSkipWindowsHost()

const asWritten = (text: string) => Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`, 'utf16le')
const declaration = '<?xml version="1.0" encoding="utf-16"?>\n'
const before = asWritten(
  `${declaration}${webConfig(`<PluginModules>\n        ${operations}\n      </PluginModules>`)}`,
)

interface Outcome {
  readonly status: number | null
  readonly output: string
  readonly errors: string
}

async function iis(command: string, ...args: string[]): Promise<Outcome> {
  const output = join(folder, 'output')
  const said = await runPortcullis(output, 'iis', command, '--web-config', windowsPath(path), ...args)
  return { ...said, errors: readFileSync(`${output}.error`, 'utf8') }
}

function writeHost(is32Bit: boolean): void {
  const application = `<application path="/"><virtualDirectory path="/" physicalPath="${windowsPath(site)}"/></application>`
  const pools = `<applicationPools><add name="DefaultAppPool" enable32BitAppOnWin64="${is32Bit}"/></applicationPools>`
  writeFileSync(hostPath, host(`${pools}<sites><site name="contoso">${application}</site></sites>`))
}

const onHost = ['--application-host', windowsPath(hostPath)]
const withPlugin = ['--plugin', windowsPath(plugin), ...onHost]

beforeAll(() => {
  if (skipped !== '') return
  startWine()
  install()
  mkdirSync(site)
  mkdirSync(join(folder, 'plugin'))
  copyFileSync(windowsLibrary('portcullis'), plugin)
  writeHost(false)
  writeFileSync(path, before)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe.skipIf(skipped !== '')(`a web.config in UTF-16 on Windows' Node${skipped}`, () => {
  it('gets the plug-in, and nothing else in it changes', async () => {
    const { status, output, errors } = await iis('apply', ...withPlugin)
    expect(errors).toMatch(/^warning: .*portcullis\.settings is not there: every question is denied/)
    expect(output).toMatch(/"Portcullis" was added: Z:.*\\plugin\\portcullis\.dll\r?\n/)
    expect(status).toBe(0)
    const element = `<AuthorizationPlugin Name="Portcullis" Filename="${windowsPath(plugin)}" SDKVersion="1" SupportsQuota="true"/>`
    const added = `\n        ${element}`
    const text = webConfig(`<PluginModules>${added}\n        ${operations}\n      </PluginModules>`)
    expect(readFileSync(path).equals(asWritten(declaration + text))).toBe(true)
    expect(readFileSync(`${path}.portcullis-backup`).equals(before)).toBe(true)
    expect(readdirSync(site).sort()).toEqual(['web.config', 'web.config.portcullis-backup'])
  })

  it('is shown with the application that it is for, and what is missing', async () => {
    const { status, output } = await iis('show', '--json', ...onHost)
    expect(status).toBe(1)
    expect(JSON.parse(output)).toMatchObject({
      encoding: 'UTF-16, little-endian',
      plugin: { filename: windowsPath(plugin), hasSettings: false },
      surroundings: { applications: [{ path: 'contoso', pool: 'DefaultAppPool', is32Bit: false }] },
      problems: [
        { what: expect.stringMatching(/portcullis\.settings is not there/), cure: expect.any(String) },
      ],
    })
  })

  it('is in order as soon as the settings are there', async () => {
    writeFileSync(settings, 'endpoint = portcullis\nowner = S-1-5-18\n')
    const { status, output } = await iis('show', ...onHost)
    expect(output).toMatch(/ {2}settings +Z:.*portcullis\.settings/)
    expect(output).toMatch(/^section +may be set for contoso/m)
    expect(output).not.toMatch(/^problem/m)
    expect(status).toBe(0)
  })

  it('is not configured with a file that is no plug-in, or for a 32-bit pool', async () => {
    const now = readFileSync(path)
    copyFileSync(windowsLibrary('WsmSvc'), plugin)
    const other = await iis('apply', ...withPlugin)
    expect(other.errors).toMatch(/does not export WSManPlugin.* \[ERR_IIS_PLUGIN_FILE\]/)
    copyFileSync(windowsLibrary('portcullis'), plugin)
    writeHost(true)
    const pool = await iis('apply', ...withPlugin)
    expect(pool.errors).toMatch(
      /the application pool "DefaultAppPool" of "contoso" is 32-bit.* \[ERR_IIS_POOL\]/,
    )
    expect([other.status, pool.status, readFileSync(path).equals(now)]).toEqual([2, 2, true])
  })

  it("takes this installation's own plug-in if none is named", async () => {
    const { status, output } = await iis('apply', '--dry-run')
    expect(output).toMatch(/^\+.* Filename="Z:\\[^"]*\\portcullis\.dll"/m)
    expect(status).toBe(0)
  })

  it('is after remove what it was', async () => {
    const { status, output } = await iis('remove')
    expect(output).toMatch(/was removed/)
    expect([status, readFileSync(path).equals(before)]).toEqual([0, true])
  })
})
