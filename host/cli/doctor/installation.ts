/** Whether every part is there and as it was released, and whether this Node is one to run them. */

import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import {
  commandMain,
  evaluatorMain,
  nativeLibrary,
  pluginLibrary,
  repair,
  root,
  serviceProgram,
  version,
} from '../../paths.ts'
import { type Finding, looked, ok, problem } from './finding.ts'

/** What `sha256sum` writes: a sum, two spaces, a path from the top with slashes. */
const sumLine = /^([0-9a-f]{64}) {2}(.+)$/

/** Files that are told by name; the rest is counted. */
const SHOWN_MAX = 5

function isAsReleased(path: string, sum: string): boolean {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex') === sum
  } catch {
    return false
  }
}

function lookAtSums(path: string): Finding[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  const parsed = lines.map((line) => sumLine.exec(line))
  const wrong = parsed
    .filter((found) => found === null || !isAsReleased(join(root, found[2] as string), found[1] as string))
    .map((found) => found?.[2] ?? 'SHA256SUMS itself')
  if (wrong.length === 0) return [ok('installation', `${version}: all ${lines.length} files are as released`)]
  const named = wrong.slice(0, SHOWN_MAX).join(', ')
  const more = wrong.length > SHOWN_MAX ? ` and ${wrong.length - SHOWN_MAX} more` : ''
  return [
    problem(
      'installation',
      `missing, or not as released in ${root}: ${named}${more}`,
      'unpack the release again, beside this one or after stopping the service; find out who changed it',
    ),
  ]
}

export function lookAtInstallation(): Promise<Finding[]> {
  return looked('installation', repair, () => {
    const parts = [pluginLibrary(), nativeLibrary('portcullis_io'), nativeLibrary('WsmSvc')]
    if (process.platform === 'win32') parts.push(serviceProgram())
    const missing = [commandMain, evaluatorMain].filter((path) => !existsSync(path))
    if (missing.length > 0) return [problem('installation', `missing: ${missing.join(', ')}`, repair)]
    const sums = join(root, 'SHA256SUMS')
    if (existsSync(sums)) return lookAtSums(sums)
    return [ok('installation', `${version}, a source tree: every part is built`)]
  })
}
