/**
 * `portcullis serve`: the host in the foreground, its log on standard output. SIGTERM and SIGINT finish what was
 * accepted and end it.
 */

import { type Level, pino } from 'pino'

import { PortcullisError } from '../errors.ts'
import { Supervisor } from '../supervisor/supervisor.ts'
import { loadConfig } from '../tenant/config.ts'

const levels: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

export async function serve({ config: path, logLevel }: { config: string; logLevel: string }): Promise<void> {
  if (!levels.includes(logLevel)) {
    throw new PortcullisError('ERR_CONFIG_VALUE', `--log-level is one of ${levels.join(', ')}`)
  }
  const config = loadConfig(path)
  const log = pino({ name: 'portcullis', level: logLevel as Level })
  const supervisor = new Supervisor(config, log)
  let _ending: Promise<void> | undefined
  const end = (signal: string): void => {
    log.info({ event: 'closing', signal }, 'finishing what was accepted')
    _ending ??= supervisor.close()
  }
  process.on('SIGTERM', () => end('SIGTERM'))
  process.on('SIGINT', () => end('SIGINT'))
  await supervisor.start()
}
