/** The routes of a subject's versions: uploaded, looked at, downloaded, let go. */

import { PortcullisError } from '../errors.ts'
import { moduleBytesMax } from '../limits.ts'
import type { Call, Reply, Route, Services } from './route.ts'
import * as schemas from './schemas.ts'
import { pathOf, subjectOf } from './subject.ts'
import { anyone, changing, type Told, versionProblems, versionsOf } from './subject-versions.ts'
import { activeView, versionView } from './tenant-view.ts'
import type { Upload } from './upload.ts'

export function versionRoutes(prefix: string): Route[] {
  const one = { params: schemas.versionParams, problems: versionProblems } as const
  return [
    {
      ...anyone,
      method: 'GET',
      path: `${prefix}/versions`,
      summary: 'Every version, and which is active.',
      reply: schemas.versions,
      problems: ['ERR_VERSION_SUBJECT'],
      handle: async (call, { backend }) => {
        const found = await versionsOf(backend, subjectOf(call))
        if (call.isOperator) return { body: found }
        const { active, versions } = found
        return { body: { ...found, active: activeView(active), versions: versions.map(versionView) } }
      },
    },
    {
      ...changing,
      method: 'POST',
      path: `${prefix}/versions`,
      cost: 'upload',
      summary: 'Uploads a module, with settings and vectors if it has some, and has it admitted.',
      headers: { 'portcullis-reason': 'Why, percent-encoded; or a part "reason".' },
      body: 'upload',
      isWork: true,
      bodyBytesMax: moduleBytesMax, // of a form each part has a bound of its own
      status: 201,
      reply: schemas.version,
      problems: ['ERR_VERSION_SUBJECT', 'ERR_VERSION_REFUSED', 'ERR_MODULE_SIZE', 'ERR_MODULE_MALFORMED'],
      handle: async (call, { backend }) => {
        const { module, settings, vectors } = call.body as Upload
        const version = (await backend.tell({
          command: 'push',
          subject: subjectOf(call),
          module: module.toString('base64'),
          ...(settings !== undefined && { settings }),
          ...(vectors !== undefined && { vectors }),
          ...call.by,
        })) as Told
        const location = `${pathOf(subjectOf(call))}/versions/${version.number}`
        return { status: 201, body: call.isOperator ? version : versionView(version), headers: { location } }
      },
    },
    {
      ...anyone,
      ...one,
      method: 'GET',
      path: `${prefix}/versions/{n}`,
      summary: 'One version.',
      reply: schemas.version,
      handle: async (call, { backend }) => {
        const { versions } = await versionsOf(backend, subjectOf(call))
        const found = versions.find(({ number }) => number === Number(call.params.n))
        if (found === undefined) throw new PortcullisError('ERR_VERSION_UNKNOWN', `${call.params.n}`)
        return { body: call.isOperator ? found : versionView(found) }
      },
    },
    {
      ...anyone,
      ...one,
      method: 'GET',
      path: `${prefix}/versions/{n}/report`,
      summary: 'The admission report of its bytes, as admission gives it now.',
      isWork: true,
      reply: schemas.report,
      problems: [...versionProblems, 'ERR_VERSION_STATE'],
      handle: async (call, { backend }) => ({
        body: await backend.tell({
          command: 'report',
          subject: subjectOf(call),
          version: String(call.params.n),
        }),
      }),
    },
    {
      ...changing,
      ...one,
      method: 'GET',
      path: `${prefix}/versions/{n}/module`,
      summary: 'Its module as it was uploaded; as application/json with its settings and vectors.',
      headers: {
        accept: 'application/wasm, or application/json for all of it.',
        'portcullis-reason': 'Why, percent-encoded: a download is an act.',
      },
      reply: 'bytes',
      problems: [...versionProblems, 'ERR_VERSION_STATE'],
      handle: download,
    },
    {
      ...changing,
      ...one,
      method: 'POST',
      path: `${prefix}/versions/{n}/retire`,
      summary: 'Lets go of its bytes: it can never be activated again.',
      body: schemas.reasonBody,
      reply: schemas.version,
      problems: [...versionProblems, 'ERR_VERSION_STATE'],
      handle: async (call, { backend }) => {
        const command = {
          command: 'retire',
          subject: subjectOf(call),
          version: String(call.params.n),
        } as const
        const version = (await backend.tell({ ...command, ...call.by })) as Told
        return { body: call.isOperator ? version : versionView(version) }
      },
    },
  ]
}

async function download(call: Call, { backend }: Services): Promise<Reply> {
  const subject = subjectOf(call)
  const command = { command: 'download', subject, version: String(call.params.n), ...call.by } as const
  const told = (await backend.tell(command)) as { readonly module: string; readonly policy: string }
  const headers = { etag: `"${told.policy}"` }
  if (call.header('accept')?.includes('application/json')) return { body: told, headers }
  return {
    body: Buffer.from(told.module, 'base64'),
    headers: { ...headers, 'content-type': 'application/wasm' },
  }
}
