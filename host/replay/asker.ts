/**
 * Puts recorded questions to processes that answer them, in batches, one process for each processor at the most:
 *
 *     batch --> first free process --lines--> answers, in the order of the questions
 *                      |
 *                      +--ended--> the question that it was at is the first of a new process; if that one ends too, or if it was
 *                                  time that ran out, the question is told apart, and the rest goes on
 *
 * No question is lost, and none gets another's answer: a process answers in order, so the number of its answers says where it was.
 * And none is blamed for a process that had died before it came.
 */

import { availableParallelism } from 'node:os'

import { Turns } from '../admission/turns.ts'
import { replayAnswerBytesMax, replayEndsMax, replayWallMsMax } from '../limits.ts'
import { replayMains } from '../paths.ts'
import { Child } from './child.ts'
import { childFrame } from './child-input.ts'
import { type Answer, type Bench, readAnswerLine, type ToReplay } from './replay-messages.ts'

/** A bench under its number; the same for all who have the same. */
export interface NumberedBench {
  readonly number: number
  readonly bench: Bench
}

export interface Asking {
  readonly bench: NumberedBench
  /** Stamped. */
  readonly block: Buffer
}

/** What came of it: an answer, or how the process ended that was at it. */
export type Told = Answer | { readonly ended: string }

export interface AskerOptions {
  readonly main: string
  readonly wallMs: number
  readonly processes: number
  /** The program that runs it, where that is not the one that runs this. */
  readonly node: string
}

const defaults: AskerOptions = {
  main: replayMains.replay,
  wallMs: replayWallMsMax,
  processes: availableParallelism(),
  node: process.execPath,
}

/** A process, and what it has been sent. */
class Seat {
  readonly child: Child
  readonly #modules = new Set<string>()
  readonly #benches = new Set<number>()

  constructor({ main, wallMs, node }: AskerOptions) {
    this.child = new Child(main, { wallMs, lineBytes: replayAnswerBytesMax }, node)
  }

  prepare({ number, bench }: NumberedBench, modules: ReadonlyMap<string, Buffer>): void {
    if (this.#benches.has(number)) return
    this.#benches.add(number)
    for (const use of [bench.guard, bench.tenant]) {
      if (use === undefined || this.#modules.has(use.policy)) continue
      this.#modules.add(use.policy)
      this.#send({ type: 'module', digest: use.policy }, [modules.get(use.policy) as Buffer])
    }
    this.#send({ type: 'bench', number, bench })
  }

  /** Answers of the questions from the first one on; fewer than there are questions if the process has ended. */
  async ask(questions: readonly Asking[]): Promise<Answer[]> {
    const message: ToReplay = { type: 'decide', benches: questions.map(({ bench }) => bench.number) }
    const frame = childFrame(
      message,
      questions.map(({ block }) => block),
    )
    const answers: Answer[] = []
    for (const line of await this.child.ask(frame, questions.length)) {
      const answer = readAnswerLine(line)
      if (answer === undefined) {
        this.child.kill('what it said is no answer')
        break
      }
      answers.push(answer)
    }
    return answers
  }

  #send(message: ToReplay, parts: readonly Buffer[] = []): void {
    this.child.send(childFrame(message, parts))
  }
}

export class Asker {
  readonly #modules: ReadonlyMap<string, Buffer>
  readonly #options: AskerOptions
  readonly #turns: Turns
  readonly #idle: Seat[] = []
  /** Processes that ended over a bench's questions. */
  readonly #ends = new Map<number, number>()

  /** `modules`: metered, by the digest of the upload; whatever a bench names is there before the bench's questions. */
  constructor(modules: ReadonlyMap<string, Buffer>, options: Partial<AskerOptions> = {}) {
    this.#modules = modules
    this.#options = { ...defaults, ...options }
    this.#turns = new Turns(this.#options.processes)
  }

  /** Batches that keep every process at work while the next ones are read. */
  get batchesAtOnce(): number {
    return 2 * this.#options.processes
  }

  ask(questions: readonly Asking[]): Promise<Told[]> {
    return this.#turns.take(() => this.#askAll(questions))
  }

  /** Ends the processes. */
  close(): void {
    for (const { child } of this.#idle.splice(0)) child.kill('nobody asks any more')
  }

  async #askAll(questions: readonly Asking[]): Promise<Told[]> {
    const told: Told[] = []
    let isAgain = false
    while (told.length < questions.length) {
      const { bench } = questions[told.length] as Asking
      const run = this.#askable(questions.slice(told.length))
      if (run.length === 0) {
        const ends = this.#ends.get(bench.number)
        told.push({ ended: `not asked: ${ends} processes had ended over questions of this tenant` })
        continue
      }
      const { answers, certain } = await this.#askSome(run, isAgain)
      told.push(...answers)
      isAgain = answers.length < run.length && certain === undefined
      if (certain !== undefined) told.push({ ended: certain })
    }
    return told
  }

  /** The questions up to one whose bench has ended too many processes. */
  #askable(questions: readonly Asking[]): readonly Asking[] {
    const end = questions.findIndex(({ bench }) => (this.#ends.get(bench.number) ?? 0) >= replayEndsMax)
    return end < 0 ? questions : questions.slice(0, end)
  }

  /**
   * Answers of the first of them; all, unless the process ended. `certain` says how, if it was over the question after the
   * last answer and nothing else.
   */
  async #askSome(
    questions: readonly Asking[],
    isAgain: boolean,
  ): Promise<{ answers: Told[]; certain: string | undefined }> {
    const seat = (isAgain ? undefined : this.#idle.pop()) ?? new Seat(this.#options)
    for (const { bench } of questions) seat.prepare(bench, this.#modules)
    const answers = await seat.ask(questions)
    if (answers.length === questions.length) {
      this.#idle.push(seat)
      return { answers, certain: undefined }
    }
    const { killedFor } = seat.child
    const certain = killedFor ?? (isAgain && answers.length === 0 ? seat.child.ended : undefined)
    if (certain !== undefined) {
      const { number } = (questions[answers.length] as Asking).bench
      this.#ends.set(number, (this.#ends.get(number) ?? 0) + 1)
    }
    return { answers, certain }
  }
}
