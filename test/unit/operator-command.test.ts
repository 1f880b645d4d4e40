// What an operator's program sends is read member by member: a host does what it was told exactly, or says what it was not.

import { describe, expect, it } from 'vitest'

import {
  confirmWithinMsMax,
  decisionsToldMax,
  moduleBytesMax,
  storeWhoUnitsMax,
  storeWhyUnitsMax,
  tokenExpiresMsMax,
} from '../../host/limits.ts'
import { readCommand } from '../../host/supervisor/operator-command.ts'
import { refusal } from '../support/refusal.ts'

const who = 'alice'
const subject = { tenant: 'contoso' }
const module = Buffer.from('a module').toString('base64')
const push = { command: 'push', subject, module, who }
const activate = { command: 'activate', subject, version: '3', who }

const retire = { command: 'retire', subject, version: '3', who }
const token = { command: 'token-create', name: 'ci', role: 'operator', expiresInMs: 1, who }

const read = (command: unknown) => readCommand(JSON.stringify(command))

describe("an operator's command", () => {
  it.each([
    { command: 'quarantine' },
    { command: 'status' },
    { command: 'audit' },
    { command: 'stop' },
    { command: 'lift', tenant: 'contoso', who },
    { command: 'reload', who, why: 'a tenant more' },
    push,
    { ...push, subject: 'guard', settings: { admins: ['ada'] }, vectors: '{}\n', why: 'ticket 7' },
    { ...push, module: Buffer.alloc(moduleBytesMax).toString('base64') },
    activate,
    { ...activate, subject: 'guard', version: 'ab'.repeat(32), confirmWithinMs: 1, why: '' },
    { ...activate, confirmWithinMs: confirmWithinMsMax },
    { command: 'confirm', subject, who },
    { command: 'rollback', subject: 'guard', who, why: 'w'.repeat(storeWhyUnitsMax) },
    { command: 'rollback', subject, who: 'w'.repeat(storeWhoUnitsMax) },
    { command: 'versions' },
    { command: 'versions', subject },
    { command: 'quarantine', tenant: 'contoso' },
    { ...activate, ifActive: null },
    { ...activate, ifActive: 7 },
    { command: 'rollback', subject, who, ifActive: null },
    { ...retire, subject: 'guard', why: 'it has a hole' },
    { command: 'download', subject, version: 'abcdef01', who },
    { command: 'report', subject: 'guard', version: '3' },
    { command: 'config' },
    { command: 'config', tenant: 'contoso' },
    { ...token, expiresInMs: tokenExpiresMsMax, why: 'ticket 7' },
    { ...token, role: 'tenant-reader', tenant: 'contoso' },
    { command: 'token-list' },
    { command: 'token-revoke', id: '0123456789ab', who },
    { command: 'metrics' },
    { command: 'decisions' },
    { command: 'decisions', tenant: 'contoso', after: 'AbC-_.12', limit: decisionsToldMax },
    { command: 'decisions', outcome: 'no-answer', kind: 'user', sender: 'ada', error: 'ERR_POLICY_FUEL' },
    { command: 'decisions', id: '0af'.padEnd(32, '1') },
  ])('is read as it was sent: $command (%#)', (command) => {
    expect(read(command)).toEqual(command)
  })

  it.each<[string, unknown, string]>([
    ['nothing', null, '/'],
    ['a list', [], '/'],
    ['no command', { who }, '/'],
    ['a command that is none', { command: 'restart', who }, '/'],
    ['a command of the prototype', { command: 'constructor' }, '/'],
    ['an unknown member', { command: 'status', verbose: true }, '/'],
    ['a member of another command', { command: 'confirm', subject, who, version: '3' }, '/'],
    ['nobody who lifts', { command: 'lift', tenant: 'contoso' }, '/'],
    ['nobody who reloads', { command: 'reload' }, '/'],
    ['nobody who pushes', { ...push, who: undefined }, '/'],
    ['nobody who activates', { ...activate, who: undefined }, '/'],
    ['nobody who confirms', { command: 'confirm', subject }, '/'],
    ['an empty name of who', { ...activate, who: '' }, '/who'],
    ['a name of who without end', { ...activate, who: 'w'.repeat(storeWhoUnitsMax + 1) }, '/who'],
    ['a reason without end', { ...activate, why: 'w'.repeat(storeWhyUnitsMax + 1) }, '/why'],
    ['a reason of another type', { ...activate, why: 7 }, '/why'],
    ['no subject', { ...activate, subject: undefined }, '/'],
    ['a subject that is none', { ...activate, subject: 'contoso' }, '/subject'],
    ['a tenant without a name', { ...activate, subject: { tenant: '' } }, '/subject'],
    ['a tenant with more', { ...activate, subject: { ...subject, guard: true } }, '/subject'],
    ['a version of another type', { ...activate, version: 3 }, '/version'],
    ['no version', { ...activate, version: '' }, '/version'],
    ['a version without end', { ...activate, version: 'a'.repeat(65) }, '/version'],
    ['half a millisecond', { ...activate, confirmWithinMs: 0.5 }, '/confirmWithinMs'],
    ['no time', { ...activate, confirmWithinMs: 0 }, '/confirmWithinMs'],
    ['too much time', { ...activate, confirmWithinMs: confirmWithinMsMax + 1 }, '/confirmWithinMs'],
    ['a module that is not base64', { ...push, module: 'a module' }, '/module'],
    ['no module', { ...push, module: undefined }, '/'],
    ['a module without end', { ...push, module: 'A'.repeat(2 * moduleBytesMax) }, '/module'],
    ['settings of another type', { ...push, settings: 'none' }, '/settings'],
    ['vectors of another type', { ...push, vectors: [] }, '/vectors'],
    ['version 0 that is active', { ...activate, ifActive: 0 }, '/ifActive'],
    ['a text that is active', { ...activate, ifActive: 'none' }, '/ifActive'],
    ['what is to be active at a confirmation', { command: 'confirm', subject, who, ifActive: 1 }, '/'],
    ['nobody who retires', { ...retire, who: undefined }, '/'],
    ['nobody who downloads', { command: 'download', subject, version: '1' }, '/'],
    ['a report on nothing', { command: 'report', subject }, '/'],
    ['another role', { ...token, role: 'root' }, '/role'],
    ['a token for ever', { ...token, expiresInMs: tokenExpiresMsMax + 1 }, '/expiresInMs'],
    ['a token without an end', { ...token, expiresInMs: undefined }, '/'],
    ['nobody who makes a token', { ...token, who: undefined }, '/'],
    ['nobody who revokes', { command: 'token-revoke', id: '0123456789ab' }, '/'],
    ['no decisions', { command: 'decisions', limit: 0 }, '/limit'],
    ['too many decisions', { command: 'decisions', limit: decisionsToldMax + 1 }, '/limit'],
    ['a cursor without end', { command: 'decisions', after: 'a'.repeat(65) }, '/after'],
    ['an outcome that is none', { command: 'decisions', outcome: 'maybe' }, '/outcome'],
    ['a kind that is none', { command: 'decisions', kind: 'shell' }, '/kind'],
    ['an error that is none', { command: 'decisions', error: 'ERR_NONE' }, '/error'],
    ['an id that is none', { command: 'decisions', id: '0AF'.padEnd(32, '1') }, '/id'],
    ['nobody who is looked for', { command: 'decisions', sender: '' }, '/sender'],
    ['a filter that is none', { command: 'decisions', reason: 'no' }, '/'],
  ])('is refused with %s, and the place is named', (_, command, place) => {
    const { code, detail } = refusal(() => read(command))
    expect(code).toBe('ERR_COMMAND')
    expect(detail.startsWith(`at ${place}: `)).toBe(true)
  })

  it.each(['', '{', 'status', '{"command":"status"'])('is refused if it is %j', (line) => {
    expect(refusal(() => readCommand(line))).toMatchObject({ code: 'ERR_COMMAND', detail: 'it is not JSON' })
  })
})
