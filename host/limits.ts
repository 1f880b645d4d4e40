/**
 * Every bound of the host, with its reason, and the relations between them. The plug-in's bounds are in
 * native/plugin/limits.h, those of the layouts in wire/layout.ts.
 */

import { strict as assert } from 'node:assert'

/** A policy is small: the examples have 3 to 6 KiB, and eager compilation of 256 KiB takes tens of milliseconds. */
export const moduleBytesMax = 256 * 1024

/** 1 MiB: reading over it costs at most a few cache misses an access, and zeroing it some 50 µs. */
export const memoryPagesMax = 16

/** A policy's table serves indirect calls; V8's own limit of ten million entries costs 270 MB. */
export const tableEntriesMax = 1000

/**
 * Fuel for one policy in one decision; its user and its operation question share it. At 5 ns a unit, the most that
 * `npm run bench` may show for any kernel, that is 5 ms.
 */
export const fuelPerDecision = 1_000_000

/** What an operator may give a tenant at most: half of what a counter of 32 bits holds, some seconds. */
export const fuelMax = 2 ** 30

/** Fuel for the start function, once for each instance. */
export const fuelPerStart = 1_000_000

/**
 * A slot is a parameter, a local or an operand, eight bytes at most on V8's stack: 256 KiB of its 984. The
 * rest is for what frames need beside slots, and for what the optimising compiler inlines.
 */
export const stackSlotsMax = 32_768

/** Return address, frame pointer, instance, feedback: what a frame of V8 has beside its slots. */
export const frameSlotsOverhead = 8

/** Functions inside one another: more is a mistake, not a policy. */
export const stackDepthMax = 512

/** The least that a frame counts as, so that one counter bounds both slots and depth. */
export const frameSlotsMin = stackSlotsMax / stackDepthMax

/** Processor time for one question. A decision takes well under a millisecond. */
export const processorMsMax = 100

/** Wall time for one question, for what uses no processor time. */
export const wallMsMax = 1000

/** What a message of `env.abort`, and the file it names, may have; what is longer is cut. */
export const abortTextUnitsMax = 512

/** Evaluators: one for each core of the largest machine that we know to run IIS; the plug-in knows no more. */
export const evaluatorsMax = 64

/** What is kept of anything that an evaluator prints: a stack trace fits. */
export const printedBytesMax = 4096

/** Policies that an evaluator names when it could not load them; more would not make the message clearer. */
export const faultsReportedMax = 100

/** What is said of one of them: a module chooses the names in it, and escaping makes them six times as long. */
export const faultTextUnitsMax = 512

/** What a decision's record keeps of a caller's name, action and resource; the rest is cut, with its length. */
export const recordTextUnitsMax = 512

/** A new evaluator loads koffi and compiles every policy; this tells a slow one from one that hangs. */
export const evaluatorReadyMsMax = 30_000

/** How long the supervisor waits for evaluators to finish what was accepted before it kills them. */
export const closeMsMax = 5_000

/** An evaluator that dies before it has served is started again after this long, doubling from first to last. */
export const restartMsMin = 100
export const restartMsMax = 5_000

assert(Number.isInteger(frameSlotsMin) && frameSlotsMin > frameSlotsOverhead)
assert(fuelPerDecision <= fuelMax && fuelPerStart <= fuelMax)
assert(processorMsMax < wallMsMax, 'a policy that computes is judged by its own time, not by the clock')
assert(wallMsMax < closeMsMax, 'a question that was accepted is answered or killed before closing gives up')
assert(restartMsMin < restartMsMax)
