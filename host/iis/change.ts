/**
 * Puts a planned text in a web.config's place: only if nobody else has changed the file since it was read, and with a copy of what was
 * there beside it. A copy that is there already is never written over; the next one gets a number.
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'

import { PortcullisError } from '../errors.ts'
import { replaceFile } from '../files/replace-file.ts'
import { encodeConfig } from './config-text.ts'
import type { Plan } from './plan.ts'

const SUFFIX = '.portcullis-backup'

/** A web.config is changed a few times a year; who has more copies has forgotten about them. */
const BACKUPS_MAX = 1000

/** With the mode of the file that it is a copy of: there may be secrets in it. */
function writeNew(path: string, bytes: Buffer, mode: number): void {
  const file = openSync(path, 'wx', mode)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } catch (error) {
    rmSync(path) // half a copy is worse than none
    throw error
  } finally {
    closeSync(file)
  }
}

/** Returns the copy's path. One that has the same bytes already will do. */
function backUp(path: string, bytes: Buffer): string {
  for (let number = 1; number <= BACKUPS_MAX; number++) {
    const backup = `${path}${SUFFIX}${number === 1 ? '' : `-${number}`}`
    if (existsSync(backup) && !readFileSync(backup).equals(bytes)) continue
    if (!existsSync(backup)) writeNew(backup, bytes, statSync(path).mode & 0o777)
    return backup
  }
  throw new Error(`there are ${BACKUPS_MAX} copies of it; remove those that nobody needs`)
}

/** Returns where the copy is. Throws ERR_IIS_CHANGED, ERR_FILE_WRITE; then the file is as it was. */
export function carryOut({ before: { config }, text }: Plan): string {
  const path = realpathSync(config.path)
  let backup: string
  try {
    backup = backUp(path, config.bytes)
  } catch (error) {
    throw new PortcullisError('ERR_FILE_WRITE', `a copy of ${path}: ${(error as Error).message}`)
  }
  if (!readFileSync(path).equals(config.bytes)) {
    throw new PortcullisError('ERR_IIS_CHANGED', `${path} was left as it is now; try again`)
  }
  replaceFile(path, encodeConfig(config, text))
  return backup
}
