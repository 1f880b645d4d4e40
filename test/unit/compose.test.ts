// Guard, tenant and operator decide together: nobody is let in unless everyone who has a say allows, nothing that a
// policy asks for goes beyond what the operator has switched on, and "no answer" never turns into an answer.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { PolicyFunction } from '../../host/engine/interface.ts'
import type { NoAnswer, PolicyAnswer } from '../../host/engine/policy-answer.ts'
import type { Quota } from '../../host/engine/result-record.ts'
import type { ErrorCode } from '../../host/errors.ts'
import { codeOf } from '../../host/winrm/codes.ts'
import { compose, type Respondent } from '../../host/winrm/compose.ts'
import type { Rules } from '../../host/winrm/decision.ts'
import type { Kind } from '../../host/wire/layout.ts'
import { anyText } from '../support/arbitraries.ts'

const redirectCode = 0x80338199
const unlimited: Quota = [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]
const rules: Rules = { allowAdministrator: false, redirectTargets: [], quotaCeiling: unlimited }

const allow: PolicyAnswer = { kind: 'allow', administrator: false }
const administrator: PolicyAnswer = { kind: 'allow', administrator: true }
const deny: PolicyAnswer = { kind: 'deny', reason: 'not today' }
const trap: NoAnswer = { kind: 'no-answer', error: 'ERR_POLICY_TRAP', detail: 'unreachable' }
const redirectTo = (target: string): PolicyAnswer => ({ kind: 'redirect', target })
const quotaOf = (...quota: [number, number, number, number]): PolicyAnswer => ({ kind: 'quota', quota })

/** What one policy would answer to each function, if it were asked. */
type Answers = Partial<Record<PolicyFunction, PolicyAnswer>>

const allowing: Answers = { user: allow, operation: allow, quota: quotaOf(9, 9, 9, 9) }

/** Decides, and says who was asked for what, in order. */
function decide(kind: Kind, guard: Answers | undefined, tenant: Answers, given: Partial<Rules> = {}) {
  const asked: string[] = []
  const respondent =
    (by: string, answers: Answers): Respondent =>
    (name) => {
      asked.push(`${by}.${name}`)
      return answers[name]
    }
  const respondents = {
    guard: guard && respondent('guard', guard),
    tenant: respondent('tenant', tenant),
  }
  return { decision: compose(kind, respondents, { ...rules, ...given }), asked }
}

describe('a question is asked in order', () => {
  it.each<[Kind, string[]]>([
    ['user', ['guard.user', 'tenant.user']],
    ['operation', ['guard.user', 'tenant.user', 'guard.operation', 'tenant.operation']],
    ['quota', ['guard.quota', 'tenant.quota']],
  ])('%s: %s', (kind, order) => {
    const { decision, asked } = decide(kind, allowing, allowing)
    expect(decision.outcome).toBe('allow')
    expect(asked).toEqual(order)
  })

  it.each<[Kind, string[]]>([
    ['user', ['tenant.user']],
    ['operation', ['tenant.user', 'tenant.operation']],
    ['quota', ['tenant.quota']],
  ])('%s, where there is no guard: %s', (kind, order) => {
    const { decision, asked } = decide(kind, undefined, allowing)
    expect(decision.outcome).toBe('allow')
    expect(asked).toEqual(order)
  })

  it.each<[string, PolicyAnswer]>([
    ['denies', deny],
    ['redirects', redirectTo('https://other.example/')],
    ['gives no answer', trap],
  ])('and nobody is asked after the one that %s', (_, objection) => {
    const order = ['guard.user', 'tenant.user', 'guard.operation', 'tenant.operation']
    for (const [index, objector] of order.entries()) {
      const [by, name] = objector.split('.') as ['guard' | 'tenant', PolicyFunction]
      const guard = by === 'guard' ? { ...allowing, [name]: objection } : allowing
      const tenant = by === 'tenant' ? { ...allowing, [name]: objection } : allowing
      const { decision, asked } = decide('operation', guard, tenant)
      expect(asked).toEqual(order.slice(0, index + 1))
      expect(decision).toMatchObject({ by })
      expect(decision.outcome).not.toBe('allow')
    }
  })
})

