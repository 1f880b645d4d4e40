/** A sweep's report with its points spelled out: what `portcullis diff --json` prints, and a job of the admin API tells. */

import { type Change, changes } from './compare.ts'
import { describePoint, type SweepReport } from './sweep.ts'
import type { Points, Principal } from './sweep-files.ts'
import type { PointExample } from './sweep-messages.ts'

export function sweepJson(points: Points, report: SweepReport, time: string): object {
  const { changes: found, most, least, hasQuota, ...rest } = report
  const example = ({ point, a, b }: PointExample) => {
    const { principal, ...what } = describePoint(points, point, hasQuota)
    return { ...what, senderName: principal?.senderName, a, b }
  }
  const ofChange = (change: Change) => ({
    count: found[change].count,
    principals: found[change].principals.map(({ principal, count, examples }) => {
      const { senderName, userSid } = points.principals[principal] as Principal
      return { principal, senderName, userSid: userSid ?? null, count, examples: examples.map(example) }
    }),
  })
  const all = Object.fromEntries(changes.map((change) => [change, ofChange(change)]))
  const extremes = { most: most && example(most), least: least && example(least) }
  return { time, ...rest, changes: all, fuel: { ...rest.fuel, examples: extremes } }
}
