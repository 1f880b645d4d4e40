// A store of a large provider opens in seconds.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { versionsKept } from '../../host/limits.ts'
import { digestOf } from '../../host/store/blobs.ts'
import { type Entry, FORMAT, type Timed } from '../../host/store/entry.ts'
import { firstChain, writeLine } from '../../host/store/journal.ts'
import { Store } from '../../host/store/store.ts'

const TENANTS = 1_000

/** Ten times what it takes on a slow machine. */
const MS_MAX = 30_000

/** As the store would have written it, without a thousand times waiting for the disk. */
function writeTenant(folder: string, tenant: string): void {
  mkdirSync(join(folder, 'tenants', `t-${tenant}`, 'blobs'), { recursive: true })
  let chain = firstChain({ tenant })
  const lines: Buffer[] = []
  const add = (event: Timed) => {
    const written = writeLine({ format: FORMAT, sequence: lines.length + 1, ...event } as Entry, chain)
    chain = written.chain
    lines.push(written.line)
  }
  for (let number = 1; number <= versionsKept; number++) {
    const blobs = ['module', 'metered'].map((kind) => Buffer.from(`${kind} ${number} of ${tenant}`))
    const [policy = '', metered = ''] = blobs.map(digestOf)
    for (const blob of blobs)
      writeFileSync(join(folder, 'tenants', `t-${tenant}`, 'blobs', digestOf(blob)), blob)
    add({ type: 'uploaded', timeMs: 1, number, policy, bytes: 10, who: 'x' })
    add({ type: 'admitted', timeMs: 2, number, metered, rewriter: 'r', profile: 'p' })
    add({ type: 'activated', timeMs: 3, number, who: 'x' })
  }
  writeFileSync(join(folder, 'tenants', `t-${tenant}`, 'journal.jsonl'), Buffer.concat(lines))
}

it('a thousand tenants with twenty versions each', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-store-'))
  try {
    for (let tenant = 0; tenant < TENANTS; tenant++) writeTenant(folder, `tenant-${tenant}`)
    const begun = performance.now()
    const store = Store.open(folder)
    const ms = performance.now() - begun
    console.log(`${TENANTS} tenants with ${versionsKept} versions each: opened in ${Math.round(ms)} ms`)
    expect(store.subjects()).toHaveLength(TENANTS)
    expect(store.versions({ tenant: 'tenant-999' })).toHaveLength(versionsKept)
    expect(store.readMetered({ tenant: 'tenant-7' }, versionsKept).toString()).toBe(
      `metered ${versionsKept} of tenant-7`,
    )
    store.close()
    expect(ms).toBeLessThan(MS_MAX)
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 240_000)
