/** Which subject and which version of it a command is about: as the configuration and the store have them at the moment. */

import { PortcullisError } from '../errors.ts'
import type { Store, StoredVersion, Subject } from '../store/store.ts'
import { wantedVersion } from '../store/wanted-version.ts'
import type { Config, PolicyChoice } from '../tenant/config.ts'
import { subjectName } from './policy-source.ts'

export function configured({ tenants, guard }: Config, subject: Subject): PolicyChoice | undefined {
  return subject === 'guard' ? guard : tenants.find(({ name }) => name === subject.tenant)
}

/** What the configuration says of a subject whose versions are the store's. Throws ERR_VERSION_SUBJECT. */
export function choiceOf(config: Config, subject: Subject): PolicyChoice {
  const choice = configured(config, subject)
  const name = subjectName(subject)
  if (choice === undefined) {
    throw new PortcullisError(
      'ERR_VERSION_SUBJECT',
      `the configuration has no ${subject === 'guard' ? 'guard' : `tenant ${name}`}`,
    )
  }
  if (choice.policy !== undefined) {
    throw new PortcullisError(
      'ERR_VERSION_SUBJECT',
      `the configuration names ${name}'s policy; take "policy" out and reload, and the store's active version serves it`,
    )
  }
  return choice
}

/** `wanted`: a version's number, or the beginning of its module's digest. Throws ERR_VERSION_UNKNOWN. */
export function findVersion(store: Store, subject: Subject, wanted: string): StoredVersion {
  return wantedVersion(store.versions(subject), wanted, subjectName(subject))
}

/** A subject as the log names it. */
export function named(subject: Subject): object {
  return subject === 'guard' ? { subject } : { subject: 'tenant', tenant: subject.tenant }
}
