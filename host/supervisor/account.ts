/** The account of this process, as the operating system names it to whoever asks who is at the other end of a connection. */

import koffi from 'koffi'

import { nativeLibrary } from '../paths.ts'

const ACCOUNT_BYTES = 192

let known: string | undefined

/** Such as uid:1000 on Linux, and the text of a SID on Windows. */
export function ownAccount(): string {
  known ??= process.getuid === undefined ? nativeAccount() : `uid:${process.getuid()}`
  return known
}

function nativeAccount(): string {
  const bytes = Buffer.alloc(ACCOUNT_BYTES)
  koffi.load(nativeLibrary('portcullis_io')).func('void pcio_own_account(uint8_t *account)')(bytes)
  return bytes.toString('latin1').replace(/\0+$/, '')
}
