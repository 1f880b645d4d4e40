// What a case works with: the runner of a system, sites of its own, and sites with a host that all cases share. Those
// save starting a host for each case; a case that disturbs a host takes a site of its own.

import type { TenantSpec } from '../support/testbed.ts'
import type { HostProcess, Runner } from './runner.ts'
import { Site } from './site.ts'

/** The tenants of the shared host. Their applications are wsman/<name>. */
const sharedTenants: readonly TenantSpec[] = [
  { name: 'allows', policy: 'slow' },
  { name: 'counts', policy: 'slow' },
  { name: 'reports', policy: 'report' },
  { name: 'shows', policy: 'report', showReasons: true },
  { name: 'pool', policy: 'slow', runAsPoolAccountWithoutToken: true },
  {
    name: 'told',
    policy: 'as-told',
    allowAdministrator: true,
    redirectTargets: ['https://winrm.example:5986'],
    quotaCeiling: {
      concurrentShells: 1000,
      concurrentOperations: 1000,
      timeslotSeconds: 3600,
      operationsPerTimeslot: 0xffffffff,
    },
  },
  { name: 'told-without', policy: 'as-told' },
  { name: 'mirror-a', policy: 'mirror' },
  { name: 'mirror-b', policy: 'mirror' },
  { name: 'traps', policy: 'trap' },
  { name: 'aborts', policy: 'abort-message' },
  { name: 'recurses', policy: 'recursion' },
  { name: 'grows', policy: 'grow' },
  { name: 'loops', policy: 'endless', fuelPerDecision: 1_000_000 },
  { name: 'lies', policy: 'bad-result' },
  {
    name: 'lies-safely',
    policy: 'bad-result',
    quotaWithoutAnswer: {
      concurrentShells: 2,
      concurrentOperations: 3,
      timeslotSeconds: 4,
      operationsPerTimeslot: 5,
    },
  },
]

export interface Shared {
  readonly site: Site
  readonly host: HostProcess
}

export class Bench {
  readonly runner: Runner
  readonly #sites: Site[] = []
  readonly #shared = new Map<number, Promise<Shared>>()

  constructor(runner: Runner) {
    this.runner = runner
  }

  #sharedWith(evaluators: number): Promise<Shared> {
    const open = async () => {
      const site = new Site(this.runner)
      return { site, host: await site.serve(sharedTenants, { evaluators }) }
    }
    const shared = this.#shared.get(evaluators) ?? open()
    this.#shared.set(evaluators, shared)
    return shared
  }

  /** Two evaluators. Do not disturb. */
  shared(): Promise<Shared> {
    return this.#sharedWith(2)
  }

  /**
   * One evaluator, for what the plug-in counts by itself. It tells so with a hello, and once more if it does not hear that
   * the hello has come: an instance that was answered once has no other hello under way here.
   */
  sharedToCount(): Promise<Shared> {
    return this.#sharedWith(1)
  }

  /** A site that lasts as long as the case. */
  site(): Site {
    const site = new Site(this.runner)
    this.#sites.push(site)
    return site
  }

  async closeSites(): Promise<void> {
    for (const site of this.#sites.splice(0)) await site.close()
  }

  async close(): Promise<void> {
    await this.closeSites()
    for (const shared of this.#shared.values()) await shared.then(({ site }) => site.close())
  }
}
