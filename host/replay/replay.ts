/**
 * Answers a recording's decisions again, and compares. Data flows one way, and no more of it is in memory than the batches under way:
 *
 *     files --> decisions --> batches --> processes --> answers, in the order of the decisions --> tally --> report
 *
 * Modules come from the recording's own folder, held against their digests, and go through the rewriter's disposable process. Nothing
 * of a tenant is compiled or run here.
 */

import { createHash } from 'node:crypto'

import { admit, meter } from '../admission/admission.ts'
import { PortcullisError } from '../errors.ts'
import { readBytes } from '../json-file.ts'
import type { Settings } from '../wire/settings-block.ts'
import { Asker, type AskerOptions, type NumberedBench, type Told } from './asker.ts'
import { modulePath } from './recording-format.ts'
import { findRecording, type RecordedDecision, type Recording, readRecording } from './recording-reader.ts'
import type { Bench, PolicyUse } from './replay-messages.ts'
import { type ReplayReport, ReplayTally } from './replay-report.ts'

/** Questions that go to a process together: enough that it is never waited for, few enough that all processes have some. */
const BATCH_QUESTIONS = 256

/** Another policy than the recorded one. */
export interface Replacement {
  readonly module: Buffer
  /** Undefined: those that were recorded; null: none. */
  readonly settings?: Settings | null
  /** Whose policy it is in place of; undefined for the tenant only if the recording has one tenant. */
  readonly of: 'guard' | { readonly tenant: string | undefined }
}

export interface ReplayOptions extends Partial<AskerOptions> {
  readonly replacement?: Replacement
  /** Decisions of other tenants are passed over, and not counted. */
  readonly only?: string
  /** Hears how many decisions have been dealt with. */
  readonly progress?: (decisions: number) => void
}

/** The metered modules, each from its upload once. */
class Modules {
  readonly metered = new Map<string, Buffer>()
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async need(digest: string, source: string): Promise<void> {
    if (this.metered.has(digest)) return
    const path = modulePath(this.#folder, digest)
    const upload = readBytes(path, 'ERR_RECORDING_MODULE')
    if (createHash('sha256').update(upload).digest('hex') !== digest) {
      throw new PortcullisError('ERR_RECORDING_MODULE', `${path}, which ${source} names, has another digest`)
    }
    try {
      this.metered.set(digest, await meter(upload))
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      throw new PortcullisError('ERR_RECORDING_MODULE', `${path} is refused now: ${error.message}`)
    }
  }
}

/** What replaces a policy, once it has been admitted as a host would do it. */
class Substitute {
  readonly digest: string
  readonly of: Replacement['of']
  readonly #module: Buffer
  readonly #settings: Settings | null | undefined
  /** What it is used with, by the settings and the fuel that were recorded. */
  readonly #admitted = new Map<string, PolicyUse>()
  /** Of the only tenant, if none was named. */
  #only: string | undefined

  constructor({ module, settings, of }: Replacement) {
    this.digest = createHash('sha256').update(module).digest('hex')
    this.of = of
    this.#module = module
    this.#settings = settings
  }

  /** Throws ERR_RECORDING_FILE if it is not clear which tenant is meant. */
  isFor(tenant: string): boolean {
    if (this.of === 'guard') return true
    if (this.of.tenant !== undefined) return this.of.tenant === tenant
    this.#only ??= tenant
    if (this.#only === tenant) return true
    const advice = 'say with --tenant whose policy the module is in place of'
    throw new PortcullisError(
      'ERR_RECORDING_FILE',
      `it has decisions of "${this.#only}", of "${tenant}" and maybe of others; ${advice}`,
    )
  }

  /** Throws with the code of a refusal. */
  async use(recorded: PolicyUse, metered: Map<string, Buffer>): Promise<PolicyUse> {
    const key = JSON.stringify([recorded.settings, recorded.fuelPerDecision])
    const use = this.#admitted.get(key) ?? (await this.#admit(recorded, metered))
    this.#admitted.set(key, use)
    return use
  }

  async #admit(recorded: PolicyUse, metered: Map<string, Buffer>): Promise<PolicyUse> {
    const { fuelPerDecision } = recorded
    const given = this.#settings === undefined ? recorded.settings : (this.#settings ?? undefined)
    const isOwn = this.#settings !== undefined || given === undefined
    // A module that takes no settings is not refused for those of the one before it.
    for (const settings of isOwn ? [given] : [given, undefined]) {
      const admission = await admit(this.#module, { ...(settings && { settings }), fuelPerDecision })
      if (admission.admitted) {
        metered.set(this.digest, admission.metered)
        return { policy: this.digest, ...(settings && { settings }), fuelPerDecision }
      }
      const [error] = admission.errors
      if (isOwn || settings === undefined || error?.code !== 'ERR_MODULE_EXPORT') {
        throw new PortcullisError(
          error?.code ?? 'ERR_HOST_FAULT',
          `the new module is refused: ${error?.message}`,
        )
      }
    }
    throw new PortcullisError('ERR_HOST_FAULT', 'a module was neither admitted nor refused')
  }
}

function useOf({ policy, settings, fuelPerDecision }: Partial<PolicyUse>, source: string): PolicyUse {
  if (policy === undefined || fuelPerDecision === undefined) {
    throw new PortcullisError('ERR_RECORDING_FILE', `${source}: it was decided by a policy that is not named`)
  }
  return { policy, ...(settings && { settings }), fuelPerDecision }
}

class Replay {
  readonly #modules: Modules
  readonly #substitute: Substitute | undefined
  readonly #only: string | undefined
  readonly #tally: ReplayTally
  readonly #asker: Asker
  readonly #progress: (decisions: number) => void
  /** A bench has a number for each that is not like another, however often a recording spells it out. */
  readonly #benches = new Map<string, NumberedBench>()
  /** The bench of a tenant with a guard, as the reader has them: the same objects for all decisions of a file. */
  readonly #known = new WeakMap<object, Map<object | undefined, NumberedBench>>()
  readonly #underWay: { decisions: readonly RecordedDecision[]; told: Promise<Told[]> }[] = []
  #batch: { decision: RecordedDecision; bench: NumberedBench }[] = []
  #foundTenant = false

