/**
 * `portcullis serve`: the host in the foreground, its log on standard output. SIGTERM, SIGINT and SIGHUP finish what was
 * accepted and end it; the second of a kind ends it at once. So does the end of whoever reads the log: a host that cannot say what it decides does not decide.
 * With --supervised so does the end of standard input, which is a pipe that a service manager holds: however the manager
 * ends, the system closes the pipe, so no host outlives it, and it needs no signal to stop one.
 */

import { Socket } from 'node:net'

import { destination, type Level, pino } from 'pino'

import { writable } from '../supervisor/log.ts'
import { Supervisor } from '../supervisor/supervisor.ts'
import { loadConfig } from '../tenant/config.ts'
import { callersPath } from './callers-path.ts'

const STANDARD_OUTPUT = 1

export interface ServeOptions {
  readonly config: string
  readonly logLevel: string
  readonly supervised?: boolean
}

/** What comes is not looked at: only that there is somebody who could write it. */
function whenInputEnds(end: () => void): void {
  const { stdin } = process
  stdin.once('end', end)
  stdin.once('error', end)
  stdin.resume()
  // A host that cannot serve ends, though somebody still holds the pipe.
  if (stdin instanceof Socket) stdin.unref()
}

export async function serve({ config: path, logLevel, supervised }: ServeOptions): Promise<void> {
  const load = () => loadConfig(callersPath(path))
  const config = load()
  const output = destination({ dest: STANDARD_OUTPUT, sync: true })
  const log = pino({ name: 'portcullis', level: logLevel as Level, hooks: { streamWrite: writable } }, output)
  const supervisor = new Supervisor(config, load, log)

  const end = (signal: string): void => {
    log.info({ event: 'closing', signal }, 'finishing what was accepted')
    void supervisor.close()
  }
  process.once('SIGTERM', () => end('SIGTERM'))
  process.once('SIGINT', () => end('SIGINT'))
  process.once('SIGHUP', () => end('SIGHUP'))
  if (supervised) whenInputEnds(() => end('input'))
  output.on('error', (error: Error) => {
    if (process.exitCode === 1) return // said already; the closing host writes more of what cannot be written
    console.error(`portcullis: the log cannot be written (${error.message}); the host ends`)
    process.exitCode = 1
    void supervisor.close()
  })

  await supervisor.start()
}
