/**
 * Endpoints on Windows: names of pipes, which have no folder and no place on a disk. Each pipe says in its own security
 * descriptor who may connect; portcullis_io makes those of the evaluators. The operator's has the system's default, with which
 * only this account and administrators can write to it.
 */

import { PortcullisError } from '../errors.ts'
import { ownAccount } from './account.ts'
import { isListening } from './is-listening.ts'

/** A pipe's name has 256 characters; "-evaluator-63" and the prefix take some. */
const NAME_UNITS_MAX = 200

export function operatorPath(endpoint: string): string {
  return `\\\\.\\pipe\\${endpoint}-operator`
}

/** A pipe that is there says so itself when a plug-in connects; one that is not will belong to whoever asks. */
export function owner(): string {
  return ownAccount()
}

export function isServed(endpoint: string): Promise<boolean> {
  return isListening(operatorPath(endpoint))
}

export async function prepare(endpoint: string): Promise<void> {
  if (!/^[\w.-]+$/.test(endpoint) || endpoint.length > NAME_UNITS_MAX) {
    throw new PortcullisError(
      'ERR_ENDPOINT_FOLDER',
      `"${endpoint}" is no name for pipes; take up to ${NAME_UNITS_MAX} letters, digits, ".", "-" and "_"`,
    )
  }
  if (await isServed(endpoint)) throw new PortcullisError('ERR_ENDPOINT_IN_USE', endpoint)
}
