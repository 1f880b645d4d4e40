/**
 * Jobs: replays and sweeps that somebody asked for and comes back for. One runs at a time, in a process of its own at the lowest
 * priority, because decisions are made on the same machine; the others wait in a line that is bounded, for each subject too, so
 * that one tenant cannot fill it. They live as long as this process: who asks again after a restart has to begin again.
 *
 *     waiting --its turn--> running --report--> done
 *        |                     +--refused, broken off, too late--> failed
 *        +------ DELETE -------+--> cancelled              ended: gone after an hour
 */

import { randomBytes } from 'node:crypto'

import { type ErrorCode, PortcullisError } from '../errors.ts'
import {
  jobKeptMs,
  jobMsMax,
  jobsKeptMax,
  jobsKeptOfSubjectMax,
  jobsOfSubjectMax,
  jobsWaitingMax,
} from '../limits.ts'
import type { Subject } from '../store/store.ts'
import type { JobWork } from './job-messages.ts'

export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'

export interface Job {
  readonly id: string
  readonly subject: Subject
  readonly kind: JobWork['kind']
  readonly by: string
  readonly createdMs: number
  state: JobState
  startedMs?: number
  endedMs?: number
  progress?: number
  report?: object
  error?: { readonly code: ErrorCode; readonly detail: string }
}

/** Something that does the work of a job. */
export interface Worker {
  /** Rejects with a PortcullisError. */
  readonly report: Promise<object>
  /** Ends it at once; what it has begun ends with it. */
  kill(): void
}

export type StartWorker = (work: JobWork, progress: (count: number) => void) => Worker

const keyOf = (subject: Subject) => (subject === 'guard' ? 'guard' : `tenant ${subject.tenant}`)
const isOpen = ({ state }: Job) => state === 'waiting' || state === 'running'

export class Jobs {
  readonly #start: StartWorker
  readonly #now: () => number
  /** In the order in which they were asked for. */
  readonly #jobs = new Map<string, Job>()
  /** Of those that wait, in their order. */
  readonly #waiting: { readonly job: Job; readonly work: JobWork }[] = []
  #running: { readonly job: Job; readonly worker: Worker; readonly timer: NodeJS.Timeout } | undefined

  constructor(start: StartWorker, now: () => number = Date.now) {
    this.#start = start
    this.#now = now
  }

  /** Throws ERR_JOB_LINE if there is no place in the line. Asked before the work is put together, and again by `add`. */
  checkRoom(subject: Subject): void {
    const open = [...this.#jobs.values()].filter(isOpen)
    const own = open.filter((job) => keyOf(job.subject) === keyOf(subject))
    if (own.length >= jobsOfSubjectMax) {
      throw new PortcullisError('ERR_JOB_LINE', `${own.length} wait or run already`)
    }
    if (open.length >= jobsWaitingMax) throw new PortcullisError('ERR_JOB_LINE', 'others wait')
  }

  add(subject: Subject, work: JobWork, by: string): Job {
    this.#forget()
    this.checkRoom(subject)
    const id = randomBytes(8).toString('hex')
    const job: Job = { id, subject, kind: work.kind, by, createdMs: this.#now(), state: 'waiting' }
    this.#jobs.set(id, job)
    this.#waiting.push({ job, work })
    this.#next()
    return job
  }

  /** The subject's own, in the order in which they were asked for. */
  list(subject: Subject): Job[] {
    this.#forget()
    return [...this.#jobs.values()].filter((job) => keyOf(job.subject) === keyOf(subject))
  }

  /** Throws ERR_API_UNKNOWN, also for another subject's. */
  get(subject: Subject, id: string): Job {
    this.#forget()
    const job = this.#jobs.get(id)
    if (job !== undefined && keyOf(job.subject) === keyOf(subject)) return job
    throw new PortcullisError('ERR_API_UNKNOWN')
  }

  /** One that has ended stays as it is. */
  cancel(subject: Subject, id: string): Job {
    const job = this.get(subject, id)
    if (!isOpen(job)) return job
    const place = this.#waiting.findIndex((one) => one.job === job)
    if (place >= 0) this.#waiting.splice(place, 1)
    this.#end(job, 'cancelled')
    return job
  }

  close(): void {
    for (const job of [...this.#jobs.values()].filter(isOpen)) this.#end(job, 'cancelled')
    this.#waiting.length = 0
  }

  #next(): void {
    if (this.#running !== undefined) return
    const next = this.#waiting.shift()
    if (next === undefined) return
    const { job, work } = next
    job.state = 'running'
    job.startedMs = this.#now()
    const worker = this.#start(work, (count) => {
      if (job.state === 'running') job.progress = count
    })
    const timer = setTimeout(() => {
      const minutes = jobMsMax / 60_000
      this.#end(job, 'failed', { error: new PortcullisError('ERR_JOB_TIME', `more than ${minutes} minutes`) })
    }, jobMsMax)
    this.#running = { job, worker, timer }
    worker.report.then(
      (report) => this.#end(job, 'done', { report }),
      (error: Error) => this.#end(job, 'failed', { error }),
    )
  }

  /** Once: what comes of a worker after that is nobody's. */
  #end(job: Job, state: JobState, { report, error }: { report?: object; error?: Error } = {}): void {
    if (!isOpen(job)) return
    job.state = state
    job.endedMs = this.#now()
    if (report !== undefined) job.report = report
    if (error instanceof PortcullisError) job.error = { code: error.code, detail: error.detail }
    else if (error !== undefined) job.error = { code: 'ERR_HOST_FAULT', detail: error.message }
    if (this.#running?.job !== job) return
    clearTimeout(this.#running.timer)
    this.#running.worker.kill()
    this.#running = undefined
    this.#next()
  }

  /** Those that have ended long ago, and the oldest where a subject, or all of them together, have too many. */
  #forget(): void {
    const seen = new Map<string, number>()
    let kept = 0
    for (const job of [...this.#jobs.values()].reverse()) {
      if (isOpen(job)) continue
      const key = keyOf(job.subject)
      const own = (seen.get(key) ?? 0) + 1
      seen.set(key, own)
      const isOld = this.#now() - (job.endedMs ?? 0) > jobKeptMs
      if (isOld || own > jobsKeptOfSubjectMax || kept >= jobsKeptMax) this.#jobs.delete(job.id)
      else kept++
    }
  }
}
