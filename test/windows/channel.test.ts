// The DLL, a named pipe and portcullis_io.dll together, with the answerer in an evaluator's place: who asks whom, whose
// groups arrive, and that each question ends in one right completion whatever happens to the other side.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeAll, describe, expect, it } from 'vitest'

import { runningPage } from '../../host/wire/layout.ts'
import { eventually } from '../support/testbed.ts'
import {
  type Ended,
  reasonToSkipWine,
  runWindows,
  startWine,
  WindowsServer,
  windowsLibrary,
  windowsPath,
  wineAccount,
} from '../support/wine.ts'

const full = process.env.PORTCULLIS_LOAD === 'full'
const questions = full ? 100_000 : 10_000
const timeout = full ? 600_000 : 120_000

/** Exit code of a process that its watchdog has ended. */
const KILLED = 137

const ADMINISTRATORS = 'S-1-5-32-544'
const POOL_ACCOUNT = 'S-1-5-82-1036420768-1044797643-1061213386-2937092688-4282445334'

let folder: string
let servers: WindowsServer[] = []
let count = 0

/** A name that no other test has used. */
function newEndpoint(): string {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-channel-'))
  return `portcullis-channel-${process.pid}-${count++}`
}

function install(endpoint: string, owner = wineAccount): string {
  const plugin = join(folder, 'plugin')
  mkdirSync(plugin, { recursive: true })
  copyFileSync(windowsLibrary('portcullis'), join(plugin, 'portcullis.dll'))
  writeFileSync(join(plugin, 'portcullis.settings'), `endpoint = ${endpoint}\nowner = ${owner}\n`)
  return windowsPath(join(plugin, 'portcullis.dll'))
}

function pagePath(index: number): string {
  return join(folder, `page-${index}`)
}

/** It shows each question, unless it is one of several, which are for load. */
async function serve(endpoint: string, index = 0, evaluators = 1): Promise<WindowsServer> {
  const page = windowsPath(pagePath(index))
  const options = [endpoint, String(index), String(evaluators), page, POOL_ACCOUNT]
  if (evaluators === 1) options.push('show')
  const server = new WindowsServer('portcullis_answerer', options)
  servers.push(server)
  await eventually(
    async () => server.lines.length,
    (lines) => lines > 0,
  )
  expect(server.lines[0]).toEqual({ serving: true })
  return server
}

function answersOf({ stdout }: Ended): Record<string, unknown>[] {
  return stdout
    .trim()
    .split(/\r?\n/)
    .map((line) => JSON.parse(line))
}

async function play(plugin: string, ...script: string[]): Promise<Record<string, unknown>[]> {
  const ended = await runWindows('portcullis_driver', ['script', plugin, '-'], `${script.join('\n')}\n`)
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  const answers = answersOf(ended)
  expect(Object.values(answers.pop()?.violations as object).every((violations) => violations === 0)).toBe(
    true,
  )
  return answers.filter(({ kind }) => kind !== undefined)
}

async function load(plugin: string, ...options: string[]): Promise<Record<string, unknown>> {
  const ended = await runWindows('portcullis_driver', [...options.slice(0, 1), plugin, ...options.slice(1)])
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  return answersOf(ended)[0] ?? {}
}

/** The mirror allows this one. */
const user = String.raw`ask A user sender="DOMAIN\\Zo\u00eb" mechanism=Negotiate token=1`

const skipped = reasonToSkipWine()

beforeAll(() => {
  if (skipped === '') startWine()
})

