/**
 * The versions of the store, as operators change them: pushed, activated, confirmed, taken back. Everything that makes another
 * version answer goes the same way through the live table, so that a rollback is as safe as what it undoes.
 *
 *   push --> admitted        activate --> active --rollback--> the one before
 *                            activate, provisional --confirm--> active
 *                                         |  not in time: returns to the one before, also after the host was away
 *
 * A return is what somebody relies on who may have been locked out. It asks nobody, it happens also to a subject that the
 * configuration does not leave to the store at the time, and where the version before cannot answer any more nobody does.
 */

import type { Logger } from 'pino'

import type { AuditAct } from '../audit/audit.ts'
import { PortcullisError } from '../errors.ts'
import { activationWindowMs, confirmWithinMsMax, versionsReplyUnitsMax } from '../limits.ts'
import type { Active, By, Store, StoredVersion, Subject } from '../store/store.ts'
import type { Config, PolicyChoice } from '../tenant/config.ts'
import { parseVectors } from '../winrm/vectors.ts'
import type { Settings } from '../wire/settings-block.ts'
import type { Blame } from './blame.ts'
import { checkBreakGlass } from './break-glass.ts'
import { choiceOf, configured, findVersion, named } from './chosen-version.ts'
import type { Chronicle } from './chronicle.ts'
import type { LiveTable } from './live-table.ts'
import { type Admitted, type PolicySource, subjectName } from './policy-source.ts'
import type { Table } from './table.ts'

/** Of the host, as it is at the moment. */
export interface Surroundings {
  readonly config: () => Config
  readonly live: LiveTable
  readonly source: PolicySource
  readonly blame: Blame
  readonly chronicle: Pick<Chronicle, 'acted'>
  readonly log: Logger
}

export interface Upload {
  readonly module: Buffer
  readonly settings?: Settings
  readonly vectors?: string
}

/** What has to be active when it is the change's turn; null: nothing. Undefined: whatever it is. */
export interface Expected {
  readonly ifActive?: number | null
}

export interface ActivateOptions extends Expected {
  readonly confirmWithinMs?: number
}

export interface Activated {
  /** Null: nothing is active any more. */
  readonly version: number | null
  readonly policy?: string
  readonly previous: number | null
  /** The table that has it. */
  readonly generation: number
  /** False if it was active already. */
  readonly changed: boolean
  readonly confirmByMs?: number
  readonly milliseconds: number
}

/** Whom the host itself acts as. */
const host = 'host'

/** Why it takes something back. */
const notConfirmed = 'it was not confirmed in time'

const key = (subject: Subject) => (subject === 'guard' ? 'guard' : `tenant ${subject.tenant}`)

/** The next table, with another choice for one subject. */
function withChoice(table: Table, subject: Subject, admitted: Admitted | undefined): Table {
  const change = <Choice extends PolicyChoice>({ policy: _, settings: __, version: ___, ...rest }: Choice) =>
    ({ ...rest, ...admitted?.choice }) as Choice
  const modules = new Map(table.modules)
  if (admitted !== undefined) modules.set(admitted.choice.policy, admitted.module)
  if (subject === 'guard') return { ...table, modules, guard: table.guard && change(table.guard) }
  const tenant = table.tenants.get(subject.tenant)
  if (tenant === undefined) throw new PortcullisError('ERR_VERSION_SUBJECT', subjectName(subject))
  return { ...table, modules, tenants: new Map(table.tenants).set(subject.tenant, change(tenant)) }
}

/** The version that a table has of a subject. */
function versionIn(table: Table, subject: Subject): number | undefined {
  return (subject === 'guard' ? table.guard : table.tenants.get(subject.tenant))?.version
}

/** As many as fit into so many units of JSON, in their order. */
function latest(versions: readonly StoredVersion[], unitsMax: number): readonly StoredVersion[] {
  let units = 0
  const first = versions.findLastIndex((version) => {
    units += JSON.stringify(version).length + 1
    return units > unitsMax
  })
  return versions.slice(first + 1)
}

export class Activations {
  readonly #store: Store
  readonly #around: Surroundings
  readonly #timers = new Map<string, NodeJS.Timeout>()
  /** When each subject's latest activations were. */
  readonly #recent = new Map<string, number[]>()
  #isClosed = false

  constructor(store: Store, around: Surroundings) {
    this.#store = store
    this.#around = around
  }

