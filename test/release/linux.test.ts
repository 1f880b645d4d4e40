// The release for Linux, unpacked where nothing else is, as an administrator uses it.

import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { version } from '../../host/paths.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import { emptyFolder, unpackLinux } from '../support/release.ts'

const parent = emptyFolder('100% (our) relé ases')
const elsewhere = join(parent, 'elsewhere')
let folder: string
let command: string

/** Nothing of npm, of the test runner or of this repository. */
const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, LC_ALL: 'C.UTF-8' }

function run(args: readonly string[], more: NodeJS.ProcessEnv = {}, program = command) {
  return spawnSync(program, args, { cwd: elsewhere, env: { ...env, ...more }, encoding: 'utf8' })
}

beforeAll(() => {
  folder = unpackLinux(parent)
  command = join(folder, 'portcullis')
  mkdirSync(elsewhere)
})

afterAll(() => rmSync(dirname(parent), { recursive: true, force: true }))

describe('the release for Linux', () => {
  it('says its version and system, through a link from another folder too', () => {
    const linked = join(elsewhere, 'pc')
    symlinkSync(command, linked)
    for (const program of [command, linked]) {
      const said = { status: 0, stdout: `portcullis ${version} linux-x64\n`, stderr: '' }
      expect(run(['--version'], {}, program)).toMatchObject(said)
    }
  })

  it('is what its sums say', () => {
    const { status, stdout } = spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    expect(stdout).toMatch(/^portcullis: OK$/m)
  })

  it('gives every question of the demo the documented answer', () => {
    const { status, stdout } = run(['demo'])
    expect(stdout).toMatch(/^45 calls and commands, 45 as documented/m)
    expect(stdout).toMatch(/^The audit log: .* 26 decisions and 6 acts .* 0 gaps; .* whole\.$/m)
    expect(status).toBe(0)
  })

  it('makes a project from each template, with the packed SDK and a command that is found', () => {
    const templates = /^Templates: (.*)$/m.exec(run(['new', '--help']).stdout)?.[1]?.split(', ') ?? []
    expect(templates).toHaveLength(9)
    for (const template of templates) {
      expect(run(['new', template, '--template', template])).toMatchObject({ status: 0, stderr: '' })
      expect(readdirSync(join(elsewhere, template))).toEqual(
        expect.arrayContaining(['assembly', 'vectors.jsonl']),
      )
    }
    const project = join(elsewhere, 'minimal')
    const sdk = readFileSync(join(folder, 'sdk/portcullis.tgz'))
    expect(readFileSync(join(project, 'vendor/portcullis.tgz'))).toEqual(sdk)
    const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
    const build = spawnSync('sh', ['-c', scripts.build], { cwd: project, env, encoding: 'utf8' })
    expect(build.stderr).toMatch(/run "npm install" in it \[ERR_PROJECT_PACKAGE\]/)
  })

  it('checks, tests, measures and runs a policy', () => {
    const example = join(folder, 'policies/examples/role-by-group')
    const module = join(folder, 'policies/role-by-group.wasm')
    const question = join(elsewhere, 'question.json')
    const [first] = readFileSync(join(example, 'vectors.jsonl'), 'utf8').split('\n')
    writeFileSync(question, JSON.stringify(JSON.parse(first as string).question))
    const vectors = ['--vectors', join(example, 'vectors.jsonl')]
    for (const args of [
      ['check', module, ...vectors],
      ['test', module, ...vectors],
      ['bench', module, ...vectors],
    ]) {
      expect(run(args)).toMatchObject({ status: 0, stderr: '' })
    }
    expect(run(['run', module, '--question', question]).stdout).toMatch(/^outcome +allow$/m)
    expect(run(['explain', module, '--question', question])).toMatchObject({ status: 0, stderr: '' })
  })

  it('serves the example of a configuration once the account is filled in, answers, and stops', async () => {
    const text = readFileSync(join(folder, 'portcullis.example.json'), 'utf8')
    const config = join(folder, 'portcullis.json')
    writeFileSync(config, text.replace('/run/portcullis/endpoint', 'endpoint'))
    const refused = run(['serve', '--config', config])
    expect(refused.status).toBe(2)
    expect(refused.stderr).toMatch(
      /at \/tenants\/0\/applications\/0\/account: must be: Account of the application pool/,
    )

    const whole = JSON.parse(
      text.replace('/run/portcullis/endpoint', 'endpoint').replace('REPLACE-BY-uid:NUMBER', ownAccount()),
    )
    writeFileSync(config, JSON.stringify({ ...whole, admin: { listen: '127.0.0.1:0' } }))
    const host = spawn(command, ['serve', '--config', config], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise((resolve) => host.on('exit', resolve))
    const seen = new Map<string, { address?: string }>()
    for await (const line of createInterface(host.stdout)) {
      const entry = JSON.parse(line)
      seen.set(entry.event, entry)
      if (seen.has('serving') && seen.has('api-listening')) break
    }
    const user = 'S-1-5-21-1004336348-1177238915-682003330-1105'
    const group = 'S-1-5-21-1004336348-1177238915-682003330-1602'
    const question = ['--application', 'wsman/contoso', '--kind', 'user', '--sender', 'CONTOSO\\hugo']
    const asked = run(['ask', '--config', config, ...question, '--user-sid', user, '--group', group])
    expect(asked).toMatchObject({ status: 0, stderr: '' })
    expect(asked.stdout).toMatch(/^outcome +allow$/m)
    expect(run(['quarantine', '--config', config])).toMatchObject({
      status: 0,
      stdout: 'nothing is quarantined\n',
    })
    expect(run(['metrics', '--config', config]).stdout).toMatch(
      /^portcullis_decisions_total\{tenant="contoso",outcome="allow"\} 1$/m,
    )
    expect(run(['decisions', '--config', config]).stdout).toMatch(
      / {2}contoso {2}allow 0 {2}CONTOSO.hugo {2}/,
    )
    const token = join(elsewhere, 'token')
    const made = ['--name', 'ci', '--role', 'operator', '--output', token, '--config', config]
    expect(run(['token', 'create', ...made])).toMatchObject({ status: 0, stderr: '' })
    const server = ['--server', `http://${seen.get('api-listening')?.address}`, '--token-file', token]
    expect(run(['status', ...server, '--json']).stdout).toMatch(/"state":"running"/)
    expect(run(['stop', '--config', config]).status).toBe(0)
    expect(await ended).toBe(0)
  })
})

describe('the command of the release for Linux', () => {
  it('passes arguments and exit code on unchanged', () => {
    const copy = join(parent, 'copy')
    mkdirSync(join(copy, 'host/cli'), { recursive: true })
    cpSync(command, join(copy, 'portcullis'))
    const program = 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7\n'
    writeFileSync(join(copy, 'host/cli/start.js'), program)
    const args = ['a b', '', '*', '$HOME', '"', "'", '\\', '--', '-x', 'ü', 'end\n']
    const { status, stdout } = run(args, {}, join(copy, 'portcullis'))
    expect([status, JSON.parse(stdout)]).toEqual([7, args])
  })

  it('says what to install where Node is missing', () => {
    const bare = join(parent, 'bare')
    mkdirSync(bare)
    for (const tool of ['dirname', 'readlink']) symlinkSync(join('/usr/bin', tool), join(bare, tool))
    const { status, stderr } = run(['--version'], { PATH: bare })
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/no "node" on PATH; install an LTS release of Node/),
    ])
  })

  it('takes the Node that PORTCULLIS_NODE names, and says so if that is none', () => {
    expect(run(['--version'], { PATH: '/usr/bin:/bin', PORTCULLIS_NODE: process.execPath }).status).toBe(0)
    const { status, stderr } = run(['--version'], { PORTCULLIS_NODE: '/no/node' })
    expect([status, stderr]).toEqual([2, 'portcullis: PORTCULLIS_NODE names /no/node, which is no program\n'])
  })

  it.each([
    ['20.18.3', 'x64', 2],
    ['18.20.8', 'x64', 2],
    ['22.0.0', 'ia32', 2],
    ['20.19.0', 'x64', 0],
    ['24.1.0', 'x64', 0],
  ])('run by Node %s for %s ends with status %i', (node, arch, status) => {
    const preload = `for (const [name, value] of [['versions', { ...process.versions, node: '${node}' }], ['arch', '${arch}']])
      Object.defineProperty(process, name, { value })`
    const url = `data:text/javascript,${encodeURIComponent(preload)}`
    const said = run(['--import', url, join(folder, 'host/cli/start.js'), '--version'], {}, process.execPath)
    expect(said.status).toBe(status)
    if (status !== 0)
      expect(said.stderr).toMatch(`is Node ${node} for ${arch}; install an LTS release of Node, 20.19`)
  })

  it('says of an incomplete installation to unpack it again', () => {
    const broken = join(parent, 'broken')
    cpSync(folder, broken, { recursive: true })
    for (const part of ['sdk', 'bin', 'policies']) rmSync(join(broken, part), { recursive: true })
    const said = (...args: string[]) => run(args, {}, join(broken, 'portcullis')).stderr
    const cure = /the installation is incomplete; unpack it again/
    expect(said('new', 'broken-project')).toMatch(cure)
    expect(said('demo')).toMatch(cure)
    expect(said('check', join(folder, 'policies/role-by-group.wasm'))).toMatch(cure)
    expect(run(['--version'], {}, join(broken, 'portcullis')).status).toBe(0)
  })
})
