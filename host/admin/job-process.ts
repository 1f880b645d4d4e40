/** Starts the process of a job, and says what came of it. Whatever becomes of that process is the end of one job and nothing else. */

import { spawn } from 'node:child_process'

import { howItEnded } from '../admission/disposable-process.ts'
import { errorTable, PortcullisError } from '../errors.ts'
import { jobHeapMegabytesMax, printedBytesMax } from '../limits.ts'
import { jobMain } from '../paths.ts'
import type { FromJob, JobWork } from './job-messages.ts'
import type { Worker } from './jobs.ts'

export function startJobProcess(work: JobWork, progress: (count: number) => void): Worker {
  const child = spawn(process.execPath, [`--max-old-space-size=${jobHeapMegabytesMax}`, jobMain], {
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let printed = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    if (printed.length < printedBytesMax) printed += chunk.toString('latin1', 0, printedBytesMax)
  })
  const report = new Promise<object>((resolve, reject) => {
    child.on('message', (message: FromJob) => {
      if (message.type === 'progress') progress(message.count)
      else if (message.type === 'done') resolve(message.report)
      else {
        const code = message.code in errorTable ? message.code : 'ERR_HOST_FAULT'
        reject(new PortcullisError(code, message.detail))
      }
    })
    child.on('error', (error) => reject(new PortcullisError('ERR_JOB_ENDED', error.message)))
    child.on('close', (status, signal) =>
      reject(new PortcullisError('ERR_JOB_ENDED', howItEnded(status, signal, printed))),
    )
  })
  child.send(work, (error) => {
    if (error !== null) child.kill('SIGKILL')
  })
  return { report, kill: () => void child.kill('SIGKILL') }
}
