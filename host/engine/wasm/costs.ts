/**
 * What each instruction costs in fuel. A unit is meant to be at most 5 ns of processor time on the slowest machine
 * that we serve, whatever the instruction and whatever tier of V8 compiled it; `npm run bench` measures that over a kept
 * set of worst cases, and the weights are what it showed. Same module, same question, same fuel: so a change of any
 * number here is a new version of the table, and what was admitted under another version is admitted again.
 */

import { strict as assert } from 'node:assert'

import { moduleBytesMax } from '../../limits.ts'
import { admittedOpcodes, opcodeOf, operationOf } from './instructions.ts'

export const cost = {
  plain: 1,
  /** Loads and stores: page-crossing ones that wait for each other, in 1 MiB. */
  access: 4,
  /** An indirect call or jump, and a direct call with the frame that it makes. */
  transfer: 4,
  integerDivision: 16,
  /** Computing with floats: subnormal numbers are handled in microcode. */
  float: 32,
  /** A bulk operation of no bytes; those of n bytes cost n / 2 ** bulkShift more. Charged when it runs. */
  bulk: 64,
  bulkShift: 3,
  /** Charged when it runs, not with its region: an allocator has one in an arm that it seldom takes. */
  memoryGrow: 4_000,
  /** Of each iteration of a loop: its own metering. */
  iteration: 1,
  /** Of each call of a function: its own metering. */
  entry: 4,
  /** So many declared locals, which are set to zero in each call, cost one more. */
  localsForOne: 16,
} as const

/** What becomes no machine code, or is part of what stands beside it. */
const free = ['block', 'loop', 'else', 'end', 'nop', 'drop', 'unreachable']

const chargedWhenRun = ['memory.grow', 'memory.copy', 'memory.fill']

const transfers = ['call', 'call_indirect', 'br_table']

/** Float instructions that only move bits. */
const movesBits = /^f(32|64)\.(const|load|store|abs|neg|copysign|reinterpret_)/
const isFloat = /^f(32|64)\.|trunc_(sat_)?f/

function weigh(name: string): number {
  if (free.includes(name) || chargedWhenRun.includes(name)) return 0
  if (transfers.includes(name)) return cost.transfer
  if (/\.(load|store)/.test(name)) return cost.access
  if (/^i.*\.(div|rem)_/.test(name)) return cost.integerDivision
  if (isFloat.test(name) && !movesBits.test(name)) return cost.float
  return cost.plain
}

const weights = new Map<number, number>()
for (const opcode of admittedOpcodes()) weights.set(opcode, weigh(operationOf(opcode)?.name ?? ''))

/** Fuel of one execution, but for what is charged when it runs. */
export function weightOf(opcode: number): number {
  const weight = weights.get(opcode)
  assert(weight !== undefined)
  return weight
}

/** Every number that is ever subtracted from fuel is below this, so that no subtraction wraps around. */
export const chargeMax = 2 ** 30

assert(
  moduleBytesMax * Math.max(...weights.values()) < chargeMax,
  'a region of nothing but the dearest is below',
)
assert(2 ** 32 / 2 ** cost.bulkShift + cost.bulk < chargeMax, 'and so is a bulk operation of all addresses')
assert(cost.memoryGrow < chargeMax)
assert(weightOf(opcodeOf('i64.trunc_f64_s')) === cost.float)
