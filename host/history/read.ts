/**
 * Reads the file of a history, strictly: a line that is wrong makes the whole file unusable, because what was passed over in silence
 * would count as checked. It is read in pieces; a file of a million questions is larger than what one text may have.
 */

import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

import { PortcullisError } from '../errors.ts'
import { checkSchema, parseJson, whyUnreadable } from '../json-file.ts'
import { historyLineBytesMax } from '../limits.ts'
import { hostFile } from '../paths.ts'
import { lazySchema, type Schema } from '../schema.ts'
import type { HistoryEvent } from './event.ts'
import { History } from './history.ts'

const code = 'ERR_HISTORY_FILE'

/** A read's cost does not show beside that of the lines in it. */
const PIECE_BYTES = 1024 * 1024

const types = ['start', 'activation', 'asked', 'answered', 'recorded'] as const

function schemaOfType(type: string): Schema {
  const read = () => {
    const { definitions } = JSON.parse(readFileSync(hostFile('history', 'history.schema.json'), 'utf8'))
    return { definitions, $ref: `#/definitions/${type}` }
  }
  // The schema says of both numbers and null that they may be a version.
  return lazySchema(read, { allErrors: true, strict: true, verbose: true, allowUnionTypes: true })
}

const schemas = new Map<unknown, Schema>(types.map((type) => [type, schemaOfType(type)]))

/** Throws ERR_HISTORY_FILE, with its line. */
function parseEvent(text: string, line: number): HistoryEvent {
  let value: { readonly type?: unknown } | null
  try {
    value = JSON.parse(text)
  } catch {
    // Empty lines before it make the place of the error the place in the file.
    parseJson('\n'.repeat(line - 1) + text, '', code)
    throw new PortcullisError(code, `line ${line}: it is not JSON`)
  }
  const schema = schemas.get(value?.type)
  if (schema === undefined) {
    throw new PortcullisError(code, `line ${line}: it must be an object with a type: ${types.join(', ')}`)
  }
  if (!schema()(value)) checkSchema(schema, value, `line ${line}`, code)
  const problem = contradictionIn(value as HistoryEvent)
  if (problem !== undefined) throw new PortcullisError(code, `line ${line}: ${problem}`)
  return value as HistoryEvent
}

/** What no schema says in words that help. */
function contradictionIn(event: HistoryEvent): string | undefined {
  if (event.type === 'answered' && event.outcome === 'no-answer' && event.shows !== undefined) {
    return 'nobody gave this answer, so it cannot show who did: leave out "shows"'
  }
  if (event.type !== 'activation' || (event.refused === undefined && event.generation !== undefined)) {
    return undefined
  }
  if (event.refused === undefined) return 'only a refused activation may be without its "generation"'
  if (event.acknowledged === undefined) return undefined
  return 'it is either "acknowledged" or "refused", not both'
}

/** Collects pieces of a file and adds each line that is whole. */
class Lines {
  readonly history = new History()
  #line = 0
  #rest = Buffer.alloc(0)
  // Two ids that differ only in bytes that are no text must not become one.
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  piece(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let begin = 0
    for (let end = all.indexOf(10); end !== -1; end = all.indexOf(10, begin)) {
      this.#add(all.subarray(begin, end))
      begin = end + 1
    }
    this.#rest = Buffer.from(all.subarray(begin))
    if (this.#rest.length > historyLineBytesMax) this.#refuseLength(this.#line + 1)
  }

  end(): void {
    if (this.#rest.length > 0) {
      const detail = `line ${this.#line + 1} has no end: who wrote the file did not finish; record it again`
      throw new PortcullisError(code, detail)
    }
    this.history.assertWhole()
  }

  #add(bytes: Buffer): void {
    this.#line++
    if (bytes.length > historyLineBytesMax) this.#refuseLength(this.#line)
    this.history.add(parseEvent(this.#textOf(bytes), this.#line), this.#line)
  }

  #textOf(bytes: Buffer): string {
    try {
      return this.#decoder.decode(bytes)
    } catch {
      throw new PortcullisError(code, `line ${this.#line}: it is not UTF-8`)
    }
  }

  #refuseLength(line: number): never {
    throw new PortcullisError(code, `line ${line}: it is longer than ${historyLineBytesMax} bytes`)
  }
}

function unreadable(path: string, error: unknown): PortcullisError {
  return new PortcullisError(code, `${path} ${whyUnreadable(error)}`)
}

/** Gives the file's bytes to `take`, in pieces that are valid only during the call. */
function readPieces(path: string, take: (piece: Buffer) => void): void {
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  const read = (file: number): number => {
    try {
      return readSync(file, piece)
    } catch (error) {
      throw unreadable(path, error)
    }
  }
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    throw unreadable(path, error)
  }
  try {
    for (let length = read(file); length > 0; length = read(file)) take(piece.subarray(0, length))
  } finally {
    closeSync(file)
  }
}

/** What is wrong in the file is told with its path. */
function within<Result>(path: string, act: () => Result): Result {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    // What is said of JSON that is none begins as if its source were before it.
    throw new PortcullisError(code, `${path}, ${error.detail.replace(/^, /, '')}`)
  }
}

/** Throws ERR_HISTORY_FILE, with path and line. */
export function readHistory(path: string): History {
  const lines = new Lines()
  readPieces(path, (piece) => within(path, () => lines.piece(piece)))
  within(path, () => lines.end())
  return lines.history
}
