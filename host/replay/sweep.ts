/**
 * Asks two modules the same questions: every principal for itself and for every operation. The points are sent to each process once,
 * then ranges of their numbers; what comes back is only what differs:
 *
 *     ranges, in order --> first free process --> what differs, put together in the order of the points
 *
 * Nothing of a module is compiled or run here: both are admitted, and swept, in processes of their own.
 */

import { availableParallelism } from 'node:os'

import { admit } from '../admission/admission.ts'
import { PortcullisError } from '../errors.ts'
import { fuelPerDecision, replayWallMsMax, sweepAnswerBytesMax, sweepBytesMax } from '../limits.ts'
import { replayMains } from '../paths.ts'
import type { Settings } from '../wire/settings-block.ts'
import { Child } from './child.ts'
import { childFrame } from './child-input.ts'
import { type Change, changes } from './compare.ts'
import { FuelChange, type FuelSummary } from './fuel-change.ts'
import { pointCount, pointOf } from './point-blocks.ts'
import type { Points } from './sweep-files.ts'
import { type PointExample, type Swept, sweptSchema, type ToSweep } from './sweep-messages.ts'

/** Given to a process at once: some hundredths of a second's work, so that all of them end at the same time. */
const RANGE_POINTS = 4096

/** Of a change: principals that are shown with examples, and examples of each. */
const PRINCIPALS_SHOWN_MAX = 10
const EXAMPLES_MAX = 3

export interface SweepModule {
  /** The upload. */
  readonly bytes: Buffer
  readonly settings?: Settings
  /** For messages. */
  readonly name: string
}

/** What a principal sees of a change. */
export interface PrincipalChange {
  /** Place among the principals, from 0. */
  readonly principal: number
  readonly count: number
  readonly examples: readonly PointExample[]
}

export interface SweepReport {
  readonly points: number
  /** Which of them have other rights, quotas or reasons: all that is counted in `changes`. */
  readonly different: number
  readonly hasQuota: boolean
  readonly changes: Readonly<
    Record<Change, { readonly count: number; readonly principals: readonly PrincipalChange[] }>
  >
  readonly fuel: FuelSummary
  /** The points whose fuel changes most, either way. */
  readonly most: PointExample | null
  readonly least: PointExample | null
}

interface Admitted {
  readonly metered: Buffer
  readonly settings: Settings | null
  readonly hasQuota: boolean
}

/** Throws with the code of a refusal. */
async function admitModule({ bytes, settings, name }: SweepModule): Promise<Admitted> {
  const admission = await admit(bytes, settings && { settings })
  if (admission.admitted) {
    const { metered, report } = admission
    return { metered, settings: settings ?? null, hasQuota: report.queryQuota }
  }
  const [error] = admission.errors
  throw new PortcullisError(error?.code ?? 'ERR_HOST_FAULT', `${name} is refused: ${error?.message}`)
}

function fuelChange(example: PointExample | null): number {
  return example === null ? 0 : example.b.fuelUsed - example.a.fuelUsed
}

/** Of one change and one principal, with room for so many examples. */
interface Found {
  count: number
  readonly room: number
  readonly examples: PointExample[]
}

/** Puts together what comes of the ranges; they are given in the order of their points. */
class SweepTally {
  readonly #changes = new Map<Change, Map<number, Found>>()
  readonly #fuel = new FuelChange()
  #most: PointExample | null = null
  #least: PointExample | null = null

