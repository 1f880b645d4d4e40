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

/** Of one tenant, or of all. */
export async function checkBreakGlass(
  table: Table,
  lists: ReadonlyMap<string, BreakGlass>,
  only?: string,
): Promise<void> {
  for (const [name, list] of lists) {
    const tenant = table.tenants.get(name)
    if (tenant === undefined || (only !== undefined && only !== name)) continue
    await check(table, tenant, list, name)
    if (table.guard !== undefined) await check(table, table.guard, list, 'the guard')
  }
}