  /** What was provisional before this process began: it returns now, or when its time has come. Before the first table. */
  resume(): void {
    for (const subject of this.#store.subjects()) {
      const active = this.#store.active(subject)
      if (active?.confirmByMs === undefined) continue
      if (active.confirmByMs > Date.now()) this.#returnLater(subject, active.confirmByMs)
      else this.#takeBack(subject, active)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }

  /** Takes an upload in and has it admitted. Throws ERR_VERSION_REFUSED, after which it is kept as refused. */
  async push(subject: Subject, upload: Upload, by: By): Promise<StoredVersion> {
    const { fuelPerDecision } = choiceOf(this.#around.config(), subject)
    if (upload.vectors !== undefined) parseVectors(upload.vectors, 'the vectors')
    const version = this.#store.upload(subject, upload, by, Date.now())
    await this.#around.source.ofStore(this.#store, subject, version, fuelPerDecision)
    const { number, policy } = version
    this.#around.log.info(
      { event: 'version-pushed', ...named(subject), version: number, policy, ...by },
      'pushed',
    )
    return this.#store.version(subject, number)
  }

  /** `wanted`: a version's number, or the beginning of its module's digest. */
  async activate(
    subject: Subject,
    wanted: string,
    by: By,
    { confirmWithinMs, ifActive }: ActivateOptions = {},
  ): Promise<Activated> {
    return this.#change(
      subject,
      () => {
        this.#checkActive(subject, ifActive)
        const version = findVersion(this.#store, subject, wanted)
        const { number } = version
        // One that is active may not answer: its bytes were damaged when the host started, and have been pushed again since.
        const answers = versionIn(this.#around.live.now, subject) === number
        if (answers && number === this.#store.active(subject)?.number) return undefined
        this.#checkMayChange(subject, version)
        this.#takeTurn(subject)
        return number
      },
      by,
      confirmWithinMs,
    )
  }

  /** Activates what was active before. */
  async rollback(subject: Subject, by: By, { ifActive }: Expected = {}): Promise<Activated> {
    return this.#change(
      subject,
      () => {
        this.#checkActive(subject, ifActive)
        const active = this.#store.active(subject)
        if (active !== undefined && (active.previous !== null || active.confirmByMs !== undefined)) {
          return active.previous
        }
        throw new PortcullisError(
          'ERR_VERSION_UNKNOWN',
          `${subjectName(subject)}: nothing was active before; activate the version that you want by its number`,
        )
      },
      by,
    )
  }

  /** In its turn: a return that is under way is not confirmed any more. */
  async confirm(subject: Subject, by: By): Promise<Activated> {
    const { generation } = await this.#around.live.change(async () => {
      choiceOf(this.#around.config(), subject)
      const active = this.#store.active(subject)
      if (active?.confirmByMs === undefined) {
        throw new PortcullisError(
          'ERR_ACTIVATION_PENDING',
          `${subjectName(subject)}: nothing waits for a confirmation`,
        )
      }
      this.#store.confirm(subject, by, Date.now())
      this.#noTimer(subject)
      this.#around.log.info(
        { event: 'version-confirmed', ...named(subject), version: active.number, ...by },
        'confirmed',
      )
      return undefined
    })
    return { ...this.#state(subject), generation, changed: true, milliseconds: 0 }
  }

  /**
   * Subjects that the configuration leaves to the store, or the one that is asked for. The earliest versions are left out where
   * there are more than an answer takes.
   */
  versions(subject: Subject | undefined): object[] {
    const { tenants, guard } = this.#around.config()
    const all: Subject[] = [
      ...(guard !== undefined && guard.policy === undefined ? (['guard'] as const) : []),
      ...tenants.filter(({ policy }) => policy === undefined).map(({ name }) => ({ tenant: name })),
    ]
    if (subject !== undefined) choiceOf(this.#around.config(), subject)
    const asked = subject === undefined ? all : [subject]
    return asked.map((one) => {
      const versions = this.#store.versions(one)
      const told = latest(versions, Math.floor(versionsReplyUnitsMax / asked.length))
      const active = this.#store.active(one) ?? null
      return { subject: one, active, omitted: versions.length - told.length, versions: told }
    })
  }

  /** Whoever says what they saw is not to undo what somebody else has done since. */
  #checkActive(subject: Subject, expected: number | null | undefined): void {
    const number = this.#store.active(subject)?.number ?? null
    if (expected === undefined || expected === number) return
    const what = number === null ? 'nothing is active' : `version ${number} is active`
    const wanted = expected === null ? 'nothing' : `version ${expected}`
    throw new PortcullisError(
      'ERR_ACTIVATION_CONFLICT',
      `${subjectName(subject)}: ${what}, and not ${wanted}`,
    )
  }

  #checkMayChange(subject: Subject, { number, policy }: StoredVersion): void {
    const active = this.#store.active(subject)
    if (active?.confirmByMs !== undefined) {
      const until = new Date(active.confirmByMs).toISOString()
      throw new PortcullisError(
        'ERR_ACTIVATION_PENDING',
        `${subjectName(subject)}: version ${active.number} waits for its confirmation until ${until}; confirm it or roll it back first`,
      )
    }
    const isQuarantined = this.#around.blame.quarantined.some(
      (version) => version.policy === policy && (subject === 'guard' || version.tenant === subject.tenant),
    )
    if (isQuarantined) {
      throw new PortcullisError(
        'ERR_POLICY_QUARANTINED',
        `${subjectName(subject)}, version ${number}; "portcullis quarantine --lift" lifts it`,
      )
    }
  }

