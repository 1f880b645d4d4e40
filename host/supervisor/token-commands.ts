/** Tokens of the admin API, as an operator's commands make, list and revoke them. The log says who did, and never the token. */

import type { Logger } from 'pino'

import { type CreatedToken, TokenFile, type TokenInfo } from '../admin/token-file.ts'
import type { Role } from '../admin/tokens.ts'
import { PortcullisError } from '../errors.ts'
import type { By } from '../store/store.ts'
import type { Config } from '../tenant/config.ts'

/** What a token is to be. */
export interface WantedToken {
  readonly name: string
  readonly role: Role
  readonly tenant?: string
  readonly expiresInMs: number
}

/** Throws ERR_TOKEN_FILE if the configuration has no admin API. */
function fileOf({ admin }: Config): TokenFile {
  if (admin !== undefined) return new TokenFile(admin.tokens)
  throw new PortcullisError('ERR_TOKEN_FILE', 'the configuration has no "admin"; add it, and reload')
}

/** What the log says of it; `name` there is who writes the log. */
function told({ id, name, role, tenant }: TokenInfo): object {
  return { id, tokenName: name, role, ...(tenant !== undefined && { tenant }) }
}

export function createToken(config: Config, log: Logger, wanted: WantedToken, by: By): CreatedToken {
  const file = fileOf(config)
  const { name, role, tenant, expiresInMs } = wanted
  if (tenant !== undefined && !config.tenants.some((each) => each.name === tenant)) {
    throw new PortcullisError('ERR_TOKEN_VALUE', `the configuration has no tenant ${tenant}`)
  }
  const nowMs = Date.now()
  const of = { name, role, ...(tenant !== undefined && { tenant }) }
  const created = file.create({ ...of, expiresMs: nowMs + expiresInMs, by: by.who }, nowMs)
  const { expiresMs } = created
  log.info({ event: 'token-created', ...told(created), expiresMs, ...by }, 'somebody may use the admin API')
  return created
}

export function listTokens(config: Config): TokenInfo[] {
  return fileOf(config).list(Date.now())
}

export function revokeToken(config: Config, log: Logger, id: string, by: By): TokenInfo {
  const revoked = fileOf(config).revoke(id, by.who, Date.now())
  log.info({ event: 'token-revoked', ...told(revoked), ...by }, 'somebody may not use the admin API any more')
  return revoked
}
