// The service of Windows, as an administrator meets it: portcullis service, the service manager, the host, the plug-in. Under
// Wine.

import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { eventually, sleep } from '../support/testbed.ts'
import { install, reasonToSkipWindowsHost } from '../support/windows-host.ts'
import { killProcessOf, WindowsService } from '../support/windows-service.ts'
import { DriverSession, startWine, windowsPath } from '../support/wine.ts'

const skipped = reasonToSkipWindowsHost()
const timeout = 240_000
const folder = mkdtempSync(join(tmpdir(), 'portcullis service '))

let service: WindowsService

/** A host starts within some seconds, and on a busy machine within three times as many; this tells late from never. */
const BACK_MS_MAX = 60_000

const user = String.raw`sender="DOMAIN\\Zo\u00eb" mechanism=Negotiate token=1`
const granted = { code: 0, outcome: 'allow' }
const unreachable = { code: 5, outcome: 'no-answer' }
const good = [{ name: 'a', policy: 'mirror' }]

/** A driver with one started instance; asks it. */
async function startDriver() {
  const driver = new DriverSession(windowsPath(service.plugin))
  await driver.play('startup A application="wsman/a"')
  const ask = () => driver.play(`ask A user ${user} within=1500`)
  const askFor = (sender: string) =>
    driver.play(`ask A user sender="${sender}" mechanism=Negotiate token=1 within=1500`)
  const healed = () => eventually(ask, ({ code }) => code === 0, BACK_MS_MAX)
  const end = async () => {
    await driver.play('shutdown A')
    return driver.end()
  }
  return { ask, askFor, healed, end }
}

const reported = (word: string, count = 1) =>
  eventually(
    async () => service.reports(word),
    ({ length }) => length >= count,
    BACK_MS_MAX,
  )

beforeAll(() => {
  if (skipped !== '') return
  startWine()
  install()
  service = new WindowsService(folder, `portcullis-${process.pid}`)
  service.writeConfig(good)
}, timeout)

afterAll(async () => {
  if (skipped === '') await service.run('uninstall')
  rmSync(folder, { recursive: true, force: true })
}, timeout)

