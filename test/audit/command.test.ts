// `portcullis audit verify` as its caller meets it: the built program, beside a log that is in use and one that somebody changed.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { beforeEach, describe, expect, it } from 'vitest'

import type { Audit } from '../../host/audit/audit.ts'
import { filePath } from '../../host/audit/files.ts'
import { runProgram } from '../support/command.ts'
import { decisionRecord, newFolder, opened, Remembering, until } from './worlds.ts'

let folder: string
let log: string
let audit: Audit

const run = (...args: string[]) => runProgram('main', folder, 'audit', 'verify', ...args)

beforeEach(async () => {
  folder = newFolder()
  log = join(folder, 'log')
  audit = await opened({ folder: log }, new Remembering())
  for (let number = 1; number <= 1_200; number++) audit.decision(decisionRecord(number), 1)
  audit.gap({ cause: 'an evaluator ended', lost: 3, evaluator: 1 })
  audit.gap({ cause: 'an evaluator ended', lost: 'unknown' })
  await until(() => audit.status().lag === 0)
})

describe('verify', () => {
  it('says of a log in use what it has, and that it is sound', () => {
    const { head } = audit.status()
    const { status, stdout, stderr } = run('log', '--expect', `${head}@1204`)
    expect([status, stderr]).toEqual([0, ''])
    const lines = stdout.split('\n')
    expect(lines.map((line) => line.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'))).toEqual([
      `${log}: 1 file, 1,204 records, TIME to TIME`,
      '  opened: 1',
      '  started: 1',
      '  decision: 1,200',
      '  gap: 2',
      '2 gaps: 3 records are known to be lost, 3 of them decisions; 1 of unknown size',
      '  record 1203, TIME: 3 lost: an evaluator ended, evaluator 1',
      '  record 1204, TIME: of unknown size: an evaluator ended',
      `head: ${head}@1204`,
      'note: its last record is not that a host stopped: one is running, or ended without closing',
      'everything is as it was written',
      '',
    ])
  })

  it('says where a problem is and what to do, to people and to programs', () => {
    const path = filePath(log, 1)
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace('"sender":"CONTOSO\\\\user-7"', '"sender":"CONTOSO\\\\user-8"'),
    )
    const { status, stdout } = run('log')
    expect(status).toBe(1)
    expect(stdout).toContain(
      `problem: ${path}, line 9\n  it, or the line before it, is not what was written there [ERR_AUDIT_DAMAGED]\n  keep the folder`,
    )
    expect(stdout).toMatch(/\n1 problem\n$/)
    const json = run('log', '--json')
    expect(json.status).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({
      folder: log,
      files: 1,
      records: 1_203,
      types: { decision: 1_199 },
      gaps: { count: 2, lost: 3, unknown: 1 },
      head: audit.status().head,
      sequence: 1_204,
      problemCount: 1,
      problems: [{ code: 'ERR_AUDIT_DAMAGED', file: path, line: 9 }],
    })
  })

  it('finds an end that was cut off, by a head that was kept', async () => {
    await audit.close()
    const { head, sequence } = audit.status()
    const path = filePath(log, 1)
    const lines = readFileSync(path, 'utf8').split(/(?<=\n)/)
    expect(run('log', '--expect', head).status).toBe(0)
    // As a metric has it.
    const [start, other] = [head.slice(0, 12), `${head.startsWith('0') ? 1 : 0}${head.slice(1, 12)}`]
    expect(run('log', '--expect', `${start}@${sequence}`).status).toBe(0)
    expect(run('log', '--expect', `${start}@${sequence - 1}`).status).toBe(1)
    expect(run('log', '--expect', `${other}@${sequence}`).status).toBe(1)
    writeFileSync(path, lines.slice(0, -10).join(''))
    expect(run('log').status).toBe(0)
    const { status, stdout } = run('log', '--expect', `${head}@${sequence}`)
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining('the log ends with record 1195, and record 1205 was there'),
    ])
    rmSync(path)
  })

  it.each([
    ['a folder that is not there', ['nothing'], /nothing is not there \[ERR_AUDIT_OPEN\]/],
    ['a folder without a log', ['.'], /has no audit log in it \[ERR_AUDIT_OPEN\]/],
    ['a head that is none', ['log', '--expect', 'abc'], /It must be a head, as/],
    ['no folder at all', [], /missing required argument 'folder'/],
  ])('ends with status 2 for %s', (_, args, message) => {
    const { status, stdout, stderr } = run(...args)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  })

  it('says in its help what each status means', () => {
    expect(run('--help').stdout).toMatch(/Status 0: .*1: .*2: /s)
  })
})
