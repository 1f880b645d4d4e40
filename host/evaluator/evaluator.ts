/**
 * The evaluator's loop: one event, one reaction, everything on one thread, for as long as the supervisor lives.
 *
 *   loading --first flip--> ready --serve--> serving --close--> draining --nothing left--> ended
 *      any state --the control connection closes--> ended
 *
 * A connection is nobody's until its hello names an application that the configuration allows to the account at its
 * other end; from then on it speaks for one tenant. Tables change between two questions (tables.ts), never in one; while one is
 * prepared, each event is followed by one step of that.
 */

import type { ConnectionLabel, ConnectionRecord, FromEvaluator, ToEvaluator } from '../control/messages.ts'
import type { Policy } from '../engine/policy.ts'
import { type ErrorCode, PortcullisError } from '../errors.ts'
import { AnswerWriter } from '../wire/answer.ts'
import { chooseVersion, readHello } from '../wire/handshake.ts'
import { wireVersions } from '../wire/layout.ts'
import { blockAttempt, blockId, blockText, checkBlock } from '../wire/request-block.ts'
import { type Channel, type ChannelEvent, CONTROL_CONNECTION } from './channel.ts'
import { decide } from './decide.ts'
import { Asked, type Decider, Silent } from './decider.ts'
import { type Held, HeldQuestions } from './held-questions.ts'
import type { Seat } from './policy-table.ts'
import { Tables } from './tables.ts'

/** What a label keeps of an application: with every unit escaped it still fits into a label's bytes. */
const labelUnitsMax = 64

/** How soon a supervisor that was too far behind is told so, when there is nothing else to do. */
const owedMs = 100

/** A connection whose hello was accepted. */
interface Connection {
  readonly account: string
  readonly application: string
  readonly seat: Seat
  readonly label: string
}

export class Evaluator {
  readonly #channel: Channel
  readonly #tables = new Tables()
  readonly #connections = new Map<number, Connection>()
  readonly #answers = new AnswerWriter()
  readonly #held = new HeldQuestions()
  #quarantined = new Set<string>()
  /** Nobody is asked: what would be decided could not be audited. */
  #isHalted = false
  #mustRecord = false
  #state: 'running' | 'draining' | 'ended' = 'running'
  #evaluatorCount = 1
  /** Questions decided so far; what the page says too. Each decision is told with its number. */
  #decided = 0
  /** Whether the supervisor was too far behind for something, and does not know it. */
  #owes = false
  /** How many messages of that were no decisions. */
  #lost = 0

  constructor(channel: Channel) {
    this.#channel = channel
  }

  /** Returns when the supervisor has gone, or has asked for the end and nothing that was accepted is left. */
  run(): void {
    while (this.#state !== 'ended') {
      const isDraining = this.#state === 'draining' && this.#held.size === 0
      const { preparing } = this.#tables
      const event = this.#channel.next(isDraining || preparing !== undefined ? 0 : this.#waitMs)
      if (event.what !== 'timeout') this.#handle(event)
      else if (isDraining) this.#state = 'ended'
      for (const held of this.#held.takeDue()) this.#takeUp(held, false)
      this.#prepareFurther()
      if (this.#owes) this.#tellLost()
    }
    this.#channel.drain()
  }

  get #waitMs(): number {
    const { waitMs } = this.#held
    return this.#owes && (waitMs < 0 || waitMs > owedMs) ? owedMs : waitMs
  }

  #handle(event: Exclude<ChannelEvent, { what: 'timeout' }>): void {
    const { connection } = event
    if (connection === CONTROL_CONNECTION) {
      if (event.what === 'frame') this.#obey(JSON.parse(event.body.toString()) as ToEvaluator)
      else this.#state = 'ended'
    } else if (event.what === 'closed') {
      this.#closed(connection, event)
    } else if (event.what === 'hello') {
      this.#greet(connection, event)
    } else {
      this.#decide(connection, event.body)
    }
  }

  // ---- the supervisor

