/** Where the thread begins that writes the audit log (writer.ts), so that the supervisor's never waits for a disk. */

import { type MessagePort, parentPort, workerData } from 'node:worker_threads'

import { PortcullisError } from '../errors.ts'
import { realAuditDisk } from './disk.ts'
import type { FromWriter, ToWriter, WriterData } from './messages.ts'
import { Writer } from './writer.ts'

const port = parentPort as MessagePort
const say = (message: FromWriter) => port.postMessage(message)

try {
  const writer = new Writer(realAuditDisk, workerData as WriterData, say)
  port.on('message', (message: ToWriter) => {
    writer.told(message)
    if (message.type === 'close') port.unref()
  })
} catch (error) {
  if (!(error instanceof PortcullisError)) throw error
  say({ type: 'refused', code: error.code, detail: error.detail })
}
