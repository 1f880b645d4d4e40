/**
 * The table that a configuration stands for: its tenants and its guard, each with the policy that the configuration names, or
 * with the version that is active in the store.
 */

import type { PortcullisError } from '../errors.ts'
import type { Subject } from '../store/store.ts'
import type { Config, PolicyChoice } from '../tenant/config.ts'
import type { PolicySource } from './policy-source.ts'
import type { Table } from './table.ts'

/** Throws ERR_CONFIG_POLICY for a file that is refused; a version of the store that is denies its subject alone. */
export async function tableOfConfig(
  config: Config,
  source: PolicySource,
  generation: number,
  report: (error: PortcullisError) => void,
): Promise<Table> {
  const modules = await source.ofFiles(config, report)
  const chosen = async <Choice extends PolicyChoice>(subject: Subject, choice: Choice): Promise<Choice> => {
    if (choice.policy !== undefined) return choice
    const active = await source.active(subject, choice.fuelPerDecision, report)
    if (active === undefined) return choice
    modules.set(active.choice.policy, active.module)
    return { ...choice, ...active.choice }
  }
  const guard = config.guard && (await chosen('guard', config.guard))
  const tenants = await Promise.all(config.tenants.map((tenant) => chosen({ tenant: tenant.name }, tenant)))
  return {
    generation,
    guard,
    tenants: new Map(tenants.map((tenant) => [tenant.name, tenant])),
    modules,
    recorded: config.recording !== undefined,
  }
}