describe('access', () => {
  it('is allowed with code 0 and nothing else', () => {
    const { decision } = decide('user', allowing, allowing)
    expect(decision).toEqual({ outcome: 'allow', code: 0, administrator: false })
  })

  it("is denied by the guard's denial, whatever the tenant would say", () => {
    for (const kind of ['user', 'operation'] as const) {
      const { decision } = decide(kind, { ...allowing, user: deny }, { ...allowing, user: administrator })
      expect(decision).toEqual({ outcome: 'deny', code: 5, by: 'guard', reason: 'not today' })
    }
  })

  it("is denied by the tenant's denial, whatever the guard said", () => {
    const { decision } = decide('user', allowing, { user: deny })
    expect(decision).toEqual({ outcome: 'deny', code: 5, by: 'tenant', reason: 'not today' })
  })

  it('is not allowed to an operation of a user who is denied', () => {
    const { decision, asked } = decide('operation', undefined, { user: deny, operation: allow })
    expect(decision.outcome).toBe('deny')
    expect(asked).toEqual(['tenant.user'])
  })

  it('is denied with a reason that may be empty', () => {
    const { decision } = decide('user', undefined, { user: { kind: 'deny', reason: '' } })
    expect(decision).toEqual({ outcome: 'deny', code: 5, by: 'tenant', reason: '' })
  })

  it.each<[ErrorCode, number]>([
    ['ERR_POLICY_TRAP', 1359],
    ['ERR_POLICY_ABORT', 1359],
    ['ERR_POLICY_STACK', 1359],
    ['ERR_POLICY_RESULT', 1359],
    ['ERR_POLICY_START', 1359],
    ['ERR_HOST_FAULT', 1359],
    ['ERR_POLICY_TIME', 1460],
  ])('has no answer after %s, which is code %d to WinRM', (error, code) => {
    expect(codeOf(error)).toBe(code)
    for (const kind of ['user', 'operation'] as const) {
      const { decision } = decide(kind, undefined, {
        ...allowing,
        user: { kind: 'no-answer', error, detail: 'why' },
      })
      expect(decision).toEqual({ outcome: 'no-answer', code, by: 'tenant', error, detail: 'why' })
    }
  })

  it('has no answer when a policy answers with a quota, or not at all', () => {
    for (const answer of [quotaOf(1, 1, 1, 1), undefined]) {
      const { decision } = decide('user', undefined, answer === undefined ? {} : { user: answer })
      expect(decision).toMatchObject({ outcome: 'no-answer', code: 1359, error: 'ERR_HOST_FAULT' })
    }
  })
})

describe('the right of an administrator', () => {
  it.each<[string, Kind, Answers | undefined, Answers, boolean, boolean]>([
    [
      'both ask and the operator allows',
      'user',
      { user: administrator },
      { user: administrator },
      true,
      true,
    ],
    ['there is no guard to ask', 'user', undefined, { user: administrator }, true, true],
    [
      'the operator does not allow it',
      'user',
      { user: administrator },
      { user: administrator },
      false,
      false,
    ],
    ['only the guard asks', 'user', { user: administrator }, { user: allow }, true, false],
    ['only the tenant asks', 'user', { user: allow }, { user: administrator }, true, false],
    ['nobody asks', 'user', { user: allow }, { user: allow }, true, false],
  ])('%s', (_, kind, guard, tenant, allowAdministrator, granted) => {
    const { decision } = decide(kind, guard, tenant, { allowAdministrator })
    expect(decision).toEqual({ outcome: 'allow', code: 0, administrator: granted })
  })

  it('is never part of an operation or a quota', () => {
    const asking: Answers = { user: administrator, operation: administrator, quota: quotaOf(1, 1, 1, 1) }
    for (const kind of ['operation', 'quota'] as const) {
      const { decision } = decide(kind, asking, asking, { allowAdministrator: true })
      expect(decision).toMatchObject({ outcome: 'allow', administrator: false })
    }
  })
})

