/**
 * Reads a recording, one file after the other and each from its beginning to its end; no more than a piece of a file is in memory.
 * Every line is held against its schema, and every decision against its own block:
 *
 *     bytes --> lines --> tenants and guards by key, kept for the file
 *                    \--> decisions, each with the tenant and the guard that it names
 *
 * A last line without its end is what a host leaves that was killed, or is at work. It is passed over with a remark; what else is wrong
 * is refused, with its line.
 */

import { createReadStream, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { DecisionRecord } from '../control/messages.ts'
import { PortcullisError } from '../errors.ts'
import { checkSchema, parseJsonLine, whyUnreadable } from '../json-file.ts'
import { recordingLineBytesMax } from '../limits.ts'
import type { Guard, Tenant } from '../tenant/config.ts'
import { at } from '../wire/layout.ts'
import { blockId, blockKind, blockText, checkBlock } from '../wire/request-block.ts'
import { decisionsPath, fileNumbers, lineSchema, type RecordingLine } from './recording-format.ts'

const LINE_END = 0x0a

/** Read at once. */
const PIECE_BYTES = 256 * 1024

export interface RecordedDecision {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly tenant: Tenant
  readonly guard: Guard | undefined
  readonly record: DecisionRecord
  /** Stamped, and otherwise checked. */
  readonly block: Buffer
}

export interface Recording {
  /** With `modules/` in it. */
  readonly folder: string
  readonly files: readonly string[]
}

/** A recording's folder, or one file in it. Throws ERR_RECORDING_FILE. */
export function findRecording(path: string): Recording {
  try {
    if (!statSync(path).isDirectory()) return { folder: dirname(path), files: [path] }
    const files = fileNumbers(readdirSync(path)).map((number) => decisionsPath(path, number))
    if (files.length > 0) return { folder: path, files }
  } catch (error) {
    throw new PortcullisError('ERR_RECORDING_FILE', `${path} ${whyUnreadable(error)}`)
  }
  const hint = join(path, 'decisions-1.jsonl')
  throw new PortcullisError('ERR_RECORDING_FILE', `${path} has no files such as ${hint}`)
}

/** Whole lines of a piece, and what is left at the file's end. */
async function* readPieces(file: string): AsyncGenerator<{ lines: Buffer[]; rest: number }> {
  let rest: Buffer = Buffer.alloc(0)
  try {
    for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES })) {
      const bytes = rest.length === 0 ? (piece as Buffer) : Buffer.concat([rest, piece as Buffer])
      const lines: Buffer[] = []
      let start = 0
      for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, start)) {
        lines.push(bytes.subarray(start, end))
        start = end + 1
      }
      rest = bytes.subarray(start)
      if (rest.length > recordingLineBytesMax) {
        throw new PortcullisError(
          'ERR_RECORDING_FILE',
          `${file} has a line longer than ${recordingLineBytesMax} bytes`,
        )
      }
      yield { lines, rest: 0 }
    }
  } catch (error) {
    if (error instanceof PortcullisError) throw error
    throw new PortcullisError('ERR_RECORDING_FILE', `${file} ${whyUnreadable(error)}`)
  }
  yield { lines: [], rest: rest.length }
}

function damaged(source: string, detail: string): PortcullisError {
  return new PortcullisError('ERR_RECORDING_FILE', `${source}: ${detail}`)
}

/** The bytes of a block that the record is about. */
function readBlock(base64: string, record: DecisionRecord, source: string): Buffer {
  const block = Buffer.from(base64, 'base64')
  if (block.toString('base64') !== base64) throw damaged(source, 'its block is not base64')
  const plain = Buffer.from(block)
  if (block.length >= at.flags) plain.fill(0, at.timeMs, at.flags) // as it was before it was stamped
  const fault = checkBlock(new DataView(plain.buffer, plain.byteOffset, plain.length), plain.length)
  if (fault !== undefined) throw damaged(source, `its block is malformed (${fault})`)
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  const isOfRecord =
    blockId(block) === record.id &&
    blockKind(view) === record.kind &&
    Number(view.getBigInt64(at.timeMs, true)) === record.timeMs &&
    blockText(block, 'application') === record.application
  if (!isOfRecord) throw damaged(source, "its block is another question's")
  return block
}

class RecordingFile {
  readonly #file: string
  readonly #tenants = new Map<number, Tenant>()
  readonly #guards = new Map<number, Guard>()
  line = 0

  constructor(file: string) {
    this.#file = file
  }

  /** The decision of the next line, if it is one. */
  take(bytes: Buffer): RecordedDecision | undefined {
    const source = `${this.#file}, line ${++this.line}`
    const value = parseJsonLine(bytes.toString(), this.line, this.#file, 'ERR_RECORDING_FILE')
    checkSchema(lineSchema, value, source, 'ERR_RECORDING_FILE')
    const line = value as RecordingLine
    if (line.type === 'decision') return this.#decision(line, source)
    if (line.type === 'tenant') add(this.#tenants, line.key, line.tenant, source)
    else add(this.#guards, line.key, line.guard, source)
    return undefined
  }

  #decision(line: RecordingLine & { type: 'decision' }, source: string): RecordedDecision {
    const { record, tenantKey, guardKey } = line
    const tenant = this.#tenants.get(tenantKey)
    const guard = guardKey === undefined ? undefined : this.#guards.get(guardKey)
    if (tenant === undefined) throw damaged(source, `no line before it is tenant ${tenantKey}`)
    if (guardKey !== undefined && guard === undefined)
      throw damaged(source, `no line before it is guard ${guardKey}`)
    const isOfTenant =
      record.tenant === tenant.name && (!record.policy || !tenant.policy || record.policy === tenant.policy)
    if (!isOfTenant) throw damaged(source, `it is not a decision of tenant ${tenantKey}`)
    if (record.guard !== guard?.policy && record.guard !== undefined) {
      throw damaged(source, 'its guard is another')
    }
    const block = readBlock(line.block, record, source)
    return { file: this.#file, line: this.line, tenant, guard, record, block }
  }
}

function add<Value>(known: Map<number, Value>, key: number, value: Value, source: string): void {
  if (known.has(key)) throw damaged(source, `key ${key} was given before`)
  known.set(key, value)
}

/** Every decision in order. `remark` hears what was passed over. Throws ERR_RECORDING_FILE. */
export async function* readRecording(
  { files }: Recording,
  remark: (text: string) => void,
): AsyncGenerator<RecordedDecision[]> {
  for (const path of files) {
    const file = new RecordingFile(path)
    for await (const { lines, rest } of readPieces(path)) {
      const decisions = lines.map((line) => file.take(line)).filter((found) => found !== undefined)
      if (decisions.length > 0) yield decisions
      if (rest > 0) {
        remark(
          `${path}, line ${file.line + 1}: ${rest} bytes without a line end, passed over: what a host leaves that was killed`,
        )
      }
    }
  }
}
