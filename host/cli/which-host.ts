/** The running host that a command is for: the one of a configuration, which is asked over its socket as its own account. */

import type { OperatorCommand } from '../supervisor/operator-command.ts'
import { loadConfig } from '../tenant/config.ts'
import { callersPath } from './callers-path.ts'
import { tellHost } from './operator-client.ts'

export interface HostOptions {
  readonly config: string
}

/** Throws ERR_HOST_UNREACHABLE if no host answers, and whatever the host refuses with. */
export async function tell({ config }: HostOptions, command: OperatorCommand): Promise<unknown> {
  const { endpoint } = loadConfig(callersPath(config))
  return tellHost(endpoint, command)
}

/** As arguments of a command. */
export function hostArguments({ config }: HostOptions): string {
  return `--config ${config}`
}
