// What the SDK works out from a question: membership in groups, the kind of an operation, names in any case.

import { describe, expect, it } from 'vitest'
import type { Question } from '../support/block.ts'
import { PlainPolicy } from '../support/plain-policy.ts'

const sdkCases = PlainPolicy.test('sdk-cases')

const user = 'S-1-5-21-1004336348-1177238915-682003330-1104'
const enabled = 'S-1-5-21-1004336348-1177238915-682003330-1602'
const denyOnly = 'S-1-5-32-544'
const token = {
  userSid: user,
  groupSids: ['S-1-5-21-1004336348-1177238915-682003330-513', enabled, 'S-1-5-11'],
  denyOnlySids: ['S-1-5-114', denyOnly],
}
const facts: Question = {
  kind: 'user',
  application: 'wsman/contoso',
  senderName: '',
  authenticationMechanism: '',
}

function ask(name: string, argument: string, more: Partial<Question> = token) {
  return sdkCases.ask({ ...facts, senderName: name, httpUrl: argument, ...more })
}

describe('asking about groups', () => {
  it.each([
    ['inGroup', enabled, 'allow'],
    ['inGroup', denyOnly, 'deny'],
    ['inGroup', 'S-1-5-11', 'allow'],
    ['mentionsGroup', enabled, 'allow'],
    ['mentionsGroup', denyOnly, 'allow'],
    ['mentionsGroup', user, 'deny'],
    ['isUser', user, 'allow'],
    ['isUser', enabled, 'deny'],
  ])('%s(%s) leads to %s', (name, sid, outcome) => {
    expect(ask(name, sid).outcome).toBe(outcome)
  })

  it.each([
    'S-1-5-21-1004336348-1177238915-682003330-1601',
    'S-1-5-21-1004336348-1177238915-682003331-1602',
    'S-1-5-21-1004336348-1177238915-682003330',
    'S-1-5-21-1004336348-1177238915-682003330-1602-1',
    'S-1-6-21-1004336348-1177238915-682003330-1602',
    'S-1-5',
  ])('takes %s for no group of the user', (sid) => {
    expect(ask('mentionsGroup', sid).outcome).toBe('deny')
  })

  it('finds SIDs of every length and authority', () => {
    const sids = ['S-1-5', `S-1-4294967295${'-4294967295'.repeat(15)}`, 'S-1-0x0123456789ab-7']
    for (const sid of sids) expect(ask('inGroup', sid, { ...token, groupSids: sids }).outcome).toBe('allow')
    expect(ask('inGroup', 'S-1-0x0123456789AB-7', { ...token, groupSids: sids }).outcome).toBe('allow')
  })

  it('finds the last of 1,024 groups', () => {
    const groupSids = Array.from({ length: 1024 }, (_, index) => `S-1-5-21-1-2-3-${index}`)
    expect(ask('inGroup', 'S-1-5-21-1-2-3-1023', { userSid: user, groupSids }).outcome).toBe('allow')
    expect(ask('inGroup', 'S-1-5-21-1-2-3-1024', { userSid: user, groupSids }).outcome).toBe('deny')
  })

  it('spells the groups in the order of the token', () => {
    expect(ask('enabledGroupSids', '').reason).toBe(token.groupSids.join(' '))
    expect(ask('denyOnlyGroupSids', '').reason).toBe(token.denyOnlySids.join(' '))
  })

  it.each(['isUser', 'inGroup', 'mentionsGroup', 'enabledGroupSids', 'denyOnlyGroupSids'])(
    '%s gives no answer when the question carries no token',
    (name) => {
      const { outcome, failure } = ask(name, enabled, {})
      expect(outcome).toBe('no-answer')
      expect(failure).toContain('the question carries no token')
    },
  )

  it('has no user SID when the question carries no token', () => {
    expect(ask('userSid', '').outcome).toBe('allow')
    expect(ask('userSid', '', {}).outcome).toBe('deny')
  })

  it.each([
    '',
    'Administrators',
    's-1-5-32-544',
    'S-2-5-32-544',
    'S-1-',
    'S-1-5-',
    'S-1--5',
    'S-1-5-32-544 ',
    'S-1-5-32-5x4',
    'S-1-5-32-+544',
    'S-1-5-4294967296',
    'S-1-5-99999999999999999999999',
    'S-1-4294967296-1',
    'S-1-0x-1',
    'S-1-0x1000000000000-1',
    `S-1-5${'-1'.repeat(16)}`,
  ])('gives no answer about "%s", and says that it is not a SID', (text) => {
    const { outcome, failure } = ask('inGroup', text)
    expect(outcome).toBe('no-answer')
    expect(failure).toContain(`"${text}" is not a SID`)
  })
})