describe('a redirect', () => {
  const redirectTargets = ['https://winrm.example', 'https://winrm.example:5986', 'https://[2001:db8::1]']
  const redirect = (target: string, kind: Kind = 'user') =>
    decide(kind, undefined, { ...allowing, user: redirectTo(target) }, { redirectTargets }).decision

  it.each([
    ['https://winrm.example/wsman', 'https://winrm.example/wsman'],
    ['https://winrm.example', 'https://winrm.example/'],
    ['https://winrm.example:443/wsman', 'https://winrm.example/wsman'],
    ['https://winrm.example:5986/wsman?a=b', 'https://winrm.example:5986/wsman?a=b'],
    ['HTTPS://WINRM.EXAMPLE/Wsman', 'https://winrm.example/Wsman'],
    ['https://[2001:DB8::1]/wsman', 'https://[2001:db8::1]/wsman'],
    ['https://winrm.example/managé', 'https://winrm.example/manag%C3%A9'],
  ])('to %s, whose origin the operator has listed, leads to %s', (target, url) => {
    expect(redirect(target)).toEqual({
      outcome: 'deny',
      code: redirectCode,
      by: 'tenant',
      reason: `redirect to ${target}`,
      redirect: url,
    })
  })

  it.each([
    ['another host', 'https://elsewhere.example/wsman'],
    ['a host that begins like one', 'https://winrm.example.attacker.example/'],
    ['a host that ends like one', 'https://notwinrm.example/'],
    ['a host with a dot at its end', 'https://winrm.example./'],
    ['another port', 'https://winrm.example:5985/'],
    ['another scheme', 'http://winrm.example/'],
    ['a scheme that runs something', 'javascript:alert(1)'],
    ['a listed name as user', 'https://winrm.example@elsewhere.example/'],
    ['a user', 'https://ada@winrm.example/'],
    ['a password', 'https://:secret@winrm.example/'],
    ['a listed origin in the query', 'https://elsewhere.example/?https://winrm.example'],
    ['no URL', 'winrm.example'],
    ['a path', '/wsman'],
    ['no host', 'https://'],
    ['a port that is none', 'https://winrm.example:99999/'],
    ['a control character and no URL', '\u0000'],
    ['an unpaired surrogate in the host', 'https://winrm\ud800.example/'],
  ])('to %s is a denial without a URL', (_, target) => {
    expect(redirect(target)).toEqual({
      outcome: 'deny',
      code: 5,
      by: 'tenant',
      reason: `redirect to ${target}`,
      error: 'ERR_REDIRECT_TARGET',
    })
  })

  it('whose URL does not fit into an answer is a denial, not a redirect to the beginning of it', () => {
    const target = `https://winrm.example/${'é'.repeat(400)}`
    const redirectTargets = ['https://winrm.example']
    const { decision } = decide('user', undefined, { user: redirectTo(target) }, { redirectTargets })
    expect(decision).toMatchObject({ outcome: 'deny', code: 5, error: 'ERR_REDIRECT_TARGET' })
    expect(decision).not.toHaveProperty('redirect')
  })

  it('is a denial without a URL where the operator has listed nothing', () => {
    const { decision } = decide('user', undefined, { user: redirectTo('https://winrm.example/') })
    expect(decision).toMatchObject({ outcome: 'deny', code: 5, error: 'ERR_REDIRECT_TARGET' })
    expect(decision).not.toHaveProperty('redirect')
  })

  it('is a plain denial in an operation, listed or not', () => {
    for (const target of ['https://winrm.example/', 'https://elsewhere.example/']) {
      expect(redirect(target, 'operation')).toEqual({
        outcome: 'deny',
        code: 5,
        by: 'tenant',
        reason: `redirect to ${target}`,
      })
    }
  })

  it("may be the guard's, and then the tenant is not asked", () => {
    const guard = { user: redirectTo('https://winrm.example/') }
    const { decision, asked } = decide('user', guard, allowing, { redirectTargets })
    expect(decision).toMatchObject({ by: 'guard', code: redirectCode, redirect: 'https://winrm.example/' })
    expect(asked).toEqual(['guard.user'])
  })
})

