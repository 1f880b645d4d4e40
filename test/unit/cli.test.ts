// The command line as a stranger meets it: exit codes, and messages that say what is wrong and what to do.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { runProgram } from '../support/command.ts'
import { configOf } from '../support/testbed.ts'
import { policyModule } from '../support/wasm.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-cli-'))
  writeFileSync(join(folder, 'good.json'), JSON.stringify(configOf([{ name: 'a', policy: 'slow' }])))
  writeFileSync(join(folder, 'broken.json'), '{\n  "endpoint": "e",\n}')
  writeFileSync(join(folder, 'text.wasm'), 'hello')
  const config = configOf([{ name: 'a', policy: 'slow' }]) as { tenants: { policy: string }[] }
  for (const tenant of config.tenants) tenant.policy = 'text.wasm'
  writeFileSync(join(folder, 'no-policy.json'), JSON.stringify(config))
})

afterAll(() => rmSync(folder, { recursive: true }))

const run = (...args: string[]) => runProgram('main', folder, ...args)

const ask = ['ask', '--config', 'good.json', '--application', 'wsman/a']
const alice = ['--sender', 'A\\alice', '--user-sid', 'S-1-5-18']

describe('wrong usage ends with status 2 and says what to do', () => {
  it.each<[string, string[], RegExp]>([
    ['an unknown command', ['frob'], /unknown command 'frob'/],
    ['no configuration', ['serve'], /required option '--config <file>'/],
    [
      'an unknown level',
      ['serve', '--config', 'good.json', '--log-level', 'loud'],
      /Allowed choices are trace, debug/,
    ],
    [
      'a configuration that is missing',
      ['serve', '--config', 'gone.json'],
      /gone\.json is not there \[ERR_CONFIG_UNREADABLE\]/,
    ],
    [
      'a configuration that is no JSON',
      ['serve', '--config', 'broken.json'],
      /broken\.json, line 3, column 1/,
    ],
    ['no kind of question', [...ask, ...alice], /required property 'kind'/],
    ['no sender', [...ask, '--kind', 'user'], /senderName is missing; give it in the file, or --sender/],
    ['no action', [...ask, '--kind', 'operation', ...alice], /action is missing; .* --action/],
    [
      'a SID that is none',
      [...ask, '--kind', 'user', '--sender', 'a', '--user-sid', 'S-2'],
      /at \/userSid: must be: A SID/,
    ],
  ])('%s', (_, args, message) => {
    const { status, stdout, stderr } = run(...args)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/ at .*\.js:\d+/) // no stack trace
    expect([status, stdout]).toEqual([2, ''])
  })
})

describe('a policy that cannot be loaded', () => {
  it('ends serve with the place in the configuration and the file', () => {
    const { stderr, status } = run('serve', '--config', 'no-policy.json')
    expect(stderr).toMatch(
      /at \/tenants\/0\/policy \(.*text\.wasm\): .* \[ERR_MODULE_MALFORMED\] \[ERR_CONFIG_POLICY\]/,
    )
    expect(status).toBe(2)
  })
})

describe('a policy whose names are as long and ugly as can be', () => {
  it('is refused for what it is, in as many words as fit', () => {
    const name = '\u0001'.repeat(100)
    writeFileSync(
      join(folder, 'text.wasm'),
      policyModule({ imports: [{ module: name, name, kind: 'function' }] }),
    )
    const { stderr, status } = run('serve', '--config', 'no-policy.json')
    expect(stderr).toMatch(/\[ERR_MODULE_IMPORT\] \[ERR_CONFIG_POLICY\]/)
    expect(status).toBe(2)
  })
})

describe('ask without a host', () => {
  it('prints no answer, hints at why, and ends with status 1', () => {
    const { status, stdout, stderr } = run(...ask, '--kind', 'user', ...alice, '--json')
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'no-answer', code: 5, quota: null })
    expect(stderr).toMatch(/^hint: no host serves .*endpoint/)
    expect(status).toBe(1)
  })
})
