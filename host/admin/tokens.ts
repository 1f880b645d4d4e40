/**
 * Tokens of the admin API: what one is, the file that they are in, and who a token lets in.
 *
 *     pct_<id>_<secret>  --SHA-256 of the secret-->  { id, name, role, tenant, expiresMs, sha256 } in the file
 *
 * The file has no secret: who reads it cannot get in by it. Who writes it can, so it is believed only if nobody else may. The
 * process that asks keeps no more of it than its latest reading; a token that was revoked is refused from the next request on.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs'

import { PortcullisError } from '../errors.ts'
import { checkSchema, parseJson, whyUnreadable } from '../json-file.ts'
import { storeWhoUnitsMax, tokenFileBytesMax, tokenRetryMs, tokensMax } from '../limits.ts'
import { lazySchema } from '../schema.ts'
import { tenantPattern } from '../store/subject-folder.ts'
import type { Role } from './roles.ts'

export type { Role } from './roles.ts'

/** Whom a token has let in. */
export interface Grant {
  readonly id: string
  readonly name: string
  readonly role: Role
  /** Of the roles of a tenant; an operator has none. */
  readonly tenant?: string
}

/** A token as the file has it. */
export interface Kept extends Grant {
  readonly createdMs: number
  /** Who made it. */
  readonly by: string
  readonly expiresMs: number
  readonly revokedMs?: number
  readonly revokedBy?: string
  /** Of the secret's 43 characters, in hexadecimal. */
  readonly sha256: string
}

/** Of the file. Another one is of another release. */
export const FORMAT = 1

/** In `who` of journals and records, so no more than a word. */
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
export const idPattern = /^[0-9a-f]{12}$/
const tokenPattern = /^pct_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/

/** Whether it has the form of one. */
export function isToken(text: string): boolean {
  return tokenPattern.test(text)
}

export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

const time = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
const who = { type: 'string', minLength: 1, maxLength: storeWhoUnitsMax }
const always = {
  id: { type: 'string', pattern: idPattern.source },
  name: { type: 'string', pattern: namePattern.source },
  createdMs: time,
  by: who,
  expiresMs: time,
  sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
}
const revoked = { revokedMs: time, revokedBy: who }

function token(role: Role, more: object): object {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['role', ...Object.keys(always), ...Object.keys(more)],
    properties: { role: { const: role }, ...always, ...more, ...revoked },
  }
}

const tenant = { tenant: { type: 'string', pattern: tenantPattern.source } }
const schema = lazySchema(
  () => ({
    type: 'object',
    additionalProperties: false,
    required: ['format', 'tokens'],
    properties: {
      format: { const: FORMAT },
      tokens: {
        type: 'array',
        maxItems: tokensMax,
        items: {
          type: 'object',
          required: ['role'],
          discriminator: { propertyName: 'role' },
          oneOf: [token('operator', {}), token('tenant-admin', tenant), token('tenant-reader', tenant)],
        },
      },
    },
  }),
  { discriminator: true, verbose: true },
)

const GROUP_OR_OTHERS_WRITE = 0o022

/** Windows has rights in place of modes; there the doctor looks at them. */
function checkOwner({ uid, mode }: Stats, path: string): void {
  if (process.platform === 'win32') return
  const problem =
    uid !== process.geteuid?.() && uid !== 0
      ? `belongs to account ${uid}`
      : (mode & GROUP_OR_OTHERS_WRITE) !== 0
        ? 'may be changed by other accounts; take that right away ("chmod 600")'
        : undefined
  if (problem !== undefined) throw new PortcullisError('ERR_TOKEN_FILE', `${path} ${problem}`)
}

function parsed(text: string, path: string): readonly Kept[] {
  const value = parseJson(text, path, 'ERR_TOKEN_FILE')
  checkSchema(schema, value, path, 'ERR_TOKEN_FILE')
  const { tokens } = value as { tokens: readonly Kept[] }
  if (new Set(tokens.map(({ id }) => id)).size === tokens.length) return tokens
  throw new PortcullisError('ERR_TOKEN_FILE', `${path}: two tokens have the same id`)
}

/** The tokens of an open file, and what the file was when they were read. */
function readOpen(file: number, path: string): { tokens: readonly Kept[]; stat: Stats } {
  const stat = fstatSync(file)
  if (!stat.isFile()) throw new PortcullisError('ERR_TOKEN_FILE', `${path} is no file`)
  checkOwner(stat, path)
  if (stat.size > tokenFileBytesMax) {
    throw new PortcullisError('ERR_TOKEN_FILE', `${path} is larger than ${tokenFileBytesMax} bytes`)
  }
  return { tokens: parsed(readFileSync(file, 'utf8'), path), stat }
}

/** Undefined if there is no file: nobody has been given a token. Throws ERR_TOKEN_FILE. */
export function readTokens(path: string): { tokens: readonly Kept[]; stat: Stats } | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    return readOpen(file, path)
  } catch (error) {
    if (error instanceof PortcullisError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new PortcullisError('ERR_TOKEN_FILE', `${path} ${whyUnreadable(error)}`)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** What tells a file from one that has been put in its place, or written anew. */
function identityOf({ dev, ino, size, mode, uid, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mode, uid, mtimeMs, ctimeMs].join(' ')
}

/** What an unknown id is compared with, so that it takes as long as a known one. */
const nobody = randomBytes(32)

/** For whoever is asked with tokens. Looks at the file each time, and reads it when it is another. */
export class TokenReader {
  readonly #path: string
  #identity: string | undefined
  #tokens: ReadonlyMap<string, { readonly kept: Kept; readonly sha256: Buffer }> = new Map()
  #problem: PortcullisError | undefined
  #failedMs = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Why nobody gets in at the moment, as far as `check` has seen. */
  get problem(): PortcullisError | undefined {
    return this.#problem
  }

  /** Undefined, whatever is wrong with it. */
  check(token: string, nowMs: number): Grant | undefined {
    this.#look()
    const [, id = '', secret = ''] = tokenPattern.exec(token) ?? []
    const { kept, sha256 } = this.#tokens.get(id) ?? { sha256: nobody }
    const isSecret = timingSafeEqual(digestOf(secret), sha256)
    if (kept === undefined || !isSecret || kept.revokedMs !== undefined || kept.expiresMs <= nowMs) {
      return undefined
    }
    const { name, role, tenant } = kept
    return { id, name, role, ...(tenant !== undefined && { tenant }) }
  }

  #look(): void {
    try {
      const stat = statSync(this.#path, { throwIfNoEntry: false })
      const identity = stat && identityOf(stat)
      const mayHavePassed = this.#problem !== undefined && performance.now() > this.#failedMs + tokenRetryMs
      if (identity !== undefined && identity === this.#identity && !mayHavePassed) return
      this.#identity = identity // also if it cannot be used: strangers must not have it read with every question
      const read = readTokens(this.#path)
      this.#identity = read && identityOf(read.stat)
      this.#tokens = new Map(
        read?.tokens.map((kept) => [kept.id, { kept, sha256: Buffer.from(kept.sha256, 'hex') }]),
      )
      this.#problem = undefined
    } catch (error) {
      this.#tokens = new Map()
      this.#failedMs = performance.now()
      this.#problem =
        error instanceof PortcullisError
          ? error
          : new PortcullisError('ERR_TOKEN_FILE', `${this.#path} ${whyUnreadable(error)}`)
    }
  }
}
