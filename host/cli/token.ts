/**
 * `portcullis token`: makes, lists and revokes tokens of the admin API. The running host does it, so that it is recorded who did. A
 * token is shown once, here; `--output` puts it into a file that its owner alone may read, and shows nothing.
 */

import { closeSync, openSync, rmSync, writeSync } from 'node:fs'

import type { CreatedToken, TokenInfo } from '../admin/token-file.ts'
import type { Role } from '../admin/tokens.ts'
import { PortcullisError } from '../errors.ts'
import { tokenExpiresMs } from '../limits.ts'
import { callersPath } from './callers-path.ts'
import { type SignedOptions, signature } from './subject.ts'
import { renderTable } from './table.ts'
import { type HostOptions, tell } from './which-host.ts'

interface ListOptions extends HostOptions {
  readonly json?: boolean
}

interface RevokeOptions extends ListOptions, SignedOptions {}

interface CreateOptions extends RevokeOptions {
  readonly name: string
  readonly role: Role
  readonly tenant?: string
  /** Milliseconds. */
  readonly expires?: number
  readonly output?: string
}

/** For its owner alone, and not there before: who has it open already would read the token. Throws ERR_FILE_WRITE. */
function openNew(path: string): number {
  try {
    return openSync(path, 'wx', 0o600)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new PortcullisError('ERR_FILE_WRITE', `${path} ${code === 'EEXIST' ? 'is there already' : message}`)
  }
}

/** Makes the file first: a token that can be put nowhere is not made. */
async function intoFile(path: string, create: () => Promise<CreatedToken>): Promise<CreatedToken> {
  const file = openNew(path)
  try {
    const created = await create()
    writeSync(file, `${created.token}\n`)
    return created
  } catch (error) {
    rmSync(path)
    throw error
  } finally {
    closeSync(file)
  }
}

function roleText({ role, tenant }: TokenInfo): string {
  return tenant === undefined ? role : `${role} of ${tenant}`
}

export async function createToken(options: CreateOptions): Promise<void> {
  const { name, role, tenant, expires = tokenExpiresMs, output, json } = options
  const create = async () =>
    (await tell(options, {
      command: 'token-create',
      name,
      role,
      ...(tenant !== undefined && { tenant }),
      expiresInMs: expires,
      ...signature(options),
    })) as CreatedToken
  const path = output === undefined ? undefined : callersPath(output)
  const created = path === undefined ? await create() : await intoFile(path, create)
  const { token, ...shown } = created
  if (json) return console.log(JSON.stringify(path === undefined ? created : shown))
  const until = new Date(shown.expiresMs).toISOString()
  console.log(`token ${shown.id}: ${name}, ${roleText(shown)}, until ${until}`)
  console.log(path === undefined ? `${token}\nkeep it; it is not shown again` : `it is in ${path}`)
}

export async function listTokens(options: ListOptions): Promise<void> {
  const tokens = (await tell(options, { command: 'token-list' })) as readonly TokenInfo[]
  if (options.json) return console.log(JSON.stringify(tokens))
  if (tokens.length === 0) return console.log('there are no tokens')
  const rows = tokens.map((token) => [
    token.id,
    token.name,
    roleText(token),
    token.state,
    new Date(token.expiresMs).toISOString(),
    new Date(token.createdMs).toISOString(),
    token.by,
  ])
  console.log(renderTable(['id', 'name', 'role', 'state', 'expires', 'made', 'by'], rows))
}

export async function revokeToken(id: string, options: RevokeOptions): Promise<void> {
  const revoked = (await tell(options, {
    command: 'token-revoke',
    id,
    ...signature(options),
  })) as TokenInfo
  if (options.json) return console.log(JSON.stringify(revoked))
  console.log(`token ${revoked.id}: ${revoked.name}, ${roleText(revoked)}, is revoked`)
}
