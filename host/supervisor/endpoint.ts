/**
 * Where a host is reached: on Linux a folder with sockets, on Windows the beginning of pipes' names. What differs between the
 * two is in the files beside this one.
 */

import type { Config } from '../tenant/config.ts'
import { ownAccount } from './account.ts'
import * as linux from './endpoint-linux.ts'
import * as windows from './endpoint-windows.ts'

/** Each throws ERR_ENDPOINT_FOLDER or ERR_ENDPOINT_IN_USE. */
export interface Endpoints {
  /** The account that owns an endpoint, or would if it were there: what a settings file names as `owner`. */
  owner(endpoint: string): string
  /** The account of the host that serves it at this moment, where that can be told. */
  servedBy(endpoint: string): string | undefined
  /** Whether a host serves it. */
  isServed(endpoint: string): Promise<boolean>
  /** Makes sure that this process, and nobody else, can serve there. */
  prepare(endpoint: string, openToOthers: boolean): Promise<void>
  /** While it is served: whether accounts other than our own may come to where the evaluators are. */
  openToOthers(endpoint: string, open: boolean): void
  /** Where the operator's commands go. */
  operatorPath(endpoint: string): string
  /** Before connecting there. Throws ERR_HOST_UNREACHABLE if somebody else serves it. */
  checkOperator(endpoint: string): void
}

const { owner, servedBy, isServed, prepare, openToOthers, operatorPath, checkOperator }: Endpoints =
  process.platform === 'win32' ? windows : linux

export {
  checkOperator,
  isServed,
  openToOthers,
  operatorPath,
  owner as endpointOwner,
  prepare as prepareEndpoint,
  servedBy,
}

/** The accounts other than our own that the configuration lets connect, each once. */
export function otherAccounts({ tenants }: Config): string[] {
  const own = ownAccount()
  const accounts = tenants.flatMap(({ applications }) => applications.map(({ account }) => account))
  return [...new Set(accounts)].filter((account) => account !== own)
}
