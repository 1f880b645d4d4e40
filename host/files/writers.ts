/**
 * Who could put something else in a file's place: whoever may change it, replace it in its folder, or move a folder above it. What a
 * service loads has to be safe from everybody who is not an administrator of the machine.
 */

import { lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

import { PortcullisError } from '../errors.ts'
import { ownAccount } from '../supervisor/account.ts'
import { accountName, writers } from './native-files.ts'

export interface Writer {
  /** A SID; on Linux uid:N, gid:N, or everyone. */
  readonly account: string
  /** Windows' name for it, if it has one. */
  readonly name?: string
  /** What it may change: the file itself or a folder above it. */
  readonly through: string
}

/**
 * Rights of Windows by what they let somebody do: WRITE_DAC, WRITE_OWNER and DELETE with everything; FILE_WRITE_DATA and
 * FILE_APPEND_DATA change a file, or add to a folder; FILE_DELETE_CHILD takes away what is in a folder.
 */
const TAKE_OVER = 0x000d_0000
const CHANGE = TAKE_OVER | 0x0002 | 0x0004
const DELETE_CHILD = 0x0040

/** Of the system: administrators, the system itself, its installer, and the owner's stand-in in what is inherited. */
const trustedSids = new Set([
  'S-1-5-32-544',
  'S-1-5-18',
  'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464',
  'S-1-3-0',
])

function windowsWriters(path: string, mask: number): Writer[] {
  const found = writers(path, mask)
  if (typeof found === 'number') {
    throw new PortcullisError('ERR_FILE_READ', `the rights of ${path}: Windows' error ${found}`)
  }
  return found
    .filter((sid) => !trustedSids.has(sid) && sid !== ownAccount())
    .map((account) => {
      const name = accountName(account)
      return { account, ...(name !== undefined && { name }), through: path }
    })
}

const GROUP_WRITES = 0o020
const OTHERS_WRITE = 0o002
const STICKY = 0o1000

function linuxWriters(path: string, isAbove: boolean): Writer[] {
  const { uid, gid, mode } = lstatSync(path)
  const accounts: string[] = []
  if (uid !== 0 && `uid:${uid}` !== ownAccount()) accounts.push(`uid:${uid}`)
  // In a sticky folder only its owner, and an entry's own, may take an entry away.
  const isSafe = isAbove && (mode & STICKY) !== 0
  if (!isSafe && (mode & GROUP_WRITES) !== 0 && gid !== 0) accounts.push(`gid:${gid}`)
  if (!isSafe && (mode & OTHERS_WRITE) !== 0) accounts.push('everyone')
  return accounts.map((account) => ({ account, through: path }))
}

/** The folders of the links on the way: who may take away a link puts another in its place. */
function foldersOfLinks(path: string, seen = new Set<string>()): string[] {
  const folders: string[] = []
  for (let at = resolve(path); dirname(at) !== at; at = dirname(at)) {
    if (seen.has(at) || !lstatSync(at).isSymbolicLink()) continue
    seen.add(at)
    const folder = realpathSync(dirname(at))
    folders.push(folder, ...foldersOfLinks(resolve(folder, readlinkSync(at)), seen))
  }
  return folders
}

/**
 * The accounts beside administrators, root and this process's own that can change what is found under this path. Empty is
 * good. Throws ERR_FILE_READ if the path is not there or does not tell.
 */
export function writersOf(path: string): Writer[] {
  const found = new Map<string, Writer>()
  const add = (all: readonly Writer[]): void => {
    for (const writer of all) if (!found.has(writer.account)) found.set(writer.account, writer)
  }
  try {
    const file = realpathSync(path)
    const isWindows = process.platform === 'win32'
    const addFolder = (folder: string, mask: number) =>
      add(isWindows ? windowsWriters(folder, mask) : linuxWriters(folder, true))
    add(isWindows ? windowsWriters(file, CHANGE) : linuxWriters(file, false))
    // What can be added to the folder of a library can be loaded by it; further up only taking away does harm.
    addFolder(dirname(file), TAKE_OVER | DELETE_CHILD | CHANGE)
    for (const start of [dirname(dirname(file)), ...foldersOfLinks(path)]) {
      for (let folder = start, last = ''; folder !== last; last = folder, folder = dirname(folder)) {
        addFolder(folder, TAKE_OVER | DELETE_CHILD)
      }
    }
  } catch (error) {
    if (error instanceof PortcullisError) throw error
    throw new PortcullisError('ERR_FILE_READ', (error as Error).message)
  }
  return [...found.values()]
}

/** For people. */
export function describeWriter({ account, name, through }: Writer): string {
  return `${name === undefined ? account : `${name} (${account})`} through ${through}`
}
