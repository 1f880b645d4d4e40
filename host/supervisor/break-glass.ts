/**
 * What must stay allowed, whatever is activated: before a table goes live each of these questions is put to the tenant's policy
 * and to the guard that it would have, in a process that nothing else runs in. Both have to allow it.
 */

import { answersOf } from '../admission/admission.ts'
import { PortcullisError } from '../errors.ts'
import type { BreakGlass, PolicyChoice } from '../tenant/config.ts'
import { labelOf, type Vector } from '../winrm/vectors.ts'
import type { Table } from './table.ts'

/** Throws ERR_ACTIVATION_BREAK_GLASS with the first line that would not be allowed. */
async function check(
  { modules }: Table,
  { policy, settings, fuelPerDecision }: PolicyChoice,
  { file, vectors }: BreakGlass,
  whose: string,
): Promise<void> {
  const refuse = (vector: Vector, why: string): never => {
    throw new PortcullisError('ERR_ACTIVATION_BREAK_GLASS', `${file}, ${labelOf(vector)}: ${whose} ${why}`)
  }
  const [first] = vectors
  const module = policy === undefined ? undefined : modules.get(policy)
  if (first === undefined) return
  if (module === undefined) return refuse(first, 'would have no active version')
  const answers = await answersOf(module.bytes, module.digest, vectors, {
    settings: settings ?? null,
    fuelPerDecision,
  })
  answers.forEach(({ outcome, reason, error }, index) => {
    const why = reason ?? error ?? 'no reason is given'
    if (outcome !== 'allow') refuse(vectors[index] as Vector, `would answer "${outcome}" (${why})`)
  })
}

/** Nobody was asked before, and nobody is now: nothing is taken away. */
function staysSilent(before: PolicyChoice | undefined, after: PolicyChoice): boolean {
  return before?.policy === undefined && after.policy === undefined
}

/** Of one tenant, or of all. A guard that comes without a version denies everybody, as one does whose version goes. */
export async function checkBreakGlass(
  before: Table,
  table: Table,
  lists: ReadonlyMap<string, BreakGlass>,
  only?: string,
): Promise<void> {
  const { guard } = table
  const guardSpeaks = guard !== undefined && (before.guard === undefined || !staysSilent(before.guard, guard))
  for (const [name, list] of lists) {
    const tenant = table.tenants.get(name)
    if (tenant === undefined || (only !== undefined && only !== name)) continue
    if (!staysSilent(before.tenants.get(name), tenant)) await check(table, tenant, list, name)
    if (guardSpeaks) await check(table, guard, list, 'the guard')
  }
}
