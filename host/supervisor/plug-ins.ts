/**
 * The plug-ins that are connected or were refused lately: a row for each worker process and application in it, for `portcullis
 * status`. Fed by evaluators, which nobody vouches for, with what plug-ins say of themselves: the number of rows is bounded,
 * and where there is no room the account that has the most rows loses its oldest. So nobody can push others out by inventing
 * processes under its own account.
 */

import type { ConnectionRecord } from '../control/messages.ts'
import { plugInKeptMs, plugInsMax } from '../limits.ts'

/** What is known of a plug-in; `error` is why its last connection was refused, and absent if it was accepted. */
type Facts = Omit<ConnectionRecord, 'accepted' | 'denied'>

export interface PlugIn extends Facts {
  readonly connections: number
  /** When a connection of it last came or went. */
  readonly seenMs: number
  /** Sums of what it says that it denied by itself. */
  readonly denied: Readonly<Record<string, number>>
}

interface Row {
  readonly key: string
  facts: Facts
  connections: number
  seenMs: number
  /** Told with accepted hellos. */
  denied: Record<string, number>
  /** Told with refused ones, each of which repeats what the one before said: the most of each. */
  deniedSince: Record<string, number>
}

type Counts = Readonly<Record<string, number>>

function merged(
  counts: Counts,
  more: Counts,
  merge: (a: number, b: number) => number,
): Record<string, number> {
  const result = { ...counts }
  for (const [name, times] of Object.entries(more)) result[name] = merge(result[name] ?? 0, times)
  return result
}

const sum = (a: number, b: number) => a + b

function beyond(told: Counts, known: Counts): Counts {
  return Object.fromEntries(
    Object.entries(told).map(([name, times]) => [name, Math.max(0, times - (known[name] ?? 0))]),
  )
}

export class PlugIns {
  /** By process, application and account. A Map remembers in which order its entries were made: the last was seen last. */
  readonly #rows = new Map<string, Row>()
  /** The open connections of each evaluator, by their numbers. */
  readonly #open = new Map<object, Map<number, Row>>()
  #forgotten = 0

  /** Returns what the plug-in says for the first time that it denied by itself. */
  accepted(evaluator: object, connection: number, record: ConnectionRecord, nowMs: number): Counts {
    // Its end may have been among the messages that were lost.
    this.closed(evaluator, connection, nowMs)
    const row = this.#seen(record, nowMs)
    const news = beyond(record.denied ?? {}, row.deniedSince)
    row.denied = merged(row.denied, record.denied ?? {}, sum)
    row.deniedSince = {}
    row.connections++
    const open = this.#open.get(evaluator) ?? new Map<number, Row>()
    this.#open.set(evaluator, open.set(connection, row))
    return news
  }

  /** Likewise. */
  refused(record: ConnectionRecord, nowMs: number): Counts {
    const row = this.#seen(record, nowMs)
    const news = beyond(record.denied ?? {}, row.deniedSince)
    row.deniedSince = merged(row.deniedSince, record.denied ?? {}, Math.max)
    return news
  }

  /** A connection that was accepted has gone. */
  closed(evaluator: object, connection: number, nowMs: number): void {
    const row = this.#open.get(evaluator)?.get(connection)
    if (row === undefined) return
    this.#open.get(evaluator)?.delete(connection)
    row.connections--
    row.seenMs = nowMs
  }

  /** An evaluator has died, and its connections with it. */
  evaluatorGone(evaluator: object, nowMs: number): void {
    for (const connection of [...(this.#open.get(evaluator)?.keys() ?? [])]) {
      this.closed(evaluator, connection, nowMs)
    }
    this.#open.delete(evaluator)
  }

  /** Those refused first, then those that are connected, then those that have gone; and how many are not told of. */
  list(nowMs: number): { rows: PlugIn[]; forgotten: number } {
    this.#prune(nowMs)
    const rank = ({ facts, connections }: Row) => (facts.error !== undefined ? 0 : connections > 0 ? 1 : 2)
    const rows = [...this.#rows.values()].sort((a, b) => rank(a) - rank(b) || b.seenMs - a.seenMs)
    return {
      rows: rows.map(({ facts, connections, seenMs, denied, deniedSince }) => {
        return { ...facts, connections, seenMs, denied: merged(denied, deniedSince, sum) }
      }),
      forgotten: this.#forgotten,
    }
  }

  /** Open connections by tenant, also of those that have no row any more. */
  connectionsByTenant(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const open of this.#open.values()) {
      for (const { facts } of open.values()) {
        if (facts.tenant !== undefined) counts.set(facts.tenant, (counts.get(facts.tenant) ?? 0) + 1)
      }
    }
    return counts
  }

  #seen({ accepted: _, denied: __, ...facts }: ConnectionRecord, nowMs: number): Row {
    const key = JSON.stringify([facts.account, facts.processId, facts.application])
    const row = this.#rows.get(key) ?? {
      key,
      facts,
      connections: 0,
      seenMs: nowMs,
      denied: {},
      deniedSince: {},
    }
    // What this hello does not say, an earlier one has said: a connection that breaks the rules is refused with less.
    row.facts = facts.error === undefined ? facts : { ...row.facts, ...facts }
    row.seenMs = nowMs
    this.#rows.delete(key)
    if (this.#rows.size >= plugInsMax) this.#makeRoom(nowMs)
    this.#rows.set(key, row)
    return row
  }

  /** Rows of processes that have gone, or are not refused any more, because they have ended. */
  #prune(nowMs: number): void {
    for (const [key, { connections, seenMs }] of this.#rows) {
      if (connections === 0 && nowMs - seenMs > plugInKeptMs) this.#rows.delete(key)
    }
  }

  #makeRoom(nowMs: number): void {
    this.#prune(nowMs)
    if (this.#rows.size < plugInsMax) return
    const counts = new Map<string, number>()
    for (const { facts } of this.#rows.values())
      counts.set(facts.account, (counts.get(facts.account) ?? 0) + 1)
    const most = Math.max(...counts.values())
    const crowd = [...this.#rows.values()].filter(({ facts }) => counts.get(facts.account) === most)
    const victim = crowd.find(({ connections }) => connections === 0) ?? crowd[0]
    if (victim === undefined) return
    this.#rows.delete(victim.key)
    this.#forgotten++
  }
}
