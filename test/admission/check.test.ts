// `portcullis check` as a policy's author meets it: a verdict, the figures that matter, and exit codes that a
// script can rely on.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { root } from '../../host/paths.ts'
import { runProgram } from '../support/command.ts'
import { policyPath } from '../support/testbed.ts'
import { policyModule } from '../support/wasm.ts'

const example = policyPath('examples/role-by-group')
const vectors = join(root, 'policies', 'examples', 'role-by-group', 'vectors.jsonl')
const question = { kind: 'user', application: 'a', senderName: 'list admins' }

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-check-'))
  const deny = { question, expect: { outcome: 'deny', reason: 'ada' } }
  const exports = { 'evil\u001b[2J': { kind: 'function', index: 0 } } as const
  const files: Record<string, string | Uint8Array> = {
    'any.wasm': policyModule(),
    'evil.wasm': policyModule({ exports }),
    'text.wasm': 'hello',
    'deny.jsonl': JSON.stringify(deny),
    'many.jsonl': Array(30).fill(JSON.stringify(deny)).join('\n'),
    'wrong.jsonl': '{}\n{"question": 1, "expect": {"outcome": "maybe"}}',
    'question.json': JSON.stringify(question),
    'settings.json': JSON.stringify({ admins: ['ada'] }),
    'no-settings.json': '{"a": 1}',
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
})

afterAll(() => rmSync(folder, { recursive: true }))

const check = (...args: string[]) => runProgram('main', folder, 'check', ...args)

const checkJson = (...args: string[]) => {
  const { status, stdout, stderr } = check(...args, '--json')
  return { status, stderr, result: JSON.parse(stdout) }
}

describe('check of a module that is admitted', () => {
  it('says so, and what it takes', () => {
    const { status, stdout, stderr } = check(example, '--vectors', vectors)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^admitted: it starts, and meets all 27 vectors\n/)
    expect(stdout).toMatch(/^ {2}module +[\d,]+ bytes \([\d,]+ metered\), .* with queryQuota$/m)
    expect(stdout).toMatch(/^ {2}memory +1 to 16 pages, 1 used; a call starts from [\d,]+ bytes$/m)
    expect(stdout).toMatch(/^ {2}decision +least \d+, median [\d,]+, most [\d,]+ of 1,000,000 fuel \(/m)
    expect(stdout).not.toMatch(/warning|unmet/)
  })

  it('says that nothing was asked if there are no vectors', () => {
    expect(check('any.wasm').stdout).toMatch(/^admitted: it starts; no vectors were asked of it\n/)
  })

  it('prints all of it as JSON', () => {
    const { status, stderr, result } = checkJson(example, '--vectors', vectors)
    expect([status, stderr]).toEqual([0, ''])
    expect(result).toMatchObject({
      admitted: true,
      errors: [],
      report: { memoryPages: { minimum: 1, maximum: 16, used: 1 }, queryQuota: true, vectors: { count: 27 } },
    })
    expect(result.report.bytes).toBe(readFileSync(example).length)
  })

  it('uses the settings, and as much fuel as run', () => {
    const settings = ['--settings', 'settings.json']
    const { result } = checkJson(policyPath('settings'), '--vectors', 'deny.jsonl', ...settings)
    const ran = runProgram(
      'main',
      folder,
      'run',
      policyPath('settings'),
      '--question',
      'question.json',
      '--json',
      ...settings,
    )
    const { fuelUsed } = JSON.parse(ran.stdout)
    expect(result.report.vectors).toEqual({
      count: 1,
      failed: 0,
      fuel: { least: fuelUsed, median: fuelUsed, most: fuelUsed, mostVector: 'line 1' },
    })
  })

  it('shows what a module chose as what it is', () => {
    const { stdout } = check('evil.wasm')
    expect(stdout).toContain('evil\\u001b[2J [WARN_EXPORTS_DROPPED]')
    expect(stdout).not.toContain('\u001b')
  })
})

describe('check of a module that is refused ends with status 1 and', () => {
  it('says why and where', () => {
    const { status, result } = checkJson('text.wasm')
    expect([status, result]).toEqual([
      1,
      {
        admitted: false,
        errors: [{ code: 'ERR_MODULE_MALFORMED', message: expect.any(String), offset: 0 }],
        report: null,
      },
    ])
    expect(check('text.wasm').stdout).toMatch(/^refused: .*\(byte 0\) \[ERR_MODULE_MALFORMED\]\n$/)
  })

  it('lists the vectors that are not met', () => {
    const { status, stdout } = check('any.wasm', '--vectors', 'many.jsonl')
    expect(status).toBe(1)
    expect(stdout).toMatch(/^refused: 30 of 30 vectors are not met \[ERR_ADMISSION_VECTOR\]\n/)
    expect(stdout).toMatch(/^ {2}unmet +line 1: expected \{.*\}, came \{"outcome":"allow"\}$/m)
    expect(stdout).toMatch(/^ {2}unmet +and 10 more$/m)
  })

  it('shows what is known of one that does not take its settings', () => {
    const { status, stdout } = check('any.wasm', '--settings', 'settings.json')
    expect(status).toBe(1)
    expect(stdout).toMatch(/^refused: .*portcullis_settings_v1" \[ERR_MODULE_EXPORT\]\n {2}module /)
  })
})

describe('a mistake of the caller ends check with status 2:', () => {
  it.each<[string, string[], RegExp]>([
    ['no module', ['gone.wasm'], /gone\.wasm is not there; .* \[ERR_MODULE_UNREADABLE\]/],
    ['no vectors', ['any.wasm', '--vectors', 'gone.jsonl'], /gone\.jsonl is not there \[ERR_VECTORS_FILE\]/],
    [
      'wrong vectors',
      ['any.wasm', '--vectors', 'wrong.jsonl'],
      /wrong\.jsonl\n {2}line 1\n {4}at the top: must have required property 'question'.*line 2\n/s,
    ],
    [
      'wrong settings',
      ['any.wasm', '--settings', 'no-settings.json'],
      /at \/a: must be array \[ERR_SETTINGS_FILE\]/,
    ],
  ])('%s', (_, args, message) => {
    const { status, stdout, stderr } = check(...args)
    expect(stderr).toMatch(message)
    expect([status, stdout]).toEqual([2, ''])
  })
})
