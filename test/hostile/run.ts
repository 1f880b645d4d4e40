// Runs a member of the corpus as an evaluator would: rewritten, compiled, asked decision by decision, tidied after every
// call. What comes out can be laid beside what must come out. Used by the tests and by the report, so that the page shows
// what the tests hold.

import { strict as assert } from 'node:assert'
import { setFlagsFromString } from 'node:v8'
import { Policy } from '../../host/engine/policy.ts'
import type { PolicyAnswer } from '../../host/engine/policy-answer.ts'
import { compileMetered, rewritePolicy } from '../../host/engine/policy-module.ts'
import { engineFlags } from '../../host/engine-flags.ts'
import { PortcullisError } from '../../host/errors.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import type { Kind } from '../../host/wire/layout.ts'
import { type Question, writeBlock } from '../support/block.ts'
import { type Answer, type Hostile, kinds } from './hostile.ts'

// As an evaluator's engine is started. The other flags are JavaScript's, and not for whoever runs tests.
for (const flag of engineFlags) if (/wasm|liftoff/.test(flag)) setFlagsFromString(flag)

const user: Question = {
  kind: 'user',
  application: 'wsman/contoso',
  senderName: 'CONTOSO\\ada',
  authenticationMechanism: 'Negotiate',
  userSid: 'S-1-5-21-1-2-3-1001',
  groupSids: ['S-1-5-32-545'],
}

/** The block of an operation is longer than the others, so that it could leave something behind them. */
const blocks: Readonly<Record<Kind, Uint8Array>> = {
  user: writeBlock(user),
  operation: writeBlock({
    ...user,
    kind: 'operation',
    operation: 7,
    action: 'Get',
    resourceUri: 'Win32_Service',
  }),
  quota: writeBlock({ ...user, kind: 'quota' }),
}

export interface Watch {
  /** Between any two calls. */
  readonly between?: () => void
  /** How long one call took, or the way from the upload to a policy that can be asked. */
  readonly took?: (what: string, ms: number) => void
}

function timed<Result>(what: string, { took }: Watch, run: () => Result): Result {
  const begun = performance.now()
  try {
    return run()
  } finally {
    took?.(what, performance.now() - begun)
  }
}

/** In one process what admission does in two. Throws a PortcullisError if the module is refused. */
function admit({ name, bytes, settings }: Hostile, watch: Watch): Policy {
  const upload = bytes()
  return timed(`${name}: admission`, watch, () => {
    const metered = rewritePolicy(upload).bytes
    return new Policy(compileMetered(metered, settings))
  })
}

/** One decision: an operation is asked about once its user is allowed, from what is left of the fuel. */
function decide(policy: Policy, name: string, kind: Kind, watch: Watch): Answer {
  let fuel = fuelPerDecision
  const call = (asked: Kind): PolicyAnswer => {
    const { answer, fuelUsed } = timed(`${name}: ${asked}`, watch, () =>
      policy.call(asked, blocks[kind], fuel),
    )
    fuel -= fuelUsed
    policy.tidy()
    assert(policy.state === (policy.failure === undefined ? 'clean' : 'spent'), `${name} is ${policy.state}`)
    assert(policy.verify(), `${name}: the guest is not what it was before ${asked}`)
    watch.between?.()
    return answer
  }
  if (kind === 'quota') return policy.hasQuota ? call('quota') : 'no such function'
  const answer = call('user')
  return kind === 'operation' && answer.kind === 'allow' ? call('operation') : answer
}

/** What has to be compared: of no answer the code alone, unless the detail is laid down too. */
function comparable(answer: Answer, expected: Answer): Answer {
  const isPlain = typeof answer === 'string' || answer.kind !== 'no-answer' || typeof expected !== 'string'
  return isPlain ? answer : answer.error
}

/** Asks every kind of question, so many times around. */
function askAll(member: Hostile, policy: Policy, rounds: number, watch: Watch): void {
  if (member.must.result === 'refused') throw new Error(`${member.name} was not refused`)
  const { answers } = member.must
  for (let round = 1; round <= rounds; round++) {
    for (const kind of kinds) {
      const answer = comparable(decide(policy, member.name, kind, watch), answers[kind])
      assert.deepEqual(answer, answers[kind], `${member.name}: ${kind}, round ${round}`)
    }
  }
}

/** Throws if it does not come to what it must. */
export function checkMember(member: Hostile, rounds: number, watch: Watch = {}): void {
  const { must } = member
  member.bytes() // a mistake in a source is no refusal
  if (must.result === 'refused') {
    assert.throws(
      () => admit(member, watch),
      (error) => error instanceof PortcullisError && error.code === must.code,
      member.name,
    )
    return
  }
  const policy = admit(member, watch)
  const isStopped = must.result === 'stopped' && must.place === 'start'
  assert.equal(policy.failure?.error, isStopped ? must.code : undefined, member.name)
  assert(policy.verify())
  askAll(member, policy, rounds, watch)
}
