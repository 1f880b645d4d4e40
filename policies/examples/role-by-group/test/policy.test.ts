// The vectors, and what holds for every kind of operation and every order of groups.

import { loadPolicy, readVectors } from 'portcullis/testing'
import { expect, it } from 'vitest'

const policy = loadPolicy()

it.each(readVectors())('$name', ({ question, expect: expected }) => {
  expect(policy.decide(question)).toMatchObject(expected)
})

const administrators = 'S-1-5-21-1004336348-1177238915-682003330-1601'
const helpdesk = 'S-1-5-21-1004336348-1177238915-682003330-1602'
const suspended = 'S-1-5-21-1004336348-1177238915-682003330-1666'

function member(...groupSids: string[]) {
  const userSid = 'S-1-5-21-1004336348-1177238915-682003330-1105'
  return { application: 'wsman/contoso', senderName: 'CONTOSO\\hugo', userSid, groupSids }
}

const transfer = 'http://schemas.xmlsoap.org/ws/2004/09/transfer'
const shell = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
const wmi = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service'
const powershell = 'http://schemas.microsoft.com/powershell/Microsoft.PowerShell'

it.each([
  [`${transfer}/Get`, 'deny', 'allow'],
  [`${transfer}/Put`, 'deny', 'deny'],
  [`${transfer}/Create`, 'allow', 'deny'],
  [`${transfer}/Delete`, 'allow', 'deny'],
  ['http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate', 'deny', 'allow'],
  ['http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe', 'deny', 'deny'],
  [`${shell}/Command`, 'allow', 'deny'],
  [`${shell}/Signal`, 'allow', 'deny'],
  [`${shell}/Connect`, 'allow', 'deny'],
  [`${shell}/Disconnect`, 'allow', 'deny'],
  [`${shell}/Reconnect`, 'allow', 'deny'],
  [`${shell}/Send`, 'allow', 'deny'],
  [`${shell}/Receive`, 'allow', 'deny'],
  [`${wmi}/StopService`, 'deny', 'deny'],
])('the help desk and %s: PowerShell %s, WMI %s', (action, inPowerShell, inWmi) => {
  const user = member(helpdesk)
  expect(policy.authzOperation({ ...user, action, resourceUri: powershell }).outcome).toBe(inPowerShell)
  expect(policy.authzOperation({ ...user, action, resourceUri: wmi }).outcome).toBe(inWmi)
  expect(policy.authzOperation({ ...member(administrators), action, resourceUri: wmi }).outcome).toBe('allow')
})

it('a suspension counts wherever it stands among the groups', () => {
  const others = [administrators, helpdesk, 'S-1-5-2', 'S-1-5-11']
  for (let place = 0; place <= others.length; place++) {
    const groups = [...others.slice(0, place), suspended, ...others.slice(place)]
    expect(policy.authzUser(member(...groups))).toMatchObject({
      outcome: 'deny',
      reason: 'this account is suspended',
    })
  }
})
