// What the supervisor gives to a recording, and what it keeps from it.

import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'

import type { DecisionRecord } from '../../host/control/messages.ts'
import { PortcullisError } from '../../host/errors.ts'
import { Recording } from '../../host/supervisor/recording.ts'
import { noTable, type Table } from '../../host/supervisor/table.ts'
import type { Tenant } from '../../host/tenant/config.ts'

let folder: string
let logged: string[]
let recording: Recording

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-test-'))
  logged = []
  recording = new Recording(pino({}, { write: (line: string) => void logged.push(line) }))
})

afterEach(() => {
  recording.close()
  rmSync(folder, { recursive: true, force: true })
})

const uploads: string[] = []
const digestOf = (text: string) => createHash('sha256').update(text).digest('hex')

/** With one tenant for each upload. */
function tableOf(generation: number, ...texts: string[]): Table {
  const upload = (text: string) => () => {
    if (text === 'gone') throw new PortcullisError('ERR_STORE_DIGEST', text)
    uploads.push(text)
    return Buffer.from(text)
  }
  const module = (text: string) => ({ bytes: Buffer.alloc(0), digest: '', upload: upload(text) })
  return {
    ...noTable,
    generation,
    modules: new Map(texts.map((text) => [digestOf(text), module(text)])),
    tenants: new Map(texts.map((text) => [text, { name: text, policy: digestOf(text) } as Tenant])),
  }
}

const decide = (table: Table, tenant: string) =>
  recording.decision(
    { tenant, policy: digestOf(tenant), generation: table.generation } as DecisionRecord,
    'AAAA',
    table,
  )

const decisions = (path: string) =>
  readdirSync(path)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(path, name), 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'decision')
    .map(({ record }) => record.generation)

it('asks for an upload when it is new, and not with every table', () => {
  recording.open(join(folder, 'one'))
  recording.next(tableOf(1, 'a', 'b'))
  recording.next(tableOf(2, 'a', 'c'))
  recording.next(tableOf(3, 'a', 'b'))
  expect(uploads).toEqual(['a', 'b', 'c', 'b'])
})

it('has no decision that was made by a table before it, whose uploads it does not have', () => {
  recording.open(join(folder, 'one'))
  const [before, now] = [tableOf(1, 'a'), tableOf(2, 'b')]
  recording.next(before)
  decide(before, 'a')
  recording.open(join(folder, 'two'))
  decide(before, 'a')
  recording.next(now)
  decide(before, 'a')
  decide(now, 'b')
  expect(decisions(join(folder, 'one'))).toEqual([1])
  expect(decisions(join(folder, 'two'))).toEqual([2])
  expect(logged).toEqual([])
})

it('that fails is said once, and leaves no file open', () => {
  const open = () => readdirSync('/proc/self/fd').length
  const before = process.platform === 'linux' ? open() : 0
  recording.open(join(folder, 'one'))
  const table = tableOf(1, 'a')
  recording.next(table)
  decide(table, 'a')
  recording.next(tableOf(2, 'a', 'gone'))
  decide(table, 'a')
  expect(logged.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'recording-failed', code: 'ERR_STORE_DIGEST' },
  ])
  if (process.platform === 'linux') expect(open()).toBe(before)
  expect(decisions(join(folder, 'one'))).toEqual([1])
})
