// What a case works with: the runner of a system, sites of its own, and a site with a host that all cases share. The shared
// one saves starting a host for each case; a case that disturbs a host takes a site of its own.

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
  #shared: Promise<Shared> | undefined

  constructor(runner: Runner) {
    this.runner = runner
  }

  /** Do not disturb. */
  shared(): Promise<Shared> {
    const open = async () => {
      const site = new Site(this.runner)
      return { site, host: await site.serve(sharedTenants) }
    }
    this.#shared ??= open()
    return this.#shared
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
    await this.#shared?.then(({ site }) => site.close())
  }
}
