/**
 * A subject's journal: lines of JSON that are only ever added. Each has, as its last member, `chain`: SHA-256 over the chain of the
 * line before and this line as it would be without it. So no line can be changed, moved, removed or put in between unnoticed;
 * only lines at the end can go, and a chain cannot see that.
 *
 *     append  -> the bytes, then fsync: only then it is done
 *     failed  -> cut off again, fsync; if that fails too, nothing more is written before the store is opened again
 *
 * The first chain is that of the subject's name: one subject's journal is damage in another's place.
 */

import { createHash } from 'node:crypto'

import { PortcullisError } from '../errors.ts'
import type { Disk } from './disk.ts'
import { type Entry, entryProblem, FORMAT, type Timed } from './entry.ts'
import { damaged, failure, StoreError } from './failure.ts'
import { type Subject, subjectName } from './subject-folder.ts'

export const JOURNAL = 'journal.jsonl'

const NEWLINE = 0x0a
/** `,"chain":"` before the 64 digits, `"}` after them. */
const TAIL_BYTES = 10 + 64 + 2
const tailPattern = /,"chain":"[0-9a-f]{64}"\}/
/** No line has one; a file system that lost its power before the bytes came leaves many. */
const unwritten = Buffer.alloc(2)

function sha256(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** The chain that a subject's first line follows. */
export function firstChain(subject: Subject): string {
  return sha256(`portcullis journal of ${subjectName(subject)}`)
}

/** A line with its end, and its chain. */
export function writeLine(entry: Entry, previous: string): { line: Buffer; chain: string } {
  const text = JSON.stringify(entry)
  const chain = sha256(previous, text)
  return { line: Buffer.from(`${text.slice(0, -1)},"chain":"${chain}"}\n`), chain }
}

/** The chain of a line without its end, or undefined if it is not the line that follows. */
function chainOf(line: Buffer, previous: string): string | undefined {
  const text = line.subarray(0, -TAIL_BYTES)
  const tail = line.toString('latin1', text.length)
  const chain = sha256(previous, text, '}')
  return tail === `,"chain":"${chain}"}` ? chain : undefined
}

export interface ReadJournal {
  readonly entries: readonly Entry[]
  /** Of its whole lines. */
  readonly length: number
  readonly chain: string
  /** Bytes after them that are a line which was never written whole; a crash leaves that. */
  readonly torn: number
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A newer release may chain otherwise, so the format is looked at even if the chain is wrong. */
function checkFormat(value: unknown, place: { file: string; line: number }): void {
  if (!isObject(value) || !Number.isInteger(value.format) || value.format === FORMAT) return
  const what = `it has format ${value.format}, and this release knows ${FORMAT}`
  throw new StoreError('ERR_STORE_FORMAT', place, what, 'run the release that wrote it, or a newer one')
}

/** Whether what stands after the last good line was never written whole, and nothing stands after it. */
function isTorn(tail: Buffer, previous: string): boolean {
  const end = tail.indexOf(NEWLINE)
  if (end >= 0) return end === tail.length - 1 && tail.includes(unwritten)
  const match = tailPattern.exec(tail.toString('latin1'))
  const whole = match === null ? tail.length : match.index + TAIL_BYTES
  return whole === tail.length || chainOf(tail.subarray(0, whole), previous) === undefined
}

/** Reads a whole journal. Throws ERR_STORE_DAMAGED and ERR_STORE_FORMAT with `file` and the line. */
export function readJournal(bytes: Buffer, file: string, subject: Subject): ReadJournal {
  const entries: Entry[] = []
  let chain = firstChain(subject)
  let at = 0
  while (at < bytes.length) {
    const place = { file, line: entries.length + 1 }
    const end = bytes.indexOf(NEWLINE, at)
    const line = end < 0 ? undefined : bytes.subarray(at, end)
    const next = line && chainOf(line, chain)
    if (line === undefined || next === undefined) {
      if (isTorn(bytes.subarray(at), chain)) break
      checkFormat(parsed(bytes.toString('utf8', at, end < 0 ? bytes.length : end)), place)
      throw damaged(place, 'it is not the line that was written there')
    }
    const value = parsed(`${line.toString('utf8', 0, line.length - TAIL_BYTES)}}`)
    checkFormat(value, place)
    const problem = entryProblem(value)
    if (problem !== undefined) throw damaged(place, problem)
    const entry = value as Entry
    if (entry.sequence !== entries.length + 1)
      throw damaged(place, `it says that it is line ${entry.sequence}`)
    entries.push(entry)
    chain = next
    at = end + 1
  }
  return { entries, length: at, chain, torn: bytes.length - at }
}

/** The end of a journal, where lines are added. */
export class JournalEnd {
  readonly path: string
  readonly #disk: Disk
  #length: number
  #sequence: number
  #chain: string
  #isBroken = false

  constructor(disk: Disk, path: string, { entries, length, chain }: ReadJournal) {
    this.#disk = disk
    this.path = path
    this.#length = length
    this.#sequence = entries.length
    this.#chain = chain
  }

  get isEmpty(): boolean {
    return this.#sequence === 0
  }

  /** Returns when the entry is safe. Throws ERR_STORE_WRITE, with nothing added; ERR_STORE_VALUE for what has no place in one. */
  append(event: Timed): Entry {
    const { type, ...members } = event
    const entry = { format: FORMAT, sequence: this.#sequence + 1, type, ...members } as Entry
    const problem = entryProblem(entry)
    if (problem !== undefined) throw new PortcullisError('ERR_STORE_VALUE', `${type}: ${problem}`)
    if (this.#isBroken) {
      const cause = 'an earlier line could be neither written nor taken back'
      throw new PortcullisError(
        'ERR_STORE_WRITE',
        `${this.path}: ${cause}; mend the disk and start the host again`,
      )
    }
    const { line, chain } = writeLine(entry, this.#chain)
    let hasBegun = false
    try {
      this.#change('append', (handle) => {
        hasBegun = true
        this.#disk.write(handle, line)
      })
    } catch (error) {
      if (hasBegun) this.#takeBack()
      throw failure(error, this.path, 'ERR_STORE_WRITE')
    }
    this.#length += line.length
    this.#sequence += 1
    this.#chain = chain
    return entry
  }

  /** Makes what was read safe, and takes away what a crash left behind it. */
  settle(torn: number): void {
    this.#change('edit', (handle) => {
      if (torn > 0) this.#disk.truncate(handle, this.#length)
    })
  }

  #change(mode: 'append' | 'edit', change: (handle: number) => void): void {
    const handle = this.#disk.open(this.path, mode)
    try {
      change(handle)
      this.#disk.sync(handle)
    } finally {
      this.#disk.close(handle)
    }
  }

  #takeBack(): void {
    try {
      this.settle(1)
    } catch {
      this.#isBroken = true
    }
  }
}
