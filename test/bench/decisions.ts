// What one policy call costs and where, and what a whole decision costs: the example role-by-group, on a page of memory, asked
// about an operation of an administrator.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { Guest, type GuestFunction } from '../../host/engine/guest.ts'
import { Image } from '../../host/engine/image.ts'
import { policyFunctions, requestFunction } from '../../host/engine/interface.ts'
import { Policy } from '../../host/engine/policy.ts'
import { compilePolicy, type PolicyModule } from '../../host/engine/policy-module.ts'
import { readResult } from '../../host/engine/result-record.ts'
import { reserved } from '../../host/engine/wasm/reserved.ts'
import { decide } from '../../host/evaluator/decide.ts'
import { Asked } from '../../host/evaluator/decider.ts'
import type { Seat } from '../../host/evaluator/policy-table.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import { root } from '../../host/paths.ts'
import { TimeZone } from '../../host/tenant/time-zone.ts'
import { type Question, writeBlock } from '../support/block.ts'
import { medianOf } from './measure.ts'

const ROUNDS = 40_000

const domain = 'S-1-5-21-1004336348-1177238915-682003330'
const question: Question = {
  kind: 'operation',
  application: 'wsman/contoso',
  senderName: 'CONTOSO\\ada',
  authenticationMechanism: 'Negotiate',
  httpUrl: 'https://winrm.contoso.example:5986/wsman',
  userSid: `${domain}-1104`,
  groupSids: [`${domain}-513`, 'S-1-5-32-545', 'S-1-5-2', 'S-1-5-11', `${domain}-1601`],
  denyOnlySids: [],
  operation: 3,
  action: 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get',
  resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service',
}

export const questionBlock = (): Buffer => Buffer.from(writeBlock(question))

export function exampleModule(name: string): PolicyModule {
  return compilePolicy(readFileSync(join(root, 'build/policies', `${name}.wasm`)))
}

export interface Percentiles {
  readonly p50: number
  readonly p99: number
}

/** Microseconds of single runs, without what the clock takes; `between` runs outside the clock. */
function percentiles(run: () => void, between: () => void = () => {}): Percentiles {
  const clock = medianOf(
    sample(
      () => {},
      () => {},
    ),
  )
  const times = sample(run, between).sort((a, b) => a - b)
  const at = (share: number) => Math.max(0, (times[Math.floor(times.length * share)] ?? 0) - clock)
  return { p50: at(0.5), p99: at(0.99) }
}

function sample(run: () => void, between: () => void): number[] {
  const times: number[] = []
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const started = process.hrtime.bigint()
    run()
    const ended = process.hrtime.bigint()
    between()
    if (round >= ROUNDS) times.push(Number(ended - started) / 1000)
  }
  return times
}

/** Microseconds of a call's parts: each is what a round with it takes longer than one without. */
export function measureParts(): { part: string; us: number }[] {
  const guest = Guest.instantiate(exampleModule('role-by-group').module) as Guest
  guest.functionOf(reserved.start)?.(0)
  const image = new Image(guest)
  const block = questionBlock()
  const called = guest.functionOf(policyFunctions.operation) as GuestFunction
  let address = 0
  let record = 0
  const steps: [string, () => void][] = [
    ['restore', () => image.restore(guest)],
    [
      'copy',
      () => {
        guest.reset(fuelPerDecision)
        address = guest.place(requestFunction, block) as number
      },
    ],
    [
      'call',
      () => {
        record = guest.call(called, address) as number
      },
    ],
    [
      'read',
      () => {
        readResult(guest.door, record)
      },
    ],
  ]
  const cumulative = steps.map((_, last) => {
    const runs = steps.slice(0, last + 1).map(([, run]) => run)
    return percentiles(() => {
      for (const run of runs) run()
    }).p50
  })
  return steps.map(([part], index) => ({
    part,
    us: (cumulative[index] ?? 0) - (index === 0 ? 0 : (cumulative[index - 1] ?? 0)),
  }))
}

/** One policy call with everything that belongs to it, putting back included. */
export function measureCall(): Percentiles {
  const policy = new Policy(exampleModule('role-by-group'))
  const block = questionBlock()
  return percentiles(() => {
    policy.call('operation', block, fuelPerDecision)
    policy.tidy()
  })
}

/** An operation decision, from the block to the answer and its record; what follows the answer is not counted. */
export function measureDecision(withGuard: boolean): Percentiles {
  const seat = {
    tenant: {
      name: 'contoso',
      applications: [],
      policy: 'ab'.repeat(32),
      fuelPerDecision,
      timeZone: 'Europe/Zurich',
      runAsPoolAccountWithoutToken: false,
      showReasons: false,
      rules: { allowAdministrator: false, redirectTargets: [], quotaCeiling: [1, 1, 1, 1] },
    },
    key: 'contoso',
    timeZone: new TimeZone('Europe/Zurich'),
    switches: 0,
  } as const satisfies Seat
  const tenantPolicy = new Policy(exampleModule('role-by-group'))
  const guardPolicy = new Policy(exampleModule('provider-guard'))
  const block = questionBlock()
  const asked = (policy: Policy) => new Asked(policy, block, fuelPerDecision, () => {})
  return percentiles(
    () => {
      decide({
        seat,
        application: 'wsman/contoso',
        generation: 1,
        block,
        tenant: asked(tenantPolicy),
        guard: withGuard ? asked(guardPolicy) : undefined,
        given: withGuard ? { policy: 'cd'.repeat(32), fuelPerDecision } : undefined,
      })
    },
    () => {
      tenantPolicy.tidy()
      guardPolicy.tidy()
    },
  )
}
