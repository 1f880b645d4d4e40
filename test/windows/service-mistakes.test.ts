// What an administrator can do wrong with the service, and what they read then: the cause, the cure and a code. Under Wine.

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { install, reasonToSkipWindowsHost, windowsNode } from '../support/windows-host.ts'
import { WindowsService } from '../support/windows-service.ts'
import { runWindows, runWineTool, startWine, windowsPath } from '../support/wine.ts'

const skipped = reasonToSkipWindowsHost()
const timeout = 120_000
const folder = mkdtempSync(join(tmpdir(), 'portcullis-service-mistakes-'))
const good = [{ name: 'a', policy: 'mirror' }]

let service: WindowsService

const inFolder = (...names: string[]) => windowsPath(join(folder, ...names))

beforeAll(() => {
  if (skipped !== '') return
  startWine()
  install()
  service = new WindowsService(folder, `portcullis-m-${process.pid}`)
  service.writeConfig(good)
  writeFileSync(join(folder, 'no-tenants.json'), '{ "endpoint": "e" }')
  writeFileSync(join(folder, 'a-file'), '')
  mkdirSync(join(folder, 'empty'))
}, timeout)

afterAll(async () => {
  if (skipped === '') await service.run('uninstall')
  rmSync(folder, { recursive: true, force: true })
}, timeout)

