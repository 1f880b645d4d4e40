// `portcullis replay` and `portcullis diff` as their callers meet them: statuses, what people read, what programs read.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { decisionsPath } from '../../host/replay/recording-format.ts'
import { runProgram } from '../support/command.ts'
import { policyPath } from '../support/testbed.ts'
import { RecordingHost } from './recorded.ts'

let folder: string
let one: string
let two: string
const run = (...args: string[]) => runProgram('main', folder, ...args)

const helpdesk = 'S-1-5-21-1004336348-1177238915-682003330-1602'
const staff = 'S-1-5-21-1004336348-1177238915-682003330-1610'
const auditors = 'S-1-5-21-2857422465-1465058494-1690550294-1105'
const hugo = {
  senderName: 'CONTOSO\\hugo',
  authenticationMechanism: 'Negotiate',
  userSid: 'S-1-5-21-1004336348-1177238915-682003330-1105',
  groupSids: [helpdesk, staff],
}
const aki = { ...hugo, senderName: 'CONTOSO\\aki', groupSids: [auditors] }
const get = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get'
const service = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service'
const roles = policyPath('examples/role-by-group')
const auditor = policyPath('examples/read-only-auditor')
const guardModule = policyPath('examples/provider-guard')

function recording(names: readonly string[]): string {
  const host = new RecordingHost(
    names.map((name) => ({ name, policy: 'examples/role-by-group' })),
    { policy: 'examples/provider-guard' },
  )
  for (const name of names) {
    host.ask(name, { kind: 'user', ...hugo })
    host.ask(name, { kind: 'user', ...aki })
    host.ask(name, { kind: 'operation', operation: 1, action: get, resourceUri: service, ...hugo })
    host.ask(name, { kind: 'quota', ...hugo })
  }
  host.recorder.close()
  return host.folder
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-analysis-'))
  one = recording(['contoso'])
  two = recording(['contoso', 'fabrikam'])
  const principals = [hugo, aki].map((who) => JSON.stringify({ application: 'wsman/contoso', ...who }))
  writeFileSync(join(folder, 'people.jsonl'), `${principals.join('\n')}\n`)
  writeFileSync(join(folder, 'things.jsonl'), `${JSON.stringify({ resourceUri: service, actions: [get] })}\n`)
  writeFileSync(join(folder, 'text.wasm'), 'hello')
  writeFileSync(join(folder, 'settings.json'), '{"a": ["b"]}')
})

afterAll(() => {
  for (const path of [folder, one, two]) rmSync(path, { recursive: true })
})

describe('portcullis replay', () => {
  it('says that all is equal, with status 0', () => {
    const { status, stdout, stderr } = run('replay', one)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/equal, fuel included +4\n/)
    expect(run('replay', decisionsPath(one, 1)).status).toBe(0)
  })

  it('shows what another module changes: who, what, before and after', () => {
    const { status, stdout } = run('replay', one, '--with', auditor)
    expect(status).toBe(0)
    expect(stdout).toMatch(/newly allowed +1\n/)
    expect(stdout).toMatch(/newly denied +2\n/)
    expect(stdout).toMatch(/quota changed +1\n/)
    expect(stdout).toContain(`contoso: CONTOSO\\hugo (${hugo.userSid}): ${get} on ${service}`)
    expect(stdout).toMatch(/was {2}allow.*\n +now {2}deny "only auditors come in here"/)
    expect(stdout).toMatch(/fuel: changed in 4 decisions; median [+-]\d+/)
  })

  it('prints the same for programs', () => {
    const { status, stdout } = run('replay', one, '--with', auditor, '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      decisions: 4,
      replayed: 4,
      changes: { allowed: { count: 1 }, denied: { count: 2 }, quota: { count: 1 }, reason: { count: 0 } },
      fuel: { decisions: 4, changed: 4 },
    })
  })

  it('asks another guard in place of the recorded one', () => {
    expect(run('replay', two, '--guard', '--with', guardModule).stdout).toMatch(/equal, fuel included +8\n/)
    const { status, stdout } = run('replay', two, '--guard', '--with', auditor)
    expect(status).toBe(0)
    expect(stdout).toMatch(/was {2}allow.*\n +now {2}deny by the guard "only auditors/)
  })

  it('asks it for the tenant that is named, if there are several', () => {
    const { status, stdout } = run('replay', two, '--tenant', 'fabrikam', '--with', roles)
    expect(status).toBe(0)
    expect(stdout).toMatch(/equal, fuel included +4\n/)
    expect(stdout).toMatch(/of other tenants +4\n/)
  })

  it('says that an answer is another one, with status 1', () => {
    const file = decisionsPath(one, 1)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('"outcome":"allow"', '"outcome":"deny"'))
    const { status, stdout } = run('replay', one)
    writeFileSync(file, text)
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /different: 1\n {2}contoso: CONTOSO\\hugo .*: logs on\n +was {2}deny\n +now {2}allow\n/,
    )
  })

  it.each<[string, () => string[], RegExp]>([
    ['no file', () => [join(folder, 'gone')], /gone is not there \[ERR_RECORDING_FILE\]/],
    ['a folder without a recording', () => [folder], /has no files such as/],
    ['something else', () => [join(folder, 'settings.json')], /settings\.json: there is no decision in it/],
    ['several tenants', () => [two, '--with', roles], /say with --tenant whose policy/],
    [
      'a tenant that is not there',
      () => [two, '--tenant', 'adatum', '--with', roles],
      /no decision of tenant "adatum"/,
    ],
    ['no module', () => [one, '--with', 'gone.wasm'], /gone\.wasm is not there/],
    [
      'a module that is none',
      () => [one, '--with', 'text.wasm'],
      /the new module is refused.*ERR_MODULE_MALFORMED/,
    ],
    [
      'settings that the module does not take',
      () => [one, '--with', policyPath('examples/wat-operators'), '--settings', 'settings.json'],
      /the new module is refused.*has settings/,
    ],
    ['a tenant without a module', () => [one, '--tenant', 'contoso'], /option '--tenant' needs '--with/],
    ['both', () => [one, '--with', roles, '--guard', '--tenant', 'a'], /cannot be used with option/],
  ])('refuses %s with status 2', (_, args, message) => {
    const { status, stdout, stderr } = run('replay', ...args())
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })
})

