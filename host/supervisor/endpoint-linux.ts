/**
 * The folder of the sockets. Who may reach the evaluators begins with who may enter it: only this account, unless the
 * configuration names others, whose identity every connection then proves by its peer credentials.
 */

import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

import { PortcullisError } from '../errors.ts'
import { ownAccount } from './account.ts'

/** The account that owns an endpoint, or would if it were there: what a settings file names as `owner`. */
export function owner(folder: string): string {
  const stat = lstatSync(folder, { throwIfNoEntry: false })
  return stat === undefined ? ownAccount() : `uid:${stat.uid}`
}

export function servedBy(folder: string): string | undefined {
  return existsSync(operatorPath(folder)) ? owner(folder) : undefined
}

/**
 * What a Unix socket's path leaves for the folder: 107 bytes less "/evaluator-63.sock".
 */
const FOLDER_BYTES_MAX = 107 - '/evaluator-63.sock'.length

/** The folder is checked by its owner's mode: nobody else can put a socket there. */
export function checkOperator(): void {}

export function operatorPath(endpoint: string): string {
  return join(endpoint, 'operator.sock')
}

/** Whether somebody listens at the socket, be it that they do not get round to accepting. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    )
  })
}

/** Whether a host serves an endpoint. */
export async function isServed(folder: string): Promise<boolean> {
  const isFolder = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false
  const names = isFolder ? readdirSync(folder).filter((name) => name.endsWith('.sock')) : []
  const listening = await Promise.all(names.map((name) => isListening(join(folder, name))))
  return listening.includes(true)
}

/** Throws if it cannot be. */
export function openToOthers(folder: string, open: boolean): void {
  try {
    chmodSync(folder, open ? 0o711 : 0o700)
  } catch (error) {
    throw new PortcullisError('ERR_ENDPOINT_FOLDER', (error as Error).message)
  }
}

/** Makes the folder, or makes sure that nobody else could put sockets into the one that is there. */
export async function prepare(folder: string, open: boolean): Promise<void> {
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
    const stat = lstatSync(folder)
    const { uid } = stat
    if (!stat.isDirectory()) throw new PortcullisError('ERR_ENDPOINT_FOLDER', `${folder} is no folder`)
    // Before anything is changed: whoever serves here goes on undisturbed.
    if (await isServed(folder)) throw new PortcullisError('ERR_ENDPOINT_IN_USE', folder)
    if (`uid:${uid}` !== ownAccount()) {
      throw new PortcullisError(
        'ERR_ENDPOINT_FOLDER',
        `${folder} belongs to uid ${uid}, not to ${ownAccount()}`,
      )
    }
    openToOthers(folder, open)
  } catch (error) {
    if (error instanceof PortcullisError) throw error
    throw new PortcullisError('ERR_ENDPOINT_FOLDER', (error as Error).message)
  }
}
