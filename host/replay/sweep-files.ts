/**
 * The two files of a sweep, a line of JSON each: who asks, and what for (docs/reference/diff.md). A file is read whole and every
 * line that is wrong is named. What leaves this file are blocks: for each principal one with a user question, which is
 * checked and stamped, and for each pair of resource and action what an operation has beside it.
 */

import { type ErrorCode, PortcullisError } from '../errors.ts'
import { checkSchema, parseJsonLine, readText, schemaOf } from '../json-file.ts'
import { sweepLinesMax, vectorProblemsShownMax } from '../limits.ts'
import { hostFile } from '../paths.ts'
import type { Schema } from '../schema.ts'
import { checkQuestion, type Question } from '../winrm/question.ts'
import { questionBlock } from '../winrm/question-block.ts'
import { block } from '../wire/layout.ts'

export type Principal = Omit<Question, 'kind' | 'operation' | 'action' | 'resourceUri' | 'time' | 'timeZone'>

export interface Operation {
  readonly action: string
  readonly resourceUri: string
  readonly operation: number
}

export interface Points {
  readonly principals: readonly Principal[]
  /** User questions, in the order of the principals. */
  readonly blocks: readonly Buffer[]
  readonly operations: readonly Operation[]
}

const CODE: ErrorCode = 'ERR_QUESTION_FILE'

const principalSchema = schemaOf(hostFile('replay', 'principals.schema.json'))
const resourceSchema = schemaOf(hostFile('replay', 'resources.schema.json'))

interface Resource {
  readonly resourceUri: string
  readonly actions: readonly string[]
  readonly operation?: number
}

/** A value that stands in a place of its own, such as a line; `value` throws if it cannot be read. */
interface Entry {
  readonly source: string
  readonly value: () => unknown
}

/** The lines of a file that are not empty. */
function linesOf(path: string): Entry[] {
  const lines = readText(path, CODE).split(/\r?\n/)
  if (lines.length > sweepLinesMax + 1) throw wrong(path, [`it has more than ${sweepLinesMax} lines`])
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    return { source: `line ${index + 1}`, value: () => parseJsonLine(line, index + 1, '', CODE) }
  })
}

/** What `read` makes of each entry. Throws with every one that is wrong. */
function readEntries<Item>(
  name: string,
  entries: readonly Entry[],
  schema: Schema,
  read: (value: unknown, source: string) => Item,
): Item[] {
  const problems: string[] = []
  const items: Item[] = []
  for (const { source, value: parse } of entries) {
    try {
      const value = parse()
      checkSchema(schema, value, source, CODE)
      items.push(read(value, source))
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      problems.push(error.detail.replace(/^, /, '').replaceAll('\n', '\n  '))
    }
  }
  if (problems.length > 0) throw wrong(name, problems)
  if (items.length === 0) throw wrong(name, ['it has no lines'])
  return items
}

function wrong(path: string, problems: readonly string[]): PortcullisError {
  const shown = problems.slice(0, vectorProblemsShownMax)
  const more = problems.length - shown.length
  return new PortcullisError(CODE, [path, ...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n  '))
}

function utf16Bytes(text: string): number {
  return 2 * text.length
}

/** Entries with the name of what they are from. */
interface Source {
  readonly name: string
  readonly entries: readonly Entry[]
}

function pointsOfSources(principals: Source, resources: Source, time: string): Points {
  const read = readEntries(principals.name, principals.entries, principalSchema, (value, source) => {
    const question = checkQuestion({ ...(value as Principal), kind: 'user', time }, source)
    return { principal: value as Principal, block: questionBlock(question, source) }
  })
  const largest = read.reduce((most, { block: { length } }) => Math.max(most, length), 0)
  const operations = readEntries(resources.name, resources.entries, resourceSchema, (value, source) => {
    const { resourceUri, actions, operation = 0 } = value as Resource
    return [...new Set(actions)].map((action): Operation => {
      if (largest + utf16Bytes(action) + utf16Bytes(resourceUri) <= block.bytesMax) {
        return { action, resourceUri, operation }
      }
      throw new PortcullisError(
        CODE,
        `${source}: with the largest principal it is larger than a question can be`,
      )
    })
  }).flat()
  return {
    principals: read.map(({ principal }) => principal),
    blocks: read.map(({ block: bytes }) => bytes),
    operations,
  }
}

/** Each action once for each resource, and no pair twice. `time` is ISO 8601. Throws ERR_QUESTION_FILE. */
export function readPoints(principalsPath: string, resourcesPath: string, time: string): Points {
  const source = (path: string): Source => ({ name: path, entries: linesOf(path) })
  return pointsOfSources(source(principalsPath), source(resourcesPath), time)
}

/** The same of lines that have been parsed already: what a request brings. */
export function pointsOf(
  principals: readonly unknown[],
  resources: readonly unknown[],
  time: string,
): Points {
  const source = (name: string, values: readonly unknown[]): Source => ({
    name,
    entries: values.map((value, index) => ({ source: `entry ${index + 1}`, value: () => value })),
  })
  return pointsOfSources(source('principals', principals), source('resources', resources), time)
}
