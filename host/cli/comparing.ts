/**
 * What `replay` and `diff` have in common. Status 1 is a difference that was found; whatever keeps them from comparing is 2, so that
 * a script cannot take one for the other.
 */

import { reportError } from './run-command.ts'

const UNUSABLE = 2

/** `work` says whether all is the same. */
export async function comparing(work: () => Promise<boolean>): Promise<void> {
  try {
    if (!(await work())) process.exitCode = 1
  } catch (error) {
    reportError(error, 'portcullis')
    process.exitCode = UNUSABLE
  }
}

/** Between two lines of progress. */
const PROGRESS_MS = 200

/** Shows how far something is, on standard error, if a person looks at it. */
export class Progress {
  readonly #unit: string
  readonly #isShown = process.stderr.isTTY === true
  #shownMs = 0

  constructor(unit: string) {
    this.#unit = unit
  }

  show(count: number, of?: number): void {
    const nowMs = performance.now()
    if (!this.#isShown || nowMs - this.#shownMs < PROGRESS_MS) return
    this.#shownMs = nowMs
    const all = of === undefined ? '' : ` of ${of.toLocaleString('en-US')}`
    process.stderr.write(`\r${count.toLocaleString('en-US')}${all} ${this.#unit}`)
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isShown && this.#shownMs > 0) process.stderr.write('\r\u001b[K')
  }
}
