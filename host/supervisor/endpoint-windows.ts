/**
 * Endpoints on Windows: names of pipes, which have no folder and no place on a disk. portcullis_io gives those of the
 * evaluators a security descriptor that says who may connect. The operator's is Node's, with the system's default: only
 * this account and administrators can write to it, and so give a command; others can open it for reading and be in the way.
 */

import { PortcullisError } from '../errors.ts'
import { ownAccount } from './account.ts'
import { pipeOwner } from './pipe-owner.ts'

/** A pipe's name has 256 characters; "-evaluator-63" and the prefix take some. */
const NAME_UNITS_MAX = 200

/** Administrators, and the system itself: what an elevated process makes belongs to the one or the other. */
const trustedOwners = ['S-1-5-32-544', 'S-1-5-18']

const operatorName = (endpoint: string) => `${endpoint}-operator`

export function operatorPath(endpoint: string): string {
  return `\\\\.\\pipe\\${operatorName(endpoint)}`
}

/** A pipe that is there says so itself when a plug-in connects; one that is not will belong to whoever asks. */
export function owner(): string {
  return ownAccount()
}

export async function isServed(endpoint: string): Promise<boolean> {
  return pipeOwner(operatorName(endpoint)) !== undefined
}

export function checkOperator(endpoint: string): void {
  const found = pipeOwner(operatorName(endpoint))
  if (found === undefined || found === ownAccount() || trustedOwners.includes(found)) return
  throw new PortcullisError(
    'ERR_HOST_UNREACHABLE',
    `${endpoint} belongs to ${found || 'nobody known'}, not to ${ownAccount()} or administrators; run this as the account of the host`,
  )
}

/** Throws ERR_ENDPOINT_FOLDER for what no host could serve at. */
export function checkEndpointName(endpoint: string): void {
  if (/^[\w.-]+$/.test(endpoint) && endpoint.length <= NAME_UNITS_MAX) return
  throw new PortcullisError(
    'ERR_ENDPOINT_FOLDER',
    `"${endpoint}" is no name for pipes; take up to ${NAME_UNITS_MAX} letters, digits, ".", "-" and "_"`,
  )
}

export async function prepare(endpoint: string): Promise<void> {
  checkEndpointName(endpoint)
  if (await isServed(endpoint)) throw new PortcullisError('ERR_ENDPOINT_IN_USE', endpoint)
}
