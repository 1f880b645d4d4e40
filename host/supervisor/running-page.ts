/**
 * The page on which an evaluator says what it is working on. It is a file without a name, mapped by the evaluator, so that it can
 * be read after the evaluator has died in whatever way.
 */

import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type Running, readDecided, readRunning } from '../control/read-message.ts'
import { PortcullisError } from '../errors.ts'
import { runningPage } from '../wire/layout.ts'

/** What a page says of an evaluator that is dead. */
export interface LastWords {
  /** The question that it was working on. */
  readonly running: Running | undefined
  /** How many it had decided; undefined if there is no telling. */
  readonly decided: number | undefined
}

export class RunningPage {
  /** To be inherited by the evaluator. */
  readonly descriptor: number
  /** On Linux a file without a name once it is open; Windows may not map one that is to be deleted. */
  readonly #path = join(tmpdir(), `portcullis-${randomUUID()}`)
  #isOpen = true

  /** Throws ERR_EVALUATOR_START if the system has no file to give. */
  constructor() {
    const path = this.#path
    try {
      this.descriptor = openSync(path, 'wx+', 0o600)
      if (process.platform !== 'win32') unlinkSync(path)
      // Written, not truncated: a hole would have to be filled when the evaluator writes, and kill it if the disk is full.
      writeSync(this.descriptor, Buffer.alloc(runningPage.bytes))
    } catch (error) {
      throw new PortcullisError('ERR_EVALUATOR_START', (error as Error).message)
    }
  }

  /** What the evaluator, which is dead, was working on. Closes the page. */
  lastWords(): LastWords {
    if (!this.#isOpen) return { running: undefined, decided: undefined }
    this.#isOpen = false
    const page = Buffer.alloc(runningPage.bytes)
    readSync(this.descriptor, page, 0, page.length, 0)
    closeSync(this.descriptor)
    if (process.platform === 'win32') rmSync(this.#path, { force: true })
    return { running: readRunning(page), decided: readDecided(page) }
  }
}
