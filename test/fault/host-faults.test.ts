// The host missing, killed, stopped, busy or configured wrongly, with real processes. One denial for each question, in
// time, and later questions recover by themselves.

import { spawn } from 'node:child_process'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { ServeProcess } from '../../host/cli/serve-process.ts'
import { root } from '../../host/paths.ts'
import { eventually, operation, sleep, Testbed, told, user } from '../support/testbed.ts'

/** Ten times the plug-in's deadline of one second: tells late from never. */
const CEILING_MS = 10_000
/** What "at once" may take on a busy machine; a tenth of the deadline would be slow already. */
const AT_ONCE_MS = 500

let bed: Testbed

beforeEach(() => {
  bed = new Testbed()
})

afterEach(async () => {
  const violations = bed.winrm.violations()
  await bed.close()
  expect(violations).toEqual({})
})

const slowUser = { ...user, senderName: 'CONTOSO\\slow' }

async function ask(instance: number, question = user) {
  const completion = await bed.winrm.ask(instance, question)
  expect(completion.completions).toBe(1)
  expect(completion.microseconds / 1000).toBeLessThan(CEILING_MS)
  return { ...told(completion), ms: completion.microseconds / 1000 }
}

function evaluatorPids(host: ServeProcess): number[] {
  return host.entries
    .filter(({ event }) => event === 'evaluator-serving')
    .map((entry) => entry.evaluatorPid as number)
}

describe('without a host', () => {
  it('every kind of question is denied at once, and allowed as soon as there is one', async () => {
    const instance = bed.startup('a')
    for (const kind of ['user', 'operation', 'quota'] as const) {
      const { ms, ...answer } = await ask(instance, { ...operation, kind })
      expect(answer).toEqual({ code: 5, noAnswer: true })
      expect(ms).toBeLessThan(AT_ONCE_MS)
    }
    await bed.host([{ name: 'a', policy: 'slow' }])
    await eventually(
      () => ask(instance),
      ({ code }) => code === 0,
    )
  })

  it('what the plug-in denied by itself is counted and reported with the next hello', async () => {
    const instance = bed.startup('a')
    for (let i = 0; i < 3; i++) await ask(instance)
    await bed.winrm.ask(instance, user, { flags: 1 })
    const host = await bed.host([{ name: 'a', policy: 'slow' }])
    await eventually(
      () => ask(instance),
      ({ code }) => code === 0,
    )
    const connection = await host.entry(({ event }) => event === 'connection', CEILING_MS)
    expect(connection?.denied).toMatchObject({ BAD_FLAGS: 1 })
    const { UNREACHABLE } = Object(connection?.denied)
    expect(UNREACHABLE).toBeGreaterThanOrEqual(3)
  })
})

describe('the settings file', () => {
  const wrong: [string, string][] = [
    ['with an unknown line', 'endpoint = x\nowner = uid:0\ntimeout = 5\n'],
    ['without an owner', 'endpoint = x\n'],
    ['with two endpoints', 'endpoint = x\nendpoint = y\nowner = uid:0\n'],
    ['that is empty', ''],
  ]

  it.each(wrong)('%s: Startup succeeds, questions are denied with a code of their own', async (_, text) => {
    writeFileSync(bed.settingsPath, text)
    const instance = bed.startup('a')
    expect(await ask(instance)).toMatchObject({ code: 1610, noAnswer: true })
  })

  it('that is missing is found as soon as it is there', async () => {
    const settings = readFileSync(bed.settingsPath)
    rmSync(bed.settingsPath)
    await bed.host([{ name: 'a', policy: 'slow' }])
    const instance = bed.startup('a')
    expect(await ask(instance)).toMatchObject({ code: 1610, noAnswer: true })
    writeFileSync(bed.settingsPath, settings)
    await eventually(
      () => ask(instance),
      ({ code }) => code === 0,
    )
  })

  it('that names another owner than the account that serves: nobody is asked', async () => {
    const host = await bed.host([{ name: 'a', policy: 'slow' }])
    writeFileSync(bed.settingsPath, `endpoint = ${bed.endpoint}\nowner = uid:4242\n`)
    expect(await ask(bed.startup('a'))).toMatchObject({ code: 5, noAnswer: true })
    expect(host.entries.some(({ event }) => event === 'connection')).toBe(false)
  })
})

describe('an account that the configuration does not allow', () => {
  it('for that application is disconnected, denied and logged', async () => {
    const host = await bed.host([
      { name: 'a', policy: 'slow', accounts: ['uid:4242'] },
      { name: 'b', policy: 'slow' },
    ])
    const [a, b] = [bed.startup('a'), bed.startup('b')]
    expect(await ask(a)).toMatchObject({ code: 5, noAnswer: true })
    expect(await ask(b)).toMatchObject({ code: 0 })
    const entry = await host.entry(({ event }) => event === 'connection-refused', CEILING_MS)
    expect(entry).toMatchObject({ application: 'wsman/a', error: 'ERR_CONNECTION_FOREIGN' })
  })
})

