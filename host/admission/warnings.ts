/**
 * What an author should know about a module that is admitted: it is near a bound, or does something that
 * costs. A warning changes nothing. Each has a code, which is stable, and a text.
 */

import { fuelPerStart, memoryPagesMax, warningShare } from '../limits.ts'
import type { BegunFigures, Tried, VectorFigures } from './report.ts'
import type { WrongResult } from './sample-questions.ts'

export const warningCodes = [
  'WARN_NEAR_BOUND',
  'WARN_MEMORY_GROWS',
  'WARN_EXPORTS_DROPPED',
  'WARN_WRONG_RESULT',
] as const

export type WarningCode = (typeof warningCodes)[number]

export interface Warning {
  readonly code: WarningCode
  readonly message: string
}

const PAGE_BYTES = 65_536

/** Names of dropped exports that a warning lists; the report has all of them. */
const NAMES_SHOWN_MAX = 5

/** None if the figure is not above its share of the bound. */
export function nearBound(what: string, figure: number, most: number): Warning[] {
  if (figure <= most * warningShare) return []
  return [{ code: 'WARN_NEAR_BOUND', message: `${what}: ${figure} of at most ${most}` }]
}

export function exportsDropped(names: readonly string[]): Warning[] {
  if (names.length === 0) return []
  const more = names.length > NAMES_SHOWN_MAX ? ` and ${names.length - NAMES_SHOWN_MAX} more` : ''
  const shown = `${names.slice(0, NAMES_SHOWN_MAX).join(', ')}${more}`
  return [{ code: 'WARN_EXPORTS_DROPPED', message: `exports that no policy needs are dropped: ${shown}` }]
}

/** A guest that has grown is not put back but made anew, which takes longer than most decisions. */
function memoryGrows(begun: BegunFigures, tried: readonly Tried[]): Warning[] {
  const grown = tried.filter(({ memoryPages }) => memoryPages > begun.memoryPages)
  if (grown.length === 0) return []
  const most = Math.max(...grown.map(({ memoryPages }) => memoryPages))
  const pages = `from ${begun.memoryPages} to ${most} pages`
  return [
    {
      code: 'WARN_MEMORY_GROWS',
      message: `the memory grew ${pages} in ${grown.length} of ${tried.length} vectors; declare more from the start`,
    },
  ]
}

/** It may be one question that a hand-written policy cannot answer; most often it is a wrong return type. */
function wrongResultWarnings(wrong: readonly WrongResult[]): Warning[] {
  return wrong.map(({ name, type, detail }) => {
    // The one record that is a Decision, and none for this function.
    const isRedirect = detail.endsWith('returned "redirect"')
    const message = isRedirect
      ? `${detail} to a sample question; it may only allow or deny, and a redirect belongs into authzUser`
      : `${name} returned no ${type} to a sample question (${detail}); ` +
        `declare it to return a ${type}, because a host takes nothing else for an answer`
    return { code: 'WARN_WRONG_RESULT', message }
  })
}

/** Of a policy that was tried, with so much fuel for a decision. */
export function warningsOf(
  begun: BegunFigures,
  tried: readonly Tried[],
  wrongResults: readonly WrongResult[],
  { fuel }: VectorFigures,
  fuelPerDecision: number,
): Warning[] {
  const used = Math.max(begun.memoryPages, ...tried.map(({ memoryPages }) => memoryPages))
  return [
    ...nearBound('fuel of the start function and the settings', begun.startFuelUsed, fuelPerStart),
    ...nearBound('bytes that every call starts from', begun.imageBytes, memoryPagesMax * PAGE_BYTES),
    ...nearBound('pages of memory', used, memoryPagesMax),
    ...memoryGrows(begun, tried),
    ...wrongResultWarnings(wrongResults),
    ...(fuel === null
      ? []
      : nearBound(`fuel of a decision, in the vector ${fuel.mostVector}`, fuel.most, fuelPerDecision)),
  ]
}