  #obey(message: ToEvaluator): void {
    switch (message.type) {
      case 'policy':
        this.#tables.addModule(message.digest, message.metered, Buffer.from(message.base64, 'base64'))
        break
      case 'tenant':
        this.#tables.change(message.tenant.name, message.tenant)
        break
      case 'absent':
        this.#tables.change(message.tenant, undefined)
        break
      case 'table': {
        const { generation, guard, recorded } = message
        this.#prepare(generation, () => this.#tables.prepare(generation, guard, recorded))
        break
      }
      case 'flip':
        this.#flip(message.generation)
        break
      case 'abandon':
        this.#tables.abandon()
        break
      case 'serve':
        this.#serve(message)
        break
      case 'others':
        this.#channel.admit(message.others)
        break
      case 'verdict':
        for (const held of this.#held.take(message.id, message.tenant)) this.#takeUp(held, message.cleared)
        break
      case 'quarantine':
        this.#quarantined = new Set(message.versions.map(({ tenant, policy }) => versionKey(tenant, policy)))
        break
      case 'halt':
        this.#isHalted = message.halted
        this.#mustRecord = message.mustRecord
        break
      case 'close':
        this.#channel.unlisten()
        this.#state = 'draining'
        break
    }
  }

  #prepare(generation: number, work: () => boolean): void {
    try {
      if (work()) this.#tell({ type: 'prepared', generation })
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      this.#tell({ type: 'unprepared', generation, code: error.code, detail: error.detail })
    }
  }

  #prepareFurther(): void {
    const { preparing } = this.#tables
    if (preparing !== undefined) this.#prepare(preparing, () => this.#tables.step())
  }

  #flip(generation: number): void {
    const isFirst = this.#tables.current.generation === 0
    // One that loads is told all at once.
    while (this.#tables.preparing !== undefined) this.#prepareFurther()
    this.#tables.flip(generation)
    for (const [number, connection] of this.#connections) this.#reseat(number, connection)
    this.#tell(isFirst ? { type: 'ready' } : { type: 'flipped', generation })
  }

  /** What the new table makes of a connection. Where its plug-in has to learn something it connects again. */
  #reseat(number: number, { account, application, seat: before, label: labelBefore }: Connection): void {
    const seat = this.#tables.current.seatFor(account, application)
    if (seat === undefined) {
      return this.#refuse(number, { account, application, error: 'ERR_CONNECTION_FOREIGN' })
    }
    if (seat.switches !== before.switches || seat.tenant.name !== before.tenant.name) {
      this.#forget(number)
      return this.#channel.hangUp(number)
    }
    const label = this.#labelOf(seat, application)
    this.#connections.set(number, { account, application, seat, label })
    if (label !== labelBefore) this.#channel.relabel(number, label)
  }

  #labelOf({ tenant: { name: tenant, policy } }: Seat, application: string): string {
    const guard = this.#tables.current.guard?.guard.policy
    const label: ConnectionLabel = {
      tenant,
      application: application.slice(0, labelUnitsMax),
      ...(policy !== undefined && { policy }),
      ...(guard !== undefined && { guard }),
    }
    return JSON.stringify(label)
  }

  #serve({ index, count, endpoint, others }: ToEvaluator & { type: 'serve' }): void {
    this.#evaluatorCount = count
    try {
      this.#channel.listen(endpoint, index, others)
      this.#tell({ type: 'serving', index })
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      this.#tell({ type: 'failed', code: error.code, detail: error.detail })
      this.#state = 'ended'
    }
  }

  /** A supervisor that cannot keep up loses messages, never decisions; how many is said as soon as it can be. */
  #tell(message: FromEvaluator): void {
    if (this.#owes) this.#tellLost()
    if (!this.#owes && this.#channel.report(message)) return
    this.#owes = true
    this.#lost++
  }

  #tellLost(): void {
    const message = { type: 'lost', messages: this.#lost, decided: this.#decided } as const
    if (!this.#channel.report(message)) return
    this.#owes = false
    this.#lost = 0
  }

  // ---- plug-ins

  #closed(number: number, { error, account }: ChannelEvent & { what: 'closed' }): void {
    const application = this.#connections.get(number)?.application
    this.#forget(number)
    this.#held.drop(number)
    if (error === undefined) return
    const record = { accepted: false, account, error, ...(application !== undefined && { application }) }
    this.#tell({ type: 'connection', record })
  }

  /** A connection that was accepted has gone. */
  #forget(number: number): void {
    if (this.#connections.delete(number)) this.#tell({ type: 'disconnection', connection: number })
  }

  #refuse(number: number, record: Omit<ConnectionRecord, 'accepted'>): void {
    this.#forget(number)
    this.#channel.hangUp(number)
    this.#tell({ type: 'connection', record: { accepted: false, ...record } })
  }

  #greet(number: number, { account, body }: ChannelEvent & { what: 'hello' }): void {
    const hello = readHello(body)
    if (hello === undefined) return this.#refuse(number, { account, error: 'ERR_CONNECTION_HELLO' })
    const { application, offered, ...claims } = hello
    const seat = this.#tables.current.seatFor(account, application)
    const version = chooseVersion(offered, wireVersions)
    if (version === undefined) {
      this.#channel.refuse(number, wireVersions)
      const error = 'ERR_CONNECTION_VERSION'
      const tenant = seat && { tenant: seat.tenant.name }
      const record = { accepted: false, account, application, ...claims, ...tenant, error, offered } as const
      return this.#tell({ type: 'connection', record })
    }
    if (seat === undefined) {
      const { processId, pluginVersion } = claims
      const error = 'ERR_CONNECTION_FOREIGN'
      return this.#refuse(number, { account, application, processId, pluginVersion, error })
    }
    const label = this.#labelOf(seat, application)
    this.#connections.set(number, { account, application, seat, label })
    this.#channel.welcome(number, {
      version,
      evaluatorCount: this.#evaluatorCount,
      generation: this.#tables.current.generation,
      switches: seat.switches,
      label,
    })
    const { name: tenant } = seat.tenant
    const record = { accepted: true, account, application, tenant, ...claims, wireVersion: version }
    this.#tell({ type: 'connection', connection: number, record })
  }

  #decide(number: number, body: Buffer): void {
    const connection = this.#connections.get(number)
    if (connection === undefined) throw new PortcullisError('ERR_HOST_FAULT', 'a question before a hello')
    const { seat, application, account } = connection
    const view = new DataView(body.buffer, body.byteOffset, body.length)
    // Whoever sends this is not our plug-in. Closing tells it as much as it may know.
    if (checkBlock(view, body.length) !== undefined || blockText(body, 'application') !== application) {
      return this.#refuse(number, { account, application, error: 'ERR_BLOCK' })
    }
    if (blockAttempt(view) === 1) return this.#answer(number, connection, body)
    const id = blockId(body)
    this.#channel.hold(number)
    this.#held.hold({ connection: number, id, tenant: seat.tenant.name, block: Buffer.from(body) })
    this.#tell({ type: 'held', id, tenant: seat.tenant.name })
  }

  /** A question that was held: asked now, or answered without being asked. */
  #takeUp({ connection: number, block }: Held, cleared: boolean): void {
    const connection = this.#connections.get(number)
    if (connection === undefined || !this.#channel.resume(number)) return
    this.#answer(number, connection, block, cleared ? undefined : 'ERR_POLICY_SUSPECTED')
  }

  /** With `error` nobody is asked: that is why. */
  #answer(number: number, { seat, application }: Connection, block: Buffer, error?: ErrorCode): void {
    const { guard: seated, generation, recorded } = this.#tables.current
    const { name, fuelPerDecision } = seat.tenant
    const cannotRecord = this.#isHalted || (this.#mustRecord && !this.#channel.hasRoom())
    const refusal = cannotRecord ? 'ERR_AUDIT_BEHIND' : undefined
    const silence = (digest: string | undefined): ErrorCode | undefined => {
      if (refusal !== undefined || error !== undefined) return refusal ?? error
      if (digest === undefined) return 'ERR_POLICY_NONE'
      return this.#quarantined.has(versionKey(name, digest)) ? 'ERR_POLICY_QUARANTINED' : undefined
    }
    const decider = (
      phase: 'guard' | 'tenant',
      digest: string | undefined,
      fuel: number,
      load: () => Policy | undefined,
    ): Decider => {
      const silent = silence(digest)
      if (silent !== undefined) return new Silent(silent)
      this.#channel.runs(phase) // loading may run its start function
      const policy = load()
      this.#channel.runs('host')
      if (policy === undefined) return new Silent('ERR_POLICY_NONE')
      return new Asked(policy, block, fuel, (runs) => this.#channel.runs(runs ? phase : 'host'))
    }
    const given = seated?.guard
    const guard = given && decider('guard', given.policy, given.fuelPerDecision, () => seated.instance)
    const tenant = decider('tenant', seat.tenant.policy, fuelPerDecision, () => this.#tables.policyOf(seat))
    const { answer, record } = decide({
      seat,
      application,
      generation,
      block,
      tenant,
      guard,
      given,
      refusal,
    })
    this.#decided++
    const text = recorded && { block: block.toString('base64') }
    const decision = { type: 'decision', sequence: this.#decided, record, ...text } as const
    const done = this.#channel.answer(number, this.#answers.write(block, answer), decision)
    if (!done.isRecorded) this.#owes = true
    if (!done.isTaken) this.#forget(number)
    tenant.finish()
    guard?.finish()
  }
}

function versionKey(tenant: string, policy: string): string {
  return `${tenant} ${policy}`
}
