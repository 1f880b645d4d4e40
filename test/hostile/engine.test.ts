// Every hostile module comes to exactly what it must, each time it is asked, and leaves nothing behind: its guest is clean
// again to the last byte, a policy beside it gives its right answers between any two of its calls, no call takes long, and
// the process does not grow.

import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { describe, expect, it } from 'vitest'

import { Policy } from '../../host/engine/policy.ts'
import { compilePolicy } from '../../host/engine/policy-module.ts'
import { admissionProcessorSMax, fuelPerDecision } from '../../host/limits.ts'
import { writeBlock } from '../support/block.ts'
import { policyPath } from '../support/testbed.ts'
import { reasonToSkip } from '../support/tools.ts'
import { corpus } from './corpus.ts'
import { mirrored } from './honest.ts'
import type { Hostile } from './hostile.ts'
import { checkMember } from './run.ts'

/** Two hundred times what the fuel of a call is meant to last: tells long from for ever on a busy machine. */
const CALL_MS_MAX = 1_000
/** Admission has so much processor time for each of its steps. */
const ADMISSION_MS_MAX = 1_000 * admissionProcessorSMax

const mirror = new Policy(compilePolicy(readFileSync(policyPath('mirror'))))
let asked = 0

function askHonest(): void {
  const application = 'wsman/honest'
  const senderName = `CONTOSO\\honest-${asked++}`
  const block = writeBlock({ kind: 'user', application, senderName, authenticationMechanism: 'Negotiate' })
  const { answer } = mirror.call('user', block, fuelPerDecision)
  expect(answer).toEqual(mirrored(application, senderName))
}

function notTooLong(what: string, ms: number): void {
  expect(ms, what).toBeLessThan(what.endsWith('admission') ? ADMISSION_MS_MAX : CALL_MS_MAX)
}

describe('the corpus', () => {
  it('has at least 100 members, each with a name of its own and one line of how it cheats', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(100)
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length)
    for (const { name, cheats } of corpus) {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/)
      expect(cheats).toMatch(/^[^|\n]{8,120}$/)
    }
  })
})

const skipped = reasonToSkip('wat2wasm')
describe.skipIf(skipped !== '')(`a hostile module comes to what it must${skipped}`, () => {
  it.each(corpus.map((member) => [member.name, member.cheats, member] as const))(
    '%s: %s',
    (_, __, member) => {
      checkMember(member, 2, { between: askHonest, took: notTooLong })
    },
  )

  it('and a policy beside it is asked between any two calls', () => {
    expect(asked).toBeGreaterThan(corpus.length)
  })
})

describe.skipIf(skipped !== '')(`hostile modules one after the other${skipped}`, () => {
  const ROUNDS = 6
  const isBomb = ({ name }: Hostile) => name.startsWith('bomb-')

  /** V8 compiles on other threads, whose allocators keep holes for a while: more of them after a large module. */
  it.each([
    ['all but the bombs', 48, (member: Hostile) => !isBomb(member)],
    ['the bombs', 128, isBomb],
  ] as const)(
    'leave the process as large as it was: %s',
    async (_, growthMiBMax, belongs) => {
      setFlagsFromString('--expose-gc')
      const collect = runInNewContext('gc') as () => void
      const members = corpus.filter(belongs)
      const sizes: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        for (const member of members) checkMember(member, 1)
        for (let turn = 0; turn < 3; turn++) {
          collect()
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
        sizes.push(Math.round(process.memoryUsage.rss() / 2 ** 20))
      }
      const level = sizes[1] ?? 0
      expect(Math.min(...sizes.slice(-3)), sizes.join(', ')).toBeLessThan(level + growthMiBMax)
    },
    180_000,
  )
})
