/** Starts, stops and looks at an installed service. */

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { PortcullisError } from '../errors.ts'
import { isServed } from '../supervisor/endpoint.ts'
import { loadConfig } from '../tenant/config.ts'
import { type Image, readImage } from './image.ts'
import { manager, type Said, type ServiceState } from './manager.ts'

export interface ServiceStatus extends Image {
  readonly name: string
  readonly state: ServiceState
  /** The service's own process, not the host's. */
  readonly pid: number | undefined
  readonly since: string | undefined
  readonly account: string
  /** Of the files that it runs; undefined if they are not there any more. */
  readonly version: string | undefined
  /** Whether its host is there at this moment; undefined if the configuration does not say where. */
  readonly serves: boolean | undefined
}

/** Of service.log, which ends with what was last reported; an entry's own further lines are indented. */
function lastEntry(folder: string): string {
  const path = join(folder, 'service.log')
  try {
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    const first = lines.findLastIndex((line) => !line.startsWith(' '))
    return `the end of ${path}:\n${lines.slice(first).join('\n')}`
  } catch {
    return `${path} cannot be read; may its account write there?`
  }
}

/** As in native/service/service.h: the service's own code for a log that it could not open. */
const LOG_FAILURE = 4
const ERROR_SERVICE_SPECIFIC_ERROR = 1066

function whyEnded(name: string, said: Said): PortcullisError {
  const { log, config } = readImage(String(said.image))
  if (said.exitCode !== ERROR_SERVICE_SPECIFIC_ERROR) {
    return new PortcullisError(
      'ERR_SERVICE_START',
      `"${name}" ended with Windows' error ${said.exitCode}; ${lastEntry(log)}`,
    )
  }
  if (said.specificCode === LOG_FAILURE) {
    return new PortcullisError(
      'ERR_SERVICE_LOG',
      `${log}: the service's account cannot write there; make it a folder that it may write to, or install with another --log`,
    )
  }
  return new PortcullisError(
    'ERR_SERVICE_START',
    `"${name}" ended while its host started; mend this and start it again (the configuration is ${config}); ${lastEntry(log)}`,
  )
}

export interface Started {
  readonly pid: number
  readonly wasRunning: boolean
  readonly log: string
}

/** Returns when the host serves. */
export function start(name: string): Started {
  const said = manager('start', name)
  if (said.result === 'ended') throw whyEnded(name, said)
  const { log } = readImage(String(said.image))
  if (said.result === 'timeout') {
    throw new PortcullisError(
      'ERR_SERVICE_TIME',
      `"${name}" gives no sign of life while it starts; ${lastEntry(log)}`,
    )
  }
  return { pid: Number(said.pid), wasRunning: said.result === 'runs-already', log }
}

function throwLate(name: string, said: Said): void {
  if (said.result !== 'timeout') return
  throw new PortcullisError(
    'ERR_SERVICE_TIME',
    `"${name}" does not stop; end its process in the task manager`,
  )
}

/** Returns when it has ended; false if it was not running. */
export function stop(name: string): boolean {
  const said = manager('stop', name)
  throwLate(name, said)
  return said.result === 'stopped'
}

/** Stops it first. False if it was not there; then whatever was left of it is taken away. */
export function uninstall(name: string): boolean {
  const said = manager('uninstall', name)
  throwLate(name, said)
  return said.result === 'uninstalled'
}

/** A release says it in release.json, a source tree in package.json, both above the host's program. */
function versionOf(main: string): string | undefined {
  for (let folder = dirname(main); folder !== dirname(folder); folder = dirname(folder)) {
    const file = ['release.json', 'package.json']
      .map((name) => join(folder, name))
      .find((path) => existsSync(path))
    if (file !== undefined) return (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version
  }
  return undefined
}

async function serves(config: string): Promise<boolean | undefined> {
  try {
    return await isServed(loadConfig(config).endpoint)
  } catch {
    return undefined // the doctor says what is wrong with it
  }
}

/** Throws ERR_SERVICE_MISSING if it is not installed. */
export async function status(name: string): Promise<ServiceStatus> {
  const said = manager('status', name)
  const image = readImage(String(said.image))
  const pid = Number(said.pid)
  const since = Number(said.since)
  return {
    name,
    state: said.result as ServiceState,
    serves: said.result === 'running' ? await serves(image.config) : false,
    pid: pid === 0 ? undefined : pid,
    since: since === 0 ? undefined : new Date(since).toISOString(),
    version: versionOf(image.main),
    account: String(said.account),
    ...image,
  }
}
