/**
 * The second step of admission, a process of its own and the first that runs a tenant's code: it compiles the
 * metered module whole, begins it as an evaluator would, asks every vector, and says what came of it. What is
 * expected it is not told. Nobody takes more from it than figures and a veto.
 */

import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

import { Policy } from '../engine/policy.ts'
import { compileMetered, type PolicyModule } from '../engine/policy-module.ts'
import { PortcullisError } from '../errors.ts'
import type { Settings } from '../wire/settings-block.ts'
import { decideAlone } from './decide-alone.ts'
import type { Refused, TryAsked, TrySaid } from './read-said.ts'
import { askSamples } from './sample-questions.ts'
import { decodeStepFrame, encodeStepFrame } from './step-frame.ts'

const STANDARD_INPUT = 0
const STANDARD_OUTPUT = 1
const PAGE_BYTES = 65_536

function compile(metered: Buffer, settings: Settings | null): PolicyModule | Refused {
  try {
    return compileMetered(metered, settings ?? undefined)
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    return { code: error.code, detail: error.detail, offset: null }
  }
}

function tryOut(
  metered: Buffer,
  blocks: readonly Buffer[],
  { settings, fuelPerDecision }: TryAsked,
): TrySaid {
  const digest = createHash('sha256').update(metered).digest('hex')
  const startedMs = performance.now()
  const module = compile(metered, settings)
  const compileMs = Math.round((performance.now() - startedMs) * 10) / 10
  if ('code' in module) return { metered: digest, refused: module }
  const policy = new Policy(module)
  if (policy.failure !== undefined) {
    const { error: code, detail } = policy.failure
    return {
      metered: digest,
      refused: { code, detail: detail || 'before it was asked anything', offset: null },
    }
  }
  const { startFuelUsed, imageBytes, memoryBytes } = policy
  const begun = { compileMs, startFuelUsed, imageBytes, memoryPages: memoryBytes / PAGE_BYTES }
  const tried = blocks.map((block) => {
    const { description, memoryBytes: used } = decideAlone(policy, block, fuelPerDecision)
    return { description, memoryPages: used / PAGE_BYTES }
  })
  const wrongResults = askSamples(policy, fuelPerDecision)
  return { metered: digest, begun, tried, wrongResults }
}

const frame = decodeStepFrame(readFileSync(STANDARD_INPUT))
const [metered, ...blocks] = frame?.parts ?? []
if (metered === undefined)
  throw new PortcullisError('ERR_HOST_FAULT', 'a step of admission was sent no frame')
writeFileSync(STANDARD_OUTPUT, encodeStepFrame(tryOut(metered, blocks, frame?.header as TryAsked)))
