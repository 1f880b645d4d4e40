/**
 * The configuration file: read whole, checked whole, and only then used. Defaults are filled in here, and nowhere
 * else; what leaves this file has every switch spelled out.
 */

import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'

import type { AuditOptions } from '../audit/audit.ts'
import type { Quota } from '../engine/result-record.ts'
import { PortcullisError } from '../errors.ts'
import { checkSchema, parseJson, readText, schemaOf, whyUnreadable } from '../json-file.ts'
import {
  activationsPerMinute,
  auditFileBytes,
  evaluatorsMax,
  fuelPerDecision,
  moduleBytesMax,
} from '../limits.ts'
import { hostFile } from '../paths.ts'
import type { Rules } from '../winrm/decision.ts'
import { readVectors, type Vector } from '../winrm/vectors.ts'
import type { Settings } from '../wire/settings-block.ts'
import { type Admin, type AdminText, adminOf } from './admin.ts'
import { applicationKey } from './application-key.ts'
import { readSettings } from './settings.ts'
import { isTimeZone } from './time-zone.ts'

interface QuotaText {
  readonly concurrentShells: number
  readonly concurrentOperations: number
  readonly timeslotSeconds: number
  readonly operationsPerTimeslot: number
}

/** Paths, and how much it may use. Without a policy it is the store's. */
interface PolicyText {
  readonly policy?: string
  readonly settings?: string
  readonly vectors?: string
  readonly fuelPerDecision?: number
}

interface TenantText extends PolicyText {
  readonly name: string
  readonly applications: readonly Application[]
  readonly timeZone?: string
  readonly runAsPoolAccountWithoutToken?: boolean
  readonly allowAdministrator?: boolean
  readonly showReasons?: boolean
  readonly redirectTargets?: readonly string[]
  readonly quotaCeiling?: QuotaText
  readonly quotaWithoutAnswer?: QuotaText
  readonly breakGlass?: string
}

interface AuditText {
  readonly folder: string
  readonly whenBehind?: 'deny' | 'spill'
  readonly fileBytes?: number
  readonly keepDays?: number
  readonly files?: number
}

interface ConfigText {
  readonly endpoint: string
  readonly evaluators?: number
  readonly store?: string
  readonly recording?: string
  readonly audit?: AuditText
  readonly activationsPerMinute?: number
  readonly admin?: AdminText
  readonly guard?: PolicyText
  readonly tenants: readonly TenantText[]
}

export interface Application {
  readonly account: string
  readonly application: string
}

/** What decides, with what it is given. */
export interface PolicyChoice {
  /** SHA-256 of the upload, in hexadecimal. Without it there is nobody to ask, and every question is denied. */
  readonly policy?: string
  readonly settings?: Settings
  /** The store's number of it; absent for a policy that the configuration names. */
  readonly version?: number
  readonly fuelPerDecision: number
}

/** One tenant with everything that an evaluator needs to decide for it. Crosses to evaluators as JSON. */
export interface Tenant extends PolicyChoice {
  readonly name: string
  readonly applications: readonly Application[]
  readonly timeZone: string
  readonly runAsPoolAccountWithoutToken: boolean
  readonly showReasons: boolean
  readonly rules: Rules
}

/** The provider's policy that is asked before every tenant's. */
export type Guard = PolicyChoice

export interface Config {
  /** On Linux an absolute path. */
  readonly endpoint: string
  readonly evaluators: number
  /** The folder of the store; undefined if every policy is named here. */
  readonly store: string | undefined
  /** The folder that decisions are recorded in; undefined if they are not. */
  readonly recording: string | undefined
  /** Undefined if there is no audit log. */
  readonly audit: AuditOptions | undefined
  /** Of one tenant, by the operator's command `activate`. */
  readonly activationsPerMinute: number
  /** Undefined: there is no admin API. */
  readonly admin: Admin | undefined
  /** Without a policy if it is the store's that decides; likewise each tenant. */
  readonly guard: Guard | undefined
  readonly tenants: readonly Tenant[]
  /** By tenant: what must stay allowed, whatever is activated. */
  readonly breakGlass: ReadonlyMap<string, BreakGlass>
  /** The uploads by digest, each once. */
  readonly policies: ReadonlyMap<string, Buffer>
  /** Every file that the configuration names. */
  readonly files: readonly string[]
  /** Each upload with what it is used with, each once. */
  readonly uses: readonly PolicyUse[]
}

