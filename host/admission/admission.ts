/**
 * Admission: the one way from an upload to bytes that an evaluator may run. Two processes see an upload
 * before that, and neither lives on:
 *
 *     upload --> rewrite step --> metered bytes --+--> caller, if nothing speaks against it
 *                                                 +--> try step --> figures, or a veto
 *
 * The bytes are the first step's, hashed here when they come; the second, which runs them, can take nothing
 * back and add nothing but figures. No part of the engine is loaded here: whoever admits runs no policy.
 */

import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'

import { type ErrorCode, PortcullisError } from '../errors.ts'
import {
  admissionWallMsMax,
  fuelPerDecision as defaultFuel,
  moduleBytesMax,
  vectorProblemsShownMax,
} from '../limits.ts'
import { admissionMains } from '../paths.ts'
import type { Description } from '../winrm/description.ts'
import { mismatch } from '../winrm/expectation.ts'
import { labelOf, type Vector } from '../winrm/vectors.ts'
import type { Settings } from '../wire/settings-block.ts'
import { runDisposable } from './disposable-process.ts'
import { type Refused, readRewriteSaid, readTrySaid, type TryAsked, type TrySaid } from './read-said.ts'
import { type ModuleFigures, type Report, type Tried, vectorFigures } from './report.ts'
import { encodeStepFrame } from './step-frame.ts'
import { Turns } from './turns.ts'
import { type Warning, warningsOf } from './warnings.ts'

export interface AdmissionError {
  readonly code: ErrorCode
  readonly message: string
  /** Bytes from the start of the upload; null where no one place is wrong. */
  readonly offset: number | null
}

export type Admission =
  | { readonly admitted: true; readonly metered: Buffer; readonly report: Report }
  /** The report has what was known by then; null if the upload could not be rewritten. */
  | {
      readonly admitted: false
      readonly errors: readonly AdmissionError[]
      readonly report: Report | null
    }

export interface AdmissionOptions {
  readonly settings?: Settings
  readonly vectors?: readonly Vector[]
  readonly fuelPerDecision?: number
}

/** The scripts of the steps, and how long each may take. */
export interface Steps {
  readonly rewrite: string
  readonly try: string
  readonly wallMs: number
}

const installedSteps: Steps = { ...admissionMains, wallMs: admissionWallMsMax }

/** Processes that compute at the same time, of all admissions together. */
const turns = new Turns(availableParallelism())

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function errorOf(
  { code, detail }: Pick<Refused, 'code' | 'detail'>,
  offset: number | null = null,
): AdmissionError {
  return { code, message: new PortcullisError(code, detail).message, offset }
}

/**
 * What `work` resolves to, or the error with which its step is a veto. Other errors are the installation's.
 */
async function orVeto<Said>(work: () => Promise<Said>): Promise<Said | PortcullisError> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof PortcullisError && error.code.startsWith('ERR_ADMISSION_')) return error
    throw error
  }
}

async function rewrite(upload: Uint8Array, { rewrite: main, wallMs }: Steps) {
  return orVeto(async () => readRewriteSaid(await turns.take(() => runDisposable(main, upload, wallMs))))
}

async function tryOut(
  metered: Buffer,
  meteredSha256: string,
  vectors: readonly Vector[],
  asked: TryAsked,
  { try: main, wallMs }: Steps,
): Promise<TrySaid | PortcullisError> {
  const input = encodeStepFrame(asked, [metered, ...vectors.map(({ block }) => block)])
  return orVeto(async () =>
    readTrySaid(await turns.take(() => runDisposable(main, input, wallMs)), meteredSha256, vectors.length),
  )
}

/** What is known of a module that has been rewritten and not been tried. */
function reportOf(
  upload: Uint8Array,
  metered: Buffer,
  meteredSha256: string,
  figures: ModuleFigures,
  warnings: readonly Warning[],
): Report {
  return {
    sha256: sha256(upload),
    bytes: upload.length,
    meteredSha256,
    meteredBytes: metered.length,
    ...figures,
    memoryPages: { ...figures.memoryPages, used: null },
    compileMs: null,
    startFuelUsed: null,
    imageBytes: null,
    vectors: null,
    warnings,
  }
}

