// Advice about lines that compile and are mistakes nearly always, and about none of those that only look like them.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { adviceFor } from '../../host/cli/author/source-advice.ts'
import { root } from '../../host/paths.ts'

const advice = (line: string) => adviceFor('a.ts', line).map(({ advice }) => advice)

describe('a line is advised on', () => {
  it.each([
    ["if (user.senderName == 'CONTOSO\\\\ada') return Decision.deny('')", /many names/],
    ["if ('x' === request.user.senderName) return", /many names/],
    ["if (user.senderName.toLowerCase() == 'x') return", /many names/],
    ["if (equalsIgnoringCase(user.senderName, 'x')) return", /many names/],
    ["if (request.resourceUri.startsWith('http://a.example/wmi')) return", /isBelow/],
    [
      'return user.mentionsGroup(admins) ? Decision.allow() : Decision.deny(x)',
      /memberships that are for denials only/,
    ],
    ['if (user.mentionsGroup(admins)) return Decision.allow()', /memberships that are for denials only/],
  ])('%s', (line, words) => {
    expect(advice(line)).toEqual([expect.stringMatching(words)])
  })
})

describe('a line is passed over', () => {
  it.each([
    "return Decision.deny(user.senderName + ' may not')",
    '// user.senderName == "x" is a mistake',
    " * if (user.senderName == 'x')",
    "if (request.resourceUri.startsWith('http://a.example/wmi/')) return",
    'if (request.resourceUri.startsWith(wmi)) return',
    'if (user.mentionsGroup(suspended)) return Decision.deny(text)',
    'if (user.principal.isSame(other)) return',
  ])('%s', (line) => {
    expect(advice(line)).toEqual([])
  })
})

it('says in which file and line', () => {
  expect(adviceFor('assembly/a.ts', "\nif (user.senderName == 'x') {")).toMatchObject([
    { file: 'assembly/a.ts', line: 2 },
  ])
})

it('has nothing to say about the examples', () => {
  const examples = join(root, 'policies/examples')
  const sources = readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /assembly.*\.ts$/.test(name),
  )
  expect(sources.length).toBeGreaterThanOrEqual(8)
  for (const name of sources) expect(adviceFor(name, readFileSync(join(examples, name), 'utf8'))).toEqual([])
})
