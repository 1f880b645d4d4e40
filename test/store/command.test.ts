// `portcullis store` as its caller meets it: the built program on a real disk, beside a store that is in use.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { digestOf } from '../../host/store/blobs.ts'
import { Store } from '../../host/store/store.ts'
import { runProgram } from '../support/command.ts'
import { refusal } from '../support/refusal.ts'
import { configOf } from '../support/testbed.ts'

const by = { who: 'uid:1000' }
const contoso = { tenant: 'contoso' }

let folder: string
let store: Store

const run = (...args: string[]) => runProgram('main', folder, 'store', ...args)
const path = (...names: string[]) => join(folder, ...names)
const journal = () => path('versions', 'tenants', 't-contoso', 'journal.jsonl')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-store-'))
  const tenants = [{ name: 'a', policy: 'slow' }]
  writeFileSync(path('host.json'), JSON.stringify(configOf(tenants, { store: 'versions' })))
  writeFileSync(path('other.json'), JSON.stringify(configOf(tenants, { store: 'other' })))
  writeFileSync(path('none.json'), JSON.stringify(configOf(tenants)))
  store = Store.open(path('versions'))
  for (const text of ['first', 'second']) store.upload(contoso, { module: Buffer.from(text) }, by, 1)
})

afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

describe('verify', () => {
  it('says of a store in use what it has, and that it is sound', () => {
    const { status, stdout, stderr } = run('verify', '--config', 'host.json')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.split('\n')).toEqual([
      `${path('versions')}: 1 subject, 2 versions, 2 entries, 2 blobs of 11 bytes`,
      'everything is as it was stored',
      '',
    ])
  })

  it('says where a problem is and what to do, to people and to programs', () => {
    const blob = path('versions', 'tenants', 't-contoso', 'blobs', digestOf(Buffer.from('first')))
    writeFileSync(blob, 'farst')
    const { status, stdout } = run('verify', '--config', 'host.json')
    expect(status).toBe(1)
    expect(stdout).toContain(
      `problem: ${blob}\n  its 5 bytes are not those of its name (of version 1) [ERR_STORE_DIGEST]\n  upload the version again`,
    )
    expect(stdout).toMatch(/\n1 problem\n$/)
    writeFileSync(journal(), readFileSync(journal(), 'utf8').replace('"number":2', '"number":3'))
    const json = run('verify', '--config', 'host.json', '--json')
    expect(json.status).toBe(1)
    const said = JSON.parse(json.stdout)
    expect(said).toMatchObject({ store: path('versions'), notes: [] })
    expect(said.problems).toEqual([
      {
        code: 'ERR_STORE_DAMAGED',
        file: journal(),
        line: 2,
        what: 'it is not the line that was written there',
        toDo: expect.stringContaining('portcullis store restore'),
      },
      // No line of this journal is believed any more; its blobs still have their digests for names.
      {
        code: 'ERR_STORE_DIGEST',
        file: blob,
        what: 'its 5 bytes are not those of its name',
        toDo: expect.stringContaining('upload the version again'),
      },
    ])
  })

  it.each([
    ['a configuration without a store', 'none.json', /it names no store.*\[ERR_CONFIG_VALUE\]/],
    ['a store that is not there', 'other.json', /other is not there.*\[ERR_STORE_FOLDER\]/],
    ['a configuration that is missing', 'gone.json', /\[ERR_CONFIG_UNREADABLE\]/],
  ])('ends with status 2 for %s', (_, config, message) => {
    const { status, stdout, stderr } = run('verify', '--config', config)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  })
})

describe('backup and restore', () => {
  it('copy a store in use, and put it in the place of another', () => {
    const backup = run('backup', 'copy', '--config', 'host.json')
    expect([backup.status, backup.stderr]).toEqual([0, ''])
    expect(backup.stdout).toContain(`${path('copy')}: 1 subject, 2 versions, 2 entries, 2 blobs of 11 bytes`)
    const before = store.versions(contoso)
    const restore = run('restore', 'copy', '--config', 'other.json', '--json')
    expect([restore.status, restore.stderr]).toEqual([0, ''])
    expect(JSON.parse(restore.stdout)).toMatchObject({
      store: path('other'),
      backup: path('copy'),
      versions: 2,
      problems: [],
    })
    const other = Store.open(path('other'))
    expect(other.versions(contoso)).toEqual(before)
    expect(other.readModule(contoso, 2).toString()).toBe('second')
    other.close()
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([])
  })

  it.runIf(process.platform !== 'win32')('keep everybody else out', () => {
    run('backup', 'copy', '--config', 'host.json')
    for (const top of ['versions', 'copy']) {
      for (const name of ['.', ...readdirSync(path(top), { recursive: true, encoding: 'utf8' })]) {
        const stat = statSync(path(top, name))
        expect([name, (stat.mode & 0o7777).toString(8)]).toEqual([name, stat.isDirectory() ? '700' : '600'])
      }
    }
  })

  it('are refused where something is already, with status 2', () => {
    mkdirSync(path('copy'))
    const backup = run('backup', 'copy', '--config', 'host.json')
    expect([backup.status, backup.stderr]).toEqual([2, expect.stringContaining('copy is there already')])
    rmSync(path('copy'), { recursive: true })
    expect(run('backup', 'copy', '--config', 'host.json').status).toBe(0)
    const restore = run('restore', 'copy', '--config', 'host.json')
    expect([restore.status, restore.stderr]).toEqual([2, expect.stringContaining('versions is not empty')])
  })

  it('do not touch an empty store that a host has open', () => {
    run('backup', 'copy', '--config', 'host.json')
    const other = Store.open(path('other'))
    const { status, stderr } = run('restore', 'copy', '--config', 'other.json')
    expect([status, stderr]).toEqual([1, expect.stringContaining('[ERR_FILE_LOCKED]')])
    other.close()
    expect(run('restore', 'copy', '--config', 'other.json').status).toBe(0)
  })

  it('refuse a backup that somebody changed', () => {
    run('backup', 'copy', '--config', 'host.json')
    writeFileSync(path('copy', 'tenants', 't-contoso', 'blobs', digestOf(Buffer.from('first'))), 'farst')
    const { status, stderr } = run('restore', 'copy', '--config', 'other.json')
    expect([status, stderr]).toEqual([1, expect.stringContaining('of version 1')])
    expect(readdirSync(folder)).not.toContain('other')
  })
})

describe('the store of a process', () => {
  it('is locked for every other', () => {
    expect(refusal(() => Store.open(path('versions')))).toMatchObject({
      code: 'ERR_FILE_LOCKED',
      detail: path('versions', 'lock'),
    })
  })

  it('says in its help what each status means', () => {
    for (const command of ['verify', 'backup', 'restore']) {
      const { status, stdout } = run(command, '--help')
      expect([status, stdout]).toEqual([0, expect.stringMatching(/Status 0: .*1: .*2: /s)])
    }
  })
})
