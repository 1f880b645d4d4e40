/** `portcullis service`: installs the host as a service of Windows, starts, stops and shows it, and takes it away. */

import { dirname, join } from 'node:path'

import { PortcullisError } from '../errors.ts'
import { pluginLibrary } from '../paths.ts'
import { type ServiceStatus, start, status, stop, uninstall } from '../service/control.ts'
import { checkName, install } from '../service/install.ts'
import { callersPath } from './callers-path.ts'
import { visible } from './table.ts'

interface InstallOptions {
  readonly name: string
  readonly config: string
  readonly log?: string
  readonly account?: string
  readonly owner?: string
  readonly node?: string
  readonly pluginFolder?: string
}

interface NameOptions {
  readonly name: string
}

/** Before anything else is looked at. */
function requireWindows(): void {
  if (process.platform === 'win32') return
  throw new PortcullisError(
    'ERR_SERVICE_SYSTEM',
    'here let systemd or another service manager run "portcullis serve --config FILE" (docs/guide/run-a-host.md)',
  )
}

function settle(name: string): void {
  requireWindows()
  checkName(name)
}

/** Names with their values below each other. */
function printFields(fields: readonly (readonly [string, string])[]): void {
  const width = Math.max(...fields.map(([name]) => name.length))
  for (const [name, value] of fields) console.log(`  ${name.padEnd(width)}  ${visible(value)}`)
}

export function installService(options: InstallOptions): void {
  settle(options.name)
  const { name, account, owner } = options
  const config = callersPath(options.config)
  const log = callersPath(options.log ?? join(dirname(config), 'log'))
  const node = callersPath(options.node ?? process.execPath)
  const pluginFolder =
    options.pluginFolder === undefined ? dirname(pluginLibrary()) : callersPath(options.pluginFolder)
  const done = install({ name, config, log, node, pluginFolder, account, owner })

  console.log(`"${name}" is ${done.isNew ? 'installed' : 'installed already, and now set to this'}:`)
  printFields([
    ['account', done.account],
    ['node', node],
    ['configuration', config],
    ['log', log],
    ['plug-in', `${done.settings} names ${done.owner} as owner`],
  ])
  if (done.replaced !== undefined) {
    const lines = done.replaced.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
    console.log(`The plug-in's settings said something else before: ${visible(lines.join('; '))}`)
  }
  if (done.lacks !== '')
    console.log(`This system's service manager does not know, and the service lacks: ${done.lacks}.`)
  console.log(
    done.runs
      ? 'It runs with what it had before until it is started again: "portcullis service stop", then "portcullis service start".'
      : 'It starts with Windows; to start it now: "portcullis service start".',
  )
}

export function startService({ name }: NameOptions): void {
  settle(name)
  const { pid, wasRunning, log } = start(name)
  console.log(
    wasRunning
      ? `"${name}" runs already: process ${pid}`
      : `"${name}" serves: process ${pid}, log in ${visible(log)}`,
  )
}

export function stopService({ name }: NameOptions): void {
  settle(name)
  console.log(stop(name) ? `"${name}" has stopped` : `"${name}" was not running`)
}

export function uninstallService({ name }: NameOptions): void {
  settle(name)
  console.log(
    uninstall(name)
      ? `"${name}" is taken away; its configuration, its log and the plug-in's settings are where they were`
      : `"${name}" is not installed; nothing was to be done`,
  )
}

function print({ state, serves, ...service }: ServiceStatus): void {
  const host =
    serves === undefined ? 'unknown: its configuration cannot be read' : serves ? 'serves' : 'is not there'
  console.log(`"${service.name}" is ${state}`)
  printFields([
    ['host', host],
    ['process', service.pid === undefined ? '-' : `${service.pid}, since ${service.since ?? 'unknown'}`],
    ['version', service.version ?? 'unknown: its files are not there'],
    ['account', service.account],
    ['program', service.program],
    ['node', service.node],
    ['main', service.main],
    ['configuration', service.config],
    ['log', service.log],
  ])
}

export async function showService({ name, json }: NameOptions & { json?: boolean }): Promise<void> {
  settle(name)
  try {
    const found = await status(name)
    if (found.state !== 'running') process.exitCode = 1
    if (json) console.log(JSON.stringify(found))
    else print(found)
  } catch (error) {
    if (!(error instanceof PortcullisError) || error.code !== 'ERR_SERVICE_MISSING') throw error
    process.exitCode = 1
    console.log(json ? JSON.stringify({ name, state: 'not installed' }) : `"${name}" is not installed`)
  }
}