describe('a quota', () => {
  const decideQuota = (guard: Answers | undefined, tenant: Answers, given: Partial<Rules> = {}) =>
    decide('quota', guard, tenant, given).decision

  it('is never above what the guard allows, also when the tenant gives no answer', () => {
    const given: Partial<Rules> = { quotaWithoutAnswer: [50, 50, 50, 50], quotaCeiling: [100, 100, 100, 100] }
    const decision = decideQuota({ quota: quotaOf(1, 1, 1, 1) }, { quota: trap }, given)
    expect(decision).toMatchObject({ outcome: 'allow', quota: [1, 1, 1, 1] })
  })

  it('is in each field the smallest of guard, tenant and ceiling', () => {
    const guard = { quota: quotaOf(1, 20, 30, 40) }
    const tenant = { quota: quotaOf(10, 2, 30, 40) }
    expect(decideQuota(guard, tenant, { quotaCeiling: [10, 20, 3, 40] })).toEqual({
      outcome: 'allow',
      code: 0,
      administrator: false,
      quota: [1, 2, 3, 40],
    })
  })

  it('is the ceiling where nobody has a queryQuota', () => {
    const quotaCeiling: Quota = [5, 6, 7, 8]
    expect(decideQuota({}, {}, { quotaCeiling })).toMatchObject({
      outcome: 'allow',
      code: 0,
      quota: quotaCeiling,
    })
    expect(decideQuota(undefined, {})).toMatchObject({ outcome: 'allow', quota: unlimited })
  })

  it('is that of the one who has a queryQuota, under the ceiling', () => {
    const quotaCeiling: Quota = [5, 5, 5, 5]
    expect(decideQuota({ quota: quotaOf(1, 9, 1, 9) }, {}, { quotaCeiling })).toMatchObject({
      quota: [1, 5, 1, 5],
    })
    expect(decideQuota({}, { quota: quotaOf(9, 1, 9, 1) }, { quotaCeiling })).toMatchObject({
      quota: [5, 1, 5, 1],
    })
  })

  it.each<[string, Answers | undefined, Answers]>([
    ['guard', { quota: trap }, { quota: quotaOf(1, 1, 1, 1) }],
    ['tenant', { quota: quotaOf(1, 1, 1, 1) }, { quota: trap }],
    ['tenant', undefined, { quota: trap }],
  ])('is an error when the %s gives no answer', (by, guard, tenant) => {
    expect(decideQuota(guard, tenant)).toEqual({
      outcome: 'no-answer',
      code: 1359,
      by,
      error: 'ERR_POLICY_TRAP',
      detail: 'unreachable',
    })
  })

  it("is the operator's safe quota under the ceiling when there is no answer, and says why", () => {
    const given: Partial<Rules> = { quotaWithoutAnswer: [2, 20, 2, 20], quotaCeiling: [10, 10, 10, 10] }
    expect(decideQuota(undefined, { quota: trap }, given)).toEqual({
      outcome: 'allow',
      code: 0,
      administrator: false,
      quota: [2, 10, 2, 10],
      error: 'ERR_POLICY_TRAP',
      detail: 'unreachable',
    })
  })

  it('is not the safe quota when there are answers', () => {
    const given: Partial<Rules> = { quotaWithoutAnswer: [2, 2, 2, 2] }
    const decision = decideQuota(undefined, { quota: quotaOf(50, 50, 50, 50) }, given)
    expect(decision).toEqual({ outcome: 'allow', code: 0, administrator: false, quota: [50, 50, 50, 50] })
  })

  it('is no answer when a policy allows, denies or redirects instead', () => {
    for (const answer of [allow, administrator, deny, redirectTo('https://winrm.example/')]) {
      expect(decideQuota(undefined, { quota: answer })).toMatchObject({
        outcome: 'no-answer',
        code: 1359,
        error: 'ERR_HOST_FAULT',
      })
    }
  })
})

