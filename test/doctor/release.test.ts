// `portcullis doctor` of an unpacked release to which something has happened since.

import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Check, State } from '../../host/cli/doctor/finding.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import { type Examined, examined, statesOf } from '../support/doctor.ts'
import { emptyFolder, unpackLinux } from '../support/release.ts'

const parent = emptyFolder('a release')
let folder: string
let config: string

const inRelease = (name: string) => join(folder, ...name.split('/'))
const kept = (name: string) => join(parent, 'kept', name.replaceAll('/', '_'))

function doctor(): Examined {
  const command = [join(folder, 'portcullis'), 'doctor', '--config', config, '--json'] as const
  return examined(spawnSync(command[0], command.slice(1), { cwd: parent, encoding: 'utf8' }))
}

beforeAll(() => {
  folder = unpackLinux(parent)
  mkdirSync(join(parent, 'kept'))
  config = join(parent, 'portcullis.json')
  const applications = [{ account: ownAccount(), application: 'wsman/a' }]
  const tenants = [{ name: 'a', applications, policy: inRelease('policies/read-only-auditor.wasm') }]
  const endpoint = join(parent, 'endpoint')
  writeFileSync(config, JSON.stringify({ endpoint, evaluators: 1, tenants }))
  writeFileSync(inRelease('plugin/portcullis.settings'), `endpoint = ${endpoint}\nowner = ${ownAccount()}\n`)
})

afterAll(() => rmSync(dirname(parent), { recursive: true, force: true }))

/** Without a host; that is the subject of doctor.test.ts. */
const right: Partial<Record<Check, State>> = {
  installation: 'ok',
  configuration: 'ok',
  settings: 'ok',
  rights: 'ok',
  service: 'skipped',
  host: 'problem',
  'plug-ins': 'skipped',
  question: 'ok',
}

/** What happened to which file, and what is said of it. */
const changes: readonly [string, string, (path: string) => void, string, Partial<Record<Check, State>>][] = [
  [
    'a file has changed',
    'host/cli/start.js',
    (path) => appendFileSync(path, '// and more\n'),
    'not as released: host/cli/start.js',
    {},
  ],
  [
    'a file that no command needs is missing',
    'docs/README.md',
    (path) => rmSync(path),
    'missing: docs/README.md',
    {},
  ],
  [
    'the plug-in is missing',
    'plugin/libportcullis.so',
    (path) => rmSync(path),
    'missing: plugin/libportcullis.so',
    { settings: 'problem', question: 'skipped' },
  ],
  [
    "the evaluators' library is missing",
    'bin/libportcullis_io.so',
    (path) => rmSync(path),
    'missing: bin/libportcullis_io.so',
    { question: 'skipped' },
  ],
  [
    "the evaluators' library is cut off",
    'bin/libportcullis_io.so',
    (path) => writeFileSync(path, readFileSync(path).subarray(0, 1000)),
    'not as released: bin/libportcullis_io.so',
    { question: 'problem' },
  ],
  [
    "the evaluators' program is missing",
    'host/evaluator/main.js',
    (path) => rmSync(path),
    'missing: host/evaluator/main.js',
    { question: 'skipped' },
  ],
  [
    'a line of SHA256SUMS is none',
    'SHA256SUMS',
    (path) => writeFileSync(path, readFileSync(path, 'utf8').replace(/^.{64} {2}/, 'zz  ')),
    'lines of SHA256SUMS that are none: 1',
    {},
  ],
  [
    'SHA256SUMS breaks off',
    'SHA256SUMS',
    (path) => writeFileSync(path, readFileSync(path, 'utf8').slice(0, 30)),
    'lines of SHA256SUMS that are none: 1',
    {},
  ],
  [
    'SHA256SUMS is empty',
    'SHA256SUMS',
    (path) => writeFileSync(path, ''),
    'not named in SHA256SUMS: plugin/libportcullis.so, bin/libportcullis_io.so',
    {},
  ],
  ['SHA256SUMS is missing', 'SHA256SUMS', (path) => rmSync(path), '/SHA256SUMS', {}],
]

describe('the doctor of a release', () => {
  it('finds every file as released', () => {
    const said = doctor()
    expect(statesOf(said)).toMatchObject(right)
    const { what } = said.findings.find(({ check }) => check === 'installation') ?? {}
    expect(what).toMatch(/^\d+\.\d+\.\d+: all \d{3,} files are as released$/)
  })

  it.each(changes)('says so if %s', (_, name, change, what, also) => {
    copyFileSync(inRelease(name), kept(name))
    change(inRelease(name))
    const said = doctor()
    rmSync(inRelease(name), { force: true })
    renameSync(kept(name), inRelease(name))
    expect([said.status, statesOf(said)]).toMatchObject([1, { ...right, installation: 'problem', ...also }])
    const findings = said.findings.filter(({ check }) => check === 'installation')
    expect(findings.map((finding) => finding.what).join('\n')).toContain(what)
    expect(findings[0]?.cure).toMatch(/unpack/)
  })
})