describe('the kind of an operation', () => {
  const transfer = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/'
  const shell = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell/'
  const kinds = [
    ['Get', `${transfer}Get`],
    ['Put', `${transfer}Put`],
    ['Create', `${transfer}Create`],
    ['Delete', `${transfer}Delete`],
    ['Enumerate', 'http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate'],
    ['Subscribe', 'http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe'],
    ['Command', `${shell}Command`],
    ['Signal', `${shell}Signal`],
    ['Connect', `${shell}Connect`],
    ['Disconnect', `${shell}Disconnect`],
    ['Reconnect', `${shell}Reconnect`],
    ['Send', `${shell}Send`],
    ['Receive', `${shell}Receive`],
  ]
  const invokeKind = kinds.length

  function reasonFor(action: string, operation = 0): string | undefined {
    const resourceUri = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service'
    return sdkCases.ask({ ...facts, kind: 'operation', senderName: 'ada', operation, action, resourceUri })
      .reason
  }

  it.each(kinds.map(([name, action], kind) => [name, action as string, kind] as const))(
    'is %s for %s',
    (name, action, kind) => {
      const isRead = name === 'Get' || name === 'Enumerate'
      expect(reasonFor(action)).toBe(`kind=${kind}, isRead=${isRead}, operation=0`)
    },
  )

  it.each([
    'x',
    transfer,
    `${transfer}Get/`,
    `${transfer}get`,
    `${transfer}GetResponse`,
    `${transfer.toUpperCase()}Get`,
    'https://schemas.xmlsoap.org/ws/2004/09/transfer/Get',
    'http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull',
    `${shell}Command `,
    `${shell}`,
    'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service/StopService',
  ])('is Invoke, and no reading, for %s', (action) => {
    expect(reasonFor(action)).toBe(`kind=${invokeKind}, isRead=false, operation=0`)
  })

  it('does not depend on the operation number', () => {
    expect(reasonFor(`${transfer}Get`, 4294967295)).toBe('kind=0, isRead=true, operation=4294967295')
  })
})

describe('comparing names in any case', () => {
  it.each([
    ['equalsIgnoringCase', 'Basic', 'bASIC', 'allow'],
    ['equalsIgnoringCase', 'Basic', 'Basic ', 'deny'],
    ['equalsIgnoringCase', '', '', 'allow'],
    ['equalsIgnoringCase', '[@`{', '{`@[', 'deny'],
    ['equalsIgnoringCase', 'Zoë', 'zoë', 'allow'],
    ['equalsIgnoringCase', 'ZOË', 'zoë', 'deny'],
    ['startsWithIgnoringCase', 'HTTPS://host/', 'https://', 'allow'],
    ['startsWithIgnoringCase', 'http://host/', 'https://', 'deny'],
    ['startsWithIgnoringCase', 'http', 'http://', 'deny'],
    ['startsWithIgnoringCase', 'http', '', 'allow'],
  ])('%s("%s", "%s") leads to %s', (name, text, other, outcome) => {
    expect(ask(name, other, { authenticationMechanism: text }).outcome).toBe(outcome)
  })
})
