/** `portcullis metrics`: what a running host counts of itself, as Prometheus reads it. */

import type { MetricsText } from '../metrics/metrics.ts'
import { loadConfig } from '../tenant/config.ts'
import { callersPath } from './callers-path.ts'
import { tellHost } from './operator-client.ts'

export async function metrics({ config }: { config: string }): Promise<void> {
  const { endpoint } = loadConfig(callersPath(config))
  const { text } = (await tellHost(endpoint, { command: 'metrics' })) as MetricsText
  process.stdout.write(text)
}