  add({ changes: found, fuel, most, least }: Swept): void {
    for (const { change, principal, count, examples } of found) {
      const principals = this.#changes.get(change) ?? new Map<number, Found>()
      this.#changes.set(change, principals)
      const room = principals.size < PRINCIPALS_SHOWN_MAX ? EXAMPLES_MAX : 0
      const known = principals.get(principal) ?? { count: 0, room, examples: [] }
      principals.set(principal, known)
      known.count += count
      known.examples.push(...examples.slice(0, known.room - known.examples.length))
    }
    for (const [change, count] of fuel) this.#fuel.add(change, count)
    if (fuelChange(most) > fuelChange(this.#most)) this.#most = most
    if (fuelChange(least) < fuelChange(this.#least)) this.#least = least
  }

  report(points: number, hasQuota: boolean): SweepReport {
    const of = (change: Change) => {
      const principals = [...(this.#changes.get(change) ?? [])].map(([principal, { count, examples }]) => ({
        principal,
        count,
        examples,
      }))
      return { count: principals.reduce((sum, { count }) => sum + count, 0), principals }
    }
    const all = {
      allowed: of('allowed'),
      denied: of('denied'),
      administrator: of('administrator'),
      quota: of('quota'),
      reason: of('reason'),
    }
    return {
      points,
      different: changes.reduce((sum, change) => sum + all[change].count, 0),
      hasQuota,
      changes: all,
      fuel: this.#fuel.summary(),
      most: this.#most,
      least: this.#least,
    }
  }
}

function ended(child: Child, from: number, to: number): PortcullisError {
  const how = child.killedFor ?? child.ended ?? 'it said what it cannot know'
  return new PortcullisError('ERR_ADMISSION_CRASH', `at a point from ${from} to ${to - 1}: ${how}`)
}

async function ask(child: Child, from: number, to: number): Promise<Swept> {
  const message: ToSweep = { type: 'sweep', from, to }
  const [line] = await child.ask(childFrame(message), 1)
  if (line === undefined) throw ended(child, from, to)
  const validate = sweptSchema()
  let swept: unknown
  try {
    swept = JSON.parse(line)
  } catch {
    throw ended(child, from, to)
  }
  if (!validate(swept) || swept.next <= from || swept.next > to) throw ended(child, from, to)
  // Every point is counted once, in the fuel; what it says of others is not believed.
  const counted = swept.fuel.reduce((sum, [, count]) => sum + count, 0)
  if (counted !== swept.next - from) throw ended(child, from, to)
  return swept
}

function pointsFrame(
  { blocks, operations }: Points,
  [a, b]: readonly [Admitted, Admitted],
  hasQuota: boolean,
): Buffer {
  const message: ToSweep = {
    type: 'points',
    settings: [a.settings, b.settings],
    principals: blocks.length,
    operations: operations.map(({ operation }) => operation),
    hasQuota,
    fuelPerDecision,
  }
  const texts = operations.flatMap(({ action, resourceUri }) => [action, resourceUri])
  const parts = [a.metered, b.metered, ...blocks, ...texts.map((text) => Buffer.from(text, 'utf16le'))]
  const bytes = parts.reduce((sum, { length }) => sum + length, 0)
  if (bytes > sweepBytesMax) {
    const advice = `at most ${sweepBytesMax} are swept; divide the principals among several files`
    throw new PortcullisError('ERR_QUESTION_FILE', `principals and resources take ${bytes} bytes, ${advice}`)
  }
  return childFrame(message, parts)
}

export interface SweepOptions {
  readonly processes?: number
  /** The script that sweeps, but in tests the installed one. */
  readonly main?: string
  readonly progress?: (points: number, of: number) => void
}

/** Throws with the code of a refusal; ERR_ADMISSION_CRASH if a process ended before it had answered. */
export async function sweep(
  points: Points,
  modules: readonly [SweepModule, SweepModule],
  { processes = availableParallelism(), main = replayMains.sweep, progress = () => {} }: SweepOptions = {},
): Promise<SweepReport> {
  const [a, b] = await Promise.all([admitModule(modules[0]), admitModule(modules[1])])
  const hasQuota = a.hasQuota || b.hasQuota
  const count = pointCount(points.blocks.length, points.operations.length, hasQuota)
  const frame = pointsFrame(points, [a, b], hasQuota)
  const tally = new SweepTally()
  /** Answers of ranges that come after one that is under way. */
  const early = new Map<number, Swept[]>()
  let [begun, tallied] = [0, 0]
  const settle = (from: number, swept: Swept[]) => {
    early.set(from, swept)
    for (let next = early.get(tallied); next !== undefined; next = early.get(tallied)) {
      early.delete(tallied)
      for (const one of next) tally.add(one)
      tallied = next.at(-1)?.next ?? count
    }
    progress(tallied, count)
  }
  const work = async (child: Child): Promise<void> => {
    child.send(frame)
    while (begun < count) {
      const from = begun
      const to = Math.min(count, from + RANGE_POINTS)
      begun = to
      const swept: Swept[] = []
      for (let next = from; next < to; next = swept.at(-1)?.next ?? to) swept.push(await ask(child, next, to))
      settle(from, swept)
    }
  }
  const ranges = Math.ceil(count / RANGE_POINTS)
  const bounds = { wallMs: replayWallMsMax, lineBytes: sweepAnswerBytesMax }
  const children = Array.from({ length: Math.min(processes, ranges) }, () => new Child(main, bounds))
  try {
    await Promise.all(children.map(work))
  } finally {
    for (const child of children) child.kill('nobody asks any more')
  }
  return tally.report(count, hasQuota)
}

/** What is at a point: who asks, and for an operation what. */
export function describePoint({ principals, operations }: Points, point: number, hasQuota: boolean) {
  const { principal, kind, operation } = pointOf(point, operations.length, hasQuota)
  return { principal: principals[principal], kind, ...(kind === 'operation' && { ...operations[operation] }) }
}
