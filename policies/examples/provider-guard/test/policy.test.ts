// The vectors, and every spelling of what the guard denies.

import { loadPolicy, readVectors } from 'portcullis/testing'
import { describe, expect, it } from 'vitest'

const policy = loadPolicy()

it.each(readVectors())('$name', ({ question, expect: expected }) => {
  expect(policy.decide(question)).toMatchObject(expected)
})

const priya = {
  application: 'wsman/adatum',
  senderName: 'ADATUM\\priya',
  authenticationMechanism: 'Negotiate',
  userSid: 'S-1-5-21-3419697060-3810377854-678604692-1311',
}

/** The text with every letter in the other case in turn, and with all of them. */
function spellings(text: string): string[] {
  const other = (letter: string) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()
  const each = Array.from(
    text,
    (letter, place) => text.slice(0, place) + other(letter) + text.slice(place + 1),
  )
  return [text, ...each, text.toUpperCase(), text.toLowerCase()]
}

describe.each([
  'http://management.provider.example/tenants',
  'http://schemas.microsoft.com/wbem/wsman/1/config/service',
])('%s', (resource) => {
  it('is denied in every case of its letters, whatever is done to it', () => {
    for (const resourceUri of spellings(resource)) {
      for (const action of ['http://schemas.xmlsoap.org/ws/2004/09/transfer/Get', 'x']) {
        expect(policy.authzOperation({ ...priya, action, resourceUri }).outcome).toBe('deny')
      }
    }
  })
})

it('Basic needs https, in every case of its letters', () => {
  for (const authenticationMechanism of spellings('Basic')) {
    const user = { ...priya, authenticationMechanism }
    expect(policy.authzUser({ ...user, httpUrl: 'https://winrm.provider.example/' }).outcome).toBe('allow')
    for (const httpUrl of [
      '',
      'http://winrm.provider.example/',
      'https:winrm',
      ' https://winrm.provider.example/',
    ]) {
      expect(policy.authzUser({ ...user, httpUrl }).outcome).toBe('deny')
    }
  }
})

it('the built-in Administrator of every domain is denied, and the accounts around it are not', () => {
  for (const domain of ['1-2-3', '4294967295-0-4294967295', '3419697060-3810377854-678604692']) {
    const outcomes = [499, 500, 501, 1500, 5000].map(
      (number) => policy.authzUser({ ...priya, userSid: `S-1-5-21-${domain}-${number}` }).outcome,
    )
    expect(outcomes).toEqual(['allow', 'deny', 'allow', 'allow', 'allow'])
  }
})
