/**
 * The routes of the version that answers. Its number is the ETag, so that nobody takes back what somebody else has activated
 * meanwhile without having seen it.
 */

import { PortcullisError } from '../errors.ts'
import type { Call, Reply, Route } from './route.ts'
import * as schemas from './schemas.ts'
import { subjectOf } from './subject.ts'
import { anyone, changing, type Told, versionProblems, versionsOf } from './subject-versions.ts'
import { activatedView, activeView } from './tenant-view.ts'

const activation = [
  ...versionProblems,
  'ERR_VERSION_STATE',
  'ERR_ACTIVATION_PENDING',
  'ERR_ACTIVATION_CONFLICT',
  'ERR_VERSION_REFUSED',
] as const

function etagOf(active: number | null): string {
  return `"${active ?? 'none'}"`
}

/** The version that an If-Match names, null for none; undefined if there is no If-Match. Throws ERR_API_REQUEST. */
function ifMatch({ header }: Call): number | null | undefined {
  const text = header('if-match')
  if (text === undefined) return undefined
  const [, named] = /^"(none|[1-9][0-9]{0,6})"$/.exec(text) ?? []
  if (named !== undefined) return named === 'none' ? null : Number(named)
  throw new PortcullisError(
    'ERR_API_REQUEST',
    `If-Match is "none" or a version's number in quotes, one of them`,
  )
}

function activatedReply({ isOperator }: Call, told: unknown): Reply {
  const activated = told as Told & { readonly version: number | null }
  return {
    body: isOperator ? activated : activatedView(activated),
    headers: { etag: etagOf(activated.version) },
  }
}

export function activeRoutes(prefix: string): Route[] {
  return [
    {
      ...anyone,
      method: 'GET',
      path: `${prefix}/active`,
      summary: 'The version that answers; its number, or "none", is the ETag.',
      reply: schemas.active,
      problems: ['ERR_VERSION_SUBJECT'],
      handle: async (call, { backend }) => {
        const { active } = await versionsOf(backend, subjectOf(call))
        const {
          number = null,
          previous = null,
          ...rest
        } = (call.isOperator ? active : activeView(active)) ?? {}
        return { body: { version: number, previous, ...rest }, headers: { etag: etagOf(number) } }
      },
    },
    {
      ...changing,
      method: 'PUT',
      path: `${prefix}/active`,
      summary: 'Has a version answer, if the one that If-Match names is active.',
      headers: { 'if-match': 'The ETag of what is active now.' },
      body: schemas.activeBody,
      reply: schemas.activated,
      problems: ['ERR_API_PRECONDITION', ...activation],
      handle: async (call, { backend }) => {
        const ifActive = ifMatch(call)
        if (ifActive === undefined) throw new PortcullisError('ERR_API_PRECONDITION', 'it has no If-Match')
        const { version, confirmWithinSeconds } = call.body as {
          version: number
          confirmWithinSeconds?: number
        }
        const told = await backend.tell({
          command: 'activate',
          subject: subjectOf(call),
          version: String(version),
          ifActive,
          ...(confirmWithinSeconds !== undefined && { confirmWithinMs: confirmWithinSeconds * 1000 }),
          ...call.by,
        })
        return activatedReply(call, told)
      },
    },
    {
      ...changing,
      method: 'POST',
      path: `${prefix}/active/confirm`,
      summary: 'Makes a provisional activation one for good.',
      body: schemas.reasonBody,
      reply: schemas.activated,
      problems: ['ERR_VERSION_SUBJECT', 'ERR_ACTIVATION_PENDING'],
      handle: async (call, { backend }) =>
        activatedReply(
          call,
          await backend.tell({ command: 'confirm', subject: subjectOf(call), ...call.by }),
        ),
    },
    {
      ...changing,
      method: 'POST',
      path: `${prefix}/active/rollback`,
      summary: 'Has the version before answer again.',
      headers: { 'if-match': 'Optional: the ETag of what is active now.' },
      body: schemas.reasonBody,
      reply: schemas.activated,
      problems: activation,
      handle: async (call, { backend }) => {
        const ifActive = ifMatch(call)
        const told = await backend.tell({
          command: 'rollback',
          subject: subjectOf(call),
          ...(ifActive !== undefined && { ifActive }),
          ...call.by,
        })
        return activatedReply(call, told)
      },
    },
  ]
}
