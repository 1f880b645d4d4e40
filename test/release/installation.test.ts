// An installation from beginning to end, as the guide "install on IIS" goes, from the unpacked release and under Wine: service,
// web.config, doctor, questions through the DLL, a host that is killed, and removal that leaves nothing.

import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { demoConfig, storedApplication } from '../../host/cli/demo/demo-host.ts'
import { questionOf, readSteps, type Step } from '../../host/cli/demo/player.ts'
import { root } from '../../host/paths.ts'
import { host, operations, webConfig } from '../iis/sites.ts'
import { reasonToSkipWindowsRelease, unpackWindows } from '../support/release.ts'
import { eventually } from '../support/testbed.ts'
import { runInstalled } from '../support/windows-host.ts'
import { killProcessOf } from '../support/windows-service.ts'
import { DriverSession, runWineTool, startWine, windowsPath, wineAccount } from '../support/wine.ts'

const skipped = reasonToSkipWindowsRelease()
const timeout = 240_000

/** A lost host is back within three seconds on a quiet machine; this tells late from never. */
const BACK_MS_MAX = 60_000

const name = `portcullis-installed-${process.pid}`

// Not in a folder for everybody, which the doctor would complain of.
const top = skipped === '' ? mkdtempSync(join(root, 'build', 'installed-')) : ''
const programs = join(top, 'Program Files (x64)')
const data = join(top, 'ProgramData')
const configPath = join(data, 'portcullis.json')
const log = join(data, 'log')
const site = join(top, 'site', 'web.config')
const applicationHost = join(top, 'applicationHost.config')
const before = webConfig(`<PluginModules>\n        ${operations}\n      </PluginModules>`)

let release: string
let runs = 0

async function portcullis(...args: string[]) {
  const output = join(top, `said-${runs++}`)
  const main = join(release, 'host', 'cli', 'main.js')
  const said = await runInstalled(main, output, ...args)
  return { ...said, error: readFileSync(`${output}.error`, 'utf8') }
}

const service = (command: string, ...options: string[]) =>
  portcullis('service', command, '--name', name, ...options)

const onConfig = ['--config', windowsPath(configPath)]
const onSite = ['--web-config', windowsPath(site)]
const onHost = ['--application-host', windowsPath(applicationHost)]

interface Finding {
  readonly check: string
  readonly state: string
  readonly what: string
}

async function examined() {
  const { status, output, error } = await portcullis(
    ...['doctor', '--service', name, ...onConfig, ...onSite, ...onHost, '--json'],
  )
  expect(error).toBe('')
  return { status, ...(JSON.parse(output) as { healthy: boolean; findings: Finding[] }) }
}

/** Folders above this one that are for everybody: where this is, not what is installed. */
function openFoldersAbove(): string[] {
  const open: string[] = []
  for (let at = top; at !== dirname(at); at = dirname(at)) {
    if ((lstatSync(dirname(at)).mode & 0o022) !== 0) open.push(dirname(at))
  }
  return open
}

/** A line of a driver's script for a question of the demo. */
function lineOf(step: Step): string {
  const person = readSteps().people[step.who ?? '']
  if (person === undefined) throw new Error(`nobody is called ${step.who}`)
  const question = questionOf(step as Parameters<typeof questionOf>[0], person)
  const values = {
    sender: question.senderName,
    mechanism: question.authenticationMechanism,
    url: question.httpUrl,
    action: question.action,
    resource: question.resourceUri,
    userSid: question.userSid,
    groups: question.groupSids?.join(';'),
    denyOnly: question.denyOnlySids?.join(';'),
  }
  const keys = Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(
      ([key, value]) =>
        `${key}=${JSON.stringify(value).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}`,
    )
  const token = question.userSid === undefined ? 0 : 1
  const flags = step.flags === undefined ? '' : ` flags=${step.flags}`
  return `ask ${step.application.split('/')[1]} ${step.call} ${keys.join(' ')} token=${token}${flags} release=after`
}

/** The driver's word for what a command calls "deny". */
const inDriversWords = (outcome: string | undefined) => (outcome === 'deny' ? 'denied' : outcome)

/** The tenant whose policy is changed meanwhile is not in the configuration that is installed. */
const isQuestion = ({ call, application }: Step) =>
  application !== storedApplication && (call === 'user' || call === 'operation' || call === 'quota')

beforeAll(() => {
  if (skipped !== '') return
  startWine()
  for (const folder of [programs, data, dirname(site)]) mkdirSync(folder)
  release = unpackWindows(programs)
  const policies = windowsPath(join(release, 'policies'))
  const config = demoConfig(name, wineAccount, (policy) => `${policies}\\${policy}.wasm`)
  writeFileSync(configPath, JSON.stringify(config, null, 2))
  writeFileSync(site, before)
  const application = `<application path="/"><virtualDirectory path="/" physicalPath="${windowsPath(dirname(site))}"/></application>`
  writeFileSync(applicationHost, host(`<sites><site name="contoso">${application}</site></sites>`))
})

