/**
 * What is there when a log is opened: where its end is, which files come before it, and whether the host that wrote it came to its
 * end in order. Changes nothing. The last file is read whole; of the others the first record. To read them all is what
 * `portcullis audit verify` is for: a start would wait for it.
 */

import { firstHead } from './chain.ts'
import type { AuditDisk, Look } from './disk.ts'
import { auditFailure, damaged } from './failure.ts'
import { fileNumbers, filePath } from './files.ts'
import type { AuditGap, RecordType } from './format.ts'
import { checkFile, type Position, parsed } from './read-file.ts'

/** Why records may be missing before the one that says so. */
export const NOT_CLOSED = 'host ended without closing'

/** A file's first record has two digests, a few numbers, and nothing else. */
const OPENED_BYTES = 1_024

/** A file to which nothing is added any more. */
export interface ClosedFile extends Position {
  readonly number: number
  /** When the next one was begun. */
  readonly closedMs: number
}

export interface LogFileEnd extends Position {
  readonly number: number
  /** Of whole lines. */
  readonly bytes: number
  readonly records: number
  readonly openedMs: number | undefined
}

export interface OpenedLog {
  /** Where the next line goes: at the end of the last file, or at the beginning of one that was never begun. */
  readonly end: LogFileEnd
  readonly closed: ClosedFile[]
  /** What the log has to say of the time before. */
  readonly gap: AuditGap | undefined
}

interface Scanned extends LogFileEnd {
  readonly lastType: RecordType | undefined
  readonly cutBytes: number
}

function looking<Value>(disk: AuditDisk, path: string, read: (look: Look) => Value): Value {
  try {
    const look = disk.look(path)
    try {
      return read(look)
    } finally {
      look.close()
    }
  } catch (error) {
    throw auditFailure(error, path, 'ERR_AUDIT_OPEN')
  }
}

/** Reads a file from its beginning to its end. */
function scan(disk: AuditDisk, folder: string, number: number, isLast: boolean): Scanned {
  const path = filePath(folder, number)
  return looking(disk, path, (look) => {
    let end: Scanned = {
      number,
      bytes: 0,
      records: 0,
      openedMs: undefined,
      head: firstHead,
      sequence: 0,
      lastType: undefined,
      cutBytes: 0,
    }
    for (const { number: lineNumber, line, head, problem, isTorn } of checkFile(
      look,
      number,
      undefined,
      isLast,
    )) {
      if (isTorn) return { ...end, cutBytes: look.length - line.at }
      if (problem !== undefined || head === undefined) {
        throw damaged(path, lineNumber, problem ?? 'it is not a line that a host writes')
      }
      end = {
        ...end,
        bytes: line.end,
        records: lineNumber,
        openedMs: end.openedMs ?? head.timeMs,
        head: head.chain,
        sequence: head.sequence,
        lastType: head.type,
      }
    }
    return end
  })
}

/** What the first record of a file says. */
interface Beginning extends Position {
  readonly number: number
  readonly openedMs: number
}

function beginningOf(disk: AuditDisk, folder: string, number: number): Beginning {
  const path = filePath(folder, number)
  return looking(disk, path, (look) => {
    const bytes = Buffer.alloc(OPENED_BYTES)
    const line = bytes.subarray(0, look.read(bytes, 0))
    const opened = parsed(line.subarray(0, Math.max(0, line.indexOf('\n'))))
    const { type, previous, sequence, timeMs } = opened ?? {}
    if (
      type !== 'opened' ||
      typeof previous !== 'string' ||
      typeof sequence !== 'number' ||
      typeof timeMs !== 'number'
    ) {
      throw damaged(path, 1, 'the beginning of the file is not there')
    }
    return { number, openedMs: timeMs, head: previous, sequence: sequence - 1 }
  })
}

/** The file before a file has to end with the head that it begins after; the last bytes say it. */
function checkLink(disk: AuditDisk, folder: string, { number, head }: Beginning): void {
  const path = filePath(folder, number - 1)
  const expected = `"${head}"}\n`
  const tail = looking(disk, path, (look) => {
    const bytes = Buffer.alloc(expected.length)
    return bytes.toString('latin1', 0, look.read(bytes, Math.max(0, look.length - bytes.length)))
  })
  if (tail !== expected) throw damaged(path, undefined, `it does not end where file ${number} begins`)
}

/** Where the log ends whose last file is `number`, and how. */
function endOf(disk: AuditDisk, folder: string, number: number, hasBefore: boolean): Scanned {
  const end = scan(disk, folder, number, true)
  if (end.records > 0) {
    if (hasBefore) checkLink(disk, folder, beginningOf(disk, folder, number))
    return end
  }
  // The file was made, and not even its first record reached the disk: what it has to follow is the end of the one before.
  if (hasBefore) {
    const { head, sequence, lastType } = scan(disk, folder, number - 1, false)
    return { ...end, head, sequence, lastType }
  }
  if (number === 1) return end
  throw damaged(filePath(folder, number), 1, 'the beginning of the file is not there')
}

/** Throws ERR_AUDIT_OPEN, ERR_AUDIT_DAMAGED. */
export function openLog(disk: AuditDisk, folder: string, nowMs: number): OpenedLog {
  let numbers: number[]
  try {
    numbers = fileNumbers(disk, folder) ?? []
  } catch (error) {
    throw auditFailure(error, folder, 'ERR_AUDIT_OPEN')
  }
  const last = numbers.at(-1)
  if (last === undefined) {
    const end = { number: 1, bytes: 0, records: 0, openedMs: undefined, head: firstHead, sequence: 0 }
    return { end, closed: [], gap: undefined }
  }
  const end = endOf(disk, folder, last, numbers.includes(last - 1))
  const begun = numbers.filter((number) => number !== last || end.records > 0)
  const beginnings = begun.map((number) => beginningOf(disk, folder, number))
  if (end.records === 0) beginnings.push({ ...end, openedMs: nowMs })
  const closed = numbers.slice(0, -1).map((number, index) => {
    const { head, sequence, openedMs } = beginnings[index + 1] as Beginning
    return { number, closedMs: openedMs, head, sequence }
  })
  const { cutBytes, lastType } = end
  const isInOrder = cutBytes === 0 && (lastType === 'stopped' || end.sequence === 0)
  const cut = cutBytes > 0 && { cutBytes }
  return { end, closed, gap: isInOrder ? undefined : { cause: NOT_CLOSED, lost: 'unknown', ...cut } }
}
