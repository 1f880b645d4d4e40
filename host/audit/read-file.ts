/**
 * Reads a file of the audit log line by line and holds each against the one before: its chain, its sequence, its form. Says of every
 * line what is wrong with it, and goes on with what the line says of itself, so that one line that was changed is one problem.
 *
 *     bytes -> lines, a piece of 1 MiB at a time -> checked, with the head of the log so far
 */

import { auditFileBytesMax, auditLineBytesMax } from '../limits.ts'
import { follows, isTorn, type LineHead, readHead } from './chain.ts'
import type { Look } from './disk.ts'
import { FORMAT, type Members } from './format.ts'

const PIECE_BYTES = 1024 * 1024
const NEWLINE = 0x0a

/** The head of a log after a record, and that record's number. */
export interface Position {
  readonly head: string
  readonly sequence: number
}

interface Line {
  /** Without its end. Of one that is longer than lines are, a part. */
  readonly bytes: Buffer
  readonly at: number
  /** Where the next one begins. */
  readonly end: number
  readonly hasEnd: boolean
}

export interface CheckedLine {
  /** From 1. */
  readonly number: number
  readonly line: Line
  readonly head: LineHead | undefined
  readonly problem: string | undefined
  /** What it had to follow, as far as that is known. */
  readonly follows: Position | undefined
  /** What stands there was never written whole: the process or the machine stopped. Nothing comes after it. */
  readonly isTorn: boolean
}

function* linesOf(look: Look): Generator<Line> {
  let rest = Buffer.alloc(0)
  let at = 0
  for (let from = 0; ; ) {
    const piece = Buffer.allocUnsafe(PIECE_BYTES)
    const count = look.read(piece, from)
    if (count === 0) break
    from += count
    rest = Buffer.concat([rest, piece.subarray(0, count)])
    let start = 0
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE, start)) {
      yield { bytes: rest.subarray(start, end), at, end: at + end - start + 1, hasEnd: true }
      at += end - start + 1
      start = end + 1
    }
    rest = rest.subarray(start)
    if (rest.length > auditLineBytesMax) break
  }
  if (rest.length > 0) yield { bytes: rest, at, end: Number.POSITIVE_INFINITY, hasEnd: false }
}

/** The members of a record. A line that is well chained is JSON that the host has written. */
export function parsed(line: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line.toString())
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** What a file's first record says of the files before it, and what is wrong with it. */
interface Beginning {
  readonly previous?: string
  readonly problem?: string
  /** Of another release, which may have chained otherwise. */
  readonly isForeign?: boolean
}

function beginningOf(line: Buffer, number: number): Beginning {
  const { format, file, previous } = (parsed(line) ?? {}) as Partial<Members['opened']>
  if (Number.isInteger(format) && format !== FORMAT) {
    const problem = `it has format ${format}, and this release knows ${FORMAT}; run the release that wrote it`
    return { problem, isForeign: true }
  }
  if (typeof previous !== 'string' || !/^[0-9a-f]{64}$/.test(previous)) return { problem: 'it has no head' }
  if (file !== number) return { previous, problem: `it is the beginning of file ${file}` }
  return { previous }
}

function orderProblem(sequence: number, expected: number): string {
  if (sequence > expected) {
    const missing = sequence - expected
    return missing === 1
      ? `record ${expected}, which came before it, is not there`
      : `records ${expected} to ${sequence - 1}, which came before it, are not there`
  }
  return `it is record ${sequence} where ${expected} is due: it was put in or moved here`
}

/**
 * The lines of file `number`. `position` is what it has to follow; without it, what the file itself says that it follows. In the
 * `last` file the end may be torn.
 */
export function* checkFile(
  look: Look,
  number: number,
  position: Position | undefined,
  isLast: boolean,
): Generator<CheckedLine> {
  let now = position
  let lineNumber = 0
  for (const line of linesOf(look)) {
    lineNumber++
    const head = line.hasEnd ? readHead(line.bytes) : undefined
    const begun = line.hasEnd && lineNumber === 1 ? beginningOf(line.bytes, number) : {}
    if (now === undefined && begun.previous !== undefined && head !== undefined) {
      now = { head: begun.previous, sequence: head.sequence - 1 }
    }
    const own = problemOf(line, lineNumber, head, now)
    const problem = begun.isForeign ? begun.problem : (own ?? begun.problem)
    const wasTorn = problem !== undefined && isLast && isTornFrom(look, line.at, now?.head ?? '')
    yield { number: lineNumber, line, head, problem, follows: now, isTorn: wasTorn }
    if (wasTorn) return
    if (head !== undefined) now = { head: head.chain, sequence: head.sequence }
    else if (now !== undefined) now = { head: now.head, sequence: now.sequence + 1 }
  }
}

function problemOf(
  { bytes, hasEnd }: Line,
  number: number,
  head: LineHead | undefined,
  now: Position | undefined,
): string | undefined {
  if (!hasEnd) return 'it has no end'
  if (head === undefined) return 'it is not a line that a host writes'
  if ((number === 1) !== (head.type === 'opened')) {
    return number === 1 ? 'the beginning of the file is not there' : 'it is the beginning of another file'
  }
  if (now === undefined) return undefined
  if (head.sequence !== now.sequence + 1) return orderProblem(head.sequence, now.sequence + 1)
  return follows(bytes, now.head) ? undefined : 'it, or the line before it, is not what was written there'
}

function isTornFrom(look: Look, at: number, previous: string): boolean {
  const bytes = look.length - at
  if (bytes > 2 * auditFileBytesMax) return false
  const tail = Buffer.alloc(Math.max(bytes, 0))
  let length = 0
  for (let count = 1; count > 0 && length < tail.length; length += count) {
    count = look.read(tail.subarray(length), at + length)
  }
  return isTorn(tail.subarray(0, length), previous)
}
