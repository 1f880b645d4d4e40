// A compiled policy, asked once, as an evaluator would with a guest that nobody has used.

import type { PolicyFunction } from '../../host/engine/interface.ts'
import { Policy } from '../../host/engine/policy.ts'
import type { Called } from '../../host/engine/policy-answer.ts'
import type { PolicyModule } from '../../host/engine/policy-module.ts'

export function callPolicy(
  module: PolicyModule,
  name: PolicyFunction,
  block: Uint8Array,
  fuel: number,
): Called {
  return new Policy(module).call(name, block, fuel)
}