describe('an evaluator', () => {
  it('that is killed in the middle of a question: the question is asked elsewhere and answered', async () => {
    const host = await bed.host([{ name: 'a', policy: 'slow' }])
    const instance = bed.startup('a')
    await ask(instance)
    const asked = Promise.all(Array.from({ length: 8 }, () => ask(instance, slowUser)))
    await sleep(20)
    process.kill(evaluatorPids(host)[0] ?? 0, 'SIGKILL')
    for (const { code } of await asked) expect(code).toBe(0)
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'leaves %s, which a terminal sends to it too, to the supervisor',
    async (signal) => {
      const host = await bed.host([{ name: 'a', policy: 'slow' }], { evaluators: 1 })
      const instance = bed.startup('a')
      await ask(instance)
      process.kill(evaluatorPids(host)[0] ?? 0, signal)
      await sleep(300)
      expect(host.entries.filter(({ event }) => event === 'evaluator-died')).toEqual([])
      expect(await ask(instance)).toMatchObject({ code: 0 })
    },
  )

  it('that dies is replaced by the spare, and without a gap if all that it decided was recorded', async () => {
    const host = await bed.host([{ name: 'a', policy: 'slow' }], { evaluators: 1 })
    const instance = bed.startup('a')
    await ask(instance)
    await host.entry(({ event }) => event === 'decision', CEILING_MS)
    process.kill(evaluatorPids(host)[0] ?? 0, 'SIGKILL')
    await host.entry(({ event }) => event === 'evaluator-died', CEILING_MS)
    expect(host.entries.filter(({ event }) => event === 'gap')).toEqual([])
    await eventually(
      () => ask(instance),
      ({ code }) => code === 0,
    )
    await eventually(
      async () => evaluatorPids(host),
      (pids) => pids.length === 2,
    )
  })

  it('that is stopped: its questions go elsewhere after their share of time, later ones at once', async () => {
    const host = await bed.host([{ name: 'a', policy: 'slow' }])
    const instance = bed.startup('a')
    // Both evaluators have connections before one of them stops.
    await Promise.all(Array.from({ length: 8 }, () => ask(instance, slowUser)))
    const pid = evaluatorPids(host)[0] ?? 0
    process.kill(pid, 'SIGSTOP')
    const first = await Promise.all(Array.from({ length: 4 }, () => ask(instance)))
    expect(first.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    process.kill(pid, 'SIGCONT')
    expect(await ask(instance)).toMatchObject({ code: 0 })
  })

  it('that is stopped and the only one: the denial says that time ran out, and it heals', async () => {
    const host = await bed.host([{ name: 'a', policy: 'slow' }], { evaluators: 1 })
    const instance = bed.startup('a')
    await ask(instance)
    const pid = evaluatorPids(host)[0] ?? 0
    process.kill(pid, 'SIGSTOP')
    expect(await ask(instance)).toMatchObject({ code: 1460, noAnswer: true })
    process.kill(pid, 'SIGCONT')
    await eventually(
      () => ask(instance),
      ({ code }) => code === 0,
    )
  })
})

describe('the supervisor', () => {
  it('finishes what was accepted when it gets SIGTERM, and ends with status 0', async () => {
    const host = await bed.host([{ name: 'a', policy: 'slow' }])
    const instance = bed.startup('a')
    await ask(instance)
    const asked = Promise.all(Array.from({ length: 6 }, () => ask(instance, slowUser)))
    await sleep(30)
    expect(await host.close()).toBe(0)
    for (const { code } of await asked) expect([0, 5]).toContain(code)
    const decided = host.entries.filter(({ event }) => event === 'decision')
    const allowed = (await asked).filter(({ code }) => code === 0)
    expect(decided.length).toBeGreaterThanOrEqual(allowed.length)
    expect(host.entries.at(-1)).toMatchObject({ event: 'closed' })
  })

  it.each([0, 1, 2, 3, 5, 8, 15, 30, 60])(
    'ends cleanly when SIGTERM comes %i ms after the first evaluator',
    async (ms) => {
      bed.writeConfig([{ name: 'a', policy: 'slow' }])
      const host = new ServeProcess(bed.configPath, '--log-level', 'debug')
      await host.entry(({ event }) => event === 'evaluator-ready', CEILING_MS)
      await sleep(ms)
      expect(await host.close()).toBe(0)
      expect(host.entries.at(-1)?.event).toBe('closed')
    },
  )

  it('ends when nobody reads its log any more, rather than decide without a record', async () => {
    bed.writeConfig([{ name: 'a', policy: 'slow' }])
    const main = join(root, 'build', 'host', 'cli', 'main.js')
    const child = spawn(process.execPath, [main, 'serve', '--config', bed.configPath])
    child.stdout.once('data', () => child.stdout.destroy())
    const ended = new Promise((resolve) => child.on('exit', resolve))
    const instance = bed.startup('a')
    const asking = setInterval(() => void bed.winrm.ask(instance, user), 50)
    expect(await ended).toBe(1)
    clearInterval(asking)
    await sleep(500)
  })

  it('starts 4,000 tenants, each message within its bound', async () => {
    const tenants = Array.from({ length: 4_000 }, (_, index) => ({ name: `t${index}`, policy: 'slow' }))
    await bed.host(tenants, { evaluators: 1 })
    expect(await ask(bed.startup('t3999'))).toMatchObject({ code: 0 })
  })

  it('that is killed takes its evaluators with it: no supervisor, no decisions', async () => {
    const host = await bed.host([{ name: 'a', policy: 'slow' }])
    const instance = bed.startup('a')
    await ask(instance)
    const pids = evaluatorPids(host)
    host.kill('SIGKILL')
    const alive = (pid: number): boolean => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }
    await eventually(
      async () => pids.filter(alive),
      (left) => left.length === 0,
    )
    expect(await ask(instance)).toMatchObject({ code: 5, noAnswer: true })
  })

  it('refuses to serve an endpoint that another host serves, and leaves that host as it was', async () => {
    const own = `uid:${process.getuid?.()}`
    await bed.host([{ name: 'a', policy: 'slow', accounts: [own, 'uid:4242'] }])
    const mode = statSync(bed.endpoint).mode
    await expect(bed.host([{ name: 'a', policy: 'slow' }])).rejects.toThrow(/ERR_ENDPOINT_IN_USE/)
    expect(statSync(bed.endpoint).mode).toBe(mode)
  })
})
