/**
 * A line of the audit log and its chain. The last member of each line, `chain`, is SHA-256 over the chain of the line before and this
 * line as it would be without it. So no line can be changed, moved, removed or put in between unnoticed; only lines at the end can
 * go, which is why an operator who must know keeps the head, the last chain, in another place.
 */

import { hash } from 'node:crypto'

import { auditLineBytesMax } from '../limits.ts'
import { escapeText, type RecordType, recordTypes } from './format.ts'

const DIGITS = 64
/** `,"chain":"` before the digits, `"}` after them. */
const TAIL_BYTES = 10 + DIGITS + 2
const tailPattern = /,"chain":"([0-9a-f]{64})"\}/
const headPattern = /^\{"sequence":(\d{1,16}),"type":"([a-z-]+)","timeMs":(-?\d{1,16})[,}]/
/** Sequence, type and time are in the first bytes. */
const HEAD_BYTES = 128

/** What the first record of a log follows. */
export const firstHead = hash('sha256', 'portcullis audit log')

/** A line with its end, and the head of the log with it. */
export function lineOf(text: string, sequence: number, previous: string): { line: string; head: string } {
  const whole = `{"sequence":${sequence},${escapeText(text).slice(1)}`
  const head = hash('sha256', previous + whole)
  return { line: `${whole.slice(0, -1)},"chain":"${head}"}\n`, head }
}

/** What a line says of itself at its beginning and its end. */
export interface LineHead {
  readonly sequence: number
  readonly type: RecordType
  readonly timeMs: number
  readonly chain: string
}

const types: ReadonlySet<string> = new Set(recordTypes)

/** Undefined for what has not the form of a line. */
export function readHead(line: Buffer): LineHead | undefined {
  const [, sequence, type, timeMs] = headPattern.exec(line.toString('latin1', 0, HEAD_BYTES)) ?? []
  const chain = chainIn(line)
  if (type === undefined || chain === undefined || !types.has(type)) return undefined
  return { sequence: Number(sequence), type: type as RecordType, timeMs: Number(timeMs), chain }
}

/** The chain that a line says to have. */
function chainIn(line: Buffer): string | undefined {
  const tail = line.toString('latin1', Math.max(0, line.length - TAIL_BYTES))
  const [all, chain] = tailPattern.exec(tail) ?? []
  return all?.length === tail.length ? chain : undefined
}

const scratch = Buffer.alloc(DIGITS + auditLineBytesMax)

/** Whether a line, without its end, is the one that was written after `previous`. */
export function follows(line: Buffer, previous: string): boolean {
  const chain = chainIn(line)
  if (chain === undefined || line.length > auditLineBytesMax) return false
  scratch.write(previous, 'latin1')
  const length = line.copy(scratch, DIGITS, 0, line.length - TAIL_BYTES)
  scratch[DIGITS + length] = 0x7d
  return hash('sha256', scratch.subarray(0, DIGITS + length + 1)) === chain
}

const NEWLINE = 0x0a
/** No line has one; a file system that lost its power before the bytes came leaves many. */
const unwritten = Buffer.alloc(2)
const stoppedPattern = /\{"sequence":\d{1,16},"type":"stopped",[^\n]*\n$/
/** A `stopped` is short. */
const STOPPED_BYTES = 1024

/**
 * Whether what stands after the last good line was never written whole: it has no end, or it has bytes that never came. All that
 * comes before `stopped` was safe when that was written, so nothing that ends with it is torn.
 */
export function isTorn(tail: Buffer, previous: string): boolean {
  if (tail.indexOf(NEWLINE) >= 0) {
    const end = tail.toString('latin1', Math.max(0, tail.length - STOPPED_BYTES))
    return tail.includes(unwritten) && !stoppedPattern.test(end)
  }
  const match = tailPattern.exec(tail.toString('latin1', 0, auditLineBytesMax))
  const whole = match === null ? tail.length : match.index + TAIL_BYTES
  return whole === tail.length || !follows(tail.subarray(0, whole), previous)
}
