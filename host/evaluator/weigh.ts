/**
 * What those who have a say in a question say, composed under the operator's rules. The evaluator decides by this, and a
 * replay of its decisions does.
 */

import { compose } from '../winrm/compose.ts'
import type { Decision, Rules } from '../winrm/decision.ts'
import type { Kind } from '../wire/layout.ts'
import type { Decider } from './decider.ts'

export function weigh(kind: Kind, guard: Decider | undefined, tenant: Decider, rules: Rules): Decision {
  return compose(kind, { guard: guard?.ask.bind(guard), tenant: tenant.ask.bind(tenant) }, rules)
}
