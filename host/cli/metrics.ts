/** `portcullis metrics`: what a running host counts of itself, as Prometheus reads it. */

import type { MetricsText } from '../metrics/metrics.ts'
import { type HostOptions, tell } from './which-host.ts'

export async function metrics(options: HostOptions): Promise<void> {
  const { text } = (await tell(options, { command: 'metrics' })) as MetricsText
  process.stdout.write(text)
}