afterEach(async () => {
  for (const server of servers) await server.kill()
  servers = []
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(skipped !== '')(`over a named pipe (Wine)${skipped}`, () => {
  it("a question arrives with the token's user, enabled and deny-only groups, all of them, and the token is passed on", async () => {
    const endpoint = newEndpoint()
    const server = await serve(endpoint)
    const answers = await play(
      install(endpoint),
      'startup A application="wsman/A"',
      'sleep 300',
      `${user} groups="S-1-1-0;S-1-5-32-545" expect=0`,
      `${user} denyOnly="${ADMINISTRATORS}" expect=0`,
      `${user} denyOnly="${ADMINISTRATORS};S-1-5-32-545" userSid=${wineAccount} expect=0`,
    )
    for (const answer of answers) expect(answer).toMatchObject({ token: 1, administrator: 0, context: true })
    const told = server.lines.filter(({ kind }) => kind === 1) as { enabled: string[]; denyOnly: string[] }[]
    expect(told).toHaveLength(3)
    for (const identity of told) expect(identity).toMatchObject({ token: true, user: [wineAccount] })
    expect(told.map(({ denyOnly }) => denyOnly)).toEqual([
      [],
      [ADMINISTRATORS],
      [ADMINISTRATORS, 'S-1-5-32-545'],
    ])
    const all = [...(told[0]?.enabled ?? [])].sort()
    expect(all).toContain(ADMINISTRATORS)
    for (const { enabled, denyOnly } of told) expect([...enabled, ...denyOnly].sort()).toEqual(all)
  })

  it('the other end is told whose connection it is, by the system', async () => {
    const endpoint = newEndpoint()
    const server = await serve(endpoint)
    await play(install(endpoint), 'startup A application="wsman/A"', 'sleep 300', `${user} expect=0`)
    expect(server.lines.find(({ account }) => account !== undefined)).toEqual({ account: wineAccount })
  })

  it('an endpoint that another account must own is not asked', async () => {
    const endpoint = newEndpoint()
    const server = await serve(endpoint)
    const plugin = install(endpoint, POOL_ACCOUNT)
    await play(
      plugin,
      'startup A application="wsman/A"',
      'sleep 300',
      `${user} expect=5 expect-outcome=no-answer`,
    )
    expect(server.lines.filter(({ account }) => account !== undefined)).toEqual([])
  })

  it('a second evaluator finds its number in use', async () => {
    const endpoint = newEndpoint()
    await serve(endpoint)
    const options = [endpoint, '0', '1', windowsPath(pagePath(9)), '']
    const second = await runWindows('portcullis_answerer', options)
    expect(second).toMatchObject({ status: 1, stderr: expect.stringContaining('in use') })
  })

  it('the largest question arrives whole, and one that is larger is denied', async () => {
    const endpoint = newEndpoint()
    await serve(endpoint)
    const texts = (units: number) =>
      `ask A operation sender=x mechanism=Negotiate action="urn:x" resource=*${units}:r token=1`
    const answers = await play(
      install(endpoint),
      'startup A application="wsman/A"',
      'sleep 300',
      `${texts(24_000)} within=900`,
      `${texts(25_000)} expect=5 expect-outcome=no-answer`,
    )
    expect(answers[0]?.outcome).not.toBe('no-answer')
  })

  it('a question that is set aside is answered later, and one that takes too long is not', async () => {
    const endpoint = newEndpoint()
    await serve(endpoint)
    const [held, late] = await play(
      install(endpoint),
      'startup A application="wsman/A"',
      'sleep 300',
      String.raw`ask A user sender="D\\hold" mechanism=Negotiate token=1`,
      String.raw`ask A user sender="D\\late" mechanism=Negotiate token=1 expect=1460 within=950`,
    )
    expect(held?.outcome).not.toBe('no-answer')
    expect(late).toMatchObject({ outcome: 'no-answer' })
  })

  it('a policy that does not end is answered for by the watchdog, and its page says what ran', async () => {
    const endpoint = newEndpoint()
    const server = await serve(endpoint)
    await play(
      install(endpoint),
      'startup A application="wsman/A"',
      'sleep 300',
      String.raw`ask A user sender="D\\spin" mechanism=Negotiate token=1 expect=1460 within=390`,
    )
    expect(await server.ended()).toBe(KILLED)
    const page = readFileSync(pagePath(0))
    expect(page).toHaveLength(runningPage.bytes)
    expect(page.readUInt32LE(runningPage.at.sequence) % 2).toBe(1)
    expect(page.toString('latin1', runningPage.at.label).replace(/\0.*/s, '')).toBe('answerer')
    expect(page.readUInt32LE(runningPage.at.overtime)).toBeGreaterThanOrEqual(100)
    expect(page.readBigUInt64LE(runningPage.at.decided)).toBe(1n)
  })

  it(
    'mixed questions of 32 threads: each gets its own answer, exactly once, to the right pointer',
    async () => {
      const endpoint = newEndpoint()
      await serve(endpoint, 0, 2)
      await serve(endpoint, 1, 2)
      const options = ['--threads', '32', '--questions', String(questions), '--inside-mix']
      const applications = ['--application', 'wsman/A', '--application', 'wsman/B']
      const summary = await load(install(endpoint), 'load', ...options, ...applications)
      expect(summary).toMatchObject({ questions, wrong: 0, noAnswer: 0 })
    },
    timeout,
  )

  it(
    'instances that stop and start under load: a question is answered rightly or not at all',
    async () => {
      const endpoint = newEndpoint()
      await serve(endpoint, 0, 2)
      await serve(endpoint, 1, 2)
      const options = ['--threads', '32', '--questions', String(questions / 10), '--application', 'wsman/A']
      const restarts = ['--restart-every', '200', '--tolerate-no-answer']
      expect(await load(install(endpoint), 'load', ...options, ...restarts)).toMatchObject({ wrong: 0 })
    },
    timeout,
  )

  it(
    'an evaluator that is killed under load: no wrong answer, and the other one goes on',
    async () => {
      const endpoint = newEndpoint()
      const killed = await serve(endpoint, 0, 2)
      await serve(endpoint, 1, 2)
      const options = ['--threads', '32', '--questions', String(questions), '--application', 'wsman/A']
      const killing = setTimeout(() => void killed.kill(), 500)
      const summary = await load(install(endpoint), 'load', ...options, '--tolerate-no-answer')
      clearTimeout(killing)
      expect(summary).toMatchObject({ questions, wrong: 0 })
      expect(summary.allowed).toBeGreaterThan(questions / 2)
    },
    timeout,
  )

  it(
    'grants and releases: memory and handles stay flat',
    async () => {
      const endpoint = newEndpoint()
      await serve(endpoint, 0, 2)
      await serve(endpoint, 1, 2)
      const options = ['--threads', '32', '--count', String(questions), '--application', 'wsman/A']
      const summary = await load(install(endpoint), 'cycles', ...options)
      expect(summary).toMatchObject({ granted: questions, released: questions })
      expect(summary.fdCountStart).toBeGreaterThan(0)
    },
    timeout,
  )
})
