/**
 * Writes answers. One buffer serves all of them: an evaluator works on one question at a time, and the channel
 * copies what it is given.
 */

import { answer, at, block } from './layout.ts'

/** What WinRM is to be told. `code` is 0 exactly with allow. */
export interface Answer {
  readonly outcome: 'allow' | 'deny' | 'no-answer'
  readonly code: number
  readonly administrator: boolean
  /** Four words with an allowed quota question, otherwise undefined. */
  readonly quota: readonly number[] | undefined
  /** The target of a redirect, or a reason that the operator lets the client see; cut at 512 units. */
  readonly text: string | undefined
}

const BYTES_MAX = answer.headerBytes + 2 * answer.textUnitsMax

export class AnswerWriter {
  readonly #bytes = Buffer.alloc(BYTES_MAX)

  /** The answer's body to the question in `question`; valid until the next call. */
  write(question: Buffer, given: Answer): Buffer {
    const bytes = this.#bytes
    const text = (given.text ?? '').slice(0, answer.textUnitsMax)
    bytes.writeUInt32LE(answer.magic, 0)
    bytes.writeUInt16LE(1, 4)
    question.copy(bytes, 6, at.kind, at.kind + 2)
    question.copy(bytes, 8, at.questionId, at.questionId + block.idBytes)
    question.copy(bytes, 24, at.attempt, at.attempt + 2)
    bytes.writeUInt16LE(answer.outcome[given.outcome], 26)
    bytes.writeUInt16LE(given.administrator ? answer.flagAdministrator : 0, 28)
    bytes.writeUInt16LE(text.length, 30)
    bytes.writeUInt32LE(given.code, 32)
    for (let i = 0; i < 4; i++) bytes.writeUInt32LE(given.quota?.[i] ?? 0, 36 + 4 * i)
    bytes.write(text, answer.headerBytes, 'utf16le')
    return bytes.subarray(0, answer.headerBytes + 2 * text.length)
  }
}
