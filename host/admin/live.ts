/**
 * Decisions as they are made, as server-sent events: the host is asked four times a second for what came since the last event. An
 * event's id is the cursor of its decision, so a client that comes back with Last-Event-ID misses nothing that is still kept, and
 * hears of what is not:
 *
 *     event: decision   one decision
 *     event: gap        so many came and are not kept any more, or the host has been started again
 *     : (a comment)     nothing happened for a while
 *
 * A client that does not read is waited for, and let go when it holds up too much. A stream ends with its token: that is looked at with
 * every poll, and a client whose token was revoked hears nothing more.
 */

import type { ServerResponse } from 'node:http'

import { PortcullisError } from '../errors.ts'
import { apiStreamBytesMax } from '../limits.ts'
import type { Backend } from './backend.ts'
import { type Decisions, type DecisionsCommand, shown } from './decision-routes.ts'

export interface LiveTimes {
  readonly pollMs: number
  readonly heartbeatMs: number
}

export const liveTimes: LiveTimes = { pollMs: 250, heartbeatMs: 15_000 }

export interface Stream {
  readonly response: ServerResponse
  readonly backend: Backend
  /** Without `after`. */
  readonly command: DecisionsCommand
  /** Where it begins. */
  readonly cursor: string
  readonly isOperator: boolean
  /** Whether the token is valid still. */
  readonly isAllowed: () => boolean
}

function event(name: string, data: object, id?: unknown): string {
  return `event: ${name}\n${typeof id === 'string' ? `id: ${id}\n` : ''}data: ${JSON.stringify(data)}\n\n`
}

/** What has come since, as events. */
function eventsOf({ decisions, omitted, restarted, cursor }: Decisions): string[] {
  const first = decisions[0]?.cursor ?? cursor
  const gap = { omitted, ...(restarted && { restarted }) }
  return [
    ...(omitted > 0 || restarted ? [event('gap', gap, decisions.length === 0 ? first : undefined)] : []),
    ...decisions.map((decision) => event('decision', decision, decision.cursor)),
  ]
}

/** Resolves when the stream has ended, whoever ended it. */
export async function serveLive(
  stream: Stream,
  { pollMs, heartbeatMs }: LiveTimes = liveTimes,
): Promise<void> {
  const { response, backend, command, isOperator, isAllowed } = stream
  let { cursor } = stream
  let saidMs = performance.now()
  const say = (text: string) => {
    response.write(text)
    saidMs = performance.now()
  }
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  say(': live\n\n')
  while (!response.destroyed && !response.writableEnded) {
    if (!isAllowed()) break
    const told = await sinceThen(backend, { ...command, after: cursor })
    if (response.destroyed) return
    if (told === undefined) break
    cursor = told.cursor
    for (const text of eventsOf(shown(told, isOperator))) say(text)
    if (performance.now() - saidMs >= heartbeatMs) say(': still here\n\n')
    if (response.writableLength > apiStreamBytesMax) {
      response.destroy()
      return
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  response.end()
}

/** Undefined if the host does not answer: the client comes back with the id of its last event. */
async function sinceThen(backend: Backend, command: DecisionsCommand): Promise<Decisions | undefined> {
  try {
    return (await backend.tell(command)) as Decisions
  } catch (error) {
    if (error instanceof PortcullisError) return undefined
    throw error
  }
}
