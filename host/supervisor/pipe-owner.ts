/**
 * Who owns a pipe of Windows, asked in a way in which its server cannot act in our name: Node connects so that it could, and
 * whoever makes a pipe under a host's name before the host does would be given the account of the host, or of an administrator.
 */

import koffi from 'koffi'

import { nativeLibrary } from '../paths.ts'

const ACCOUNT_BYTES = 192

/** Undefined if there is no such pipe; empty if it does not say. `name` is without the prefix. */
export function pipeOwner(name: string): string | undefined {
  const account = Buffer.alloc(ACCOUNT_BYTES)
  const library = koffi.load(nativeLibrary('portcullis_io'))
  const isThere = library.func('int pcio_pipe_owner(const char *name, uint8_t *account)')(name, account)
  return isThere === 0 ? undefined : account.toString('latin1').replace(/\0+$/, '')
}
