/**
 * `portcullis stop`: has a running host finish what it has accepted and end, as SIGTERM does; Windows has no such signal. Returns
 * when nobody serves the endpoint any more.
 */

import { setTimeout } from 'node:timers/promises'

import { PortcullisError } from '../errors.ts'
import { auditCloseMsMax, closeMsMax } from '../limits.ts'
import { isServed } from '../supervisor/endpoint.ts'
import { loadConfig } from '../tenant/config.ts'
import { callersPath } from './callers-path.ts'
import { tellHost } from './operator-client.ts'

/**
 * A host that is told to end kills its evaluators after `closeMsMax`, and then waits for the disk of its audit log; as much again as
 * the first is for a busy machine.
 */
const STOP_MS_MAX = 2 * closeMsMax + auditCloseMsMax

const LOOK_MS = 50

export async function stop({ config: path }: { config: string }): Promise<void> {
  const { endpoint } = loadConfig(callersPath(path))
  await tellHost(endpoint, { command: 'stop' })
  const until = Date.now() + STOP_MS_MAX
  while (await isServed(endpoint)) {
    if (Date.now() > until) throw new PortcullisError('ERR_HOST_FAULT', `${endpoint} is still served`)
    await setTimeout(LOOK_MS)
  }
}