describe('whatever guard and tenant answer', () => {
  const quotaWord = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 0xffffffff }))
  const quota: fc.Arbitrary<Quota> = fc.tuple(quotaWord, quotaWord, quotaWord, quotaWord)
  const target = fc.oneof(
    fc.constantFrom('https://winrm.example/wsman', 'https://a@winrm.example/', 'http://winrm.example/', ''),
    fc.webUrl(),
    anyText(),
  )
  const failed: fc.Arbitrary<PolicyAnswer> = fc.record({
    kind: fc.constant('no-answer' as const),
    error: fc.constantFrom<ErrorCode>(
      'ERR_POLICY_TRAP',
      'ERR_POLICY_ABORT',
      'ERR_POLICY_TIME',
      'ERR_HOST_FAULT',
    ),
    detail: anyText(),
  })
  const allowed: fc.Arbitrary<PolicyAnswer> = fc.record({
    kind: fc.constant('allow' as const),
    administrator: fc.boolean(),
  })
  const access = fc.oneof(
    { weight: 6, arbitrary: allowed },
    { weight: 1, arbitrary: anyText().map((reason): PolicyAnswer => ({ kind: 'deny', reason })) },
    { weight: 1, arbitrary: target.map(redirectTo) },
    { weight: 1, arbitrary: failed },
    { weight: 1, arbitrary: quota.map((quota): PolicyAnswer => ({ kind: 'quota', quota })) },
  )
  const quotaAnswer = fc.oneof(
    { weight: 5, arbitrary: quota.map((quota): PolicyAnswer => ({ kind: 'quota', quota })) },
    { weight: 1, arbitrary: failed },
    { weight: 1, arbitrary: access },
  )
  const answers: fc.Arbitrary<Answers> = fc.record(
    { user: access, operation: access, quota: quotaAnswer },
    { requiredKeys: ['user', 'operation'] },
  )
  const anyRules: fc.Arbitrary<Rules> = fc.record(
    {
      allowAdministrator: fc.boolean(),
      redirectTargets: fc.constantFrom([], ['https://winrm.example']),
      quotaCeiling: quota,
      quotaWithoutAnswer: quota,
    },
    { requiredKeys: ['allowAdministrator', 'redirectTargets', 'quotaCeiling'] },
  )
  const situation = fc.record({
    kind: fc.constantFrom<Kind>('user', 'operation', 'quota'),
    guard: fc.option(answers, { nil: undefined }),
    tenant: answers,
    rules: anyRules,
  })

  function always(check: (given: typeof situation extends fc.Arbitrary<infer T> ? T : never) => void): void {
    fc.assert(fc.property(situation, check), { numRuns: 3000 })
  }

  it('access is never allowed unless everybody who has a say allows', () => {
    always(({ kind, guard, tenant, rules }) => {
      if (kind === 'quota') return
      const { decision } = decide(kind, guard, tenant, rules)
      const names = kind === 'user' ? (['user'] as const) : (['user', 'operation'] as const)
      const everybody = [guard ?? allowing, tenant]
      const all = names.every((name) => everybody.every((answers) => answers[name]?.kind === 'allow'))
      expect(decision.outcome === 'allow').toBe(all)
    })
  })

  it('nobody is asked twice, or out of order, or after an objection', () => {
    const order = ['guard.user', 'tenant.user', 'guard.operation', 'tenant.operation']
    always(({ kind, guard, tenant, rules }) => {
      if (kind === 'quota') return
      const { asked } = decide(kind, guard, tenant, rules)
      const expected = order.filter(
        (name) =>
          (guard !== undefined || !name.startsWith('guard')) &&
          (kind === 'operation' || name.endsWith('user')),
      )
      expect(asked).toEqual(expected.slice(0, asked.length))
      const answerOf = (name: string) => {
        const [by, fn] = name.split('.') as ['guard' | 'tenant', PolicyFunction]
        return (by === 'guard' ? guard : tenant)?.[fn]?.kind
      }
      expect(asked.slice(0, -1).every((name) => answerOf(name) === 'allow')).toBe(true)
      if (asked.length < expected.length) expect(answerOf(asked.at(-1) ?? '')).not.toBe('allow')
    })
  })

  it('code 0 goes with allow and with nothing else, and the three outcomes stay apart', () => {
    always(({ kind, guard, tenant, rules }) => {
      const { decision } = decide(kind, guard, tenant, rules)
      expect(decision.code === 0).toBe(decision.outcome === 'allow')
      if (decision.outcome === 'no-answer') {
        expect([1359, 1460]).toContain(decision.code)
        expect(decision).not.toHaveProperty('reason')
      } else if (decision.outcome === 'deny') {
        expect([5, redirectCode]).toContain(decision.code)
        expect(decision).not.toHaveProperty('detail')
      }
    })
  })

  it('a policy that gives no answer never becomes a denial, and a denial never becomes no answer', () => {
    always(({ kind, guard, tenant, rules }) => {
      if (kind === 'quota') return
      const { decision, asked } = decide(kind, guard, tenant, rules)
      const [by, name] = (asked.at(-1) ?? '').split('.') as ['guard' | 'tenant', PolicyFunction]
      const last = (by === 'guard' ? guard : tenant)?.[name]?.kind
      const outcome = {
        allow: 'allow',
        deny: 'deny',
        redirect: 'deny',
        'no-answer': 'no-answer',
        quota: 'no-answer',
      }
      expect(decision.outcome).toBe(outcome[last ?? 'no-answer'])
    })
  })

  it('nobody becomes administrator unless all ask for it, in a user question, and the operator allows it', () => {
    always(({ kind, guard, tenant, rules }) => {
      const { decision } = decide(kind, guard, tenant, rules)
      const asks = (answers: Answers) => answers.user?.kind === 'allow' && answers.user.administrator
      const all = [tenant, ...(guard === undefined ? [] : [guard])].every(asks)
      expect(decision.outcome === 'allow' && decision.administrator).toBe(
        kind === 'user' && rules.allowAdministrator && all,
      )
    })
  })

  it('no redirect leads anywhere but to a listed origin, and only a user is redirected', () => {
    always(({ kind, guard, tenant, rules }) => {
      const { decision } = decide(kind, guard, tenant, rules)
      const url = decision.outcome === 'deny' ? decision.redirect : undefined
      expect(decision.code === redirectCode).toBe(url !== undefined)
      if (url === undefined) return
      expect(kind).toBe('user')
      expect(rules.redirectTargets).toContain(new URL(url).origin)
      expect(url.startsWith('https://winrm.example/')).toBe(true)
    })
  })

  it('no quota is above the ceiling or has a zero, and with all answers it is the smallest of them', () => {
    always(({ guard, tenant, rules }) => {
      const { decision } = decide('quota', guard, tenant, rules)
      if (decision.outcome !== 'allow') return
      const limits = [rules.quotaCeiling]
      if (decision.error !== undefined) limits.push(rules.quotaWithoutAnswer ?? unlimited)
      else
        for (const answer of [guard?.quota, tenant.quota])
          if (answer?.kind === 'quota') limits.push(answer.quota)
      const smallest = [0, 1, 2, 3].map((field) => Math.min(...limits.map((limit) => limit[field] ?? 0)))
      const { quota = [] } = decision
      expect(quota.every((word, field) => word > 0 && word <= (smallest[field] ?? 0))).toBe(true)
      if (decision.error === undefined) expect(quota).toEqual(smallest)
    })
  })

  it('a quota question without an answer is an error unless the operator has a safe quota', () => {
    always(({ guard, tenant, rules }) => {
      const { decision } = decide('quota', guard, tenant, rules)
      const answers = [guard?.quota, tenant.quota].filter((answer) => answer !== undefined)
      const missing = answers.some(({ kind }) => kind !== 'quota')
      expect(decision.outcome).toBe(missing && rules.quotaWithoutAnswer === undefined ? 'no-answer' : 'allow')
      expect('error' in decision).toBe(missing)
    })
  })
})
