/**
 * What there is to know about an upload once it has been through admission, for its author and the operator.
 * The figures of the module come from the step that rewrote it, those of its running from the step that tried
 * it; nothing in the report decides anything. docs/reference/admission.md describes every member.
 */

import type { Description } from '../winrm/description.ts'
import type { Vector } from '../winrm/vectors.ts'
import type { Warning } from './warnings.ts'

/** Of a module, from its rewriting. */
export interface ModuleFigures {
  /** The version of the costs that its fuel is counted with. */
  readonly costTable: number
  /** The versions of the rewriter and of the costs: what another version admitted is admitted again. */
  readonly rewriter: string
  readonly functions: number
  readonly globals: number
  readonly tableEntries: number
  /** The maximum as it was declared: null if it was not. It is clamped to what a policy may have. */
  readonly memoryPages: { readonly minimum: number; readonly maximum: number | null }
  readonly exports: readonly string[]
  /** Exports that no policy needs, and that are not there when it runs. */
  readonly droppedExports: readonly string[]
  readonly queryQuota: boolean
}

/** Of a policy that has begun: its start function has run and its settings are in place. */
export interface BegunFigures {
  readonly compileMs: number
  readonly startFuelUsed: number
  /** Of its memory up to the last byte that is not zero, which every call starts from. */
  readonly imageBytes: number
  readonly memoryPages: number
}

/** One vector's decision. */
export interface Tried {
  readonly description: Description
  /** The most at the end of a call. */
  readonly memoryPages: number
}

export interface VectorFigures {
  readonly count: number
  readonly failed: number
  /**
   * Of a decision. The median of an even number is the smaller of the two in the middle. Null if there are no
   * vectors.
   */
  readonly fuel: {
    readonly least: number
    readonly median: number
    readonly most: number
    /** Its name, or its line. */
    readonly mostVector: string
  } | null
}

export interface Report extends ModuleFigures {
  /** Of the upload. */
  readonly sha256: string
  readonly bytes: number
  /** Of the module that runs, with its metering. */
  readonly meteredSha256: string
  readonly meteredBytes: number
  /** `used`: the most that it had while it was tried. */
  readonly memoryPages: ModuleFigures['memoryPages'] & { readonly used: number | null }
  // Null is what is not known, because the policy was not tried to the end.
  readonly compileMs: number | null
  readonly startFuelUsed: number | null
  readonly imageBytes: number | null
  readonly vectors: VectorFigures | null
  readonly warnings: readonly Warning[]
}

/** `failed` of the vectors are not met. */
export function vectorFigures(
  vectors: readonly Vector[],
  tried: readonly Pick<Tried, 'description'>[],
  failed: number,
): VectorFigures {
  const used = tried.map(({ description }) => description.fuelUsed)
  const sorted = [...used].sort((a, b) => a - b)
  const [least] = sorted
  const median = sorted[Math.floor((sorted.length - 1) / 2)]
  const most = sorted.at(-1)
  if (least === undefined || median === undefined || most === undefined)
    return { count: 0, failed, fuel: null }
  const { name, line } = vectors[used.indexOf(most)] as Vector
  return { count: used.length, failed, fuel: { least, median, most, mostVector: name ?? `line ${line}` } }
}