describe('portcullis diff', () => {
  const files = ['--principals', 'people.jsonl', '--resources', 'things.jsonl']

  it('says in one sentence that there is no difference, with status 0', () => {
    const { status, stdout, stderr } = run('diff', roles, roles, ...files)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/No difference: A and B answer all 6 questions alike\.\n$/)
  })

  it('shows who may do what by one of them only, with status 1', () => {
    const { status, stdout } = run('diff', roles, auditor, ...files)
    expect(status).toBe(1)
    expect(stdout).toContain('asked as at 2026-01-01T12:00:00Z')
    expect(stdout).toContain(
      `  CONTOSO\\hugo (${hugo.userSid}): 2\n    logs on\n      A  allow\n      B  deny "only`,
    )
    expect(stdout).toContain(`    ${get} on ${service}\n`)
    expect(stdout).toMatch(
      /B allows 2 things that A denied, and denies 2 things that A allowed, of 6 questions\.\n$/,
    )
  })

  it('prints the same for programs', () => {
    const { status, stdout } = run('diff', roles, auditor, ...files, '--json')
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      time: '2026-01-01T12:00:00Z',
      points: 6,
      different: 6,
      changes: {
        allowed: { count: 2, principals: [{ principal: 1, senderName: aki.senderName, count: 2 }] },
        denied: {
          count: 2,
          principals: [{ principal: 0, examples: [{ kind: 'user' }, { kind: 'operation' }] }],
        },
        quota: { count: 2 },
      },
    })
  })

  it('asks at the time that is given', () => {
    const hours = policyPath('examples/working-hours')
    const at = (time: string) => run('diff', hours, roles, ...files, '--time', time, '--json').stdout
    expect(JSON.parse(at('2026-01-31T03:00:00Z')).changes).not.toEqual(
      JSON.parse(at('2026-01-28T10:00:00Z')).changes,
    )
  })

  it.each<[string, () => string[], RegExp]>([
    ['no principals', () => [roles, roles, '--principals', 'gone', ...files.slice(2)], /gone is not there/],
    [
      'an empty file',
      () => [roles, roles, '--principals', 'empty', ...files.slice(2)],
      /empty\n {2}it has no lines/,
    ],
    [
      'wrong lines, all at once',
      () => [roles, roles, '--principals', 'wrong', ...files.slice(2)],
      /wrong\n {2}line 1[\s\S]*"kind" is not a known member[\s\S]*line 3, column \d+[\s\S]*line 4[\s\S]*a number in it/,
    ],
    ['a time that is none', () => [roles, roles, ...files, '--time', 'now'], /"now" is no time/],
    [
      'a module that is none',
      () => [roles, 'text.wasm', ...files],
      /text\.wasm is refused.*ERR_MODULE_MALFORMED/,
    ],
    ['no files', () => [roles, roles], /required option '--principals/],
  ])('refuses %s with status 2', (_, args, message) => {
    const good = JSON.stringify({ application: 'a', ...hugo })
    const wrong = [
      JSON.stringify({ application: 'a', senderName: 'b', kind: 'user' }),
      good,
      '{"application": ',
      JSON.stringify({ application: 'a', senderName: 'b', userSid: 'S-1-5-99999999999' }),
    ]
    writeFileSync(join(folder, 'wrong'), wrong.join('\n'))
    writeFileSync(join(folder, 'empty'), '')
    const { status, stdout, stderr } = run('diff', ...args())
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })
})