/** Questions that must be answered with "allow". */
export interface BreakGlass {
  readonly file: string
  readonly vectors: readonly Vector[]
}

/** What is admitted together. */
export interface PolicyUse {
  readonly digest: string
  readonly settings?: Settings
  readonly vectors?: readonly Vector[]
  readonly fuelPerDecision: number
  /** Where the configuration names it first, and the file. */
  readonly place: string
}

/** A quota that limits nothing: what holds where the operator sets no ceiling. */
export const noCeiling: Quota = [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]

const schema = schemaOf(hostFile('tenant', 'config.schema.json'))

function quotaOf(text: QuotaText): Quota {
  return [text.concurrentShells, text.concurrentOperations, text.timeslotSeconds, text.operationsPerTimeslot]
}

/** Reads policies and what belongs to them, each file once. */
class PolicyFiles {
  readonly policies = new Map<string, Buffer>()
  readonly names = new Set<string>()
  readonly #uses = new Map<string, PolicyUse>()
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  get uses(): PolicyUse[] {
    return [...this.#uses.values()]
  }

  /** Reads what a policy is made of, and remembers it for admission. */
  load(text: PolicyText, place: string, hasStore: boolean): PolicyChoice {
    const fuel = text.fuelPerDecision ?? fuelPerDecision
    if (text.policy === undefined) {
      checkStored(text, place, hasStore)
      return { fuelPerDecision: fuel }
    }
    const { bytes, file } = this.#read(text.policy, `${place}/policy`)
    const policy = createHash('sha256').update(bytes).digest('hex')
    const settings = text.settings === undefined ? undefined : readSettings(this.#pathOf(text.settings))
    const key = [policy, settings && JSON.stringify(settings), text.vectors, fuel].join('\n')
    if (!this.policies.has(policy)) this.policies.set(policy, bytes)
    if (!this.#uses.has(key)) {
      const vectors = text.vectors === undefined ? undefined : readVectors(this.#pathOf(text.vectors))
      this.#uses.set(key, {
        digest: policy,
        ...(settings && { settings }),
        ...(vectors && { vectors }),
        fuelPerDecision: fuel,
        place: `${place}/policy (${file})`,
      })
    }
    return { policy, ...(settings && { settings }), fuelPerDecision: fuel }
  }

  /** Its lines are vectors, of which each expects to be allowed. */
  breakGlass(name: string, place: string): BreakGlass {
    const file = this.#pathOf(name)
    const vectors = readVectors(file)
    for (const { line, expect } of vectors) {
      if (expect.outcome === 'allow') continue
      throw new PortcullisError(
        'ERR_CONFIG_VALUE',
        `at ${place}: ${file}, line ${line}: what must stay allowed expects "outcome": "allow"`,
      )
    }
    return { file, vectors }
  }

  #pathOf(name: string): string {
    const path = resolve(this.#folder, name)
    this.names.add(path)
    return path
  }

  #read(name: string, place: string): { bytes: Buffer; file: string } {
    const file = this.#pathOf(name)
    try {
      if (statSync(file).size > moduleBytesMax) {
        throw new PortcullisError(
          'ERR_CONFIG_POLICY',
          `at ${place}: ${file} is larger than ${moduleBytesMax} bytes`,
        )
      }
      return { bytes: readFileSync(file), file }
    } catch (error) {
      if (error instanceof PortcullisError) throw error
      throw new PortcullisError('ERR_CONFIG_POLICY', `at ${place}: ${file} ${whyUnreadable(error)}`)
    }
  }
}

function checkStored({ settings, vectors }: PolicyText, place: string, hasStore: boolean): void {
  if (!hasStore) {
    throw new PortcullisError(
      'ERR_CONFIG_VALUE',
      `at ${place}: it names no "policy"; name one, or a "store" at the top, from which its active version is taken`,
    )
  }
  if (settings !== undefined || vectors !== undefined) {
    throw new PortcullisError(
      'ERR_CONFIG_VALUE',
      `at ${place}: without "policy" its settings and vectors are the store's; give them to "portcullis push"`,
    )
  }
}

