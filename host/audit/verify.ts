/**
 * Reads a whole audit log and holds it against itself: every line against the one before, every file against the one before, and what
 * is not there against what the log says was removed. Changes nothing, needs no lock, and takes as little memory for a large log as
 * for a small one. A host may be writing: what it has not finished is no problem.
 *
 * A log that was cut off at its end is a log as good as any. Only a head that was kept in another place tells: `expected`.
 */

import { type ErrorCode, PortcullisError } from '../errors.ts'
import { auditToldMax } from '../limits.ts'
import { systemCode } from '../store/disk.ts'
import { firstHead, type LineHead } from './chain.ts'
import { type AuditDisk, realAuditDisk } from './disk.ts'
import { auditFailure } from './failure.ts'
import { fileNumbers, filePath } from './files.ts'
import type { AuditGap, Members, RecordType } from './format.ts'
import { type CheckedLine, checkFile, type Position, parsed } from './read-file.ts'

/** Of a record that must be there. */
export interface Expected {
  /** Or its beginning, of `headDigitsMin` digits at least. */
  readonly head: string
  readonly sequence?: number
}

export interface Problem {
  readonly code: ErrorCode
  readonly file: string
  /** From 1. */
  readonly line?: number
  readonly what: string
  readonly toDo: string
}

export interface ToldGap extends AuditGap {
  readonly sequence: number
  readonly timeMs: number
}

export interface Verified extends Position {
  readonly files: number
  readonly records: number
  readonly types: Readonly<Partial<Record<RecordType, number>>>
  readonly firstMs: number | undefined
  readonly lastMs: number | undefined
  readonly gaps: {
    readonly count: number
    /** Records in all those whose size is known, and how many of these are decisions. */
    readonly lost: number
    readonly lostDecisions: number
    /** Gaps of unknown size. */
    readonly unknown: number
    /** The first of them. */
    readonly told: readonly ToldGap[]
  }
  /** The first of them; `problemCount` is all. */
  readonly problems: readonly Problem[]
  readonly problemCount: number
  readonly notes: readonly string[]
}

/** Files go while they are read, as long as a host takes some away: a busy disk takes a second for many of them. */
const READINGS_MAX = 50
const PAUSE_MS = 20

const cure =
  'keep the folder as it is, compare it with a copy, and ask who may change files there; a host begins a new log where there is none'

