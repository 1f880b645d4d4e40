/**
 * Composes the answers of the provider's guard and the tenant's policy under the operator's rules. Pure, and the
 * same for every face: `serve` uses it, and whatever else decides a question.
 *
 * Order: guard.authzUser, tenant.authzUser, and for an operation guard.authzOperation, tenant.authzOperation. The
 * first that does not allow decides. The user question is part of every operation because WinRM caches users: only
 * so does a revocation take effect at the next operation.
 */

import type { PolicyFunction } from '../engine/interface.ts'
import type { PolicyAnswer } from '../engine/policy-answer.ts'
import type { Quota } from '../engine/result-record.ts'
import { answer as answerLayout, type Kind } from '../wire/layout.ts'
import { codeOf, win32 } from './codes.ts'
import type { Author, Decision, Rules } from './decision.ts'

/** Something that answers policy functions; undefined for `queryQuota` if it has none. */
export type Respondent = (name: PolicyFunction) => PolicyAnswer | undefined

export interface Respondents {
  readonly guard: Respondent | undefined
  readonly tenant: Respondent
}

/** Undefined means: this one allows. */
function objection(
  by: Author,
  answer: PolicyAnswer | undefined,
  kind: Kind,
  rules: Rules,
): Decision | undefined {
  switch (answer?.kind) {
    case 'allow':
      return undefined
    case 'deny':
      return { outcome: 'deny', code: win32.ACCESS_DENIED, by, reason: answer.reason }
    case 'redirect':
      return redirected(by, answer.target, kind, rules)
    default:
      return unanswered(by, answer)
  }
}

/** Also for an answer of the wrong kind, which the engine never lets through. */
function unanswered(by: Author, answer: PolicyAnswer | undefined): Decision & { outcome: 'no-answer' } {
  const { error, detail } =
    answer?.kind === 'no-answer'
      ? answer
      : ({ error: 'ERR_HOST_FAULT', detail: 'answer of a wrong kind' } as const)
  return { outcome: 'no-answer', code: codeOf(error), by, error, detail }
}

/** A redirect only means something in a user question; in an operation it is what it is to the user: a denial. */
function redirected(by: Author, target: string, kind: Kind, rules: Rules): Decision {
  const denied = { outcome: 'deny', code: win32.ACCESS_DENIED, by, reason: `redirect to ${target}` } as const
  if (kind !== 'user') return denied
  const url = URL.canParse(target) ? new URL(target) : undefined
  const fits = url !== undefined && url.href.length <= answerLayout.textUnitsMax // escaping makes it longer than it was
  const listed =
    fits &&
    url?.protocol === 'https:' &&
    url.username === '' &&
    url.password === '' &&
    rules.redirectTargets.includes(url.origin)
  if (!listed) return { ...denied, error: 'ERR_REDIRECT_TARGET' }
  return { ...denied, code: win32.REDIRECT_REQUESTED, redirect: url.href }
}

function asksForAdministrator(answer: PolicyAnswer | undefined): boolean {
  return answer?.kind === 'allow' && answer.administrator
}

function decideAccess(kind: 'user' | 'operation', { guard, tenant }: Respondents, rules: Rules): Decision {
  let administrator = kind === 'user' && rules.allowAdministrator
  for (const name of kind === 'user' ? (['user'] as const) : (['user', 'operation'] as const)) {
    for (const [by, respondent] of [
      ['guard', guard],
      ['tenant', tenant],
    ] as const) {
      if (respondent === undefined) continue
      const answer = respondent(name)
      const objected = objection(by, answer, kind, rules)
      if (objected !== undefined) return objected
      administrator &&= asksForAdministrator(answer)
    }
  }
  return { outcome: 'allow', code: win32.NO_ERROR, administrator }
}

function smallest(a: Quota, b: Quota): Quota {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])]
}

function decideQuota({ guard, tenant }: Respondents, rules: Rules): Decision {
  let quota = rules.quotaCeiling
  for (const [by, respondent] of [
    ['guard', guard],
    ['tenant', tenant],
  ] as const) {
    const answer = respondent?.('quota')
    if (answer === undefined) continue // no queryQuota: nothing to be smaller than
    if (answer.kind === 'quota') {
      quota = smallest(quota, answer.quota)
      continue
    }
    const failed = unanswered(by, answer)
    if (rules.quotaWithoutAnswer === undefined) return failed
    const { error, detail } = failed
    const safe = smallest(rules.quotaWithoutAnswer, quota)
    return { outcome: 'allow', code: win32.NO_ERROR, administrator: false, quota: safe, error, detail }
  }
  return { outcome: 'allow', code: win32.NO_ERROR, administrator: false, quota }
}

export function compose(kind: Kind, respondents: Respondents, rules: Rules): Decision {
  return kind === 'quota' ? decideQuota(respondents, rules) : decideAccess(kind, respondents, rules)
}
