// A busy host's log: written faster than decisions come, and read from end to end in some seconds. PORTCULLIS_LOAD=full: a million.

import { expect, it } from 'vitest'

import { verifyLog } from '../../host/audit/verify.ts'
import { decisionRecord, newFolder, opened, Remembering } from './worlds.ts'

const RECORDS = process.env.PORTCULLIS_LOAD === 'full' ? 1_000_000 : 100_000

/** Ten times what it takes on a slow machine. */
const MS_MAX_PER_RECORD = 0.3

it(`${RECORDS.toLocaleString('en-US')} records`, async () => {
  const folder = newFolder()
  const owner = new Remembering()
  const audit = await opened({ folder, fileBytes: 64 << 20 }, owner)
  const begun = performance.now()
  let acceptMs = 0
  for (let from = 1; from <= RECORDS; from += 1_000) {
    const records = Array.from({ length: 1_000 }, (_, index) => decisionRecord(from + index))
    const before = performance.now()
    for (const record of records) audit.decision(record, 1)
    acceptMs += performance.now() - before
    do await new Promise((resolve) => setImmediate(resolve))
    while (audit.status().lag > 30_000)
  }
  await audit.close()
  const writtenMs = performance.now() - begun
  const { bytesWritten } = audit.status()
  const memory = process.memoryUsage().rss
  const verified = verifyLog(folder, audit.status())
  const verifiedMs = performance.now() - begun - writtenMs
  const memoryMore = process.memoryUsage().rss - memory
  console.log(
    `${RECORDS} records of ${Math.round(bytesWritten / RECORDS)} bytes: ` +
      `${((1_000 * acceptMs) / RECORDS).toFixed(1)} µs of the caller's thread each, ` +
      `written in ${Math.round(writtenMs)} ms, verified in ${Math.round(verifiedMs)} ms`,
  )
  expect(verified).toMatchObject({ problemCount: 0, types: { decision: RECORDS }, gaps: { count: 0 } })
  expect(owner.told).toEqual([])
  expect(memoryMore).toBeLessThan(200 << 20)
  expect(writtenMs + verifiedMs).toBeLessThan(MS_MAX_PER_RECORD * RECORDS)
}, 600_000)
