/** What admission says of a module, for people: a verdict, and the figures that matter. */

import type { Report } from '../admission/report.ts'
import { fuelPerStart, memoryPagesMax } from '../limits.ts'

export type Line = readonly [label: string, text: string]

function number(value: number): string {
  return value.toLocaleString('en-US')
}

/** Of one that was admitted. */
export function admittedText({ vectors }: Report): string {
  if (vectors === null || vectors.count === 0) return 'admitted: it starts; no vectors were asked of it'
  return `admitted: it starts, and meets ${vectors.count === 1 ? 'its vector' : `all ${vectors.count} vectors`}`
}

function moduleLine({ bytes, meteredBytes, functions, globals, queryQuota }: Report): Line {
  const sizes = `${number(bytes)} bytes (${number(meteredBytes)} metered)`
  const quota = queryQuota ? 'with' : 'without'
  return [
    'module',
    `${sizes}, ${number(functions)} functions, ${number(globals)} globals, ${quota} queryQuota`,
  ]
}

function memoryLine({ memoryPages: { minimum, maximum, used }, imageBytes }: Report): Line {
  const most = Math.min(maximum ?? memoryPagesMax, memoryPagesMax)
  const begins = imageBytes === null ? '' : `; a call starts from ${number(imageBytes)} bytes`
  return ['memory', `${minimum} to ${most} pages${used === null ? '' : `, ${used} used`}${begins}`]
}

function triedLines({ compileMs, startFuelUsed, vectors }: Report, fuelMax: number | undefined): Line[] {
  const lines: Line[] = []
  if (startFuelUsed !== null) {
    const fuel = `${number(startFuelUsed)} of ${number(fuelPerStart)} fuel`
    lines.push(['start', `${fuel}; compiled in ${compileMs} ms`])
  }
  const fuel = vectors?.fuel ?? null
  if (fuel !== null) {
    const { least, median, most, mostVector } = fuel
    const range = `least ${number(least)}, median ${number(median)}, most ${number(most)}`
    const of = fuelMax === undefined ? '' : ` of ${number(fuelMax)}`
    lines.push(['decision', `${range}${of} fuel (most: ${mostVector})`])
  }
  return lines
}

/** `fuelMax`: what a decision may use, if that is known. */
export function reportLines(report: Report, fuelMax?: number): Line[] {
  return [
    moduleLine(report),
    memoryLine(report),
    ...triedLines(report, fuelMax),
    ...report.warnings.map(({ code, message }): Line => ['warning', `${message} [${code}]`]),
  ]
}
