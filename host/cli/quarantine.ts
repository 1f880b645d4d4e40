/** `portcullis quarantine`: which policies a running host does not ask any more and why; `--lift` lets a tenant's be asked again. */

import type { Explained } from '../supervisor/blame.ts'
import { type SignedOptions, signature } from './subject.ts'
import { renderTable } from './table.ts'
import { type HostOptions, tell } from './which-host.ts'

interface QuarantineOptions extends HostOptions, SignedOptions {
  readonly tenant?: string
  readonly lift?: string
  readonly json?: boolean
}

/** Through the admin API a tenant is not told which module of the guard it is. */
type Told = Omit<Explained, 'policy'> & Partial<Pick<Explained, 'policy'>>

function print(versions: readonly Told[]): void {
  const rows = versions.map(({ tenant, policy, explanation, sinceMs }) => [
    tenant,
    policy?.slice(0, 12) ?? '',
    new Date(sinceMs).toISOString(),
    explanation,
  ])
  console.log(renderTable(['tenant', 'policy', 'since', 'because'], rows))
}

export async function quarantine(options: QuarantineOptions): Promise<void> {
  const { tenant, lift, json } = options
  const command =
    lift === undefined
      ? ({ command: 'quarantine', ...(tenant !== undefined && { tenant }) } as const)
      : ({ command: 'lift', tenant: lift, ...signature(options) } as const)
  const versions = (await tell(options, command)) as readonly Told[]
  if (json) console.log(JSON.stringify(versions))
  else if (versions.length > 0) {
    if (lift !== undefined) console.log(`${lift}: its policies are asked again; these were in quarantine`)
    print(versions)
  } else if (lift !== undefined) console.log(`nothing of ${lift} was quarantined`)
  else console.log(tenant === undefined ? 'nothing is quarantined' : `nothing of ${tenant} is quarantined`)
  if (lift !== undefined && versions.length === 0) process.exitCode = 1
}
