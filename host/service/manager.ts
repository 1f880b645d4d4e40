/**
 * Windows' service manager, reached through portcullis_service.exe, which says in one line of JSON what became of it. Here that
 * becomes a value, or an error that says what to do.
 */

import { spawnSync } from 'node:child_process'

import { PortcullisError } from '../errors.ts'
import { serviceProgram } from '../paths.ts'

export type ServiceState = 'stopped' | 'starting' | 'running' | 'stopping' | 'paused'

type Command = 'install' | 'uninstall' | 'start' | 'stop' | 'status'

/** What the program says, by `result`; the members that a result has are in native/service/{install,control}.c. */
export interface Said {
  readonly result: string
  readonly [member: string]: unknown
}

/** Windows' own errors, in words for those that an operator meets. */
const refusals: Readonly<Record<string, (name: string) => PortcullisError>> = {
  'access-denied': () =>
    new PortcullisError(
      'ERR_SERVICE_ACCESS',
      'open a prompt with "Run as administrator" and repeat the command',
    ),
  'not-installed': (name) =>
    new PortcullisError(
      'ERR_SERVICE_MISSING',
      `"${name}"; register it with "portcullis service install --config FILE", or give the right --name`,
    ),
  'marked-for-delete': (name) =>
    new PortcullisError(
      'ERR_SERVICE_MANAGER',
      `"${name}" was deleted and somebody still has it open; close services.msc and the like, and repeat the command`,
    ),
  'bad-account': () =>
    new PortcullisError(
      'ERR_SERVICE_ARGUMENT',
      'Windows does not know the account; leave --account out, or name a group-managed service account as DOMAIN\\name$',
    ),
  'logon-failed': () =>
    new PortcullisError(
      'ERR_SERVICE_START',
      'its account cannot log on; only accounts without a password are possible: leave --account out and install again',
    ),
  disabled: () =>
    new PortcullisError('ERR_SERVICE_START', 'it is disabled; "portcullis service install" enables it again'),
}

function foreign(name: string, image: unknown): PortcullisError {
  const what = typeof image === 'string' ? `the service runs ${image}` : "its name is another program's"
  return new PortcullisError('ERR_SERVICE_FOREIGN', `"${name}": ${what}; give another --name`)
}

/** Runs a command of the program. Throws what is a refusal whatever the command was; returns everything else that it says. */
export function manager(command: Command, name: string, options: readonly string[] = []): Said {
  const { stdout, stderr, error } = spawnSync(serviceProgram(), [command, '--name', name, ...options], {
    encoding: 'utf8',
    windowsHide: true,
  })
  let said: Said
  try {
    said = JSON.parse(stdout)
  } catch {
    throw new PortcullisError(
      'ERR_SERVICE_MANAGER',
      `${serviceProgram()}: ${error?.message ?? `${stdout}${stderr}`}`,
    )
  }
  if (command === 'uninstall' && said.result === 'not-installed' && said.win32 === undefined) return said
  const refusal = refusals[said.result]
  if (refusal !== undefined) throw refusal(name)
  if (said.result === 'foreign') throw foreign(name, said.image)
  if (said.result === 'failed') {
    throw new PortcullisError('ERR_SERVICE_MANAGER', `Windows' error ${said.win32} in ${said.doing}`)
  }
  return said
}
