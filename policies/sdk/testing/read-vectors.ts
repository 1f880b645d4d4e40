/** The vectors of a policy, for a test that asks each of them. */

import type { Expectation } from '../../../host/winrm/expectation.ts'
import type { Question } from '../../../host/winrm/question.ts'
import { labelOf, readVectors as readFile } from '../../../host/winrm/vectors.ts'

export interface TestVector {
  /** Its name; without one, its line. */
  readonly name: string
  readonly question: Question
  readonly expect: Expectation
}

/** Throws ERR_VECTORS_FILE with every line that is wrong. */
export function readVectors(file = 'vectors.jsonl'): TestVector[] {
  return readFile(file).map((vector) => ({
    name: vector.name ?? labelOf(vector),
    question: vector.question,
    expect: vector.expect,
  }))
}
