/**
 * Registers the host as a service and tells the plug-in where it is. Everything that can be checked is checked before anything is
 * registered: a service that cannot start would be found out at the next boot.
 */

import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { PortcullisError } from '../errors.ts'
import { replaceFile } from '../files/replace-file.ts'
import { commandMain } from '../paths.ts'
import { checkEndpointName } from '../supervisor/endpoint-windows.ts'
import { loadConfig } from '../tenant/config.ts'
import { pluginSettingsName, writePluginSettings } from '../tenant/plugin-settings.ts'
import { virtualAccount, virtualAccountSid } from './account.ts'
import { manager } from './manager.ts'

/** All paths are absolute. */
export interface Installation {
  readonly name: string
  readonly config: string
  readonly log: string
  readonly node: string
  readonly pluginFolder: string
  readonly account?: string | undefined
  /** The SID that will own the pipes, where it is not the account's. */
  readonly owner?: string | undefined
}

export interface Installed {
  readonly isNew: boolean
  /** It was running, with what it had before. */
  readonly runs: boolean
  readonly account: string
  readonly owner: string
  readonly settings: string
  /** What the settings file said before, if that was something else. */
  readonly replaced: string | undefined
  /** What this system's service manager does not know and the service so does without. */
  readonly lacks: string
}

/** Windows puts the name into paths of the registry and into the name of the account. */
const nameForm = /^[\w.-]{1,80}$/

export function checkName(name: string): void {
  if (nameForm.test(name)) return
  throw new PortcullisError(
    'ERR_SERVICE_ARGUMENT',
    `"${name}" is no name for a service; take up to 80 letters, digits, ".", "-" and "_"`,
  )
}

const sidForm = /^S-1(-\d+){2,16}$/

/** The machine itself: policies of tenants run under this account, so it must be one that may nothing. */
const systemAccounts = new Set(['localsystem', 'nt authority\\system', '.\\localsystem', 'system'])

function checkAccount({ account, owner }: Installation): void {
  if (account !== undefined && systemAccounts.has(account.toLowerCase())) {
    throw new PortcullisError(
      'ERR_SERVICE_ARGUMENT',
      `"${account}" may do everything on this machine, and tenants' policies would run under it; leave --account out`,
    )
  }
  if (owner !== undefined && !sidForm.test(owner)) {
    throw new PortcullisError(
      'ERR_SERVICE_ARGUMENT',
      `"${owner}" is no SID; --owner takes one, such as S-1-5-19`,
    )
  }
}

function checkFile(what: string, path: string, mend: string): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isFile()) return
  const problem = stat === undefined ? 'is not there' : 'is no file'
  throw new PortcullisError('ERR_SERVICE_ARGUMENT', `${what} ${path} ${problem}; ${mend}`)
}

/** Windows' service manager would put a variable's value there. */
function checkPaths(paths: readonly string[]): void {
  const wrong = paths.find((path) => /%|"/.test(path))
  if (wrong === undefined) return
  throw new PortcullisError(
    'ERR_SERVICE_ARGUMENT',
    `${wrong}: a service's paths may have no "%"; rename the folder or take another`,
  )
}

function check(given: Installation): { endpoint: string } {
  const { name, config, log, node, pluginFolder } = given
  checkName(name)
  checkAccount(given)
  checkPaths([config, log, node, commandMain])
  checkFile('Node', node, 'give the node.exe that the service is to run with --node')
  checkFile("the host's program", commandMain, 'unpack the release again')
  checkFile(
    'the plug-in',
    join(pluginFolder, 'portcullis.dll'),
    'give the folder of the DLL that IIS loads with --plugin-folder',
  )
  const { endpoint } = loadConfig(config)
  checkEndpointName(endpoint)
  if (!existsSync(dirname(log))) {
    throw new PortcullisError(
      'ERR_SERVICE_LOG',
      `${log}: its parent folder is not there; make it, or give another --log`,
    )
  }
  return { endpoint }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // not there, or nothing that could be kept
  }
}

/** What native/service/account.c refuses a log folder for, by the error of Windows that says so. */
const logFolderProblems: Readonly<Record<number, string>> = {
  267: 'it is no folder',
  1921: 'it is a link to another folder, whose rights would be changed',
}

export function install(given: Installation): Installed {
  const { endpoint } = check(given)
  const { name, config, log, node, pluginFolder } = given
  const account = given.account ?? virtualAccount(name)
  const isVirtual = account.toLowerCase() === virtualAccount(name).toLowerCase()
  const options = [
    '--node',
    node,
    '--main',
    commandMain,
    '--config',
    config,
    '--log',
    log,
    '--account',
    account,
  ]
  // Of any other account the SID is for Windows to say: what it does not know cannot run a service.
  const said = manager('install', name, [
    ...options,
    ...(isVirtual ? ['--sid', virtualAccountSid(name)] : []),
  ])
  if (said.result === 'log-folder') {
    const why = logFolderProblems[Number(said.win32)] ?? `Windows' error ${said.win32}`
    throw new PortcullisError('ERR_SERVICE_LOG', `${log}: ${why}; give another folder with --log`)
  }

  const owner = given.owner ?? String(said.sid)
  const settings = join(pluginFolder, pluginSettingsName)
  const text = writePluginSettings({ endpoint, owner })
  const before = readText(settings)
  if (before !== text) replaceFile(settings, Buffer.from(text))
  return {
    isNew: said.result === 'installed',
    runs: said.runs === 1,
    account,
    owner,
    settings,
    replaced: before === text ? undefined : before,
    lacks: String(said.lacks),
  }
}
