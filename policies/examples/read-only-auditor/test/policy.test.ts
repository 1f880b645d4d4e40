// The vectors, and actions that only look like reading.

import { loadPolicy, readVectors } from 'portcullis/testing'
import { expect, it } from 'vitest'

const policy = loadPolicy()

it.each(readVectors())('$name', ({ question, expect: expected }) => {
  expect(policy.decide(question)).toMatchObject(expected)
})

const userSid = 'S-1-5-21-2857422465-1465058494-1690550294-2201'
const auditors = 'S-1-5-21-2857422465-1465058494-1690550294-1105'
const auditor = {
  application: 'wsman/fabrikam',
  senderName: 'FABRIKAM\\aiko',
  userSid,
  groupSids: [auditors],
}
const resourceUri = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service'
const get = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get'
const enumerate = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate'

function outcome(action: string): string {
  return policy.decide({ kind: 'operation', ...auditor, action, resourceUri }).outcome
}

it.each([get, enumerate])(
  '%s is reading, and nothing that is a letter longer, shorter or other',
  (action) => {
    expect(outcome(action)).toBe('allow')
    for (let place = 0; place < action.length; place++) {
      const [before, letter, after] = [action.slice(0, place), action.charAt(place), action.slice(place + 1)]
      const other = letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()
      expect(outcome(`${before}${after}`)).toBe('deny')
      expect(outcome(`${before}${letter}x${after}`)).toBe('deny')
      if (other !== letter) expect(outcome(`${before}${other}${after}`)).toBe('deny')
    }
  },
)

it('the number of the operation is not looked at', () => {
  for (const operation of [0, 1, 2, 5, 4294967295]) {
    expect(policy.authzOperation({ ...auditor, operation, action: get, resourceUri }).outcome).toBe('allow')
    expect(
      policy.authzOperation({ ...auditor, operation, action: `${get}Status`, resourceUri }).outcome,
    ).toBe('deny')
  }
})
