/** `portcullis reload`: has a running host read its configuration again. It goes live whole, or not at all. */

import type { Reloaded } from '../supervisor/reload.ts'
import { type SignedOptions, signature } from './subject.ts'
import { count } from './table.ts'
import { type HostOptions, tell } from './which-host.ts'

interface ReloadOptions extends HostOptions, SignedOptions {
  readonly json?: boolean
}

/** Names of tenants that are printed one by one. */
const NAMES_MAX = 10

function named(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return []
  const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : ''
  return [`${what} ${count(names.length, 'tenant')}: ${names.slice(0, NAMES_MAX).join(', ')}${more}`]
}

export async function reload(options: ReloadOptions): Promise<void> {
  const answer = (await tell(options, { command: 'reload', ...signature(options) })) as Reloaded
  if (options.json) return console.log(JSON.stringify(answer))
  const { generation, milliseconds, added, removed, changed, guardChanged } = answer
  console.log(`the configuration is live (generation ${generation}, after ${milliseconds} ms)`)
  const lines = [
    ...named('added', added),
    ...named('removed', removed),
    ...named('changed', changed),
    ...(guardChanged ? ['the guard is another'] : []),
  ]
  console.log(lines.length > 0 ? lines.join('\n') : 'it decides as before')
}
