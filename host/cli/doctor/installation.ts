/** Whether every part is there and as it was released. */

import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

import { essentialParts, releaseSums, repair, root, version } from '../../paths.ts'
import { type Finding, looked, ok, problem } from './finding.ts'
import { missingParts } from './parts.ts'

/** What `sha256sum` writes: a sum, two spaces, a path from the top with slashes. */
const sumLine = /^([0-9a-f]{64}) {2}(.+)$/

/** Files that are told by name; the rest is counted. */
const SHOWN_MAX = 5

const unpack =
  'unpack the release again, beside this one or after stopping the host; find out who or what changed it'

function isAsReleased(path: string, sum: string): 'yes' | 'missing' | 'changed' {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex') === sum ? 'yes' : 'changed'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'changed'
  }
}

function named(paths: readonly string[]): string {
  const more = paths.length > SHOWN_MAX ? ` and ${paths.length - SHOWN_MAX} more` : ''
  return `${paths.slice(0, SHOWN_MAX).join(', ')}${more}`
}

function readSums(path: string): { sums: Map<string, string>; wrongLines: string[] } {
  const sums = new Map<string, string>()
  const wrongLines: string[] = []
  const lines = readFileSync(path, 'utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  lines.forEach((line, index) => {
    const [, sum, name] = sumLine.exec(line) ?? []
    if (sum === undefined || name === undefined) wrongLines.push(`${index + 1}`)
    else sums.set(name, sum)
  })
  return { sums, wrongLines }
}

/** What is wrong with the list itself, then what it says of the files. */
function lookAtSums(path: string): Finding[] {
  const { sums, wrongLines } = readSums(path)
  const unnamed = essentialParts
    .map((part) => relative(root, part).split(sep).join('/'))
    .filter((name) => !sums.has(name))
  const files = [...sums].map(([name, sum]) => ({ name, state: isAsReleased(join(root, name), sum) }))
  const of = (wanted: string) => files.filter(({ state }) => state === wanted).map(({ name }) => name)
  const wrong: [string, string[]][] = [
    ['missing', of('missing')],
    ['not as released', of('changed')],
    ['lines of SHA256SUMS that are none', wrongLines],
    ['not named in SHA256SUMS', unnamed],
  ]
  const findings = wrong
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => problem('installation', `in ${root}, ${what}: ${named(names)}`, unpack))
  return findings.length > 0
    ? findings
    : [ok('installation', `${version}: all ${files.length} files are as released`)]
}

export function lookAtInstallation(): Promise<Finding[]> {
  return looked('installation', unpack, () => {
    if (releaseSums !== undefined && existsSync(releaseSums)) return lookAtSums(releaseSums)
    const missing = [...missingParts(), ...(releaseSums === undefined ? [] : [releaseSums])]
    if (missing.length > 0) return [problem('installation', `missing: ${missing.join(', ')}`, repair)]
    return [ok('installation', `${version}, a source tree: every part is built`)]
  })
}
