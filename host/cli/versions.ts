/** `portcullis versions`: what a running host's store has of each subject, and which version answers. */

import type { Active, StoredVersion, Subject } from '../store/store.ts'
import { type SubjectOptions, subjectIfGiven, subjectText } from './subject.ts'
import { renderTable } from './table.ts'
import { type HostOptions, tell } from './which-host.ts'

interface VersionsOptions extends HostOptions, SubjectOptions {
  readonly json?: boolean
}

interface SubjectVersions {
  readonly subject: Subject
  readonly active: Active | null
  /** Earlier ones that the answer had no room for. */
  readonly omitted: number
  readonly versions: readonly StoredVersion[]
}

function stateText({ state, refusal, blobs }: StoredVersion): string {
  return `${state}${refusal === undefined ? '' : ` (${refusal.code})`}${blobs ? '' : ', bytes let go'}`
}

function print({ subject, active, omitted, versions }: SubjectVersions): void {
  const until = active?.confirmByMs
  const provisional = until === undefined ? '' : `, provisional until ${new Date(until).toISOString()}`
  const now =
    active?.number == null ? 'nothing is active' : `version ${active.number} is active${provisional}`
  console.log(`${subjectText(subject)}: ${now}\n`)
  if (omitted > 0) console.log(`${omitted} earlier versions are left out\n`)
  const rows = versions.map((version) => [
    String(version.number),
    version.policy.slice(0, 12),
    String(version.bytes),
    stateText(version),
    new Date(version.uploaded.timeMs).toISOString(),
    version.uploaded.who,
    version.uploaded.why ?? '',
  ])
  if (rows.length > 0) {
    console.log(`${renderTable(['version', 'module', 'bytes', 'state', 'pushed', 'by', 'reason'], rows)}\n`)
  }
}

export async function versions(options: VersionsOptions): Promise<void> {
  const subject = subjectIfGiven(options)
  const answer = (await tell(options, {
    command: 'versions',
    ...(subject !== undefined && { subject }),
  })) as readonly SubjectVersions[]
  if (options.json) console.log(JSON.stringify(answer))
  else if (answer.length === 0)
    console.log('the configuration names every policy itself; the store serves nobody')
  else for (const one of answer) print(one)
}
