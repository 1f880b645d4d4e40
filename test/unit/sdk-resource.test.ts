// Resources in the SDK against lists of segments: paths, queries, what is below what, and the names of WMI.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Question } from '../support/block.ts'
import { type Answer, PlainPolicy } from '../support/plain-policy.ts'

const policy = PlainPolicy.test('sdk-helpers')

function ask(helper: string, argument: string, more: Partial<Question>): Answer {
  return policy.ask({
    kind: 'user',
    application: helper,
    senderName: 'ada',
    authenticationMechanism: argument,
    ...more,
  })
}

function isYes({ outcome, failure }: Answer): boolean {
  if (outcome === 'no-answer') throw new Error(failure)
  return outcome === 'allow'
}

/** Draws texts from few letters, so that what looks alike meets often. */
function textOf(letters: string, maxLength: number, minLength = 0): fc.Arbitrary<string> {
  return fc
    .array(fc.constantFrom(...letters), { minLength, maxLength })
    .map((characters) => characters.join(''))
}

describe('a resource', () => {
  const wmi = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'

  function askResource(helper: string, argument: string, resourceUri: string): Answer {
    return ask(helper, argument, { kind: 'operation', operation: 1, action: 'x', resourceUri })
  }

  function partsOf(uri: string): string[] {
    return (askResource('resource', '', uri).reason as string).split('|')
  }

  it.each([
    ['http://a.example/b', 'http://a.example/b', 'null'],
    ['http://a.example/b?', 'http://a.example/b', ''],
    ['http://a.example/b?c=/d?e', 'http://a.example/b', 'c=/d?e'],
    ['?', '', ''],
    ['b', 'b', 'null'],
  ])('%s has the path "%s" and the query "%s"', (uri, path, query) => {
    expect(partsOf(uri).slice(0, 2)).toEqual([path, query])
  })

  it.each([
    [`${wmi}/root/cimv2/Win32_Service`, 'root/cimv2', 'Win32_Service'],
    [`${wmi}/root/cimv2/Win32_Service?Name=a/b`, 'root/cimv2', 'Win32_Service'],
    [`${wmi}/Root/CIMV2/*`, 'Root/CIMV2', '*'],
    [`${wmi}/root/Win32_Service`, 'root', 'Win32_Service'],
    [`${wmi}/root/a/b/c/D`, 'root/a/b/c', 'D'],
    [`${wmi}/Win32_Service`, 'null', 'null'],
    [`${wmi}/`, 'null', 'null'],
    [`${wmi}`, 'null', 'null'],
    [`${wmi}//Win32_Service`, 'null', 'null'],
    [`${wmi}/root//Win32_Service`, 'null', 'null'],
    [`${wmi}/root/cimv2/`, 'null', 'null'],
    [`${wmi}/root/../cimv2/Win32_Service`, 'null', 'null'],
    [`${wmi}/root/cimv2/%2E%2e`, 'null', 'null'],
    [`${wmi}/root/%252e%252e/Win32_Service`, 'null', 'null'],
    [`${wmi}-tools/root/cimv2/Win32_Service`, 'null', 'null'],
    [`${wmi.toUpperCase()}/root/cimv2/Win32_Service`, 'null', 'null'],
    [`x${wmi}/root/cimv2/Win32_Service`, 'null', 'null'],
    [`x?${wmi}/root/cimv2/Win32_Service`, 'null', 'null'],
  ])('%s has the WMI namespace %s and the class %s', (uri, namespace, wmiClass) => {
    expect(partsOf(uri).slice(2)).toEqual([namespace, wmiClass])
  })

  it.each([
    [`${wmi}/root`, `${wmi}/root`, true],
    [`${wmi}/root/`, `${wmi}/root`, false],
    [`${wmi}/root`, `${wmi}/root/`, false],
    [`${wmi}/root?`, `${wmi}/root`, false],
    [`${wmi}/root?a`, `${wmi}/root?a`, true],
    [`${wmi}/root`, `${wmi}/Root`, false],
    [`${wmi}/root`, '', false],
  ])('%s is exactly %s: %s', (uri, other, same) => {
    expect(isYes(askResource('isExactly', other, uri))).toBe(same)
  })

  function isBelow(uri: string, prefix: string): boolean {
    return isYes(askResource('isBelow', prefix, uri))
  }

  it.each([
    [wmi, wmi, true],
    [`${wmi}/`, wmi, true],
    [`${wmi}/root`, wmi, true],
    [`${wmi}?a=b`, wmi, true],
    [`${wmi}/?a=b`, wmi, true],
    [`${wmi}-tools`, wmi, false],
    [`${wmi}#a`, wmi, false],
    [`${wmi}%2froot`, wmi, false],
    [`${wmi}\\root`, wmi, false],
    [wmi.toUpperCase(), wmi, false],
    [wmi.slice(0, -1), wmi, false],
    [`http://other.example/?${wmi}`, wmi, false],
    [`http://other.example?${wmi}/root`, 'http://other.example?'.slice(0, -1), true],
    [wmi, `${wmi}/`, false],
    [`${wmi}?a`, `${wmi}/`, false],
    [`${wmi}/`, `${wmi}/`, true],
    [`${wmi}/root`, `${wmi}/`, true],
    [`${wmi}/../config`, wmi, false],
    [`${wmi}/../config`, `${wmi}/`, false],
    [`${wmi}/root/..`, wmi, false],
    [`${wmi}/./root`, wmi, false],
    [`${wmi}/%2e%2E/config`, wmi, false],
    [`${wmi}/.%2e/config`, wmi, false],
    [`${wmi}/..\\config`, wmi, false],
    [`${wmi}/root\\..\\config`, wmi, false],
    [`${wmi}/root%2f..%5Cconfig`, wmi, false],
    [`${wmi}/%252e%252e/config`, wmi, false],
    [`${wmi}/%2%65%2%65/config`, wmi, false],
    [`${wmi}/%%32e/config`, wmi, false],
    [`${wmi}/root/%2`, wmi, false],
    [`${wmi}/root/%`, wmi, false],
    [`${wmi}/..;/config`, wmi, false],
    [`${wmi}/..;a=b/config`, wmi, false],
    [`${wmi}/..%3B/config`, wmi, false],
    [`${wmi}/..#`, wmi, false],
    [`${wmi}/..%23`, wmi, false],
    [`${wmi}/..%3f`, wmi, false],
    [`${wmi}/root;..`, wmi, false],
    [`${wmi}/root;a=b#c`, wmi, true],
    [`${wmi}/a\\b%41`, wmi, true],
    [`${wmi}/root/...`, wmi, true],
    [`${wmi}/root/..a`, wmi, true],
    [`${wmi}/root?../x`, wmi, true],
    [`${wmi}//`, wmi, true],
  ])('%s is below %s: %s', (uri, prefix, below) => {
    expect(isBelow(uri, prefix)).toBe(below)
  })

  it.each(['', '?', `${wmi}?`, `${wmi}?Name=`])('gives no answer about what is below "%s"', (prefix) => {
    const { outcome, failure } = askResource('isBelow', prefix, `${wmi}?Name=x`)
    expect(outcome).toBe('no-answer')
    expect(failure).toContain('does not begin a path')
  })

  it('is below a prefix when the segments of the prefix are its first ones', () => {
    const uri = textOf('ab/.?', 9, 1)
    const prefix = textOf('ab/.', 4, 1)
    const isDots = (segment: string) => segment === '.' || segment === '..'
    fc.assert(
      fc.property(
        fc.oneof(
          uri,
          fc.tuple(prefix, uri).map(([head, tail]) => head + tail),
        ),
        prefix,
        (uri, prefix) => {
          const segments = (uri.split('?')[0] as string).split('/')
          const wanted = prefix.split('/')
          if (wanted.at(-1) === '' && wanted.length > 1) wanted.pop()
          const below = segments.slice(wanted.length)
          const begins = wanted.every((segment, index) => segment === segments[index])
          const enough = !prefix.endsWith('/') || below.length > 0
          expect(isBelow(uri, prefix)).toBe(begins && enough && !below.some(isDots))
        },
      ),
      { numRuns: 1000 },
    )
  })
})
