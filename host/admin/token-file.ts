/**
 * The file of tokens as the host keeps it: makes them, lists them, revokes them. The secret of a token is in the answer that makes
 * it and nowhere else. The file is read for every change and written whole, so that one from a backup counts as soon as it is there.
 *
 *     valid --revoke--> revoked --+
 *       |                         +-- after `tokenKeptMs`, or when there is no room --> gone
 *       +--in time--> expired ----+
 */

import { randomBytes } from 'node:crypto'

import { PortcullisError } from '../errors.ts'
import { replaceFile } from '../files/replace-file.ts'
import { tokenExpiresMsMax, tokenKeptMs, tokensMax } from '../limits.ts'
import { tenantPattern } from '../store/subject-folder.ts'
import { digestOf, FORMAT, type Grant, type Kept, namePattern, type Role, readTokens } from './tokens.ts'

/** A token without what it is checked by. */
export interface TokenInfo extends Omit<Kept, 'sha256'> {
  readonly state: 'valid' | 'expired' | 'revoked'
}

export interface CreatedToken extends TokenInfo {
  /** The only time that it is seen. */
  readonly token: string
}

export interface NewToken {
  readonly name: string
  readonly role: Role
  readonly tenant?: string
  readonly expiresMs: number
  readonly by: string
}

const ID_BYTES = 6
const SECRET_BYTES = 32

/** For the file's owner alone. */
const MODE = 0o600

function shown({ sha256: _, ...rest }: Kept, nowMs: number): TokenInfo {
  const state = rest.revokedMs !== undefined ? 'revoked' : rest.expiresMs <= nowMs ? 'expired' : 'valid'
  return { ...rest, state }
}

/** Since when a token lets nobody in. */
function endMs({ revokedMs, expiresMs }: Kept): number {
  return revokedMs ?? expiresMs
}

function wrong(what: string): PortcullisError {
  return new PortcullisError('ERR_TOKEN_VALUE', what)
}

function checkNew({ name, role, tenant, expiresMs }: NewToken, nowMs: number): void {
  if (!namePattern.test(name)) {
    throw wrong(`"${name}" is not a token's name: letters, digits, ".", "_" and "-", at most 63`)
  }
  if (role === 'operator' && tenant !== undefined) throw wrong('an operator is not of one tenant')
  if (role !== 'operator' && (tenant === undefined || !tenantPattern.test(tenant))) {
    throw wrong(`a ${role} is of one tenant`)
  }
  if (!(expiresMs > nowMs)) throw wrong('it would have expired already')
  if (expiresMs > nowMs + tokenExpiresMsMax) {
    throw wrong(`it may live for at most ${tokenExpiresMsMax / 86_400_000} days`)
  }
}

export class TokenFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Throws ERR_TOKEN_VALUE, ERR_TOKEN_FILE, ERR_FILE_WRITE. */
  create(wanted: NewToken, nowMs: number): CreatedToken {
    checkNew(wanted, nowMs)
    const kept = this.#kept(nowMs)
    const valid = kept.filter((token) => endMs(token) > nowMs)
    if (valid.some(({ name }) => name === wanted.name)) {
      throw wrong(`a token named "${wanted.name}" is valid; revoke that, or name this one otherwise`)
    }
    if (valid.length >= tokensMax) throw wrong(`${tokensMax} are valid; revoke one that is not used`)
    const secret = randomBytes(SECRET_BYTES).toString('base64url')
    const { name, role, tenant, expiresMs, by } = wanted
    const token: Kept = {
      id: freshId(kept),
      name,
      role,
      ...(tenant !== undefined && { tenant }),
      createdMs: nowMs,
      by,
      expiresMs,
      sha256: digestOf(secret).toString('hex'),
    }
    this.#write([...withRoom(kept, nowMs), token])
    return { ...shown(token, nowMs), token: `pct_${token.id}_${secret}` }
  }

  /** In the order in which they were made. Throws ERR_TOKEN_FILE. */
  list(nowMs: number): TokenInfo[] {
    return this.#kept(nowMs).map((token) => shown(token, nowMs))
  }

  /** One that is revoked already stays as it is. Throws ERR_TOKEN_UNKNOWN, ERR_TOKEN_FILE, ERR_FILE_WRITE. */
  revoke(id: string, by: string, nowMs: number): TokenInfo {
    const kept = this.#kept(nowMs)
    const token = kept.find((each) => each.id === id)
    if (token === undefined) throw new PortcullisError('ERR_TOKEN_UNKNOWN', id)
    if (token.revokedMs !== undefined) return shown(token, nowMs)
    const revoked = { ...token, revokedMs: nowMs, revokedBy: by }
    this.#write(kept.map((each) => (each === token ? revoked : each)))
    return shown(revoked, nowMs)
  }

  /** Without those that have been of no use for long. */
  #kept(nowMs: number): readonly Kept[] {
    const { tokens = [] } = readTokens(this.#path) ?? {}
    return tokens.filter((token) => endMs(token) + tokenKeptMs > nowMs)
  }

  #write(tokens: readonly Kept[]): void {
    replaceFile(this.#path, Buffer.from(`${JSON.stringify({ format: FORMAT, tokens }, null, 2)}\n`), MODE)
  }
}

function freshId(kept: readonly Pick<Grant, 'id'>[]): string {
  for (;;) {
    const id = randomBytes(ID_BYTES).toString('hex')
    if (!kept.some((token) => token.id === id)) return id
  }
}

/** With room for one more: the one that ended first goes. Not all of them are valid. */
function withRoom(kept: readonly Kept[], nowMs: number): readonly Kept[] {
  if (kept.length < tokensMax) return kept
  const ended = kept.filter((token) => endMs(token) <= nowMs)
  const first = ended.reduce((one, other) => (endMs(other) < endMs(one) ? other : one))
  return kept.filter((token) => token !== first)
}
