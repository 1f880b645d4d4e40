/**
 * The latest decisions of a running host, for `portcullis decisions` and whoever follows them. They are kept in memory and bounded
 * together, fairly: where there is no room, it is taken from the tenants that have more than an equal share, and each of those loses its oldest.
 * So a tenant that is asked often cannot push out what is known of another.
 *
 *     contoso   [ . . . . . . . . . . . ]   <- loses its oldest
 *     fabrikam  [ . . . ]                   <- loses nothing
 *
 * Whoever has read up to somewhere holds a cursor. It names whose decisions were read, in which life of the host, and how many there
 * had been: a tenant's counts its own only, so that it does not tell how much others are asked. What came after it and is not kept any
 * more is counted, never passed over in silence.
 */

import { randomBytes } from 'node:crypto'

import type { DecisionRecord } from '../control/messages.ts'
import { type ErrorCode, PortcullisError } from '../errors.ts'
import {
  decisionBytes,
  decisionsReplyUnitsMax,
  decisionsTold,
  decisionUnitBytes,
  latestDecisionsBytesMax,
} from '../limits.ts'
import type { OvertimeDecision } from './log.ts'

/** As the log tells it. The watchdog's has only what is known of the connection. */
export type LatestDecision = (DecisionRecord | OvertimeDecision) & {
  /** Of this decision: what came after it is told from here on. */
  readonly cursor: string
  /** Which evaluator decided; absent for one that had no number yet. */
  readonly evaluator?: number
  /** When the supervisor was told. */
  readonly toldMs: number
}

/** What is asked for. A decision has to fit in every respect. */
export interface DecisionsQuery {
  /** Undefined: of all tenants. */
  readonly tenant?: string
  /** A cursor of an earlier answer: what came since, the oldest first. Undefined: the newest first. */
  readonly after?: string
  /** At most so many. */
  readonly limit?: number
  readonly outcome?: DecisionRecord['outcome']
  readonly kind?: DecisionRecord['kind']
  /** Part of the caller's name, in whatever case. */
  readonly sender?: string
  readonly error?: ErrorCode
  readonly id?: string
}

export interface LatestDecisions {
  readonly decisions: readonly LatestDecision[]
  /** Everything up to here has been looked at: the next question's `after`. */
  readonly cursor: string
  /** Of the tenant, or of all: so many came after `after` and are not kept any more, whether they would have fitted or not. */
  readonly omitted: number
  /** `after` is of another life of the host, or of another tenant: what is told begins with the oldest. */
  readonly restarted?: true
}

interface Kept {
  /** Counted over all tenants; `own` over this one. Both from 1. */
  readonly sequence: number
  readonly own: number
  readonly bytes: number
  readonly evaluator: number | undefined
  readonly toldMs: number
  readonly record: DecisionRecord | OvertimeDecision
}

/** What a cursor counts: all decisions of the host, or those of a tenant. */
interface Count {
  readonly run: string
  issued: number
}

interface OfTenant extends Count {
  /** The oldest first. */
  kept: Kept[]
  bytes: number
}

const newCount = (): Count => ({ run: randomBytes(9).toString('base64url'), issued: 0 })

const texts = ['application', 'sender', 'action', 'resourceUri', 'reason', 'redirect', 'detail'] as const

/** An estimate of the memory that it takes. */
function bytesOf(record: Partial<Record<(typeof texts)[number], string>>): number {
  return texts.reduce((sum, name) => sum + decisionUnitBytes * (record[name]?.length ?? 0), decisionBytes)
}

/** The index of the first that is beyond `after`. */
function firstAfter(kept: readonly Kept[], after: number, number: (one: Kept) => number): number {
  let [low, high] = [0, kept.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (number(kept[middle] as Kept) > after) high = middle
    else low = middle + 1
  }
  return low
}

/** The share for each, if nobody gets more than it needs and what is left is divided equally. */
function equalShare(needs: readonly number[], room: number): number {
  const sorted = [...needs].sort((a, b) => a - b)
  let left = room
  for (const [index, need] of sorted.entries()) {
    const share = left / (sorted.length - index)
    if (need > share) return share
    left -= need
  }
  return Number.POSITIVE_INFINITY
}

function fits(record: Partial<DecisionRecord>, query: DecisionsQuery, sender: string | undefined): boolean {
  return (
    (query.outcome === undefined || record.outcome === query.outcome) &&
    (query.kind === undefined || record.kind === query.kind) &&
    (query.error === undefined || record.error === query.error) &&
    (query.id === undefined || record.id === query.id) &&
    (sender === undefined || (record.sender?.toLowerCase().includes(sender) ?? false))
  )
}