describe.skipIf(skipped !== '')(`the service${skipped}`, () => {
  it('is not there before it is installed', { timeout }, async () => {
    expect(await service.run('status')).toMatchObject({
      status: 1,
      output: `"${service.name}" is not installed\n`,
    })
  })

  it('is registered with quoted paths, an account of its own and a start with Windows', {
    timeout,
  }, async () => {
    const { status, output, error } = await service.install()
    expect([status, error]).toEqual([0, ''])
    expect(output).toContain(`"${service.name}" is installed:`)
    const key = service.registry(service.name) ?? ''
    const image = /ImagePath +REG_\w+ +(.*)/.exec(key)?.[1]?.trim() ?? ''
    expect(image).toMatch(/^"Z:\\[^"]*\\portcullis_service\.exe" "run" "--name" /)
    expect(image).toContain(` "--config" "${windowsPath(service.configPath)}"`)
    expect(image).toContain(` "--log" "${windowsPath(service.logFolder)}"`)
    expect(image.replace(/"[^"]*"/g, '').trim()).toBe('')
    expect(key).toMatch(/ {4}Start +REG_DWORD +0x2/)
    expect(key).toMatch(/ {4}Type +REG_DWORD +0x10/)
    expect(key).toContain(`NT SERVICE\\${service.name}`)
    expect(service.registry(`EventLog\\Application\\${service.name}`)).toMatch(
      /EventMessageFile +REG_SZ +Z:\\.*\\portcullis_service\.exe/,
    )
    expect(await service.status()).toMatchObject({ state: 'stopped', serves: false, version: '0.1.0' })
  })

  it('runs when the host serves, not before, and a question is answered', { timeout }, async () => {
    const began = Date.now()
    const output = await service.must('start')
    console.log(`service start: ${Date.now() - began} ms`)
    expect(output).toContain(`"${service.name}" serves: process `)
    expect(service.hostEntries.some(({ event }) => event === 'serving')).toBe(true)
    expect(await service.status()).toMatchObject({ state: 'running', serves: true })
    expect(service.reports('info 1')).toHaveLength(1)
    const driver = await startDriver()
    expect(await driver.healed()).toMatchObject(granted)
    expect(await driver.end()).toBe(0)
  })

  it('says so when it runs already, and is set to a new installation meanwhile', { timeout }, async () => {
    expect(await service.must('start')).toContain(`"${service.name}" runs already: process `)
    const output = await service.must('install', ...service.installOptions)
    expect(output).toContain('is installed already, and now set to this')
    expect(output).toContain('It runs with what it had before until it is started again')
  })

  it('brings back a host that was killed; questions are denied meanwhile, counted, and answered later', {
    timeout,
  }, async () => {
    const driver = await startDriver()
    await driver.healed()
    const killed = service.hostProcesses
    killProcessOf(...service.hostOptions)
    const began = Date.now()
    let denied = 0
    const answer = await eventually(
      driver.ask,
      ({ code, outcome }) => {
        if (code === 0) return denied > 0
        expect({ code, outcome }).toEqual(unreachable)
        denied++
        return false
      },
      BACK_MS_MAX,
    )
    expect(answer).toMatchObject(granted)
    const [back] = await reported('info 3')
    console.log(`killed to answered: ${Date.now() - began} ms, ${denied} questions denied; ${back}`)
    expect((await reported('error 2'))[0]).toMatch(
      /The host has ended with exit code \d+\. .* started again in 0 ms\./,
    )
    expect(service.hostProcesses).not.toEqual(killed)
    const [entry = ''] = await reported('warning 4')
    const told = Number(/denied (\d+) questions/.exec(entry)?.[1])
    expect(told).toBeGreaterThan(0)
    expect(told).toBeLessThanOrEqual(denied)
    expect(await driver.end()).toBe(0)
  })

  it('stops in order: the host finishes, and both have ended', { timeout }, async () => {
    expect(await service.must('stop')).toBe(`"${service.name}" has stopped\n`)
    expect(service.hostEntries.at(-2)).toMatchObject({ event: 'closing', signal: 'input' })
    expect(service.hostEntries.at(-1)).toMatchObject({ event: 'closed' })
    expect(service.reports('info 6').at(-1)).toContain('the host had finished what it had accepted')
    expect(service.hostProcesses).toEqual([])
    expect(await service.status()).toMatchObject({ state: 'stopped' })
    expect(await service.must('stop')).toBe(`"${service.name}" was not running\n`)
  })

  it('begins a new log file when one is full', { timeout }, async () => {
    truncateSync(join(service.logFolder, 'host.log'), 16 * 1024 * 1024)
    await service.must('start')
    expect(service.hostEntries.some(({ event }) => event === 'serving')).toBe(true)
    expect(statSync(join(service.logFolder, 'host.1.log')).size).toBe(16 * 1024 * 1024)
    await service.must('stop')
  })

  it('ends a host whose log cannot be written, and serves again when it can', { timeout }, async () => {
    const log = join(service.logFolder, 'host.log')
    const away = `${service.logFolder} away`
    writeFileSync(log, '')
    await service.must('start')
    const needed = statSync(log).size
    await service.must('stop')
    const left = 4000 // some denials, of which there is one in eight questions, and whatever else a slow machine has it write
    const pad = JSON.stringify({ event: 'pad', text: 'x'.repeat(16 * 1024 * 1024 - needed - left) })
    writeFileSync(log, `${pad}\n`)
    await service.must('start')
    const driver = await startDriver()
    await driver.healed()
    const [before] = service.hostProcesses
    const began = Date.now()
    renameSync(service.logFolder, away)
    const failed = () => readFileSync(join(away, 'service.log'), 'utf8').includes('Z error 7 ')
    // Not one question more than it takes: a host with another line to write would notice by itself.
    for (let asked = 0; !failed() && asked < 500; asked++) {
      await driver.askFor(`caller ${asked}`)
      await sleep(50)
    }
    expect(failed()).toBe(true)
    await eventually(
      async () => service.hostProcesses,
      (now) => before !== undefined && !now.includes(before),
      BACK_MS_MAX,
    )
    renameSync(away, service.logFolder)
    await eventually(
      async () => service.hostEntries,
      (entries) => entries.some(({ event, time }) => event === 'serving' && Number(time) >= began),
      BACK_MS_MAX,
    )
    expect(await driver.healed()).toMatchObject(granted)
    await driver.end()
    await service.must('stop')
  })

  it('takes its host along when its own process is killed, and starts again', { timeout }, async () => {
    await service.must('start')
    expect(service.hostProcesses.length).toBeGreaterThan(0)
    killProcessOf('run', '--name', service.name)
    await eventually(
      async () => service.hostProcesses,
      ({ length }) => length === 0,
    )
    // Windows' service manager would start it again by itself. Wine's does not notice until it is told to start it.
    expect(await service.status()).toMatchObject({ serves: false })
    await service.must('start')
    const driver = await startDriver()
    expect(await driver.healed()).toMatchObject(granted)
    await driver.end()
    await service.must('stop')
  })

  it('leaves nothing in the registry when it is taken away, even while it runs', { timeout }, async () => {
    await service.must('start')
    expect(await service.must('uninstall')).toContain(`"${service.name}" is taken away`)
    expect(service.hostProcesses).toEqual([])
    expect(service.hostEntries.at(-1)).toMatchObject({ event: 'closed' })
    expect(service.registry(service.name)).toBeUndefined()
    expect(service.registry(`EventLog\\Application\\${service.name}`)).toBeUndefined()
    expect(await service.must('uninstall')).toBe(
      `"${service.name}" is not installed; nothing was to be done\n`,
    )
  })
})
