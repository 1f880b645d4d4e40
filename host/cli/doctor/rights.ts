/** Whether somebody who is not an administrator could change what the host and IIS load. */

import { describeWriter, writersOf } from '../../files/writers.ts'
import { type Finding, looked, ok, problem } from './finding.ts'

const isWindows = process.platform === 'win32'

const cure = isWindows
  ? 'take the right away from them, for instance with icacls'
  : 'take the right away from them, for instance with "chmod go-w"; give what is theirs to root with "chown"'

/** The files that decide who gets in: those that are there. */
export async function lookAtRights(paths: readonly string[]): Promise<Finding[]> {
  // Each place once: what may be changed through a folder may be changed in every file of it.
  const places = new Map<string, string>()
  const findings = new Map<string, Finding>()
  for (const path of new Set(paths)) {
    // Each file by itself: one that does not tell must not hide the others.
    const unread = await looked('rights', `see why ${path} does not say who may change it`, () => {
      for (const writer of writersOf(path)) {
        const place = describeWriter(writer)
        if (!places.has(place)) places.set(place, path)
      }
      return []
    })
    for (const finding of unread) if (!findings.has(finding.what)) findings.set(finding.what, finding)
  }
  for (const [place, path] of places) {
    findings.set(place, problem('rights', `${path} may be changed by ${place}`, cure))
  }
  if (findings.size > 0) return [...findings.values()]
  return [
    ok('rights', `only administrators and this account may change the ${paths.length} files that decide`),
  ]
}
