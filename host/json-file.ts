/**
 * Reads a file that a person names; JSON that they wrote it holds against a schema. What is wrong is reported with its place:
 * line and column where the file is not JSON, the path of the member where it breaks the schema.
 */

import { readFileSync } from 'node:fs'

import type { ErrorObject } from 'ajv'
import { type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'

import { type ErrorCode, PortcullisError } from './errors.ts'
import { lazySchema, type Schema } from './schema.ts'

/** The schema in a file. */
export function schemaOf(path: string): Schema {
  return lazySchema(() => JSON.parse(readFileSync(path, 'utf8')), {
    allErrors: true,
    strict: true,
    verbose: true,
  })
}

/** Line and column of an offset, from 1, as editors count. */
function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
}

/** What V8 says of a syntax error names its place only sometimes, and differently in each version. */
function describeSyntaxError(text: string): string {
  const errors: ParseError[] = []
  parseTree(text, errors, { disallowComments: true })
  const [first] = errors
  if (first === undefined) return 'it is not JSON' // two parsers disagree; the stricter one has the say
  const words = printParseErrorCode(first.error).replace(
    /(?<=[a-z])[A-Z]/g,
    (letter) => ` ${letter.toLowerCase()}`,
  )
  return `${placeOf(text, first.offset)}: ${words}`
}

function describeSchemaError({ instancePath, keyword, params, message, parentSchema }: ErrorObject): string {
  const place = instancePath === '' ? 'at the top' : `at ${instancePath}`
  if (keyword === 'additionalProperties')
    return `${place}: "${params.additionalProperty}" is not a known member`
  if (keyword === 'enum') return `${place}: must be one of ${JSON.stringify(params.allowedValues)}`
  const description = keyword === 'pattern' ? parentSchema?.description : undefined
  return `${place}: ${description === undefined ? message : `must be: ${description}`}`
}

/** Problems named at once; more than this is noise about the same mistake. */
const PROBLEMS_SHOWN_MAX = 10

/** Throws `code` with every place where `value` breaks the schema. */
export function checkSchema(schema: Schema, value: unknown, source: string, code: ErrorCode): void {
  const validate = schema()
  if (validate(value)) return
  const problems = [...new Set((validate.errors ?? []).map(describeSchemaError))]
  throw new PortcullisError(code, `${source}\n  ${problems.slice(0, PROBLEMS_SHOWN_MAX).join('\n  ')}`)
}

export function parseJson(text: string, source: string, code: ErrorCode): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new PortcullisError(code, `${source}, ${describeSyntaxError(text)}`)
  }
}

/** As `parseJson`, of the line with this number, from 1, of a file: the place of a mistake is its place in the file. */
export function parseJsonLine(text: string, line: number, source: string, code: ErrorCode): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return parseJson('\n'.repeat(line - 1) + text, source, code)
  }
}

export function readText(path: string, code: ErrorCode): string {
  return readBytes(path, code)
    .toString()
    .replace(/^\ufeff/, '') // editors on Windows begin files with a mark
}

const words: Record<string, string> = {
  ENOENT: 'is not there',
  ENOTDIR: 'is not there',
  EISDIR: 'is a folder',
  EACCES: 'may not be read by this account',
}

/** What follows the path of a file that could not be read. */
export function whyUnreadable(error: unknown): string {
  const { code = String(error) } = error as NodeJS.ErrnoException
  return words[code] ?? `(${code})`
}

export function readBytes(path: string, code: ErrorCode): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new PortcullisError(code, `${path} ${whyUnreadable(error)}`)
  }
}
