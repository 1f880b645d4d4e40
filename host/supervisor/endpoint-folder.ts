/**
 * The folder of the sockets. Who may reach the evaluators begins with who may enter it: only this account, unless the
 * configuration names others, whose identity every connection then proves by its peer credentials.
 */

import { chmodSync, existsSync, lstatSync, mkdirSync } from 'node:fs'

import { PortcullisError } from '../errors.ts'
import type { Config } from '../tenant/config.ts'

/** The account of this process, as the operating system names it in peer credentials. */
export function ownAccount(): string {
  return `uid:${process.getuid?.() ?? 0}`
}

/** The account that owns an endpoint, or would if it were there: what a settings file names as `owner`. */
export function endpointOwner(folder: string): string {
  const stat = lstatSync(folder, { throwIfNoEntry: false })
  return stat === undefined ? ownAccount() : `uid:${stat.uid}`
}

/** Whether the configuration lets an account other than our own connect. */
export function isOpenToOthers({ tenants }: Config): boolean {
  const own = ownAccount()
  return tenants.some(({ applications }) => applications.some(({ account }) => account !== own))
}

/**
 * What a Unix socket's path leaves for the folder: 107 bytes less "/evaluator-63.sock".
 */
const FOLDER_BYTES_MAX = 107 - '/evaluator-63.sock'.length

/** Makes the folder, or makes sure that nobody else could put sockets into the one that is there. */
export function prepareEndpointFolder(folder: string, openToOthers: boolean): void {
  const bytes = Buffer.byteLength(folder)
  if (bytes > FOLDER_BYTES_MAX) {
    throw new PortcullisError(
      'ERR_ENDPOINT_FOLDER',
      `${folder} has ${bytes} bytes; a socket's path leaves ${FOLDER_BYTES_MAX}`,
    )
  }
  try {
    // Not its parents: who may pass through them is for the operator to say.
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 })
    const { uid } = lstatSync(folder)
    if (`uid:${uid}` !== ownAccount()) {
      throw new PortcullisError(
        'ERR_ENDPOINT_FOLDER',
        `${folder} belongs to uid ${uid}, not to ${ownAccount()}`,
      )
    }
    if (!lstatSync(folder).isDirectory())
      throw new PortcullisError('ERR_ENDPOINT_FOLDER', `${folder} is no folder`)
    chmodSync(folder, openToOthers ? 0o711 : 0o700)
  } catch (error) {
    if (error instanceof PortcullisError) throw error
    throw new PortcullisError('ERR_ENDPOINT_FOLDER', (error as Error).message)
  }
}
