// The page about the audit log says what is in a log: every type of record with all of its members, and the bounds.

import { readFileSync } from 'node:fs'

import { expect, it } from 'vitest'

import { filePath } from '../../host/audit/files.ts'
import { type Members, type RecordType, recordTypes, textOf } from '../../host/audit/format.ts'
import { auditBacklogMax, auditReserve, auditTextUnitsMax, auditToldMax } from '../../host/limits.ts'
import { referencePage, tableRows } from '../support/reference-page.ts'
import { newFolder, opened, Remembering } from './worlds.ts'

const page = referencePage('audit')
const rows = tableRows(page).filter(([type = '']) => (recordTypes as readonly string[]).includes(type))

/** All members of each type; the compiler sees to it that none is missing. */
const members: { [Type in Exclude<RecordType, 'decision'>]: Required<Members[Type]> } = {
  opened: { format: 1, file: 1, previous: '' },
  started: { release: '', processId: 1 },
  stopped: { release: '', processId: 1 },
  act: {
    command: '',
    via: 'api',
    result: 'done',
    who: '',
    why: '',
    subject: 'guard',
    tenant: '',
    version: 1,
    policy: '',
    token: {},
    code: 'ERR_COMMAND',
    detail: '',
  },
  gap: { cause: '', lost: 1, evaluator: 1, types: {}, fromMs: 1, cutBytes: 1 },
  'plugin-denials': { account: '', application: '', tenant: '', processId: 1, denied: {} },
  'connection-refused': {
    account: '',
    application: '',
    tenant: '',
    processId: 1,
    pluginVersion: '',
    wireVersion: 1,
    error: 'ERR_COMMAND',
    offered: { lowest: 1, highest: 1 },
    denied: {},
  },
  quarantined: { tenant: '', policy: '', reason: '', id: '', phase: '', end: '' },
  removed: { firstFile: 1, lastFile: 1, lastSequence: 1, head: '' },
}

it('has every type of record, in order', () => {
  expect(rows.map(([type]) => type)).toEqual([...recordTypes])
})

it.each(Object.entries(members))('has all members of %s', (type, all) => {
  const [, documented = ''] = rows.find(([name]) => name === type) ?? []
  expect(documented.split(', ')).toEqual(Object.keys(all))
  expect(Object.keys(JSON.parse(textOf(type as 'opened', 1, all as Members['opened'])))).toEqual([
    'type',
    'timeMs',
    ...Object.keys(all),
  ])
})

it('has the bounds', () => {
  for (const bound of [auditBacklogMax, auditReserve, auditTextUnitsMax]) {
    expect(page).toContain(bound.toLocaleString('en-US'))
  }
  expect(page).toContain(`the first ${auditToldMax} in`)
})

it('has the members that acts are written with', async () => {
  const folder = newFolder()
  const audit = await opened({ folder }, new Remembering())
  audit.act(members.act)
  audit.pluginDenials(members['plugin-denials'])
  audit.connectionRefused({ accepted: false, ...members['connection-refused'] })
  await audit.close()
  const lines = readFileSync(filePath(folder, 1), 'utf8').trimEnd().split('\n')
  for (const line of lines) {
    const { sequence: _, type, timeMs: __, chain: ___, ...others } = JSON.parse(line)
    expect(Object.keys(others)).toEqual(Object.keys(members[type as 'act']))
  }
  expect(lines).toHaveLength(6)
})
