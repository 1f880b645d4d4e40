/**
 * Vectors: questions with the answers that a policy is expected to give, one in a line of JSON
 * (docs/reference/vectors.md). A file is read whole and every line that is wrong is named, because a vector
 * that is passed over in silence proves nothing.
 */

import { PortcullisError } from '../errors.ts'
import { checkSchema, parseJson, readText, schemaOf } from '../json-file.ts'
import { vectorProblemsShownMax, vectorsMax } from '../limits.ts'
import { hostFile } from '../paths.ts'
import type { Expectation } from './expectation.ts'
import { checkQuestion, type Question } from './question.ts'
import { questionBlock } from './question-block.ts'

export interface Vector {
  readonly name: string | undefined
  /** In its file, from 1. */
  readonly line: number
  readonly question: Question
  /** The request block of the question, stamped. */
  readonly block: Buffer
  readonly expect: Expectation
}

const schema = schemaOf(hostFile('winrm', 'vectors.schema.json'))

/** Throws a PortcullisError whose detail begins with the line. */
function readVector(text: string, line: number): Vector {
  // Empty lines before it make the place of a syntax error the place in the file.
  const value = parseJson('\n'.repeat(line - 1) + text, '', 'ERR_VECTORS_FILE')
  checkSchema(schema, value, `line ${line}`, 'ERR_VECTORS_FILE')
  const { name, question, expect } = value as Pick<Vector, 'question' | 'expect'> & { name?: string }
  const source = `line ${line}, in its question`
  checkQuestion(question, source)
  return { name, line, question, block: questionBlock(question, source), expect }
}

function refusal(source: string, problems: readonly string[]): PortcullisError {
  const more = problems.length - vectorProblemsShownMax
  const shown = problems
    .slice(0, vectorProblemsShownMax)
    .map((problem) => problem.replace(/^, /, '').replaceAll('\n', '\n  '))
  if (more > 0) shown.push(`and ${more} more`)
  return new PortcullisError('ERR_VECTORS_FILE', `${source}\n  ${shown.join('\n  ')}`)
}

/** Throws ERR_VECTORS_FILE with every line that is wrong. */
export function parseVectors(text: string, source: string): Vector[] {
  const vectors: Vector[] = []
  const problems: string[] = []
  const lines = text.split(/\r?\n/).map((line, index) => ({ line, number: index + 1 }))
  const filled = lines.filter(({ line }) => line.trim() !== '')
  const beyond = filled[vectorsMax]
  if (beyond !== undefined) {
    throw refusal(source, [`line ${beyond.number}: one vector too many, at most ${vectorsMax} are read`])
  }
  for (const { line, number } of filled) {
    try {
      vectors.push(readVector(line, number))
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      problems.push(error.detail)
    }
  }
  if (problems.length > 0) throw refusal(source, problems)
  return vectors
}

/** Throws ERR_VECTORS_FILE, also if there is no such file. */
export function readVectors(path: string): Vector[] {
  return parseVectors(readText(path, 'ERR_VECTORS_FILE'), path)
}

/** How a vector is called in a message: its name if it has one, and where it is. */
export function labelOf({ name, line }: Vector): string {
  return name === undefined ? `line ${line}` : `"${name}" (line ${line})`
}
