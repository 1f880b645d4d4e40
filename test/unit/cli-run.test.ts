// `portcullis run` and `npm run rewrite` as a policy's author meets them: a decision with its fuel, or a message that says what
// is wrong.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { runProgram } from '../support/command.ts'
import { policyPath } from '../support/testbed.ts'
import { assemble, op, policyModule } from '../support/wasm.ts'

const user = { kind: 'user', application: 'wsman/contoso', senderName: 'ada' }
const operation = { ...user, kind: 'operation', action: 'a', resourceUri: 'r' }
const helpdesk = {
  ...user,
  userSid: 'S-1-5-21-1004336348-1177238915-682003330-1105',
  groupSids: ['S-1-5-21-1004336348-1177238915-682003330-1602'],
}

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-run-'))
  const files = {
    'user.json': user,
    'operation.json': operation,
    'quota.json': { ...helpdesk, kind: 'quota' },
    'endless.json': { ...user, senderName: 'endless' },
    'settings-question.json': { ...user, senderName: 'list admins' },
    'settings.json': { admins: ['ada', 'zoë'] },
    'first.json': { ...user, senderName: 'first nothing' },
    'no-sender.json': { kind: 'user', application: 'a' },
  }
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), JSON.stringify(content))
  writeFileSync(join(folder, 'any.wasm'), policyModule())
})

afterAll(() => rmSync(folder, { recursive: true }))

const run = (module: string, question: string, ...more: string[]) =>
  runProgram('main', folder, 'run', module, '--question', question, ...more)

const runJson = (module: string, question: string, ...more: string[]) => {
  const { status, stdout, stderr } = run(module, question, '--json', ...more)
  return { status, stderr, result: JSON.parse(stdout) as Record<string, unknown> }
}

describe('run', () => {
  it('allows with status 0', () => {
    const { status, result, stderr } = runJson('any.wasm', 'operation.json')
    expect([status, stderr]).toEqual([0, ''])
    expect(result).toEqual({
      outcome: 'allow',
      errorCode: 0,
      reason: null,
      administrator: false,
      quota: null,
      fuelUsed: expect.any(Number),
      error: null,
      detail: null,
    })
  })

  it('denies with status 1 and the reason', () => {
    const { status, result } = runJson(policyPath('examples/read-only-auditor'), 'user.json')
    expect(status).toBe(1)
    expect(result).toMatchObject({ outcome: 'no-answer', errorCode: 1359, error: 'ERR_POLICY_ABORT' })
    const denied = runJson(policyPath('settings'), 'first.json').result
    expect(denied).toMatchObject({ outcome: 'deny', errorCode: 5, reason: 'none', error: null })
  })

  it('gives the quota by its names', () => {
    const { status, result } = runJson(policyPath('examples/role-by-group'), 'quota.json')
    expect(status).toBe(0)
    const quota = {
      concurrentShells: 5,
      concurrentOperations: 20,
      timeslotSeconds: 60,
      operationsPerTimeslot: 200,
    }
    expect(result).toMatchObject({ outcome: 'allow', quota })
  })

  it('says out of fuel when that is it, and how much it was', () => {
    const { status, result } = runJson(policyPath('endless'), 'endless.json')
    expect(status).toBe(1)
    expect(result).toMatchObject({
      outcome: 'no-answer',
      errorCode: 1359,
      error: 'ERR_POLICY_FUEL',
      fuelUsed: 1_000_000,
    })
  })

  it('passes settings to the policy', () => {
    const { result } = runJson(
      policyPath('settings'),
      'settings-question.json',
      '--settings',
      'settings.json',
    )
    expect(result).toMatchObject({ outcome: 'deny', reason: 'ada|zoë' })
  })

  it('prints a line for each member without --json', () => {
    const { stdout } = run(policyPath('endless'), 'endless.json')
    expect(stdout).toMatch(/^outcome +no-answer\n/)
    expect(stdout).toMatch(/^fuelUsed +1000000$/m)
    expect(stdout).toMatch(/^reason +-$/m)
  })

  it.each<[string, string[], number, RegExp]>([
    ['no question', ['run', 'any.wasm'], 2, /required option '--question <file>'/],
    [
      'a question that is incomplete',
      ['run', 'any.wasm', '--question', 'no-sender.json'],
      2,
      /needs "senderName"/,
    ],
    [
      'a module that is not there',
      ['run', 'gone.wasm', '--question', 'user.json'],
      2,
      /ERR_MODULE_UNREADABLE/,
    ],
    ['a module that is refused', ['run', 'user.json', '--question', 'user.json'], 1, /ERR_MODULE_MALFORMED/],
    [
      'settings that are none',
      ['run', 'any.wasm', '--question', 'user.json', '--settings', 'user.json'],
      2,
      /at \/kind: must be array.*ERR_SETTINGS_FILE/s,
    ],
    [
      'settings for a policy that takes none',
      ['run', 'any.wasm', '--question', 'user.json', '--settings', 'settings.json'],
      1,
      /export a function named "portcullis_settings_v1" \[ERR_MODULE_EXPORT\]/,
    ],
  ])('with %s says so', (_, args, status, message) => {
    const ended = runProgram('main', folder, ...args)
    expect(ended.stderr).toMatch(message)
    expect([ended.status, ended.stdout]).toEqual([status, ''])
  })
})

