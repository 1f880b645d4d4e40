// What the evaluators of a host say on their pages that they have decided. The pages are held open, so that they can be read when their
// evaluators are dead: this is what records and gaps are compared with, and no part of the host has a hand in it.

import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs'

import { runningPage } from '../../host/wire/layout.ts'

const PAGE_DESCRIPTOR = 4

export class Pages {
  readonly #pages = new Map<number, number>()
  readonly #supervisor: number

  constructor(supervisor: number) {
    this.#supervisor = supervisor
    this.hold()
  }

  /** Opens those of evaluators that are new. Returns all that are alive. */
  hold(): number[] {
    const children = `/proc/${this.#supervisor}/task/${this.#supervisor}/children`
    const pids = readFileSync(children, 'utf8').split(' ').filter(Boolean).map(Number)
    return pids.filter((pid) => this.#pages.has(pid) || this.#open(pid))
  }

  #open(pid: number): boolean {
    const folder = `/proc/${pid}/fd`
    try {
      const isEvaluator =
        readdirSync(folder).includes(`${PAGE_DESCRIPTOR}`) &&
        readlinkSync(`${folder}/${PAGE_DESCRIPTOR}`).includes('portcullis-')
      if (isEvaluator) this.#pages.set(pid, openSync(`${folder}/${PAGE_DESCRIPTOR}`, 'r'))
      return isEvaluator
    } catch {
      return false // it has ended meanwhile
    }
  }

  /** Of one evaluator, or of all that there have been. */
  decided(pid?: number): number {
    const pages = pid === undefined ? [...this.#pages.values()] : [this.#pages.get(pid) ?? -1]
    return pages.reduce((sum, descriptor) => {
      const count = Buffer.alloc(8)
      readSync(descriptor, count, 0, count.length, runningPage.at.decided)
      return sum + Number(count.readBigUInt64LE())
    }, 0)
  }

  close(): void {
    for (const descriptor of this.#pages.values()) closeSync(descriptor)
    this.#pages.clear()
  }
}