describe.skipIf(skipped !== '')(`an installation is refused before anything is registered${skipped}`, () => {
  it.each<[string, () => string[], RegExp]>([
    [
      'a configuration that is missing',
      () => ['--config', inFolder('gone.json')],
      /gone\.json is not there \[ERR_CONFIG_UNREADABLE\]/,
    ],
    [
      'a configuration that is wrong',
      () => ['--config', inFolder('no-tenants.json')],
      /must have required property 'tenants' \[ERR_CONFIG_SCHEMA\]/,
    ],
    [
      'a name with other characters',
      () => ['--name', 'my\\service'],
      /"my\\service" is no name for a service; take up to 80 letters, .* \[ERR_SERVICE_ARGUMENT\]/,
    ],
    [
      'a Node that is not there',
      () => ['--node', inFolder('node.exe')],
      /Node .*\\node\.exe is not there; give the node\.exe that the service is to run with --node \[/,
    ],
    [
      'a folder without the plug-in',
      () => ['--plugin-folder', inFolder('empty')],
      /the plug-in .*\\empty\\portcullis\.dll is not there; .* with --plugin-folder \[ERR_SERVICE_ARGUMENT\]/,
    ],
    [
      'a log folder in a folder that is not there',
      () => ['--log', inFolder('gone', 'log')],
      /gone\\log: its parent folder is not there; make it, or give another --log \[ERR_SERVICE_LOG\]/,
    ],
    [
      'a log folder that is a file',
      () => ['--log', inFolder('a-file')],
      /a-file: it is no folder; give another folder with --log \[ERR_SERVICE_LOG\]/,
    ],
    [
      'a path that Windows would put a variable into',
      () => ['--log', inFolder('%TEMP%')],
      /a service's paths may have no "%"; rename the folder .* \[ERR_SERVICE_ARGUMENT\]/,
    ],
    [
      'an account that may do everything',
      () => ['--account', 'LocalSystem'],
      /"LocalSystem" may do everything .* leave --account out \[ERR_SERVICE_ARGUMENT\]/,
    ],
    [
      'an account that nobody knows',
      () => ['--account', 'NOWHERE\\gmsa$'],
      /Windows does not know the account; leave --account out, .* \[ERR_SERVICE_ARGUMENT\]/,
    ],
    [
      'an owner that is no SID',
      () => ['--owner', 'NETWORK SERVICE'],
      /"NETWORK SERVICE" is no SID; --owner takes one, such as S-1-5-19 \[ERR_SERVICE_ARGUMENT\]/,
    ],
  ])('%s', { timeout }, async (_, options, message) => {
    const { status, error } = await service.run('install', ...service.installOptions, ...options())
    expect(error).toMatch(message)
    expect(status).not.toBe(0)
    expect(service.registry(service.name)).toBeUndefined()
    expect(service.registry(`EventLog\\Application\\${service.name}`)).toBeUndefined()
  })

  it('LocalSystem, whatever its name is in this language', { timeout }, async () => {
    const name = `${service.name}-system`
    const options = ['node', 'main', 'config', 'log'].flatMap((name) => [`--${name}`, inFolder('log')])
    const { stdout } = await runWindows('portcullis_service', [
      ...['install', '--name', name, '--account', 'NT AUTHORITY\\SYSTEM', ...options],
    ])
    expect(JSON.parse(stdout)).toMatchObject({ result: 'bad-account', win32: 1057 })
    expect(service.registry(name)).toBeUndefined()
  })

  it('an endpoint that is no name for pipes', { timeout }, async () => {
    service.writeConfig(good, 'C:\\pipes')
    const { error } = await service.install()
    service.writeConfig(good)
    expect(error).toMatch(/"C:\\pipes" is no name for pipes; .* \[ERR_ENDPOINT_FOLDER\]/)
    expect(service.registry(service.name)).toBeUndefined()
  })
})

describe.skipIf(skipped !== '')(`a service that is not there, or not ours${skipped}`, () => {
  it.each(['start', 'stop'])('%s says that it is not installed', { timeout }, async (command) => {
    const { status, error } = await service.run(command)
    expect(status).toBe(1)
    expect(error).toMatch(/no such service is installed: ".*"; register it with .* \[ERR_SERVICE_MISSING\]/)
  })

  it("another program's service is neither changed nor stopped nor taken away", { timeout }, async () => {
    const image = 'C:\\windows\\notepad.exe'
    expect(runWineTool('sc', 'create', service.name, 'binPath=', image).status).toBe(0)
    const before = service.registry(service.name)
    for (const command of ['install', 'start', 'stop', 'status', 'uninstall']) {
      const options = command === 'install' ? service.installOptions : []
      const { status, error } = await service.run(command, ...options)
      expect(status).toBe(1)
      expect(error).toMatch(
        /the service runs C:\\windows\\notepad\.exe; give another --name \[ERR_SERVICE_FOREIGN\]/,
      )
    }
    expect(service.registry(service.name)).toBe(before)
    runWineTool('sc', 'delete', service.name)
  })

  it('its program says that only the service manager can run it', { timeout }, async () => {
    const paths = ['node', 'main', 'config', 'log'].flatMap((name) => [`--${name}`, 'C:\\x'])
    const { status, stderr } = await runWindows('portcullis_service', ['run', '--name', 'x', ...paths])
    expect([status, stderr]).toEqual([1, expect.stringContaining('use "portcullis service start"')])
    expect(await runWindows('portcullis_service', ['frob', '--name', 'x'])).toMatchObject({ status: 2 })
    expect(await runWindows('portcullis_service', ['status', '--name'])).toMatchObject({ status: 2 })
  })
})

describe.skipIf(skipped !== '')(`a service that cannot start says why, soon${skipped}`, () => {
  const node = join(folder, 'node.exe')

  beforeAll(async () => {
    symlinkSync(windowsNode, node)
    await service.must('install', ...service.installOptions, '--node', windowsPath(node))
  }, timeout)

  const refused = async () => {
    const began = Date.now()
    const { status, error } = await service.run('start')
    expect(status).toBe(1)
    expect(Date.now() - began).toBeLessThan(60_000)
    expect((await service.status()).state).toBe('stopped')
    return error
  }

  it('a configuration that was broken since', { timeout }, async () => {
    writeFileSync(service.configPath, '{\n  "endpoint": "e",\n}')
    const error = await refused()
    service.writeConfig(good)
    expect(error).toMatch(/ended while its host started; mend this and start it again/)
    expect(error).toMatch(/error 5 The host could not start: It ended with exit code 2\./)
    expect(error).toMatch(/portcullis\.json, line 3, column 1: .*ERR_CONFIG_JSON/)
    expect(error).toMatch(/the end of .*service\.log:/)
    expect(error).toMatch(/\[ERR_SERVICE_START\]\n$/)
  })

  it('a policy that no host would take', { timeout }, async () => {
    service.writeConfig([{ name: 'a', policy: 'mirror', policyFile: service.configPath }])
    const error = await refused()
    service.writeConfig(good)
    expect(error).toMatch(/ERR_CONFIG_POLICY|ERR_MODULE_MALFORMED/)
  })

  it('a Node that was taken away', { timeout }, async () => {
    renameSync(node, `${node}.old`)
    const error = await refused()
    renameSync(`${node}.old`, node)
    expect(error).toMatch(/Windows does not run Node, error 2\. Is it where the service has it\?/)
  })

  it('a log folder that has become a file', { timeout }, async () => {
    renameSync(service.logFolder, `${service.logFolder}.old`)
    writeFileSync(service.logFolder, '')
    const error = await refused()
    rmSync(service.logFolder)
    renameSync(`${service.logFolder}.old`, service.logFolder)
    expect(error).toMatch(/the log: the service's account cannot write there; make it .* \[ERR_SERVICE_LOG\]/)
  })

  it('an upgrade that is refused half-way, which leaves the service as it was', { timeout }, async () => {
    const before = service.registry(service.name)
    const { status } = await service.run('install', ...service.installOptions, '--log', inFolder('a-file'))
    expect(status).toBe(1)
    expect(service.registry(service.name)).toBe(before)
  })

  it('and starts when all is mended', { timeout }, async () => {
    expect(await service.must('start')).toContain('serves: process ')
    expect(await service.must('stop')).toContain('has stopped')
  })
})
