// Installations for `portcullis doctor`, each in a folder of its own in which everything is right until a test breaks it, and what it
// said of them.

import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { type Check, checks, type Finding, type State } from '../../host/cli/doctor/finding.ts'
import { installPlugin } from '../../host/double/double.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import { type Ended, runProgram } from './command.ts'
import { policyPath } from './testbed.ts'

export interface Installation {
  readonly folder: string
  readonly config: string
  readonly policy: string
  readonly plugin: string
  readonly settings: string
  /** Writes the configuration with other members. */
  configure(members: object): void
}

/** A configuration with one tenant for this account, its policy, and a plug-in with settings that lead to `endpoint`. */
export function installation(top: string, endpoint: string): Installation {
  const folder = mkdtempSync(join(top, 'installation-'))
  const config = join(folder, 'portcullis.json')
  const policy = join(folder, 'policies', 'policy.wasm')
  const pluginFolder = join(folder, 'plugin')
  mkdirSync(pluginFolder)
  mkdirSync(join(folder, 'policies'))
  copyFileSync(policyPath('examples/read-only-auditor'), policy)
  const plugin = installPlugin(pluginFolder, endpoint, ownAccount())
  const applications = [{ account: ownAccount(), application: 'wsman/a' }]
  const tenants = [{ name: 'a', applications, policy }]
  const configure = (members: object) =>
    writeFileSync(config, JSON.stringify({ endpoint, evaluators: 1, tenants, ...members }))
  configure({})
  return { folder, config, policy, plugin, settings: join(pluginFolder, 'portcullis.settings'), configure }
}

export interface Examined {
  readonly status: number | null
  readonly healthy: boolean
  readonly findings: readonly Finding[]
}

/** The worst state of each check that has said something. */
export function statesOf({ findings }: Examined): Partial<Record<Check, State>> {
  const order: readonly State[] = ['skipped', 'ok', 'warning', 'problem']
  const states: Partial<Record<Check, State>> = {}
  for (const { check, state } of findings) {
    if (order.indexOf(state) > order.indexOf(states[check] ?? 'skipped')) states[check] = state
    else states[check] ??= state
  }
  return states
}

/** What `doctor --json` printed, if it is what it is documented to be. */
export function examined({ status, stdout, stderr }: Ended): Examined {
  if (stderr !== '') throw new Error(stderr)
  const { healthy, findings } = JSON.parse(stdout) as Examined
  for (const { check, state, what, cure } of findings) {
    const hasCure = cure !== undefined && cure !== ''
    if (checks.includes(check) && what !== '' && hasCure === /^(warning|problem)$/.test(state)) continue
    throw new Error(`a finding that is none: ${JSON.stringify({ check, state, what, cure })}`)
  }
  return { status, healthy, findings }
}

export function runDoctor({ folder, config, plugin }: Installation, ...options: string[]): Ended {
  return runProgram('main', folder, 'doctor', '--config', config, '--plugin', plugin, ...options)
}
