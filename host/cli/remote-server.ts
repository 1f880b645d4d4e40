/**
 * A host somewhere else, as a command line names it: the address of its admin API, the token to show there, and whose certificate to
 * believe. Checked before anything is sent: a token goes over TLS, or it stays on this machine.
 */

import { isIP } from 'node:net'

import { isToken } from '../admin/tokens.ts'
import { PortcullisError } from '../errors.ts'
import { readText, whyUnreadable } from '../json-file.ts'
import { isLoopback } from '../tenant/admin.ts'
import { callersPath } from './callers-path.ts'
import { TOKEN_VARIABLE } from './which-host.ts'

export interface Server {
  /** Ends without a slash. */
  readonly origin: string
  readonly token: string
  /** PEM: these authorities are believed, and no others. */
  readonly ca?: string
}

function wrong(what: string): PortcullisError {
  return new PortcullisError('ERR_SERVER_OPTION', what)
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['https:', 'http:'].includes(url.protocol)) {
    throw wrong(`"${text}" is not an address such as https://host.example:5991`)
  }
  const { protocol, username, password, pathname, search, hash, hostname, origin } = url
  if (username !== '' || password !== '' || pathname !== '/' || search !== '' || hash !== '') {
    throw wrong('the address of a server has a name and a port, and nothing else; the token is given apart')
  }
  const address = hostname.replace(/^\[|\]$/g, '')
  if (protocol === 'http:' && (isIP(address) === 0 || !isLoopback(address))) {
    throw wrong(
      `${origin}: a token is sent over https, or to this machine itself (http://127.0.0.1 or [::1])`,
    )
  }
  return origin
}

function textOf(path: string): string {
  try {
    return readText(path, 'ERR_SERVER_OPTION')
  } catch (error) {
    throw error instanceof PortcullisError ? error : wrong(`${path} ${whyUnreadable(error)}`)
  }
}

function tokenOf(file: string | undefined): string {
  const path = file === undefined ? undefined : callersPath(file)
  const token = (path === undefined ? process.env[TOKEN_VARIABLE] : textOf(path))?.trim()
  if (token === undefined || token === '') {
    throw wrong(`no token is given; name its file with --token-file, or put it into ${TOKEN_VARIABLE}`)
  }
  // What it is instead is not repeated: it may be another secret.
  if (!isToken(token)) throw wrong(`${path ?? TOKEN_VARIABLE} has no token in it`)
  return token
}

/** Throws ERR_SERVER_OPTION. */
export function serverOf(address: string, tokenFile?: string, ca?: string): Server {
  const origin = originOf(address)
  return { origin, token: tokenOf(tokenFile), ...(ca !== undefined && { ca: textOf(callersPath(ca)) }) }
}
