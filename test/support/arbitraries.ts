// What property tests draw from: UTF-16 that nobody would type, SIDs of every length, whole questions. Sizes stay
// small, because a fault in a layout shows in small blocks as well as in large ones; bounds have tests of their own.

import fc from 'fast-check'

import type { Certificate, Question } from './block.ts'
import { groupAttribute } from './native-units.ts'

const unit = fc.oneof(
  fc.integer({ min: 0x20, max: 0x7e }),
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0xd800, max: 0xdfff }),
  fc.constantFrom(0, 0x0d, 0x0a, 0x22, 0x26, 0x27, 0x3c, 0x3e, 0xfeff, 0xfffd, 0xfffe, 0xffff),
)

/** Any UTF-16 units: control characters, NUL, unpaired surrogates. */
export function anyText(maxLength = 24, minLength = 0): fc.Arbitrary<string> {
  return fc.array(unit, { minLength, maxLength }).map((units) => String.fromCharCode(...units))
}

export const sid: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 2 ** 48 - 1 })),
    fc.array(fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 0xffffffff })), {
      maxLength: 15,
    }),
  )
  .map(([authority, subAuthorities]) => ['S-1', authority, ...subAuthorities].join('-'))

export type GroupList = 'enabled' | 'deny-only' | 'ignored'

export interface TokenGroup {
  sid: string
  list: GroupList
  attributes: number
}

/** A group of a token with Windows' attributes, whichever list they put it on. */
export const tokenGroup: fc.Arbitrary<TokenGroup> = fc
  .record({
    sid,
    list: fc.constantFrom<GroupList>('enabled', 'deny-only', 'ignored'),
    others: fc.integer({ min: 0, max: 0xffffffff }),
  })
  .map(({ sid, list, others }) => {
    const { enabled, denyOnly } = groupAttribute
    const without = (others & ~(enabled | denyOnly)) >>> 0
    if (list === 'ignored') return { sid, list, attributes: without }
    if (list === 'enabled') return { sid, list, attributes: (without | enabled) >>> 0 }
    return { sid, list, attributes: (without | (others & enabled) | denyOnly) >>> 0 }
  })

const certificate: fc.Arbitrary<Certificate> = fc.record(
  { subject: anyText(), issuerName: anyText(), issuerThumbprint: anyText(), subjectName: anyText() },
  { requiredKeys: [] },
)

/** A question without its token. */
const facts = fc.record({
  attempt: fc.constantFrom(1, 2),
  questionId: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((id) => Buffer.from(id).toString('hex')),
  application: anyText(24, 1),
  senderName: anyText(24, 1),
  authenticationMechanism: anyText(),
})
const optionalFacts = fc.record({ certificate, httpUrl: anyText() }, { requiredKeys: [] })

const kindFacts = fc.oneof(
  fc.record({ kind: fc.constantFrom('user' as const, 'quota' as const) }),
  fc.record({
    kind: fc.constant('operation' as const),
    operation: fc.integer({ min: 0, max: 0xffffffff }),
    action: anyText(24, 1),
    resourceUri: anyText(24, 1),
  }),
)

export interface Drawn {
  question: Question
  /** The token's groups, the ignored ones included, in the token's order. */
  groups: TokenGroup[]
}

/** Any question that can be asked, and the token that it came from. */
export const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    facts,
    optionalFacts,
    kindFacts,
    token: fc.option(fc.record({ userSid: sid, groups: fc.array(tokenGroup, { maxLength: 12 }) }), {
      nil: undefined,
    }),
  })
  .map(({ facts, optionalFacts, kindFacts, token }) => {
    const groups = token?.groups ?? []
    const listed = (list: GroupList) => groups.filter((group) => group.list === list).map(({ sid }) => sid)
    const identity = token && {
      userSid: token.userSid,
      groupSids: listed('enabled'),
      denyOnlySids: listed('deny-only'),
    }
    return { question: { ...facts, ...optionalFacts, ...kindFacts, ...identity }, groups }
  })

export const question: fc.Arbitrary<Question> = drawn.map((value) => value.question)
