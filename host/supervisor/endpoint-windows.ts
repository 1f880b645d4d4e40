/**
 * Endpoints on Windows: names of pipes, which have no folder and no place on a disk. portcullis_io gives those of the
 * evaluators a security descriptor that says who may connect. The operator's is Node's, with the system's default: only
 * this account and administrators can write to it, and so give a command; others can open it for reading and be in the way.
 */

import { dirname, join } from 'node:path'

import { PortcullisError } from '../errors.ts'
import { pluginLibrary } from '../paths.ts'
import { pluginSettingsName, readPluginSettings } from '../tenant/plugin-settings.ts'
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

/**
 * The account that the settings beside the installed plug-in name for this endpoint. Only administrators can write there, and they
 * have the plug-in trust it with every answer: a service's own account, as which no person can run a command.
 */
function installedOwner(endpoint: string): string | undefined {
  try {
    const settings = readPluginSettings(join(dirname(pluginLibrary()), pluginSettingsName))
    return settings.endpoint === endpoint ? settings.owner : undefined
  } catch (error) {
    if (error instanceof PortcullisError) return undefined
    throw error
  }
}

export function owner(endpoint: string): string {
  return installedOwner(endpoint) ?? ownAccount()
}

export function servedBy(endpoint: string): string | undefined {
  return pipeOwner(operatorName(endpoint)) || undefined
}

export async function isServed(endpoint: string): Promise<boolean> {
  return pipeOwner(operatorName(endpoint)) !== undefined
}

export function checkOperator(endpoint: string): void {
  const found = pipeOwner(operatorName(endpoint))
  if (found === undefined || found === owner(endpoint)) return
  if (found === ownAccount() || trustedOwners.includes(found)) return
  throw new PortcullisError(
    'ERR_HOST_UNREACHABLE',
    `${endpoint} belongs to ${found || 'nobody known'}, not to ${ownAccount()}, administrators, or the owner that the settings beside this installation's plug-in name; run this as the account of the host, or from the installation of its service`,
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

/** Who may connect is a matter of each pipe. */
export function openToOthers(): void {}
