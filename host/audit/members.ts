/**
 * What is written of what is told, where more may be told than is to be written: member by member, so that whatever else an act or a
 * connection has with it, such as a module or a token's secret, stays out; and texts that nobody has bounded are cut.
 */

import { auditTextUnitsMax } from '../limits.ts'
import type { AuditAct, AuditDenials } from './format.ts'

export function short(text: string): string {
  if (text.length <= auditTextUnitsMax) return text
  return `${text.slice(0, auditTextUnitsMax)}… (${text.length} units)`
}

export function actMembers(act: AuditAct): AuditAct {
  const { command, via, result, who, why, subject, tenant, version, policy, token, code, detail } = act
  return {
    command,
    via,
    result,
    ...(who !== undefined && { who: short(who) }),
    ...(why !== undefined && { why: short(why) }),
    ...(subject !== undefined && { subject }),
    ...(tenant !== undefined && { tenant }),
    ...(version !== undefined && { version }),
    ...(policy !== undefined && { policy }),
    ...(token !== undefined && { token: tokenMembers(token) }),
    ...(code !== undefined && { code }),
    ...(detail !== undefined && { detail: short(detail) }),
  }
}

type Token = NonNullable<AuditAct['token']>

function tokenMembers({ id, name, role }: Token): Token {
  return {
    ...(id !== undefined && { id }),
    ...(name !== undefined && { name: short(name) }),
    ...(role !== undefined && { role }),
  }
}

export function denialsMembers({
  account,
  application,
  tenant,
  processId,
  denied,
}: AuditDenials): AuditDenials {
  return {
    account,
    ...(application !== undefined && { application }),
    ...(tenant !== undefined && { tenant }),
    ...(processId !== undefined && { processId }),
    ...(denied !== undefined && { denied }),
  }
}