export class Latest {
  readonly #all = newCount()
  readonly #tenants = new Map<string, OfTenant>()
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax: number = latestDecisionsBytesMax) {
    this.#bytesMax = bytesMax
  }

  /** Those whose decisions are kept from now on. What is known of others goes: the name may come back as somebody else's. */
  configured(tenants: Iterable<string>): void {
    const names = new Set(tenants)
    for (const [name, { bytes }] of this.#tenants) {
      if (names.has(name)) continue
      this.#tenants.delete(name)
      this.#bytes -= bytes
    }
    for (const name of names) {
      if (!this.#tenants.has(name)) this.#tenants.set(name, { ...newCount(), kept: [], bytes: 0 })
    }
  }

  decided(record: DecisionRecord | OvertimeDecision, evaluator: number | undefined, toldMs: number): void {
    const of = this.#tenants.get(record.tenant)
    if (of === undefined) return
    const bytes = bytesOf(record)
    of.kept.push({
      sequence: ++this.#all.issued,
      own: ++of.issued,
      bytes,
      evaluator,
      toldMs,
      record,
    })
    of.bytes += bytes
    this.#bytes += bytes
    if (this.#bytes > this.#bytesMax) this.#makeRoom()
  }

  /** A sixteenth at once, because finding out who has too much takes a look at everybody. */
  #makeRoom(): void {
    const all = [...this.#tenants.values()]
    const share = equalShare(
      all.map(({ bytes }) => bytes),
      this.#bytesMax - this.#bytesMax / 16,
    )
    for (const of of all) {
      let count = 0
      while (of.bytes > share) of.bytes -= of.kept[count++]?.bytes ?? 0
      if (count > 0) of.kept = of.kept.slice(count)
    }
    this.#bytes = all.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Throws ERR_VERSION_SUBJECT for a tenant that the configuration does not have. */
  ask(query: DecisionsQuery): LatestDecisions {
    const { tenant, after } = query
    if (tenant === undefined) {
      const kept = [...this.#tenants.values()].map((of) => of.kept)
      const answer = new Answer(this.#all, kept, ({ sequence }) => sequence, query)
      return after === undefined ? answer.newest() : answer.since(after)
    }
    const of = this.#tenants.get(tenant)
    if (of === undefined) {
      throw new PortcullisError('ERR_VERSION_SUBJECT', `the configuration has no tenant ${tenant}`)
    }
    const answer = new Answer(of, [of.kept], ({ own }) => own, query)
    return after === undefined ? answer.newest() : answer.since(after)
  }
}

/** One question, put to what is kept of some tenants and numbered by `number`. */
class Answer {
  readonly #count: Count
  readonly #kept: readonly (readonly Kept[])[]
  readonly #number: (one: Kept) => number
  readonly #query: DecisionsQuery
  readonly #limit: number

  constructor(
    count: Count,
    kept: readonly (readonly Kept[])[],
    number: (one: Kept) => number,
    query: DecisionsQuery,
  ) {
    this.#count = count
    this.#kept = kept
    this.#number = number
    this.#query = query
    this.#limit = query.limit ?? decisionsTold
  }

  newest(): LatestDecisions {
    const found = this.#kept.flatMap((kept) => this.#fitting(kept, kept.length - 1, -1))
    found.sort((a, b) => this.#number(b) - this.#number(a))
    const { decisions } = this.#page(found)
    return { decisions, cursor: this.#cursor(this.#count.issued), omitted: 0 }
  }

  since(after: string): LatestDecisions {
    const number = this.#number
    const { run, issued } = this.#count
    const [, ofRun, digits] = /^(.+)\.([0-9]{1,15})$/.exec(after) ?? []
    const isKnown = ofRun === run && Number(digits) <= issued
    const from = isKnown ? Number(digits) : 0
    const found = this.#kept.flatMap((kept) => this.#fitting(kept, firstAfter(kept, from, number), 1))
    found.sort((a, b) => number(a) - number(b))
    const { decisions, last } = this.#page(found)
    // Where the page is full what comes after its last has not been looked at.
    const to = last === undefined ? issued : number(last)
    const present = this.#kept.reduce(
      (sum, kept) => sum + firstAfter(kept, to, number) - firstAfter(kept, from, number),
      0,
    )
    return {
      decisions,
      cursor: this.#cursor(to),
      omitted: to - from - present,
      ...(!isKnown && { restarted: true as const }),
    }
  }

  /** As many as are asked for, from an index on. */
  #fitting(kept: readonly Kept[], start: number, step: 1 | -1): Kept[] {
    const sender = this.#query.sender?.toLowerCase()
    const found: Kept[] = []
    for (let index = start; index >= 0 && index < kept.length; index += step) {
      const one = kept[index] as Kept
      if (!fits(one.record, this.#query, sender)) continue
      found.push(one)
      if (found.length === this.#limit) break
    }
    return found
  }

  /** Those that an answer takes. `last` is the last of them if there may be more. */
  #page(found: readonly Kept[]): { decisions: LatestDecision[]; last: Kept | undefined } {
    const decisions: LatestDecision[] = []
    let units = 0
    for (const one of found) {
      const decision = this.#shown(one)
      units += JSON.stringify(decision).length
      if (decisions.length > 0 && units > decisionsReplyUnitsMax) break
      decisions.push(decision)
      if (decisions.length === this.#limit) break
    }
    const isFull = decisions.length === this.#limit || decisions.length < found.length
    return { decisions, last: isFull ? found[decisions.length - 1] : undefined }
  }

  #shown(one: Kept): LatestDecision {
    const { record, evaluator, toldMs } = one
    return {
      cursor: this.#cursor(this.#number(one)),
      ...record,
      ...(evaluator !== undefined && { evaluator }),
      toldMs,
    }
  }

  #cursor(number: number): string {
    return `${this.#count.run}.${number}`
  }
}
