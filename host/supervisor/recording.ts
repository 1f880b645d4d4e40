/**
 * Decisions go to a recording, if the configuration wants one. A recording that cannot be written is said loudly, and left alone
 * until the next reload: it is for later questions about decisions, which are made and logged without it.
 */

import type { Logger } from 'pino'

import type { DecisionRecord } from '../control/messages.ts'
import { PortcullisError } from '../errors.ts'
import { Recorder } from '../replay/recorder.ts'
import type { Table } from './table.ts'

export class Recording {
  readonly #log: Logger
  #folder: string | undefined
  #recorder: Recorder | undefined
  /** The first generation whose uploads the recording has; those of the table that it knows last. */
  #since: number | undefined
  #kept: ReadonlySet<string> = new Set()

  constructor(log: Logger) {
    this.#log = log
  }

  /** From the next table on into this folder, or nowhere. */
  open(folder: string | undefined): void {
    if (folder === this.#folder && this.#recorder !== undefined) return
    this.close()
    this.#folder = folder
    this.#since = undefined
    this.#kept = new Set()
    if (folder !== undefined) {
      this.#try(() => {
        this.#recorder = new Recorder(folder)
      })
    }
  }

  /** Evaluators are about to decide by this table: what it runs has to be in the recording before its first decision. */
  next({ generation, modules }: Table): void {
    this.#try((recorder) => {
      if (recorder === undefined) return
      for (const [digest, { upload }] of modules) {
        if (!this.#kept.has(digest)) recorder.module(digest, upload())
      }
      recorder.current(modules.keys())
      this.#kept = new Set(modules.keys())
      this.#since ??= generation
    })
  }

  /** `table`: that which it was decided by. Without a block it was decided before anything was recorded. */
  decision(record: DecisionRecord, block: string | undefined, table: Table): void {
    const tenant = table.tenants.get(record.tenant)
    const isEarlier = this.#since === undefined || table.generation < this.#since
    if (block === undefined || tenant === undefined || isEarlier) return
    this.#try((recorder) => recorder?.decision(record, block, tenant, table.guard))
  }

  close(): void {
    this.#try((recorder) => recorder?.close())
    this.#recorder = undefined
  }

  #try(work: (recorder: Recorder | undefined) => void): void {
    try {
      work(this.#recorder)
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      const failed = this.#recorder
      this.#recorder = undefined
      const { code, detail } = error
      this.#log.error(
        { event: 'recording-failed', code, detail },
        'nothing is recorded until the next reload',
      )
      this.#try(() => failed?.close())
    }
  }
}