afterAll(async () => {
  if (skipped !== '') return
  await service('uninstall').catch(() => {})
  rmSync(top, { recursive: true, force: true })
}, timeout)

describe.skipIf(skipped !== '')(`an installation from the release${skipped}`, () => {
  it('is found incomplete by the doctor before it is made: each thing that is missing, with its cure', {
    timeout,
  }, async () => {
    const { status, healthy, findings } = await examined()
    expect([status, healthy]).toEqual([1, false])
    const problems = findings.filter(({ state }) => state === 'problem').map(({ check }) => check)
    expect(problems).toEqual(expect.arrayContaining(['settings', 'service', 'host', 'web.config']))
    expect(findings.find(({ check }) => check === 'installation')?.state).toBe('ok')
  })

  it('is made by two commands, and started by a third', { timeout }, async () => {
    // Under Wine every process runs as one user, whatever the account of its service.
    const options = [...onConfig, '--log', windowsPath(log), '--owner', wineAccount]
    expect(await service('install', ...options)).toMatchObject({ status: 0, error: '' })
    expect(await portcullis('iis', 'apply', ...onSite, ...onHost)).toMatchObject({ status: 0, error: '' })
    const plugin = windowsPath(join(release, 'plugin', 'portcullis.dll'))
    expect(readFileSync(site, 'utf8')).toContain(`Filename="${plugin}"`)
    expect(await service('start')).toMatchObject({ status: 0, error: '' })
  })

  it('is healthy, says the doctor', { timeout }, async () => {
    const { status, healthy, findings } = await examined()
    const open = openFoldersAbove().map((folder) => `through ${windowsPath(folder)}`)
    const problems = findings.filter(({ state }) => state === 'problem')
    expect(problems.filter(({ what }) => !open.some((end) => what.endsWith(end)))).toEqual([])
    if (open.length === 0) expect([status, healthy]).toEqual([0, true])
    const fine = findings.filter(({ state }) => state === 'ok').map(({ check }) => check)
    const due = ['installation', 'configuration', 'settings', 'service', 'host', 'web.config', 'question']
    expect(fine).toEqual(expect.arrayContaining(due))
  })

  it("gives the demo's questions the documented answers through the installed DLL, and is back after the host was killed", {
    timeout,
  }, async () => {
    const driver = new DriverSession(windowsPath(join(release, 'plugin', 'portcullis.dll')))
    for (const tenant of ['contoso', 'fabrikam', 'northwind']) {
      await driver.play(`startup ${tenant} application="wsman/${tenant}"`)
    }
    const questions = readSteps().steps.filter(isQuestion)
    expect(questions.length).toBeGreaterThan(20)
    const first = lineOf(questions[0] as Step)
    await eventually(
      () => driver.play(first),
      ({ code }) => code === 0,
    )
    for (const step of questions) {
      const { code, outcome } = await driver.play(lineOf(step))
      const { code: due, outcome: dueOutcome } = step.expect
      expect([step.who, step.call, step.action, code, outcome]).toEqual([
        ...[step.who, step.call, step.action, due, inDriversWords(dueOutcome)],
      ])
    }

    killProcessOf('--supervised', windowsPath(configPath))
    const began = Date.now()
    let denied = 0
    await eventually(
      () => driver.play(first),
      ({ code }) => {
        if (code !== 0) denied++
        return code === 0 && denied > 0
      },
      BACK_MS_MAX,
    )
    console.log(
      `host killed to question allowed: ${Date.now() - began} ms, ${denied} questions denied meanwhile`,
    )
    for (const tenant of ['contoso', 'fabrikam', 'northwind']) await driver.play(`shutdown ${tenant}`)
    expect(await driver.end()).toBe(0)
  })

  it('leaves nothing when it is taken away', { timeout }, async () => {
    expect(await portcullis('iis', 'remove', ...onSite)).toMatchObject({ status: 0 })
    expect(readFileSync(site, 'utf8')).toBe(before)
    expect(await service('uninstall')).toMatchObject({ status: 0, error: '' })
    for (const key of [name, `EventLog\\Application\\${name}`]) {
      const path = `HKLM\\System\\CurrentControlSet\\Services\\${key}`
      expect(runWineTool('reg', 'query', path).status).not.toBe(0)
    }
    // Nobody holds a file of it.
    rmSync(programs, { recursive: true })
    rmSync(data, { recursive: true })
  })
})
