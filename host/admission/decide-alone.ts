/**
 * One decision of one policy without a host around it, as `portcullis run` shows it and admission tries it.
 * What an operator decides (ceilings, redirect targets, whether the administrator flag is passed on) is not
 * applied: it is what the policy itself says.
 */

import { Consultation, type Consulted } from '../engine/consultation.ts'
import type { Quota } from '../engine/result-record.ts'
import { compose, type Respondent } from '../winrm/compose.ts'
import { type Description, describe } from '../winrm/description.ts'
import { blockKind } from '../wire/request-block.ts'

const noCeiling: Quota = [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]

const rules = { allowAdministrator: true, redirectTargets: [], quotaCeiling: noCeiling }

export interface DecidedAlone {
  readonly description: Description
  /** The most that the policy's memory had at the end of a call; an operation is two. */
  readonly memoryBytes: number
}

/** `block` has been checked and stamped. */
export function decideAlone(
  policy: Consulted & { readonly memoryBytes: number },
  block: Buffer,
  fuel: number,
): DecidedAlone {
  const consultation = new Consultation(policy, block, fuel)
  let memoryBytes = 0
  const tenant: Respondent = (name) => {
    const answer = consultation.ask(name)
    memoryBytes = Math.max(memoryBytes, policy.memoryBytes)
    return answer
  }
  const kind = blockKind(new DataView(block.buffer, block.byteOffset, block.length))
  const decision = compose(kind, { guard: undefined, tenant }, rules)
  return { description: describe(decision, policy.hasQuota, consultation.fuelUsed), memoryBytes }
}
