/** `portcullis retire`: lets go of a version's bytes, so that it can never be activated again. */

import type { StoredVersion } from '../store/store.ts'
import { type SignedOptions, type SubjectOptions, signature, subjectOf, subjectText } from './subject.ts'
import { type HostOptions, tell } from './which-host.ts'

interface RetireOptions extends HostOptions, SubjectOptions, SignedOptions {
  readonly json?: boolean
}

export async function retire(version: string, options: RetireOptions): Promise<void> {
  const subject = subjectOf(options)
  const retired = (await tell(options, {
    command: 'retire',
    subject,
    version,
    ...signature(options),
  })) as StoredVersion
  if (options.json) return console.log(JSON.stringify(retired))
  console.log(
    `${subjectText(subject)}, version ${retired.number}: its bytes are let go; it cannot be activated again`,
  )
}
