/**
 * A process that asks two policies the same questions, and says where they differ. It has no environment, no file and no other way
 * out than its answers; it ends with its input. Each policy decides alone, as `portcullis run` lets it.
 */

import { decideAlone } from '../admission/decide-alone.ts'
import { Policy } from '../engine/policy.ts'
import { compileMetered } from '../engine/policy-module.ts'
import type { Description } from '../winrm/description.ts'
import { childInput, say } from './child-input.ts'
import { type Change, descriptionChange } from './compare.ts'
import { FuelChange } from './fuel-change.ts'
import { PointBlocks, pointOf } from './point-blocks.ts'
import type { PointExample, Swept, ToSweep } from './sweep-messages.ts'

/** An answer comes at least so often, so that a long one and none can be told apart. */
const ANSWER_MS = 1_000

/** Points between two looks at the clock. */
const CLOCK_POINTS = 64

/** Of one change of one principal, and of how many principals, in an answer. */
const EXAMPLES_MAX = 3
const PRINCIPALS_MAX = 10

/** Of one change and one principal, with room for so many examples. */
interface Found {
  count: number
  readonly room: number
  readonly examples: PointExample[]
}

/** What differs in a range, by change and principal. */
class Range {
  readonly #changes = new Map<Change, Map<number, Found>>()
  readonly fuel = new FuelChange()
  most: PointExample | null = null
  least: PointExample | null = null
  #most = 0
  #least = 0

  add(change: Change, principal: number, example: PointExample): void {
    const principals = this.#changes.get(change) ?? new Map<number, Found>()
    this.#changes.set(change, principals)
    const room = principals.size < PRINCIPALS_MAX ? EXAMPLES_MAX : 0
    const found = principals.get(principal) ?? { count: 0, room, examples: [] }
    principals.set(principal, found)
    found.count++
    if (found.examples.length < found.room) found.examples.push(example)
  }

  addFuel(point: number, a: Description, b: Description): void {
    const change = b.fuelUsed - a.fuelUsed
    this.fuel.add(change)
    if (change > this.#most) {
      this.#most = change
      this.most = { point, a, b }
    }
    if (change < this.#least) {
      this.#least = change
      this.least = { point, a, b }
    }
  }

  swept(next: number): Swept {
    const changes = [...this.#changes].flatMap(([change, principals]) =>
      [...principals].map(([principal, { count, examples }]) => ({ change, principal, count, examples })),
    )
    return { next, changes, fuel: this.fuel.counts, most: this.most, least: this.least }
  }
}

class Sweep {
  readonly #a: Policy
  readonly #b: Policy
  readonly #blocks: PointBlocks
  readonly #operations: number
  readonly #hasQuota: boolean
  readonly #fuel: number

  constructor(
    { settings: [a, b], principals, operations, hasQuota, fuelPerDecision }: ToSweep & { type: 'points' },
    [moduleA, moduleB, ...parts]: readonly Buffer[],
  ) {
    this.#a = new Policy(compileMetered(moduleA as Buffer, a ?? undefined))
    this.#b = new Policy(compileMetered(moduleB as Buffer, b ?? undefined))
    const texts = parts.slice(principals)
    this.#blocks = new PointBlocks(
      parts.slice(0, principals),
      operations.map((operation, index) => ({
        operation,
        action: texts[2 * index] as Buffer,
        resourceUri: texts[2 * index + 1] as Buffer,
      })),
    )
    this.#operations = operations.length
    this.#hasQuota = hasQuota
    this.#fuel = fuelPerDecision
  }

  run(from: number, to: number): Swept {
    const untilMs = performance.now() + ANSWER_MS
    const range = new Range()
    let point = from
    for (; point < to; point++) {
      if (point % CLOCK_POINTS === 0 && point > from && performance.now() > untilMs) break
      this.#ask(point, range)
    }
    return range.swept(point)
  }

  #ask(point: number, range: Range): void {
    const { principal, kind, operation } = pointOf(point, this.#operations, this.#hasQuota)
    const block = this.#blocks.write(principal, kind, operation)
    const { description: a } = decideAlone(this.#a, block, this.#fuel)
    const { description: b } = decideAlone(this.#b, block, this.#fuel)
    const change = descriptionChange(kind, a, b)
    if (change !== undefined) range.add(change, principal, { point, a, b })
    range.addFuel(point, a, b)
  }
}

let sweep: Sweep | undefined
for (const { header, parts } of childInput()) {
  const message = header as ToSweep
  if (message.type === 'points') sweep = new Sweep(message, parts)
  else if (sweep !== undefined) say(sweep.run(message.from, message.to))
}
