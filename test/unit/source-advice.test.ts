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
    ["if (user.principal.name == 'ada') return", /decides by a name/],
    ["if ('ada' != user.principal.name) return", /decides by a name/],
    ['if (people.includes(user.senderName)) return', /decides by a name/],
    ['if (people.indexOf(user.senderName) >= 0) return', /decides by a name/],
    ["if (Settings.contains('people', user.senderName)) return", /decides by a name/],
    ["if (request.resourceUri.startsWith('http://a.example/wmi')) return", /; allow by .*isBelow\(\.\.\.\)$/],
    [
      "if (request.resourceUri.startsWith('http://a.example/wmi/')) return",
      /; allow by .*isBelow\(\.\.\.\)$/,
    ],
    ["if (request.resourceUri.includes('/wmi/')) return", /anywhere.*isBelow/],
    ["if (request.resourceUri.indexOf('wmi') > 0) return", /anywhere.*isBelow/],
    [
      'if (user.inGroup) return Decision.allow()',
      /^inGroup is never called here; write user\.inGroup\(sid\)$/,
    ],
    ['return user.isUser ? Decision.allow() : x', /^isUser is never called here; write user\.isUser\(sid\)$/],
    ['if (user.mentionsGroup && x) return', /^mentionsGroup is never called/],
    ['if (request.resource.isBelow) return', /write request\.resource\.isBelow\(uri\)$/],
    ['if (!resource.isExactly) return', /write request\.resource\.isExactly\(uri\)$/],
    ['if (certificate.isIssuedBy) return', /write certificate\.isIssuedBy\(thumbprint\)$/],
    ['if (user.principal.isSame) return', /write user\.principal\.isSame\(other\)$/],
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
    'if (request.resourceUri.startsWith(wmi)) return',
    'if (request.isRead) return Decision.allow() // not user.inGroup',
    "const wmi = 'http://a.example/wmi'",
    'const name = user.senderName',
    "if (reasons.includes(text)) return Decision.deny('ask ' + user.senderName)",
    'if (user.inGroup(administrators)) return Decision.allow()',
    'if (user.mentionsGroup(suspended)) return Decision.deny(text)',
    'if (user.principal.isSame(other)) return',
  ])('%s', (line) => {
    expect(advice(line)).toEqual([])
  })
})

describe('a constant is followed', () => {
  it.each([
    ["const wmi = 'http://a.example/wmi'", 'if (request.resourceUri.startsWith(wmi)) return', /isBelow/],
    [
      'const uri: string = request.resourceUri',
      "if (uri.startsWith('http://a.example/wmi')) return",
      /isBelow/,
    ],
    ['  const name = request.user.senderName;', "if (name == 'CONTOSO\\\\ada') return", /many names/],
    ['let name = user.principal.name', 'if (people.includes(name)) return', /many names/],
    ['const principal = user.principal', "if (principal.name == 'ada') return", /many names/],
  ])('%s', (declaration, use, words) => {
    expect(adviceFor('a.ts', `${declaration}\n${use}`)).toEqual([
      { file: 'a.ts', line: 2, advice: expect.stringMatching(words) },
    ])
  })

  it.each([
    [
      'that is another thing elsewhere',
      'const name = user.senderName\nconst name = tier\nif (name == "gold") return',
    ],
    [
      'that is a parameter elsewhere',
      'const name = user.senderName\nfunction isGold(name: string): bool {\n  return name == "gold"',
    ],
    ['as a member of something else', 'const name = user.senderName\nif (tier.name == "gold") return'],
    ['of which only a part has that name', 'const name = user.senderName\nif (names == "gold") return'],
  ])('unless it is one %s', (_, source) => {
    expect(adviceFor('a.ts', source)).toEqual([])
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
