/**
 * The running host that a command is for: the one of a configuration, asked over its socket as its own account, or one anywhere,
 * asked over its admin API with a token. Options come before the environment.
 */

import { PortcullisError } from '../errors.ts'
import type { OperatorCommand } from '../supervisor/operator-command.ts'

/** What a command may be given in place of options. */
export const SERVER_VARIABLE = 'PORTCULLIS_SERVER'
export const TOKEN_VARIABLE = 'PORTCULLIS_TOKEN'

export interface HostOptions {
  readonly config?: string
  readonly server?: string
  readonly tokenFile?: string
  readonly ca?: string
}

/** The address of a host that is asked over its admin API; undefined if it is asked over its socket. */
function serverAddress({ config, server }: HostOptions): string | undefined {
  if (server !== undefined || config !== undefined) return server
  return process.env[SERVER_VARIABLE] || undefined
}

export function namesHost(options: HostOptions): boolean {
  return options.config !== undefined || serverAddress(options) !== undefined
}

/** Throws ERR_HOST_UNREACHABLE if no host answers, and whatever the host refuses with. */
export async function tell(options: HostOptions, command: OperatorCommand): Promise<unknown> {
  const { config, tokenFile, ca } = options
  const address = serverAddress(options)
  if (address !== undefined) {
    const { serverOf } = await import('./remote-server.ts')
    const { tellServer } = await import('./remote-client.ts')
    return tellServer(serverOf(address, tokenFile, ca), command)
  }
  if (config === undefined) throw new PortcullisError('ERR_SERVER_OPTION', 'no host is named')
  const { tellHost } = await import('./operator-client.ts')
  const { callersPath } = await import('./callers-path.ts')
  const { loadConfig } = await import('../tenant/config.ts')
  return tellHost(loadConfig(callersPath(config)).endpoint, command)
}

/** A command for the same host, as a person types it. */
export function nextCommand({ config, server, tokenFile, ca }: HostOptions, ...words: string[]): string {
  const named = Object.entries({ config, server, 'token-file': tokenFile, ca })
  const host = named.flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${value}`]))
  return ['portcullis', ...words, ...host].join(' ')
}
