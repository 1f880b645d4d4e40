/** `portcullis decisions`: what a running host has decided lately, and with `--follow` what it decides from now on. */

import { setTimeout as sleep } from 'node:timers/promises'

import { followEveryMs } from '../limits.ts'
import type { DecisionsQuery, LatestDecision, LatestDecisions } from '../supervisor/latest-decisions.ts'
import { count, visible } from './table.ts'
import { type HostOptions, tell } from './which-host.ts'

interface DecisionsOptions extends HostOptions, Omit<DecisionsQuery, 'after'> {
  readonly follow?: boolean
  readonly json?: boolean
}

const last = (uri: string) => uri.split('/').at(-1) ?? uri

/** Whose word it was, and what was said. */
function because(decision: LatestDecision): string {
  const { by, error, detail } = decision
  const { reason, redirect } = 'sender' in decision ? decision : {}
  const said = [error, redirect === undefined ? (reason ?? detail) : `redirect to ${redirect}`]
  const text = said.filter((part) => part !== undefined && part !== '').join(': ')
  if (by === undefined) return text
  return text === '' ? by : `${by}: ${text}`
}

/** One line, in the order in which people look. What comes from callers cannot act on the terminal. */
export function decisionLine(decision: LatestDecision): string {
  const { toldMs, tenant, outcome, code, kind, id } = decision
  const { sender, action, resourceUri } =
    'sender' in decision ? decision : { sender: '?', action: undefined, resourceUri: undefined }
  const what = [kind, action === undefined ? '' : last(action), resourceUri ?? '']
  const why = because(decision)
  const parts = [
    new Date(toldMs).toISOString(),
    tenant,
    `${outcome} ${code}`,
    sender,
    what.filter((part) => part !== '').join(' '),
    ...(why === '' ? [] : [why]),
    id,
  ]
  return visible(parts.join('  '))
}

function print({ decisions, omitted, restarted }: LatestDecisions, json: boolean): void {
  if (restarted) console.error('another host answers now: what it has decided is told from its beginning')
  if (omitted > 0) {
    console.log(
      json
        ? JSON.stringify({ omitted })
        : `... ${count(omitted, 'decision')} that the host does not remember any more`,
    )
  }
  for (const decision of decisions) console.log(json ? JSON.stringify(decision) : decisionLine(decision))
}

/** The oldest first, as a log has them, so that what is followed goes on where this ends. */
export async function decisions(options: DecisionsOptions): Promise<void> {
  const { config: _, server: __, tokenFile: ___, ca: ____, follow, json = false, ...query } = options
  const ask = (more: DecisionsQuery) =>
    tell(options, { command: 'decisions', ...query, ...more }) as Promise<LatestDecisions>
  const latest = await ask({})
  print({ ...latest, decisions: latest.decisions.toReversed() }, json)
  if (!follow) return
  let after = latest.cursor
  for (;;) {
    const since = await ask({ after })
    print(since, json)
    // A page that ends before the latest is followed by the next at once.
    if (since.cursor === after) await sleep(followEveryMs)
    after = since.cursor
  }
}
