/**
 * The questions of a sweep as blocks, without encoding anything twice. An operation's block is its principal's user block with another
 * kind, a number, and two texts behind all others, so only those are written for each point:
 *
 *     principal p: user, quota if asked for, operation 0, operation 1, ...        principal p + 1: ...
 */

import { at, kindNumber } from '../wire/layout.ts'

/** An operation, its texts in UTF-16. */
export interface OperationBytes {
  readonly operation: number
  readonly action: Buffer
  readonly resourceUri: Buffer
}

const ACTION = at.texts + 64
const RESOURCE_URI = at.texts + 72

export type PointKind = 'user' | 'quota' | 'operation'

/** What a point's number means. */
export function pointOf(
  point: number,
  operations: number,
  hasQuota: boolean,
): { principal: number; kind: PointKind; operation: number } {
  const others = hasQuota ? 2 : 1
  const principal = Math.floor(point / (others + operations))
  const within = point % (others + operations)
  const kind = within === 0 ? 'user' : within < others ? 'quota' : 'operation'
  return { principal, kind, operation: within - others }
}

export function pointCount(principals: number, operations: number, hasQuota: boolean): number {
  return principals * ((hasQuota ? 2 : 1) + operations)
}

/** Writes blocks, one at a time: each is valid until the next one. */
export class PointBlocks {
  readonly #principals: readonly Buffer[]
  readonly #operations: readonly OperationBytes[]
  readonly #bytes: Buffer
  #principal = -1

  constructor(principals: readonly Buffer[], operations: readonly OperationBytes[]) {
    this.#principals = principals
    this.#operations = operations
    const longest = (sizes: readonly number[]) => sizes.reduce((most, size) => Math.max(most, size), 0)
    this.#bytes = Buffer.alloc(
      longest(principals.map(({ length }) => length)) +
        longest(operations.map(({ action, resourceUri }) => action.length + resourceUri.length)),
    )
  }

  write(principal: number, kind: PointKind, operation: number): Buffer {
    const user = this.#principals[principal] as Buffer
    if (kind === 'user') return user
    const bytes = this.#bytes
    if (this.#principal !== principal) {
      user.copy(bytes)
      this.#principal = principal
    }
    bytes.writeUInt16LE(kindNumber[kind], at.kind)
    if (kind === 'quota') return this.#end(user.length, 0, [0, 0, 0, 0])
    const { operation: number, action, resourceUri } = this.#operations[operation] as OperationBytes
    const middle = user.length + action.copy(bytes, user.length)
    const end = middle + resourceUri.copy(bytes, middle)
    return this.#end(end, number, [user.length, action.length / 2, middle, resourceUri.length / 2])
  }

  #end(size: number, operation: number, pairs: readonly [number, number, number, number]): Buffer {
    const bytes = this.#bytes
    bytes.writeUInt32LE(size, at.totalSize)
    bytes.writeUInt32LE(operation, at.operation)
    bytes.writeUInt32LE(pairs[0], ACTION)
    bytes.writeUInt32LE(pairs[1], ACTION + 4)
    bytes.writeUInt32LE(pairs[2], RESOURCE_URI)
    bytes.writeUInt32LE(pairs[3], RESOURCE_URI + 4)
    return bytes.subarray(0, size)
  }
}