describe('rewrite', () => {
  const rewrite = (...args: string[]) => runProgram('rewrite', folder, ...args)
  const exportsOf = (file: string) =>
    WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(join(folder, file)))).map(
      ({ name }) => name,
    )

  it('writes the metered policy, with the exports of the interface and its own', () => {
    expect(rewrite('any.wasm', 'out.wasm')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+ bytes, metered \d+; cost table \d+\n$/),
    })
    expect(exportsOf('out.wasm').sort()).toEqual([
      'authzOperation',
      'authzUser',
      'memory',
      'portcullis:fuel',
      'portcullis:stack',
      'portcullis_request_v1',
      'queryQuota',
    ])
  })

  it('takes any module, with whatever it imports and exports, if it is told so', () => {
    const imports = [
      { module: 'a', name: 'function', kind: 'function', params: [], results: [] },
      { module: 'a', name: 'memory', kind: 'memory' },
      { module: 'a', name: 'table', kind: 'table' },
      { module: 'a', name: 'global', kind: 'global' },
    ] as const
    const exports = { run: { kind: 'function', index: 1 } } as const
    const functions = [{ code: [...op.call(0)] }]
    writeFileSync(
      join(folder, 'test.wasm'),
      assemble({ imports: imports.map((one) => ({ ...one })) as never, functions, exports }),
    )
    expect(rewrite('test.wasm', 'out.wasm').stderr).toMatch(/ERR_MODULE_IMPORT/)
    expect(rewrite('test.wasm', 'out.wasm', '--any-imports').stderr).toMatch(/ERR_MODULE_MEMORY/)
    expect(rewrite('test.wasm', 'out.wasm', '--any-imports', '--any-exports').status).toBe(0)
    expect(exportsOf('out.wasm')).toEqual(['run', 'portcullis:fuel', 'portcullis:stack'])
    let calls = 0
    const a = {
      function: () => {
        calls++
      },
      memory: new WebAssembly.Memory({ initial: 1 }),
      table: new WebAssembly.Table({ element: 'anyfunc', initial: 1 }),
      global: 0,
    }
    const module = new WebAssembly.Module(readFileSync(join(folder, 'out.wasm')))
    ;(new WebAssembly.Instance(module, { a }).exports.run as () => void)()
    expect(calls).toBe(1)
  })

  it('refuses what a host would refuse, with status 1, and wrong usage with 2', () => {
    expect(rewrite('user.json', 'out.wasm').status).toBe(1)
    expect(rewrite('user.json').status).toBe(2)
  })
})
