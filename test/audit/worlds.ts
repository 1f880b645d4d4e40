// What the tests of the audit log share: a disk in memory, records, an owner that remembers what it was told, and a writer on this
// thread, on any disk.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach } from 'vitest'

import { Audit, type AuditOptions, type AuditOwner } from '../../host/audit/audit.ts'
import type { Backlog } from '../../host/audit/backlog.ts'
import { type AuditDisk, type Look, realAuditDisk } from '../../host/audit/disk.ts'
import { textOf } from '../../host/audit/format.ts'
import type { LogEnd } from '../../host/audit/log-end.ts'
import type { FromWriter } from '../../host/audit/messages.ts'
import { Writer } from '../../host/audit/writer.ts'
import type { StartWriter } from '../../host/audit/writer-thread.ts'
import type { DecisionRecord } from '../../host/control/messages.ts'
import { PortcullisError } from '../../host/errors.ts'
import { MemoryDisk } from '../store/memory-disk.ts'

export const LOG = '/log'

export class AuditMemoryDisk extends MemoryDisk implements AuditDisk {
  look(path: string): Look {
    const bytes = this.read(path)
    if (bytes === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT', errno: -2 })
    return {
      length: bytes.length,
      read: (target, at) => bytes.copy(target, 0, at),
      close: () => {},
    }
  }

  override remaining(...args: Parameters<MemoryDisk['remaining']>): AuditMemoryDisk {
    return new AuditMemoryDisk(super.remaining(...args).root)
  }

  /** What stands in a file instead from now on. */
  put(path: string, bytes: Uint8Array): void {
    const handle = this.open(path, 'new')
    this.write(handle, Buffer.from(bytes))
    this.sync(handle)
    this.close(handle)
    this.syncFolder(LOG)
  }
}

/** One with an empty folder for a log, of which a loss of power takes nothing. */
export function newDisk(): AuditMemoryDisk {
  const disk = new AuditMemoryDisk()
  disk.makeFolder(LOG)
  disk.syncFolder('/')
  return disk
}

export function decisionRecord(number: number, more: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id: number.toString(16).padStart(32, '0'),
    attempt: 1,
    tenant: 'contoso',
    application: 'wsman/contoso',
    kind: 'operation',
    sender: `CONTOSO\\user-${number}`,
    action: 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get',
    resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service',
    outcome: 'allow',
    code: 0,
    by: 'tenant',
    policy: 'ab'.repeat(32),
    version: 3,
    fuelUsed: 1_234,
    generation: 1,
    timeMs: 1_763_865_600_000 + number,
    microseconds: 80,
    ...more,
  }
}

export function texts(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const record = decisionRecord(from + index)
    return textOf('decision', record.timeMs, record)
  })
}

/** A batch of decisions, written and safe. */
export function put(log: LogEnd, from: number, count: number, nowMs = 1): void {
  log.add(texts(from, count))
  log.write(nowMs)
  log.sync()
  log.removeDoomed()
}

export class Remembering implements AuditOwner {
  readonly told: string[] = []
  lost = 0

  behind(isBehind: boolean): void {
    this.told.push(isBehind ? 'behind' : 'not behind')
  }

  failed(error: PortcullisError): void {
    this.told.push(`failed ${error.code}`)
  }

  recovered(): void {
    this.told.push('recovered')
  }

  gap(lost: number): void {
    this.told.push('gap')
    this.lost += lost
  }
}

/** A real disk that refuses what it is told to refuse. */
export function refusingDisk(): AuditDisk & { refuse: (call: string) => string | undefined } {
  const check = (call: string) => {
    const code = disk.refuse(call)
    if (code !== undefined) throw Object.assign(new Error(`${code}: injected`), { code, errno: -1 })
  }
  const disk = {
    ...realAuditDisk,
    refuse: (_: string): string | undefined => undefined,
    write(handle: number, bytes: Buffer) {
      // A disk that is full takes what it can.
      if (disk.refuse('write') !== undefined)
        realAuditDisk.write(handle, bytes.subarray(0, bytes.length >> 1))
      check('write')
      realAuditDisk.write(handle, bytes)
    },
    sync(handle: number) {
      check('sync')
      realAuditDisk.sync(handle)
    },
    unlink(path: string) {
      check('unlink')
      realAuditDisk.unlink(path)
    },
  }
  return disk
}

/** A writer on this thread. What it is told waits as long as `isSlow` says. */
export function writerOn(disk: AuditDisk, isSlow: () => boolean = () => false): StartWriter {
  return (data, owner) => {
    let writer: Writer | undefined
    const said = (message: FromWriter) => {
      owner.said(message)
      if (message.type === 'closed' || message.type === 'refused') owner.ended('it ended')
    }
    const later = (act: () => void) => {
      const attempt = () => (isSlow() ? setTimeout(attempt, 1) : act())
      setImmediate(attempt)
    }
    try {
      writer = new Writer(disk, data, (message) => void setImmediate(() => said(message)))
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      const { code, detail } = error
      setImmediate(() => said({ type: 'refused', code, detail }))
    }
    return {
      tell: (message) => later(() => writer?.told(message)),
      destroy: () => {
        writer?.destroy()
        setImmediate(() => owner.ended('it was ended'))
      },
    }
  }
}

/** Until it is so; a test that waits for what never comes fails by its own time. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
}

const folders: string[] = []
const audits: Audit[] = []

afterEach(async () => {
  for (const audit of audits.splice(0)) await audit.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** A folder that goes with the test. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-audit-'))
  folders.push(folder)
  return folder
}

/** An audit log that is closed with the test. */
export async function opened(
  options: Partial<AuditOptions> & { folder: string },
  owner: AuditOwner,
  start?: StartWriter,
  backlog?: Backlog,
): Promise<Audit> {
  const all = { whenBehind: 'deny' as const, fileBytes: 1 << 20, ...options }
  const audit = await Audit.open(all, owner, start, backlog)
  audits.push(audit)
  return audit
}