  constructor(folder: string, { replacement, only, progress, ...options }: ReplayOptions) {
    this.#modules = new Modules(folder)
    this.#substitute = replacement && new Substitute(replacement)
    this.#only = only
    this.#tally = new ReplayTally(replacement !== undefined, only !== undefined)
    this.#asker = new Asker(this.#modules.metered, options)
    this.#progress = progress ?? (() => {})
  }

  async run(recording: Recording): Promise<ReplayReport> {
    try {
      for await (const decisions of readRecording(recording, (text) => this.#tally.remarks.push(text))) {
        for (const decision of decisions) await this.#take(decision)
      }
      await this.#send()
      while (this.#underWay.length > 0) await this.#settle()
    } finally {
      this.#asker.close()
      await Promise.allSettled(this.#underWay.map(({ told }) => told))
      this.#asker.close()
    }
    this.#checkUse()
    if (this.#tally.decisions === 0) {
      const files = recording.files.join(', ')
      throw new PortcullisError(
        'ERR_RECORDING_FILE',
        `${files}: there is no decision in it, so nothing is proved`,
      )
    }
    return this.#tally.report()
  }

  async #take(decision: RecordedDecision): Promise<void> {
    if (this.#only !== undefined && decision.tenant.name !== this.#only) return
    if (this.#substitute?.isFor(decision.tenant.name) === false) return this.#tally.otherTenant()
    this.#foundTenant = true
    if (this.#tally.isIncomparable(decision)) return
    const bench = this.#benchOf(decision) ?? (await this.#makeBench(decision))
    this.#batch.push({ decision, bench })
    if (this.#batch.length === BATCH_QUESTIONS) await this.#send()
  }

  #benchOf({ tenant, guard }: RecordedDecision): NumberedBench | undefined {
    return this.#known.get(tenant)?.get(guard)
  }

  async #makeBench({ tenant, guard, file, line }: RecordedDecision): Promise<NumberedBench> {
    const source = `${file}, line ${line}`
    const { policy, settings, fuelPerDecision, rules } = tenant
    const recorded = {
      tenant: useOf(
        { ...(policy !== undefined && { policy }), ...(settings && { settings }), fuelPerDecision },
        source,
      ),
      ...(guard && { guard: useOf(guard, source) }),
    }
    const bench: Bench = { ...(await this.#replaced(recorded, source)), rules }
    const key = JSON.stringify(bench)
    const numbered = this.#benches.get(key) ?? { number: this.#benches.size + 1, bench }
    this.#benches.set(key, numbered)
    const byGuard = this.#known.get(tenant) ?? new Map()
    this.#known.set(tenant, byGuard.set(guard, numbered))
    return numbered
  }

  async #replaced(recorded: Omit<Bench, 'rules'>, source: string): Promise<Omit<Bench, 'rules'>> {
    const replace = async (use: PolicyUse, isReplaced: boolean): Promise<PolicyUse> => {
      if (isReplaced && this.#substitute) return this.#substitute.use(use, this.#modules.metered)
      await this.#modules.need(use.policy, source)
      return use
    }
    const isGuard = this.#substitute?.of === 'guard'
    if (isGuard && recorded.guard === undefined) {
      throw new PortcullisError('ERR_RECORDING_FILE', `${source}: it was decided without a guard`)
    }
    const tenant = await replace(recorded.tenant, this.#substitute !== undefined && !isGuard)
    if (recorded.guard === undefined) return { tenant }
    return { tenant, guard: await replace(recorded.guard, isGuard) }
  }

  async #send(): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    if (batch.length === 0) return
    const told = this.#asker.ask(batch.map(({ bench, decision: { block } }) => ({ bench, block })))
    told.catch(() => {}) // it is looked at when its turn comes
    this.#underWay.push({ decisions: batch.map(({ decision }) => decision), told })
    if (this.#underWay.length >= this.#asker.batchesAtOnce) await this.#settle()
  }

  /** The batch that was sent first. */
  async #settle(): Promise<void> {
    const first = this.#underWay.shift()
    if (first === undefined) return
    const told = await first.told
    for (const [index, decision] of first.decisions.entries()) this.#tally.add(decision, told[index] as Told)
    this.#progress(this.#tally.decisions)
  }

  /** A name that is misspelt must not look like a module that changes nothing. */
  #checkUse(): void {
    const of = this.#substitute?.of
    if (of === undefined || of === 'guard' || of.tenant === undefined || this.#foundTenant) return
    throw new PortcullisError('ERR_RECORDING_FILE', `it has no decision of tenant "${of.tenant}"`)
  }
}

/** `path`: a recording's folder, or one of its files. Throws ERR_RECORDING_FILE, ERR_RECORDING_MODULE, or a refusal's code. */
export async function replay(path: string, options: ReplayOptions = {}): Promise<ReplayReport> {
  const recording = findRecording(path)
  return new Replay(recording.folder, options).run(recording)
}
