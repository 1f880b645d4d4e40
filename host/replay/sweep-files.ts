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

/** What `read` makes of each line that is not empty. Throws with every line that is wrong. */
function readLines<Item>(
  path: string,
  schema: Schema,
  read: (value: unknown, source: string) => Item,
): Item[] {
  const problems: string[] = []
  const items: Item[] = []
  const lines = readText(path, CODE).split(/\r?\n/)
  if (lines.length > sweepLinesMax + 1) throw wrong(path, [`it has more than ${sweepLinesMax} lines`])
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    const source = `line ${index + 1}`
    try {
      const value = parseJsonLine(line, index + 1, '', CODE)
      checkSchema(schema, value, source, CODE)
      items.push(read(value, source))
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      problems.push(error.detail.replace(/^, /, '').replaceAll('\n', '\n  '))
    }
  }
  if (problems.length > 0) throw wrong(path, problems)
  if (items.length === 0) throw wrong(path, ['it has no lines'])
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

/** Each action once for each resource, and no pair twice. `time` is ISO 8601. Throws ERR_QUESTION_FILE. */
export function readPoints(principalsPath: string, resourcesPath: string, time: string): Points {
  const read = readLines(principalsPath, principalSchema, (value, source) => {
    const question = checkQuestion({ ...(value as Principal), kind: 'user', time }, source)
    return { principal: value as Principal, block: questionBlock(question, source) }
  })
  const largest = read.reduce((most, { block: { length } }) => Math.max(most, length), 0)
  const operations = readLines(resourcesPath, resourceSchema, (value, source) => {
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