  /** Throws ERR_ACTIVATION_RATE. What takes something back is never kept waiting. */
  #takeTurn(subject: Subject): void {
    const nowMs = Date.now()
    const most = this.#around.config().activationsPerMinute
    const recent = (this.#recent.get(key(subject)) ?? []).filter((atMs) => atMs > nowMs - activationWindowMs)
    const [first] = recent
    if (first !== undefined && recent.length >= most) {
      const seconds = Math.ceil((first + activationWindowMs - nowMs) / 1000)
      throw new PortcullisError(
        'ERR_ACTIVATION_RATE',
        `${subjectName(subject)}: ${most} in a minute ("activationsPerMinute"); try again in ${seconds} s`,
      )
    }
    this.#recent.set(key(subject), [...recent, nowMs])
  }

  /** `pick` says what is to be active, when it is this change's turn; undefined: what is. */
  async #change(
    subject: Subject,
    pick: () => number | null | undefined,
    by: By,
    confirmWithinMs?: number,
  ): Promise<Activated> {
    const { live, source, config } = this.#around
    const store = this.#store
    const began = performance.now()
    choiceOf(this.#around.config(), subject)
    let changed = false
    const { generation } = await live.change(async (now) => {
      const { fuelPerDecision } = choiceOf(this.#around.config(), subject)
      const number = pick()
      if (number === undefined) return undefined
      const version = number === null ? undefined : store.version(subject, number)
      const admitted = version && (await source.ofStore(store, subject, version, fuelPerDecision))
      const to = withChoice(now, subject, admitted)
      const only = subject === 'guard' ? undefined : subject.tenant
      await checkBreakGlass(now, to, config().breakGlass, only)
      return {
        to,
        makeDurable: () => {
          this.#record(subject, number, by, confirmWithinMs)
          changed = true
        },
      }
    })
    const milliseconds = Math.round((performance.now() - began) * 10) / 10
    return { ...this.#state(subject), generation, changed, milliseconds }
  }

  #state(subject: Subject): Pick<Activated, 'version' | 'policy' | 'previous' | 'confirmByMs'> {
    const active = this.#store.active(subject)
    const number = active?.number ?? null
    return {
      version: number,
      ...(number !== null && { policy: this.#store.version(subject, number).policy }),
      previous: active?.previous ?? null,
      ...(active?.confirmByMs !== undefined && { confirmByMs: active.confirmByMs }),
    }
  }

  #record(subject: Subject, version: number | null, by: By, confirmWithinMs?: number): void {
    const nowMs = Date.now()
    const confirmByMs = confirmWithinMs === undefined ? undefined : nowMs + confirmWithinMs
    const previous = this.#store.active(subject)?.number ?? null
    this.#store.activate(subject, version, by, nowMs, confirmByMs)
    this.#noTimer(subject)
    if (confirmByMs !== undefined) this.#returnLater(subject, confirmByMs)
    this.#around.log.info(
      { event: 'version-activated', ...named(subject), version, previous, ...by },
      'another version is to answer',
    )
  }

  // ---- provisional activations

  readonly #unconfirmed: By = { who: host, why: notConfirmed }

  /** Never later than a provisional activation may last, though the clock has been set back. */
  #returnLater(subject: Subject, atMs: number): void {
    if (this.#isClosed) return
    const inMs = Math.min(Math.max(0, atMs - Date.now()), confirmWithinMsMax)
    this.#timers.set(
      key(subject),
      setTimeout(() => void this.#return(subject), inMs),
    )
  }

  async #return(subject: Subject): Promise<void> {
    this.#timers.delete(key(subject))
    const { live, source, log, chronicle } = this.#around
    const told = (event: string, { code, detail }: PortcullisError, what: string) =>
      log.error({ event, ...named(subject), code, detail }, what)
    try {
      await live.change(async (now) => {
        const active = this.#store.active(subject)
        if (active?.confirmByMs === undefined) return undefined
        const makeDurable = () => this.#takeBack(subject, active)
        const choice = configured(this.#around.config(), subject)
        if (choice === undefined || choice.policy !== undefined) {
          makeDurable()
          return undefined
        }
        const refused = (error: PortcullisError) => told('policy-refused', error, 'a policy is not admitted')
        const before = await source.whole(subject, active.previous, choice.fuelPerDecision, refused)
        return { to: withChoice(now, subject, before), makeDurable }
      })
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      told('return-failed', error, 'tried again soon')
      const { code, detail } = error
      chronicle.acted({ ...returnOf(subject), result: 'refused', code, detail })
      this.#returnLater(subject, Date.now() + activationWindowMs)
    }
  }

  /** One that has been refused meanwhile cannot be active again: then nothing is. */
  #takeBack(subject: Subject, { previous }: Active): void {
    const isAdmitted = previous !== null && this.#store.version(subject, previous).admission !== undefined
    const version = isAdmitted ? previous : null
    this.#record(subject, version, this.#unconfirmed)
    const policy = version === null ? {} : { policy: this.#store.version(subject, version).policy }
    this.#around.chronicle.acted({ ...returnOf(subject), version, ...policy, result: 'done' })
  }

  #noTimer(subject: Subject): void {
    clearTimeout(this.#timers.get(key(subject)))
    this.#timers.delete(key(subject))
  }
}

/** A return as the audit log has it. */
function returnOf(subject: Subject): Omit<AuditAct, 'result'> {
  return { command: 'return', via: 'host', subject, why: notConfirmed }
}
