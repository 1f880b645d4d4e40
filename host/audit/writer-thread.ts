/** The thread that writes, as the supervisor's thread has it: messages both ways, and one end. */

import { Worker } from 'node:worker_threads'

import { auditWriterMain } from '../paths.ts'
import type { FromWriter, ToWriter, WriterData } from './messages.ts'

export interface WriterOwner {
  said(message: FromWriter): void
  /** It has ended, told to or not; nothing comes after this. */
  ended(why: string): void
}

export interface WriterThread {
  tell(message: ToWriter): void
  /** Ends it wherever it is. `ended` follows. */
  destroy(): void
}

/** Starts one; a test has others. */
export type StartWriter = (data: WriterData, owner: WriterOwner) => WriterThread

export const startWriterThread: StartWriter = (data, owner) => {
  const worker = new Worker(auditWriterMain, { workerData: data, env: {}, execArgv: [] })
  let why = 'the thread that writes it ended'
  worker.on('message', (message: FromWriter) => owner.said(message))
  worker.on('error', (error) => {
    why = `the thread that writes it failed (${error.message})`
  })
  worker.on('exit', () => owner.ended(why))
  return {
    tell: (message) => worker.postMessage(message),
    destroy: () => void worker.terminate(),
  }
}
