/** The routes of the latest decisions: a page of them, and a stream that live.ts serves. For one tenant, or for all. */

import type { OperatorCommand } from '../supervisor/operator-command.ts'
import type { Access } from './access.ts'
import type { Call, Route } from './route.ts'
import { decisionsQuery, liveQuery, decisions as reply } from './schemas.ts'
import { decisionView } from './tenant-view.ts'

/** What the host answers. */
export interface Decisions {
  readonly decisions: readonly Readonly<Record<string, unknown>>[]
  readonly cursor: string
  readonly omitted: number
  readonly restarted?: boolean
}

export type DecisionsCommand = Extract<OperatorCommand, { command: 'decisions' }>

/** What the query says, as the command has it; the schema has seen to the rest. */
export function decisionsCommand({ subject, query }: Pick<Call, 'subject' | 'query'>): DecisionsCommand {
  const { cursor, limit, ...filter } = query
  return {
    command: 'decisions',
    ...(subject !== undefined && subject !== 'guard' && { tenant: subject.tenant }),
    ...(cursor !== undefined && { after: cursor }),
    ...(limit !== undefined && { limit: Number(limit) }),
    ...filter,
  } as DecisionsCommand
}

/** As the one who asks may see them. */
export function shown({ decisions, ...rest }: Decisions, isOperator: boolean): Decisions {
  return { ...rest, decisions: isOperator ? decisions : decisions.map(decisionView) }
}

export function decisionsOf(prefix: string, access: Access): Route[] {
  const problems = access === 'operator' ? [] : (['ERR_VERSION_SUBJECT'] as const)
  return [
    {
      method: 'GET',
      path: `${prefix}/decisions`,
      access,
      cost: 'read',
      summary: 'The latest decisions, the newest first; with a cursor what came since, the oldest first.',
      query: decisionsQuery,
      status: 200,
      reply,
      problems,
      handle: async (call, { backend }) => ({
        body: shown((await backend.tell(decisionsCommand(call))) as Decisions, call.isOperator),
      }),
    },
    {
      method: 'GET',
      path: `${prefix}/decisions/live`,
      access,
      cost: 'read',
      summary:
        'Decisions as they are made, as server-sent events; Last-Event-ID goes on where a stream ended.',
      query: liveQuery,
      headers: { 'last-event-id': 'The id of the last event that was seen.' },
      status: 200,
      reply: 'events',
      problems,
      // The first question is put here, so that what is wrong is a problem and not a stream.
      handle: async (call, { backend }) => {
        const { cursor } = (await backend.tell({
          ...decisionsCommand(call),
          limit: 1,
        } as DecisionsCommand)) as Decisions
        return { body: { cursor } }
      },
    },
  ]
}
