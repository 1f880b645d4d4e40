// Recordings as a host makes them: questions at random, decided by the evaluator's own `decide`, guard included, and written down
// by the recorder.

import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { DecisionRecord } from '../../host/control/messages.ts'
import { Policy } from '../../host/engine/policy.ts'
import { compilePolicy } from '../../host/engine/policy-module.ts'
import { decide } from '../../host/evaluator/decide.ts'
import { Asked } from '../../host/evaluator/decider.ts'
import { fuelPerDecision } from '../../host/limits.ts'
import { Recorder, type RecorderBounds } from '../../host/replay/recorder.ts'
import { type Guard, noCeiling, type Tenant } from '../../host/tenant/config.ts'
import { TimeZone } from '../../host/tenant/time-zone.ts'
import type { Settings } from '../../host/wire/settings-block.ts'
import type { Chance } from '../differential/chance.ts'
import { type Question, writeBlock } from '../support/block.ts'
import { policyPath } from '../support/testbed.ts'

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'portcullis-replay-'))
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A policy of policies/examples or test/policies, or bytes. */
export function moduleOf(policy: string | Uint8Array): Uint8Array {
  return typeof policy === 'string' ? readFileSync(policyPath(policy)) : policy
}

export interface Subject {
  readonly policy: string | Uint8Array
  readonly settings?: Settings
  readonly fuelPerDecision?: number
}

export interface TenantSubject extends Subject {
  readonly name: string
  readonly rules?: Partial<Tenant['rules']>
}

function useOf({ policy, settings, fuelPerDecision: fuel = fuelPerDecision }: Subject): Guard {
  return { policy: sha256(moduleOf(policy)), ...(settings && { settings }), fuelPerDecision: fuel }
}

export function tenantOf(subject: TenantSubject): Tenant {
  return {
    name: subject.name,
    applications: [{ account: 'uid:1000', application: `wsman/${subject.name}` }],
    ...useOf(subject),
    timeZone: 'Europe/Zurich',
    runAsPoolAccountWithoutToken: false,
    showReasons: true,
    rules: {
      allowAdministrator: true,
      redirectTargets: ['https://winrm.example'],
      quotaCeiling: noCeiling,
      ...subject.rules,
    },
  }
}

/** Decides and records, as evaluator and supervisor do it together. */
export class RecordingHost {
  readonly folder: string
  readonly recorder: Recorder
  readonly records: DecisionRecord[] = []
  readonly #guard: { guard: Guard; policy: Policy } | undefined
  readonly #tenants = new Map<string, { tenant: Tenant; policy: Policy }>()

  constructor(
    tenants: readonly TenantSubject[],
    guard?: Subject,
    folder = temporaryFolder(),
    bounds?: RecorderBounds,
  ) {
    this.folder = folder
    this.recorder = new Recorder(folder, bounds)
    const load = (subject: Subject): Policy => {
      const bytes = moduleOf(subject.policy)
      this.recorder.module(sha256(bytes), bytes)
      return new Policy(compilePolicy(bytes, subject.settings))
    }
    this.#guard = guard && { guard: useOf(guard), policy: load(guard) }
    for (const subject of tenants) {
      this.#tenants.set(subject.name, { tenant: tenantOf(subject), policy: load(subject) })
    }
  }

  ask(name: string, question: Omit<Question, 'application'>): DecisionRecord {
    const questionId = randomBytes(16).toString('hex')
    const application = `wsman/${name}`
    return this.askBlock(name, Buffer.from(writeBlock({ ...question, application, questionId })))
  }

  /** Stamps it with the time of now. */
  askBlock(name: string, block: Buffer): DecisionRecord {
    const { tenant, policy } = this.#tenants.get(name) as { tenant: Tenant; policy: Policy }
    const application = `wsman/${name}`
    const asked = new Asked(policy, block, tenant.fuelPerDecision, () => {})
    const guard =
      this.#guard && new Asked(this.#guard.policy, block, this.#guard.guard.fuelPerDecision, () => {})
    const { record } = decide({
      seat: { tenant, key: name, timeZone: new TimeZone('UTC'), switches: 0 },
      application,
      generation: 1,
      block,
      tenant: asked,
      guard,
      given: this.#guard?.guard,
    })
    asked.finish()
    guard?.finish()
    this.recorder.decision(record, block.toString('base64'), tenant, this.#guard?.guard)
    this.records.push(record)
    return record
  }
}

const domain = 'S-1-5-21-1004336348-1177238915-682003330'
const groups = [1601, 1602, 1666, 513].map((rid) => `${domain}-${rid}`)
const others = ['S-1-5-32-545', 'S-1-5-2', 'S-1-5-21-2857422465-1465058494-1690550294-1105']
const actions = ['Get', 'Delete', 'Put', 'Create', 'Enumerate'].map(
  (name) => `http://schemas.xmlsoap.org/ws/2004/09/transfer/${name}`,
)
const resources = [
  'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service',
  'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Share?Name=a',
  'http://schemas.microsoft.com/powershell/Microsoft.PowerShell',
  'http://schemas.microsoft.com/wbem/wsman/1/config',
  'http://management.provider.example/quota',
  'http://other.example/a/../b',
]

/** Questions at random: who is nobody, helpdesk, administrator, suspended, with and without a token. */
export class RandomQuestions {
  readonly #chance: Chance

  constructor(chance: Chance) {
    this.#chance = chance
  }

  below(end: number): number {
    return this.#chance.below(end)
  }

  pick<Item>(items: readonly Item[]): Item {
    return this.#chance.pick(items)
  }

  some<Item>(items: readonly Item[]): Item[] {
    return items.filter(() => this.below(3) === 0)
  }

  next(): Omit<Question, 'application'> {
    const kind = this.pick(['user', 'operation', 'operation', 'quota'] as const)
    return {
      kind,
      senderName: `CONTOSO\\${this.pick(['ada', 'hugo', 'päivi', 'endless'])}${this.below(1000)}`,
      authenticationMechanism: this.pick(['Negotiate', 'Basic', 'Kerberos', '']),
      ...(this.below(2) === 0 && {
        httpUrl: this.pick(['https://winrm.example/wsman', 'http://winrm.example']),
      }),
      ...(this.below(8) > 0 && {
        userSid: `${domain}-${this.pick([500, 1000 + this.below(1000)])}`,
        groupSids: [...this.some(groups), ...this.some(others)],
        denyOnlySids: this.below(4) === 0 ? this.some(groups) : [],
      }),
      ...(kind === 'operation' && {
        operation: this.below(20),
        action: this.pick(actions),
        resourceUri: this.pick(resources),
      }),
    }
  }
}