function unmet(vectors: readonly Vector[], tried: readonly Tried[]): AdmissionError[] {
  return vectors.flatMap((vector, index) => {
    const { description } = tried[index] as Tried
    const problem = mismatch(vector.expect, vector.question.kind, description)
    if (problem === undefined) return []
    return [errorOf({ code: 'ERR_ADMISSION_VECTOR', detail: `${labelOf(vector)}: ${problem}` })]
  })
}

/**
 * What a policy that is admitted answers. Throws ERR_ADMISSION_CRASH and the like if its process does not end in order, and
 * what speaks against the policy if it cannot begin.
 */
export async function answersOf(
  metered: Buffer,
  meteredSha256: string,
  vectors: readonly Vector[],
  asked: TryAsked,
): Promise<Description[]> {
  const said = await tryOut(metered, meteredSha256, vectors, asked, installedSteps)
  if (said instanceof PortcullisError) throw said
  if ('refused' in said) throw new PortcullisError(said.refused.code, said.refused.detail)
  return said.tried.map(({ description }) => description)
}

/**
 * The first step alone, for modules that were admitted before: the metered bytes. Rejects with the code of a refusal, or if the
 * installation is not whole.
 */
export async function meter(upload: Uint8Array, steps: Steps = installedSteps): Promise<Buffer> {
  const rewritten = await rewrite(upload, steps)
  if (rewritten instanceof PortcullisError) throw rewritten
  if ('refused' in rewritten) throw new PortcullisError(rewritten.refused.code, rewritten.refused.detail)
  return Buffer.from(rewritten.metered as Buffer)
}

/** Rejects only if the installation is not whole; whatever an upload does is in what this resolves to. */
export async function admit(
  upload: Uint8Array,
  { settings, vectors = [], fuelPerDecision = defaultFuel }: AdmissionOptions = {},
  steps: Steps = installedSteps,
): Promise<Admission> {
  const refused = (errors: readonly AdmissionError[], report: Report | null): Admission => {
    return { admitted: false, errors, report }
  }
  // The rewriter's own check, here too: a step need not be sent what no step would take.
  if (upload.length > moduleBytesMax) {
    return refused([errorOf({ code: 'ERR_MODULE_SIZE', detail: `it has ${upload.length} bytes` })], null)
  }
  const uploaded = Buffer.from(upload) // what is rewritten is what is hashed, whatever becomes of the caller's bytes
  const rewritten = await rewrite(uploaded, steps)
  if (rewritten instanceof PortcullisError) return refused([errorOf(rewritten)], null)
  if ('refused' in rewritten) return refused([errorOf(rewritten.refused, rewritten.refused.offset)], null)
  const metered = Buffer.from(rewritten.metered as Buffer)
  const meteredSha256 = sha256(metered)
  const known = reportOf(uploaded, metered, meteredSha256, rewritten.figures, rewritten.warnings)
  const asked = { settings: settings ?? null, fuelPerDecision }
  const said = await tryOut(metered, meteredSha256, vectors, asked, steps)
  if (said instanceof PortcullisError) return refused([errorOf(said)], known)
  if ('refused' in said) return refused([errorOf(said.refused)], known)
  const { begun, tried, wrongResults } = said
  const errors = unmet(vectors, tried)
  const ofVectors = vectorFigures(vectors, tried, errors.length)
  const { memoryPages: begunPages, ...figures } = begun
  const report: Report = {
    ...known,
    ...figures,
    memoryPages: {
      ...known.memoryPages,
      used: Math.max(begunPages, ...tried.map(({ memoryPages }) => memoryPages)),
    },
    vectors: ofVectors,
    warnings: [...known.warnings, ...warningsOf(begun, tried, wrongResults, ofVectors, fuelPerDecision)],
  }
  if (errors.length > 0) return refused(errors.slice(0, vectorProblemsShownMax), report)
  return { admitted: true, metered, report }
}