function checkCollisions(tenants: readonly TenantText[]): void {
  const names = new Map<string, number>()
  const claims = new Map<string, string>()
  tenants.forEach(({ name, applications }, index) => {
    const place = `/tenants/${index}`
    const other = names.get(name)
    if (other !== undefined) {
      throw new PortcullisError(
        'ERR_CONFIG_COLLISION',
        `${place} and /tenants/${other} are both named "${name}"`,
      )
    }
    names.set(name, index)
    applications.forEach(({ account, application }, entry) => {
      const key = applicationKey(account, application)
      const claim = `${place}/applications/${entry}`
      const claimed = claims.get(key)
      if (claimed !== undefined) {
        throw new PortcullisError(
          'ERR_CONFIG_COLLISION',
          `${claim} and ${claimed} both name ${account} with "${application}" (case does not count)`,
        )
      }
      claims.set(key, claim)
    })
  })
}

function tenantOf(text: TenantText, place: string, files: PolicyFiles, hasStore: boolean): Tenant {
  const timeZone = text.timeZone ?? 'UTC'
  if (!isTimeZone(timeZone)) {
    throw new PortcullisError(
      'ERR_CONFIG_VALUE',
      `at ${place}/timeZone: "${timeZone}" is not an IANA time zone`,
    )
  }
  const redirectTargets = (text.redirectTargets ?? []).map((target, index) => {
    if (URL.canParse(target)) return new URL(target).origin
    throw new PortcullisError(
      'ERR_CONFIG_VALUE',
      `at ${place}/redirectTargets/${index}: "${target}" is not an origin`,
    )
  })
  return {
    name: text.name,
    applications: text.applications,
    ...files.load(text, place, hasStore),
    timeZone,
    runAsPoolAccountWithoutToken: text.runAsPoolAccountWithoutToken ?? false,
    showReasons: text.showReasons ?? false,
    rules: {
      allowAdministrator: text.allowAdministrator ?? false,
      redirectTargets,
      quotaCeiling: text.quotaCeiling === undefined ? noCeiling : quotaOf(text.quotaCeiling),
      ...(text.quotaWithoutAnswer && { quotaWithoutAnswer: quotaOf(text.quotaWithoutAnswer) }),
    },
  }
}

/** Where the log cannot keep up, decisions are denied unless the operator has said otherwise. */
function auditOf({ folder, ...rest }: AuditText, base: string): AuditOptions {
  return { whenBehind: 'deny', fileBytes: auditFileBytes, ...rest, folder: resolve(base, folder) }
}

/** Reads the file and the policies it names. Throws an ERR_CONFIG_ error that says where and what. */
export function loadConfig(path: string): Config {
  const value = parseJson(readText(path, 'ERR_CONFIG_UNREADABLE'), path, 'ERR_CONFIG_JSON')
  checkSchema(schema, value, path, 'ERR_CONFIG_SCHEMA')
  const text = value as ConfigText
  checkCollisions(text.tenants)
  const folder = dirname(resolve(path))
  const files = new PolicyFiles(folder)
  const hasStore = text.store !== undefined
  const guard = text.guard && files.load(text.guard, '/guard', hasStore)
  const tenants = text.tenants.map((tenant, index) => tenantOf(tenant, `/tenants/${index}`, files, hasStore))
  const breakGlass = new Map<string, BreakGlass>()
  text.tenants.forEach(({ name, breakGlass: file }, index) => {
    if (file !== undefined) breakGlass.set(name, files.breakGlass(file, `/tenants/${index}/breakGlass`))
  })
  const admin = text.admin && adminOf(text.admin, folder)
  const adminFiles = admin === undefined ? [] : [admin.tokens, ...Object.values(admin.tls ?? {})]
  return {
    // On Windows it is the beginning of a name, not a place.
    endpoint: process.platform === 'win32' ? text.endpoint : resolve(folder, text.endpoint),
    evaluators: text.evaluators ?? Math.min(availableParallelism(), evaluatorsMax),
    store: text.store === undefined ? undefined : resolve(folder, text.store),
    recording: text.recording === undefined ? undefined : resolve(folder, text.recording),
    audit: text.audit && auditOf(text.audit, folder),
    activationsPerMinute: text.activationsPerMinute ?? activationsPerMinute,
    admin,
    guard,
    tenants,
    breakGlass,
    policies: files.policies,
    files: [...files.names, ...adminFiles],
    uses: files.uses,
  }
}
