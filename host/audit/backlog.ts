/**
 * Records that wait for the disk, and how many of those are not kept because there are too many. Bounded in records and in units of
 * their texts; what is beyond is counted by type, and becomes one gap as soon as half of the room is free again.
 *
 *     offer --> open batch --take--> sent --safe--> gone
 *       '-- no room --> counted -----------half free--> a gap, among the others
 *
 * Acts and quarantines have room that nothing else may take.
 */

import { auditBacklogMax, auditBacklogUnitsMax, auditBatchUnitsMax, auditReserve } from '../limits.ts'
import { type AuditGap, type Members, type RecordType, textOf } from './format.ts'

export interface BacklogBounds {
  readonly records: number
  readonly units: number
  /** Records beyond both, for what is reserved. */
  readonly reserve: number
}

const usualBounds = { records: auditBacklogMax, units: auditBacklogUnitsMax, reserve: auditReserve }

const reserved: ReadonlySet<RecordType> = new Set(['act', 'quarantined'])

/** Why records are not there that the host itself could not keep. */
export const NO_ROOM = 'no room before the disk'

interface Unsent {
  readonly texts: string[]
  units: number
  /** When its first record came. */
  readonly sinceMs: number
}

interface Sent {
  readonly records: number
  readonly units: number
  readonly sinceMs: number
}

/** What has not been kept since there was no room. */
interface Lost {
  readonly types: Record<string, number>
  /** Gaps of an unknown size among it. */
  hasUnknown: boolean
  readonly fromMs: number
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

export class Backlog {
  readonly #bounds: BacklogBounds
  readonly #unsent: Unsent[] = []
  readonly #sent: Sent[] = []
  #records = 0
  #units = 0
  #lost: Lost | undefined
  #gaps = 0
  #lostInGaps = 0

  constructor(bounds: BacklogBounds = usualBounds) {
    this.#bounds = bounds
  }

  /** That are not on the disk. */
  get records(): number {
    return this.#records
  }

  /** How long the oldest of them has waited. */
  ageMs(nowMs: number): number {
    const oldest = this.#sent[0] ?? this.#unsent[0]
    return oldest === undefined ? 0 : Math.max(0, nowMs - oldest.sinceMs)
  }

  /** From 0 to 1, of records or units, whichever is more. */
  get share(): number {
    return Math.max(this.#records / this.#bounds.records, this.#units / this.#bounds.units)
  }

  /** Gaps that have become records, or will. */
  get gaps(): number {
    return this.#gaps + (this.#lost === undefined ? 0 : 1)
  }

  /** Records in gaps whose size is known. */
  get lost(): number {
    return this.#lostInGaps + sumOf(this.#lost?.types ?? {})
  }

  /** Keeps a record or counts it. */
  offer<Type extends RecordType>(type: Type, timeMs: number, members: Members[Type], nowMs: number): void {
    if (!this.#hasRoomFor(type)) return this.#lose(type, members, nowMs)
    if (type === 'gap') this.#countGap(members as AuditGap)
    this.#keep(textOf(type, timeMs, members), nowMs)
  }

  /** What is to be handed over next; its records wait on until they are settled. */
  take(): string | undefined {
    const batch = this.#unsent.shift()
    if (batch === undefined) return undefined
    const { texts, units, sinceMs } = batch
    this.#sent.push({ records: texts.length, units, sinceMs })
    return texts.join('\n')
  }

  /** So many more of the batches that were taken are safe, from the oldest on. */
  settle(batches: number): void {
    for (const { records, units } of this.#sent.splice(0, batches)) {
      this.#records -= records
      this.#units -= units
    }
  }

  /** Nobody will say any more what became of the batches that were taken. The next thread finds a log that nobody closed. */
  abandon(): void {
    this.settle(this.#sent.length)
  }

  /** The log has a gap of unknown size since it was opened. */
  foundGap(): void {
    this.#gaps++
  }

  /** Puts down what was lost, if half of the room is free, or if it must be now. Returns how many records that is, if it did. */
  closeGap(nowMs: number, mustBe = false): number | undefined {
    if (this.#lost === undefined || (this.share > 1 / 2 && !mustBe)) return undefined
    const { types, hasUnknown, fromMs } = this.#lost
    this.#lost = undefined
    const lost = sumOf(types)
    if (lost > 0) this.#keepGap({ cause: NO_ROOM, lost, types, fromMs }, nowMs)
    if (hasUnknown) this.#keepGap({ cause: NO_ROOM, lost: 'unknown', fromMs }, nowMs)
    return lost
  }

  #keepGap(gap: AuditGap, nowMs: number): void {
    this.#countGap(gap)
    this.#keep(textOf('gap', nowMs, gap), nowMs)
  }

  #countGap({ lost }: AuditGap): void {
    this.#gaps++
    if (lost !== 'unknown') this.#lostInGaps += lost
  }

  #hasRoomFor(type: RecordType): boolean {
    const { records, units, reserve } = this.#bounds
    if (this.#lost === undefined && this.#records < records && this.#units < units) return true
    return reserved.has(type) && this.#records < records + reserve
  }

  #keep(text: string, nowMs: number): void {
    const last = this.#unsent.at(-1)
    const batch = last !== undefined && last.units < auditBatchUnitsMax ? last : this.#newBatch(nowMs)
    batch.texts.push(text)
    batch.units += text.length
    this.#records++
    this.#units += text.length
  }

  #newBatch(sinceMs: number): Unsent {
    const batch = { texts: [], units: 0, sinceMs }
    this.#unsent.push(batch)
    return batch
  }

  #lose<Type extends RecordType>(type: Type, members: Members[Type], nowMs: number): void {
    this.#lost ??= { types: {}, hasUnknown: false, fromMs: nowMs }
    const { types } = this.#lost
    const add = (name: string, count: number) => {
      types[name] = (types[name] ?? 0) + count
    }
    if (type !== 'gap') return add(type, 1)
    // What a gap stands for is not there either; the gap itself is no loss, for another one takes its place.
    const gap = members as AuditGap
    if (gap.lost === 'unknown') this.#lost.hasUnknown = true
    else for (const [name, count] of Object.entries(gap.types ?? { decision: gap.lost })) add(name, count)
  }
}
