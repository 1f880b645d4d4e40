/**
 * A process that answers recorded questions: guard and tenant are asked and composed as an evaluator does it, from the same blocks, with
 * the same fuel. It has no environment, no file and no other way out than its answers; it ends with its input.
 */

import { Policy } from '../engine/policy.ts'
import { compileMetered } from '../engine/policy-module.ts'
import { PortcullisError } from '../errors.ts'
import { Asked } from '../evaluator/decider.ts'
import { Residents } from '../evaluator/residents.ts'
import { weigh } from '../evaluator/weigh.ts'
import { residentBytesMax, residentsMax } from '../limits.ts'
import { blockKind } from '../wire/request-block.ts'
import { childInput, say } from './child-input.ts'
import type { Answer, Bench, PolicyUse, ToReplay } from './replay-messages.ts'

interface Known {
  readonly bench: Bench
  readonly tenant: string
  readonly guard: string | undefined
}

/** Metered, by the digest of the upload. */
const modules = new Map<string, Buffer>()
const benches = new Map<number, Known>()
const uses = new Map<string, PolicyUse>()
const residents = new Residents(residentsMax, residentBytesMax)

function load(name: string): Policy {
  const { policy, settings } = uses.get(name) as PolicyUse
  const metered = modules.get(policy)
  if (metered === undefined) throw new PortcullisError('ERR_HOST_FAULT', `module ${policy} was not sent`)
  return new Policy(compileMetered(metered, settings))
}

/** The name under which its guest is kept: the same for whoever has the same policy with the same settings. */
function nameOf(use: PolicyUse): string {
  const name = JSON.stringify([use.policy, use.settings])
  uses.set(name, use)
  return name
}

function decide(block: Buffer, { bench, tenant, guard }: Known): Answer {
  const asked = (use: PolicyUse, name: string) =>
    new Asked(
      residents.get(name, () => load(name)),
      block,
      use.fuelPerDecision,
      () => {},
    )
  const guardAsked = bench.guard && asked(bench.guard, guard as string)
  const tenantAsked = asked(bench.tenant, tenant)
  const kind = blockKind(new DataView(block.buffer, block.byteOffset, block.length))
  const decision = weigh(kind, guardAsked, tenantAsked, bench.rules)
  const answer = {
    ...decision,
    fuelUsed: tenantAsked.fuelUsed,
    ...(guardAsked && { guardFuelUsed: guardAsked.fuelUsed }),
  }
  tenantAsked.finish()
  guardAsked?.finish()
  return answer
}

for (const { header, parts } of childInput()) {
  const message = header as ToReplay
  if (message.type === 'module') modules.set(message.digest, parts[0] as Buffer)
  else if (message.type === 'bench') {
    const { number, bench } = message
    benches.set(number, { bench, tenant: nameOf(bench.tenant), guard: bench.guard && nameOf(bench.guard) })
  } else {
    for (const [index, number] of message.benches.entries()) {
      say(decide(parts[index] as Buffer, benches.get(number) as Known))
    }
  }
}