/** Throws ERR_AUDIT_OPEN if there is no log, or it cannot be read. */
export function verifyLog(folder: string, expected?: Expected, disk: AuditDisk = realAuditDisk): Verified {
  for (let reading = 1; ; reading++) {
    try {
      return new Verification(disk, folder, expected).result()
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' || reading === READINGS_MAX) {
        throw auditFailure(error, folder, 'ERR_AUDIT_OPEN')
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
  }
}

class Verification {
  readonly #disk: AuditDisk
  readonly #folder: string
  readonly #expected: Expected | undefined
  readonly #files: readonly number[]
  /** What the first file that is there follows. */
  #base: Position | undefined
  #position: Position | undefined
  #records = 0
  readonly #types: Partial<Record<RecordType, number>> = {}
  #firstMs: number | undefined
  #lastMs: number | undefined
  #lastType: RecordType | undefined
  readonly #gaps = { count: 0, lost: 0, lostDecisions: 0, unknown: 0, told: [] as ToldGap[] }
  #removed: Members['removed'] | undefined
  #isExpectedThere = false
  readonly #problems: Problem[] = []
  #problemCount = 0
  readonly #notes: string[] = []

  constructor(disk: AuditDisk, folder: string, expected: Expected | undefined) {
    this.#disk = disk
    this.#folder = folder
    this.#expected = expected
    const files = fileNumbers(disk, folder)
    if (files === undefined) throw new PortcullisError('ERR_AUDIT_OPEN', `${folder} is not there`)
    if (files.length === 0) throw new PortcullisError('ERR_AUDIT_OPEN', `${folder} has no audit log in it`)
    this.#files = files
  }

  result(): Verified {
    const [first = 1] = this.#files
    if (first === 1) this.#base = { head: firstHead, sequence: 0 }
    this.#position = this.#base
    let before = first - 1
    for (const file of this.#files) {
      if (file > before + 1) {
        this.#problem(file, undefined, `${filesText(before + 1, file - 1)} before it, and not there`)
        this.#position = undefined
      }
      this.#file(file)
      before = file
    }
    this.#checkRemoved(first)
    this.#checkExpected()
    if (this.#lastType !== 'stopped') {
      this.#notes.push('its last record is not that a host stopped: one is running, or ended without closing')
    }
    return {
      ...(this.#position ?? { head: firstHead, sequence: 0 }),
      files: this.#files.length,
      records: this.#records,
      types: this.#types,
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
      gaps: this.#gaps,
      problems: this.#problems,
      problemCount: this.#problemCount,
      notes: this.#notes,
    }
  }

  #file(file: number): void {
    const isLast = file === this.#files.at(-1)
    const look = this.#disk.look(filePath(this.#folder, file))
    try {
      let lines = 0
      for (const checked of checkFile(look, file, this.#position, isLast)) {
        lines++
        this.#line(file, checked)
      }
      if (lines > 0) return
      if (isLast)
        this.#notes.push(`${filePath(this.#folder, file)} is empty: a host is beginning it, or was killed`)
      else this.#problem(file, undefined, 'it is empty')
    } finally {
      look.close()
    }
  }

  #line(file: number, { number, line, head, problem, isTorn, follows }: CheckedLine): void {
    this.#base ??= follows
    if (isTorn) {
      const path = filePath(this.#folder, file)
      this.#notes.push(
        `${path}, line ${number}: it was never finished; a host is writing it, or was killed, and the next one cuts it off`,
      )
      return
    }
    if (problem !== undefined) this.#problem(file, number, problem)
    if (head === undefined) {
      this.#position = this.#position && { ...this.#position, sequence: this.#position.sequence + 1 }
      return
    }
    this.#position = { head: head.chain, sequence: head.sequence }
    if (problem === undefined) this.#record(head, line.bytes)
  }

  #record({ sequence, type, timeMs, chain }: LineHead, line: Buffer): void {
    this.#records++
    this.#types[type] = (this.#types[type] ?? 0) + 1
    this.#firstMs = Math.min(this.#firstMs ?? timeMs, timeMs)
    this.#lastMs = Math.max(this.#lastMs ?? timeMs, timeMs)
    this.#lastType = type
    if (this.#isExpected(chain, sequence)) this.#isExpectedThere = true
    // What is well chained was written by a host, and so are its members.
    if (type === 'gap') this.#gap({ ...(parsed(line) as unknown as AuditGap), sequence, timeMs })
    if (type === 'removed') this.#removed = parsed(line) as unknown as Members['removed']
  }

  #gap({ sequence, timeMs, cause, lost, evaluator, types, fromMs, cutBytes }: ToldGap): void {
    const gaps = this.#gaps
    gaps.count++
    if (lost === 'unknown') gaps.unknown++
    else {
      gaps.lost += lost
      gaps.lostDecisions += types === undefined ? lost : (types.decision ?? 0)
    }
    if (gaps.told.length >= auditToldMax) return
    gaps.told.push({
      sequence,
      timeMs,
      cause,
      lost,
      ...(evaluator !== undefined && { evaluator }),
      ...(types !== undefined && { types }),
      ...(fromMs !== undefined && { fromMs }),
      ...(cutBytes !== undefined && { cutBytes }),
    })
  }

  /** Files that are not there at the beginning: taken away by a host, which says so in what it wrote later, or by somebody else. */
  #checkRemoved(first: number): void {
    const { lastFile = 0, head } = this.#removed ?? {}
    if (lastFile > first - 1) {
      this.#notes.push(
        `${filesText(first, lastFile)} still there, and recorded as removed: a host is removing, or was killed`,
      )
    } else if (lastFile < first - 1) {
      this.#problem(
        first,
        undefined,
        `${filesText(lastFile + 1, first - 1)} before it, and not there, and no host has recorded that it removed them`,
      )
    } else if (first > 1 && this.#base !== undefined && this.#base.head !== head) {
      this.#problem(first, 1, 'it does not follow the files that a host has recorded as removed')
    }
  }

  /** Of a head its beginning may be all that was kept. */
  #isExpected(head: string, of: number): boolean {
    const expected = this.#expected
    return expected !== undefined && head.startsWith(expected.head) && of === (expected.sequence ?? of)
  }

  #checkExpected(): void {
    const expected = this.#expected
    if (expected === undefined || this.#isExpectedThere) return
    const { head, sequence } = expected
    const base = this.#base?.sequence ?? 0
    const last = this.#position?.sequence ?? 0
    if (this.#base !== undefined && this.#isExpected(this.#base.head, base)) return
    const file = this.#files.at(-1) ?? 1
    if (sequence !== undefined && sequence < base) {
      const what = `record ${sequence} is in files that are not there any more, and cannot be held against ${head}`
      this.#problem(this.#files[0] ?? 1, undefined, what, 'expect a head that is as young as the oldest file')
    } else if (sequence !== undefined && sequence > last) {
      const what = `the log ends with record ${last}, and record ${sequence} was there: its end was cut off, or it is another log`
      this.#problem(file, undefined, what)
    } else {
      const which = sequence === undefined ? 'no record' : `not record ${sequence}`
      const what = `${which} has the head ${head}: the end was cut off, lines were changed, or it is another log`
      this.#problem(file, undefined, what)
    }
  }

  #problem(file: number, line: number | undefined, what: string, toDo = cure): void {
    this.#problemCount++
    if (this.#problems.length >= auditToldMax) return
    const place = { file: filePath(this.#folder, file), ...(line !== undefined && { line }) }
    this.#problems.push({ code: 'ERR_AUDIT_DAMAGED', ...place, what, toDo })
  }
}

function filesText(first: number, last: number): string {
  return first === last ? `file ${first} is` : `files ${first} to ${last} are`
}
