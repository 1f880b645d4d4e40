/** `portcullis config`: what a running host decides by, every default spelled out. It is JSON, for people with line breaks. */

import { type HostOptions, tell } from './which-host.ts'

interface ConfigOptions extends HostOptions {
  readonly tenant?: string
  readonly json?: boolean
}

export async function config(options: ConfigOptions): Promise<void> {
  const { tenant, json } = options
  const told = await tell(options, { command: 'config', ...(tenant !== undefined && { tenant }) })
  console.log(json ? JSON.stringify(told) : JSON.stringify(told, null, 2))
}
