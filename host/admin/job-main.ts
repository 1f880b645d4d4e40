/**
 * The process of one job: gets the work over Node's channel, replays or sweeps with processes that are bounded as those of the command
 * line are, tells what came of it, and ends. It ends too when whoever started it does.
 */

import { constants, setPriority } from 'node:os'

import { PortcullisError } from '../errors.ts'
import { jobReportBytesMax } from '../limits.ts'
import { replay } from '../replay/replay.ts'
import { sweep } from '../replay/sweep.ts'
import { pointsOf } from '../replay/sweep-files.ts'
import { sweepJson } from '../replay/sweep-json.ts'
import type { FromJob, JobModule, JobWork } from './job-messages.ts'

/** Decisions are made on this machine, and there may be two processors. */
const PROCESSES = 1

/** Between two words of how far it is. */
const PROGRESS_MS = 500

function tell(message: FromJob, then: () => void = () => {}): void {
  process.send?.(message, then)
}

let toldMs = 0
function progress(count: number): void {
  if (performance.now() - toldMs < PROGRESS_MS) return
  toldMs = performance.now()
  tell({ type: 'progress', count })
}

const bytesOf = ({ module }: JobModule) => Buffer.from(module, 'base64')

async function replayed({ recording, tenant, replacement }: JobWork & { kind: 'replay' }): Promise<object> {
  return replay(recording, {
    processes: PROCESSES,
    progress,
    ...(tenant !== undefined && { only: tenant }),
    ...(replacement && {
      replacement: {
        module: bytesOf(replacement),
        // The recorded ones are another version's.
        settings: replacement.settings ?? null,
        of: replacement.of === 'guard' ? ('guard' as const) : { tenant },
      },
    }),
  })
}

async function swept({ from, to, principals, resources, time }: JobWork & { kind: 'diff' }): Promise<object> {
  const points = pointsOf(principals, resources, time)
  const module = (one: JobModule) => ({
    bytes: bytesOf(one),
    name: one.name,
    ...(one.settings && { settings: one.settings }),
  })
  const report = await sweep(points, [module(from), module(to)], { processes: PROCESSES, progress })
  return sweepJson(points, report, time)
}

async function work(job: JobWork): Promise<void> {
  const report = await (job.kind === 'replay' ? replayed(job) : swept(job))
  if (JSON.stringify(report).length > jobReportBytesMax) {
    throw new PortcullisError('ERR_JOB_ENDED', `its report has more than ${jobReportBytesMax} bytes`)
  }
  tell({ type: 'done', report }, () => process.exit())
}

setPriority(constants.priority.PRIORITY_LOW)
process.on('disconnect', () => process.exit())
process.once('message', (job: JobWork) => {
  work(job).catch((error: Error) => {
    const { code, detail } =
      error instanceof PortcullisError ? error : new PortcullisError('ERR_HOST_FAULT', error.message)
    tell({ type: 'failed', code, detail }, () => process.exit())
  })
})
