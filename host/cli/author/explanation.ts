/** From counted pieces of code to functions and lines, in the order in which a person looks for them. */

import type { Sources } from './source-map.ts'
import type { TracedPolicy } from './traced-policy.ts'

export interface CalledFunction {
  readonly name: string
  readonly calls: number
}

export interface ExplainedLine {
  /** From 1. */
  readonly line: number
  /** How often it ran; null for a line that has no code. */
  readonly times: number | null
  /** Whether a part of it ran less often than the rest. */
  readonly isPartial: boolean
  readonly text: string
}

export interface ExplainedFile {
  readonly file: string
  readonly lines: readonly ExplainedLine[]
}

type Traced = Pick<TracedPolicy, 'pieces' | 'functionNames'>

/** Those that were called. A function is called as often as its first piece runs. */
export function calledFunctions({ pieces, functionNames }: Traced): CalledFunction[] {
  const calls = new Map<number, number>()
  for (const { body, times } of pieces) if (!calls.has(body)) calls.set(body, times)
  return [...calls]
    .filter(([, times]) => times > 0)
    .map(([body, times]) => ({ name: functionNames[body] ?? `function ${body}`, calls: times }))
}

/** The files of which something ran, whole. */
export function explainedFiles({ pieces }: Traced, sources: Sources): ExplainedFile[] {
  const counts = new Map<string, Map<number, number[]>>()
  for (const { offsets, times } of pieces) {
    for (const offset of offsets) {
      const place = sources.place(offset)
      if (place === undefined) continue
      const lines = counts.get(place.file) ?? new Map<number, number[]>()
      counts.set(place.file, lines)
      lines.set(place.line, [...(lines.get(place.line) ?? []), times])
    }
  }
  return [...counts]
    .filter(([, lines]) => [...lines.values()].flat().some((times) => times > 0))
    .map(([file, lines]) => ({
      file,
      lines: sources.lines(file).map((text, index) => {
        const times = lines.get(index + 1)
        const most = times && Math.max(...times)
        return {
          line: index + 1,
          times: most ?? null,
          isPartial: times?.includes(0) === true && most !== 0,
          text,
        }
      }),
    }))
}
