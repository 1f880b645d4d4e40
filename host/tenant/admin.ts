/** Where the admin API listens and by whose tokens it lets somebody in, as the configuration says. */

import { BlockList, isIP } from 'node:net'
import { resolve } from 'node:path'

import { PortcullisError } from '../errors.ts'

export interface AdminText {
  readonly listen: string
  readonly tokens?: string
  readonly tls?: { readonly certificate: string; readonly key: string }
}

export interface Admin {
  /** An IP address, and a port; 0: the system chooses one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Absolute paths, as those that follow. */
  readonly tokens: string
  readonly tls?: { readonly certificate: string; readonly key: string }
}

const TOKENS = 'tokens.json'
const PORT_MAX = 65_535

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether what is sent to this IP address stays on this machine. */
export function isLoopback(address: string): boolean {
  return loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function listenOf(text: string): Admin['listen'] {
  const [, v6, v4, digits] = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]{1,5})$/.exec(text) ?? []
  const host = v6 ?? v4 ?? ''
  const port = Number(digits)
  if (isIP(host) === (v6 === undefined ? 4 : 6) && port <= PORT_MAX) return { host, port }
  throw new PortcullisError(
    'ERR_CONFIG_VALUE',
    `at /admin/listen: "${text}" is not an IP address and a port, such as "127.0.0.1:5991" or "[::1]:5991"`,
  )
}

/** Throws ERR_CONFIG_VALUE: also if tokens would travel where others listen. */
export function adminOf(text: AdminText, folder: string): Admin {
  const listen = listenOf(text.listen)
  if (text.tls === undefined && !isLoopback(listen.host)) {
    throw new PortcullisError(
      'ERR_CONFIG_VALUE',
      `at /admin/listen: ${listen.host} is reached from other machines; give "tls" a certificate and a key, or listen at 127.0.0.1`,
    )
  }
  return {
    listen,
    tokens: resolve(folder, text.tokens ?? TOKENS),
    ...(text.tls && {
      tls: { certificate: resolve(folder, text.tls.certificate), key: resolve(folder, text.tls.key) },
    }),
  }
}
