/**
 * The evaluator's loop: one event, one reaction, everything on one thread, for as long as the supervisor lives.
 *
 *   loading --table--> ready --serve--> serving --close--> draining --nothing left--> ended
 *      any state --the control connection closes--> ended
 *
 * A connection is nobody's until its hello names an application that the configuration allows to the account at its
 * other end; from then on it speaks for one tenant.
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
import { PolicyTable, type Seat } from './policy-table.ts'

/** What a label keeps of an application: with every unit escaped it still fits into a label's bytes. */
const labelUnitsMax = 64

/** A connection whose hello was accepted. */
interface Connection {
  readonly account: string
  readonly application: string
  readonly seat: Seat
}

export class Evaluator {
  readonly #channel: Channel
  readonly #table = new PolicyTable()
  readonly #connections = new Map<number, Connection>()
  readonly #answers = new AnswerWriter()
  readonly #held = new HeldQuestions()
  #quarantined = new Set<string>()
  #state: 'running' | 'draining' | 'ended' = 'running'
  #evaluatorCount = 1
  /** Messages that did not go out because the supervisor was too far behind, and that it does not know of. */
  #lost = 0

  constructor(channel: Channel) {
    this.#channel = channel
  }

  /** Returns when the supervisor has gone, or has asked for the end and nothing that was accepted is left. */
  run(): void {
    while (this.#state !== 'ended') {
      const isDraining = this.#state === 'draining' && this.#held.size === 0
      const event = this.#channel.next(isDraining ? 0 : this.#held.waitMs)
      if (event.what !== 'timeout') this.#handle(event)
      else if (isDraining) this.#state = 'ended'
      for (const held of this.#held.takeDue()) this.#takeUp(held, false)
    }
    this.#channel.drain()
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
        this.#table.addModule(message.digest, message.metered, Buffer.from(message.base64, 'base64'))
        break
      case 'tenant':
        this.#table.addTenant(message.tenant)
        break
      case 'table':
        this.#table.complete(message.generation, message.guard)
        this.#tell({ type: 'ready' })
        break
      case 'serve':
        this.#serve(message)
        break
      case 'verdict':
        for (const held of this.#held.take(message.id, message.tenant)) this.#takeUp(held, message.cleared)
        break
      case 'quarantine':
        this.#quarantined = new Set(message.versions.map(({ tenant, policy }) => versionKey(tenant, policy)))
        break
      case 'close':
        this.#channel.unlisten()
        this.#state = 'draining'
        break
    }
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

  /** A supervisor that cannot keep up loses records, never decisions; how many is said as soon as it can be. */
  #tell(message: FromEvaluator): void {
    if (this.#lost > 0 && this.#channel.report({ type: 'gap', lost: this.#lost })) this.#lost = 0
    if (this.#lost > 0 || !this.#channel.report(message)) this.#lost++
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
    const seat = this.#table.seatFor(account, application)
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
    this.#connections.set(number, { account, application, seat })
    const label: ConnectionLabel = {
      tenant: seat.tenant.name,
      application: application.slice(0, labelUnitsMax),
      policy: seat.tenant.policy,
      ...(this.#table.guard && { guard: this.#table.guard.policy }),
    }
    this.#channel.welcome(number, {
      version,
      evaluatorCount: this.#evaluatorCount,
      generation: this.#table.generation,
      switches: seat.switches,
      label: JSON.stringify(label),
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
    const { guard: given, generation } = this.#table
    const { name, policy, fuelPerDecision } = seat.tenant
    const silence = (digest: string) =>
      error ?? (this.#quarantined.has(versionKey(name, digest)) ? 'ERR_POLICY_QUARANTINED' : undefined)
    const decider = (
      phase: 'guard' | 'tenant',
      digest: string,
      fuel: number,
      load: () => Policy,
    ): Decider => {
      const silent = silence(digest)
      if (silent !== undefined) return new Silent(silent)
      this.#channel.runs(phase) // loading may run its start function
      const policy = load()
      this.#channel.runs('host')
      return new Asked(policy, block, fuel, (runs) => this.#channel.runs(runs ? phase : 'host'))
    }
    const guard = given && decider('guard', given.policy, given.fuelPerDecision, () => given.instance)
    const tenant = decider('tenant', policy, fuelPerDecision, () => this.#table.policyOf(seat))
    const guardPolicy = given?.policy
    const { answer, record } = decide({ seat, application, generation, block, tenant, guard, guardPolicy })
    // Handed over before it is answered. What a kill from outside takes along, the supervisor records as a gap.
    this.#tell({ type: 'decision', record })
    if (!this.#channel.answer(number, this.#answers.write(block, answer))) this.#forget(number)
    tenant.finish()
    guard?.finish()
  }
}

function versionKey(tenant: string, policy: string): string {
  return `${tenant} ${policy}`
}
