// The driver program against the real host: exactly one completion for each question, to the right pointer, with the
// answer that this question has, whatever happens meanwhile. Plain and under AddressSanitizer and ThreadSanitizer.
//
// CI asks fewer questions; PORTCULLIS_LOAD=full asks as many as the project promises (npm run test:load).

import { execFile, execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { ServeProcess } from '../../host/cli/serve-process.ts'
import { root } from '../../host/paths.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import { configOf, eventually, sleep } from '../support/testbed.ts'

const full = process.env.PORTCULLIS_LOAD === 'full'
const questions = full ? 100_000 : 10_000
const cycles = full ? 1_000_000 : 20_000
const timeout = full ? 1_200_000 : 180_000

const builds = [
  { name: 'plain', folder: 'native' },
  { name: 'address', folder: 'native-address' },
  { name: 'thread', folder: 'native-thread' },
] as const
type Build = (typeof builds)[number]

/** Why a build cannot be made here: the compiler has no runtime for the sanitizer. In CI that is a failure. */
function reasonToSkip({ name }: Build): string {
  if (name === 'plain') return ''
  const build = [join(root, 'native', 'build.mjs'), name]
  const { status, stderr } = spawnSync(process.execPath, build, { encoding: 'utf8' })
  if (status === 0) return ''
  if (process.env.CI === 'true') throw new Error(stderr)
  return ` (skipped: the C compiler cannot build with -fsanitize=${name}; install gcc's sanitizer runtimes)`
}

let folder: string
let host: ServeProcess

/** The library as an operator installs it, beside its settings. */
function install({ name, folder: build }: Build): { driver: string; plugin: string } {
  const target = join(folder, name)
  mkdirSync(target, { recursive: true })
  const plugin = join(target, 'libportcullis.so')
  copyFileSync(join(root, 'build', build, 'libportcullis.so'), plugin)
  writeFileSync(
    join(target, 'portcullis.settings'),
    `endpoint = ${join(folder, 'endpoint')}\nowner = ${ownAccount()}\n`,
  )
  return { driver: join(root, 'build', build, 'portcullis_driver'), plugin }
}

interface Summary {
  readonly questions: number
  readonly noAnswer: number
  readonly wrong: number
  readonly violations: Readonly<Record<string, number>>
  readonly [name: string]: unknown
}

async function drive(
  build: (typeof builds)[number],
  command: string,
  ...options: string[]
): Promise<Summary> {
  const { driver, plugin } = install(build)
  const { stdout } = await promisify(execFile)(driver, [command, plugin, ...options]).catch((error) => {
    throw new Error(
      `driver ${command} ${options.join(' ')}: status ${error.code}\n${error.stdout}${error.stderr}`,
    )
  })
  const summary = JSON.parse(stdout) as Summary
  if (full) console.log(`${build.name} ${command}: ${stdout}`)
  expect(Object.values(summary.violations).every((count) => count === 0)).toBe(true)
  return summary
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-load-'))
  const configPath = join(folder, 'portcullis.json')
  const tenants = [
    { name: 'A', policy: 'mirror' },
    { name: 'B', policy: 'mirror' },
  ]
  const config = configOf(tenants) as { tenants: { name: string }[] }
  for (const tenant of config.tenants) tenant.name = tenant.name.toLowerCase()
  writeFileSync(configPath, JSON.stringify(config))
  // Decisions are not logged: this is about the plug-in, and a million lines would be about the log.
  host = new ServeProcess(configPath, '--log-level', 'warn')
  await eventually(
    async () =>
      existsSync(join(folder, 'endpoint', 'evaluator-0.sock')) &&
      existsSync(join(folder, 'endpoint', 'evaluator-1.sock')),
    (serving) => serving,
  )
}, 300_000)

afterAll(async () => {
  expect(await host.close()).toBe(0)
  rmSync(folder, { recursive: true, force: true })
})

const applications = ['--application', 'wsman/A', '--application', 'wsman/B']

for (const build of builds) {
  const skipped = reasonToSkip(build)
  describe.skipIf(skipped !== '')(`64 threads, two applications, ${build.name} build${skipped}`, () => {
    it(
      'mixed questions: each gets its own answer, exactly once, to the right pointer',
      async () => {
        const summary = await drive(
          build,
          'load',
          ...['--threads', '64', '--questions', String(questions), ...applications, '--inside-mix'],
        )
        expect(summary).toMatchObject({ questions, wrong: 0, noAnswer: 0 })
      },
      timeout,
    )

    it(
      'instances that stop and start under load: a question is answered rightly or not at all',
      async () => {
        const summary = await drive(
          build,
          'load',
          ...['--threads', '64', '--questions', String(questions / 10), ...applications],
          ...['--restart-every', '200', '--tolerate-no-answer'],
        )
        expect(summary).toMatchObject({ questions: questions / 10, wrong: 0 })
      },
      timeout,
    )

    it(
      'evaluators that are killed under load: no wrong answer, one completion each',
      async () => {
        const children = `/proc/${host.pid}/task/${host.pid}/children`
        const pids = () => readFileSync(children, 'utf8').split(' ').filter(Boolean)
        const killing = setInterval(() => process.kill(Number(pids()[0]), 'SIGKILL'), 300)
        const summary = await drive(
          build,
          'load',
          ...['--threads', '64', '--questions', String(questions), ...applications, '--tolerate-no-answer'],
        ).finally(() => clearInterval(killing))
        expect(summary).toMatchObject({ questions, wrong: 0 })
        expect(summary.allowed).toBeGreaterThan(0)
        await sleep(1_000)
      },
      timeout,
    )

    it(
      'grants and releases: memory and descriptors stay flat',
      async () => {
        const count = build.name === 'plain' ? cycles : cycles / 10
        const options = ['--threads', '64', '--count', String(count), '--application', 'wsman/A']
        expect(await drive(build, 'cycles', ...options)).toMatchObject({ granted: count, released: count })
      },
      timeout,
    )
  })
}

describe('the driver program', () => {
  it('fails when it is told to, so that a green run means something', () => {
    const { driver } = install(builds[0])
    expect(() => execFileSync(driver, ['fail'], { stdio: 'pipe' })).toThrow(/always fails/)
  })

  it('sees a wrong answer: against a policy that does not mirror, it fails', async () => {
    const other = mkdtempSync(join(tmpdir(), 'portcullis-load-'))
    const configPath = join(other, 'portcullis.json')
    writeFileSync(configPath, JSON.stringify(configOf([{ name: 'slow', policy: 'slow' }])))
    const liar = new ServeProcess(configPath)
    await liar.serving()
    const { driver, plugin } = install(builds[0])
    writeFileSync(
      join(folder, 'plain', 'portcullis.settings'),
      `endpoint = ${join(other, 'endpoint')}\nowner = ${ownAccount()}\n`,
    )
    const options = ['load', plugin, '--threads', '4', '--questions', '200', '--application', 'wsman/slow']
    const { code, stdout } = await promisify(execFile)(driver, options).catch((error) => error)
    expect(code).toBe(1)
    expect(JSON.parse(stdout).wrongAllow).toBeGreaterThan(0)
    await liar.close()
    rmSync(other, { recursive: true })
  })
})
