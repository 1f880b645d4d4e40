// The vectors, and what must hold for every kind of operation.

import { loadPolicy, readVectors } from 'portcullis/testing'
import { describe, expect, it } from 'vitest'

const policy = loadPolicy()

it.each(readVectors())('$name', ({ question, expect: expected }) => {
  expect(policy.decide(question)).toMatchObject(expected)
})

const roles = {
  dns: 'S-1-5-21-2857422465-1465058494-1690550294-1131',
  print: 'S-1-5-21-2857422465-1465058494-1690550294-1132',
  viewer: 'S-1-5-21-2857422465-1465058494-1690550294-1133',
}

const transfer = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/'
const shell = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell/'
const actions = [
  ...['Get', 'Put', 'Create', 'Delete'].map((verb) => transfer + verb),
  'http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate',
  'http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe',
  ...['Command', 'Signal', 'Connect', 'Disconnect', 'Reconnect', 'Send', 'Receive'].map(
    (verb) => shell + verb,
  ),
  'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Process/Create',
]

/** The last parts of the actions that are allowed. */
function allowed(groupSids: string[], resourceUri: string): string[] {
  const user = {
    application: 'wsman/fabrikam',
    senderName: 'FABRIKAM\\dana',
    userSid: 'S-1-5-21-2857422465-1465058494-1690550294-2231',
    groupSids,
  }
  const done = actions.filter(
    (action) => policy.decide({ kind: 'operation', ...user, action, resourceUri }).outcome === 'allow',
  )
  return done.map((action) => action.slice(action.lastIndexOf('/') + 1))
}

const wmi = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'
const reading = ['Get', 'Enumerate']
const session = [
  'Create',
  'Delete',
  'Command',
  'Signal',
  'Connect',
  'Disconnect',
  'Reconnect',
  'Send',
  'Receive',
]

describe.each([
  ['dns', `${wmi}/root/MicrosoftDNS/MicrosoftDNS_Zone`, reading],
  ['dns', `${wmi}/root/MicrosoftDNS/MicrosoftDNS_AType?OwnerName=a`, ['Get', 'Delete', 'Enumerate']],
  ['print', 'http://schemas.microsoft.com/powershell/Fabrikam.PrintOperators', session],
  ['print', `${wmi}/root/cimv2/Win32_Printer`, reading],
  ['print', `${wmi}/root/cimv2/Win32_PrintJob`, ['Get', 'Delete', 'Enumerate']],
  ['viewer', `${wmi}/root/cimv2/Win32_Service`, reading],
] as const)('%s on %s', (role, resource, expected) => {
  it('may do what the table says, and none of the other kinds', () => {
    expect(allowed([roles[role]], resource)).toEqual(expected)
  })

  it('is the only role that may', () => {
    const others = Object.values(roles).filter((group) => group !== roles[role])
    expect(allowed(others, resource)).toEqual([])
  })
})

it.each([
  'http://schemas.microsoft.com/powershell/Microsoft.PowerShell',
  'http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd',
  'http://schemas.microsoft.com/wbem/wsman/1/config',
  `${wmi}/root/cimv2/Win32_Process`,
  `${wmi}/root/cimv2/*`,
  `${wmi}/*`,
  '*',
])('all roles together may do nothing on %s', (resource) => {
  expect(allowed(Object.values(roles), resource)).toEqual([])
})
