/** The routes of jobs. A version's bytes are fetched when a job is asked for, so that what cannot be done is told at once. */

import { type ErrorCode, PortcullisError } from '../errors.ts'
import { apiJobBytesMax } from '../limits.ts'
import { defaultSweepTime } from '../replay/default-time.ts'
import type { Settings } from '../wire/settings-block.ts'
import type { Backend } from './backend.ts'
import type { JobModule, JobWork } from './job-messages.ts'
import type { Job } from './jobs.ts'
import { problemOf } from './problem.ts'
import type { Call, Route, Services } from './route.ts'
import * as schemas from './schemas.ts'
import { pathOf, subjectOf } from './subject.ts'
import { replayView } from './tenant-view.ts'

type Body =
  | { readonly kind: 'replay'; readonly with?: number }
  | {
      readonly kind: 'diff'
      readonly from: number
      readonly to: number
      readonly principals: readonly unknown[]
      readonly resources: readonly unknown[]
      readonly time?: string
    }

/** A job as the one who asks may see it. */
function shown({ subject: _, error, report, ...job }: Job, isOperator: boolean): object {
  return {
    ...job,
    ...(report && { report: isOperator || job.kind === 'diff' ? report : replayView(report as never) }),
    ...(error && { problem: problemOf(new PortcullisError(error.code, error.detail), isOperator) }),
  }
}

async function moduleOf(call: Call, backend: Backend, number: number): Promise<JobModule> {
  const subject = subjectOf(call)
  const told = (await backend.tell({
    command: 'download',
    subject,
    version: String(number),
    ...call.by,
  })) as {
    readonly module: string
    readonly settings?: Settings
  }
  const { module, settings } = told
  return { name: `version ${number}`, module, ...(settings && { settings }) }
}

function timeOf(text: string): string {
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return new Date(ms).toISOString()
  throw new PortcullisError('ERR_QUESTION_FILE', `"${text}" is no time, such as ${defaultSweepTime}`)
}

async function workOf(call: Call, { backend, recording }: Services): Promise<JobWork> {
  const subject = subjectOf(call)
  const body = call.body as Body
  // Also says whether there is such a subject.
  await backend.tell({ command: 'versions', subject })
  if (body.kind === 'diff') {
    const { principals, resources, time = defaultSweepTime } = body
    const from = await moduleOf(call, backend, body.from)
    const to = await moduleOf(call, backend, body.to)
    return { kind: 'diff', from, to, principals, resources, time: timeOf(time) }
  }
  const folder = recording()
  if (folder === undefined) {
    throw new PortcullisError('ERR_RECORDING_FILE', 'the configuration names no "recording"')
  }
  const of = subject === 'guard' ? 'guard' : 'tenant'
  return {
    kind: 'replay',
    recording: folder,
    ...(subject !== 'guard' && { tenant: subject.tenant }),
    ...(body.with !== undefined && { replacement: { ...(await moduleOf(call, backend, body.with)), of } }),
  }
}

const problems: readonly ErrorCode[] = ['ERR_VERSION_SUBJECT']

export function jobRoutes(prefix: string): Route[] {
  const one = { path: `${prefix}/jobs/{id}`, params: schemas.jobParams, status: 200, reply: schemas.job }
  return [
    {
      method: 'POST',
      path: `${prefix}/jobs`,
      access: 'tenant-admin',
      cost: 'change',
      summary: 'Begins a replay of recorded decisions, or a comparison of two versions.',
      body: schemas.jobBody,
      bodyBytesMax: apiJobBytesMax,
      status: 202,
      reply: schemas.job,
      problems: [
        ...problems,
        'ERR_VERSION_UNKNOWN',
        'ERR_VERSION_STATE',
        'ERR_RECORDING_FILE',
        'ERR_QUESTION_FILE',
        'ERR_JOB_LINE',
      ],
      handle: async (call, services) => {
        const subject = subjectOf(call)
        services.jobs.checkRoom(subject)
        const job = services.jobs.add(subject, await workOf(call, services), call.by.who)
        const location = `${pathOf(subject)}/jobs/${job.id}`
        return { status: 202, body: shown(job, call.isOperator), headers: { location } }
      },
    },
    {
      method: 'GET',
      path: `${prefix}/jobs`,
      access: 'tenant-reader',
      cost: 'read',
      summary: 'The jobs of the last hour, without their reports.',
      status: 200,
      reply: schemas.jobs,
      handle: (call, { jobs }) => {
        const all = jobs.list(subjectOf(call)).map(({ report: _, ...job }) => shown(job, call.isOperator))
        return { body: { jobs: all } }
      },
    },
    {
      ...one,
      method: 'GET',
      access: 'tenant-reader',
      cost: 'read',
      summary: 'One job, with what came of it.',
      handle: (call, { jobs }) => ({
        body: shown(jobs.get(subjectOf(call), call.params.id ?? ''), call.isOperator),
      }),
    },
    {
      ...one,
      method: 'DELETE',
      access: 'tenant-admin',
      cost: 'change',
      summary: 'Cancels a job; one that has ended stays as it is.',
      handle: (call, { jobs }) => ({
        body: shown(jobs.cancel(subjectOf(call), call.params.id ?? ''), call.isOperator),
      }),
    },
  ]
}
