// What a replay sums up, and what of it is the tenant's alone.

import { expect, it } from 'vitest'

import type { Told } from '../../host/replay/asker.ts'
import type { RecordedDecision } from '../../host/replay/recording-reader.ts'
import { ReplayTally } from '../../host/replay/replay-report.ts'

const asked = { outcome: 'deny', code: 5, by: 'tenant', fuelUsed: 100, guardFuelUsed: 1_000 }
const allowed = { outcome: 'allow', code: 0, fuelUsed: 130, guardFuelUsed: 1_700 } as Told
const decision = {
  record: { kind: 'user', ...asked },
  block: Buffer.alloc(512),
} as unknown as RecordedDecision

it.each([
  ['of all policies together', false, 730],
  ["of a tenant's alone, without what the guard used where it was asked more", true, 30],
])('fuel is %s', (_, isOfTenant, most) => {
  const tally = new ReplayTally(true, isOfTenant)
  tally.add(decision, allowed)
  expect(tally.report()).toMatchObject({
    fuel: { decisions: 1, changed: 1, most },
    changes: { allowed: { count: 1 } },
  })
})
