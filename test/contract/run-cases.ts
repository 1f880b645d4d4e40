// Makes a test of every case, for one runner.

import { afterAll, afterEach, beforeAll, describe, it } from 'vitest'

import { Bench } from './bench.ts'
import { cases } from './cases/list.ts'
import type { Runner } from './runner.ts'

export function runCases(runner: Runner): void {
  describe(`the contract on ${runner.system}`, () => {
    let bench: Bench

    beforeAll(() => {
      bench = new Bench(runner)
    })

    afterEach(() => bench.closeSites())

    afterAll(() => bench.close())

    for (const { id, what, skip, run } of cases) {
      const reason = skip?.[runner.system]
      const name = `${id}: ${what}`
      if (reason === undefined) it(name, () => run(bench))
      else it.skip(`${name} (skipped: ${reason})`)
    }
  })
}
