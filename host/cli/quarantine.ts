/** `portcullis quarantine`: which policies a running host does not ask any more and why; `--lift` lets a tenant's be asked again. */

import type { Quarantined } from '../supervisor/blame.ts'
import { loadConfig } from '../tenant/config.ts'
import { callersPath } from './callers-path.ts'
import { tellHost } from './operator-client.ts'
import { signature } from './subject.ts'
import { renderTable } from './table.ts'

interface QuarantineOptions {
  readonly config: string
  readonly lift?: string
  readonly json?: boolean
}

const reasons = {
  'processor time': 'it used up its processor time',
  deaths: 'evaluators ended themselves while they ran it',
} as const

function print(versions: readonly Quarantined[]): void {
  const rows = versions.map(({ tenant, policy, reason, sinceMs }) => [
    tenant,
    policy.slice(0, 12),
    new Date(sinceMs).toISOString(),
    reasons[reason],
  ])
  console.log(renderTable(['tenant', 'policy', 'since', 'because'], rows))
}

export async function quarantine({ config: path, lift, json }: QuarantineOptions): Promise<void> {
  const { endpoint } = loadConfig(callersPath(path))
  const command =
    lift === undefined
      ? ({ command: 'quarantine' } as const)
      : ({ command: 'lift', tenant: lift, ...signature({}) } as const)
  const versions = (await tellHost(endpoint, command)) as readonly Quarantined[]
  if (json) console.log(JSON.stringify(versions))
  else if (versions.length > 0) print(versions)
  else console.log(lift === undefined ? 'nothing is quarantined' : `nothing of ${lift} was quarantined`)
  if (lift !== undefined && versions.length === 0) process.exitCode = 1
}
