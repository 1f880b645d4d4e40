/** Which version somebody means, by its number or by the beginning of its module's digest. */

import { PortcullisError } from '../errors.ts'
import { digestDigitsMin } from '../limits.ts'
import type { StoredVersion } from './history.ts'

/** Of at most seven digits; anything else is the beginning of a digest. */
const numberPattern = /^[0-9]{1,7}$/

export function isNumber(wanted: string): boolean {
  return numberPattern.test(wanted)
}

/** `whose`: for messages. Throws ERR_VERSION_UNKNOWN, also if several have the module. */
export function wantedVersion(
  versions: readonly StoredVersion[],
  wanted: string,
  whose: string,
): StoredVersion {
  const isDigest = wanted.length >= digestDigitsMin
  const found = versions.filter(({ number, policy }) =>
    isNumber(wanted) ? number === Number(wanted) : isDigest && policy.startsWith(wanted.toLowerCase()),
  )
  const [version] = found
  if (version !== undefined && found.length === 1) return version
  const numbers = found.map(({ number }) => number).join(', ')
  const problem =
    version === undefined
      ? `has no version "${wanted}"; "portcullis versions" lists them`
      : `"${wanted}" is the module of versions ${numbers}; name one by its number`
  throw new PortcullisError('ERR_VERSION_UNKNOWN', `${whose}: ${problem}`)
}
