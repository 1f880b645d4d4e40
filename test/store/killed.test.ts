// A real process on a real disk, killed with SIGKILL in the middle of its work, again and again: whatever it said was done is there.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, it } from 'vitest'

import { root } from '../../host/paths.ts'
import { backupStore } from '../../host/store/backup.ts'
import { Store, type Subject } from '../../host/store/store.ts'
import { verifyStore } from '../../host/store/verify.ts'
import { eventually } from '../support/testbed.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-store-'))

afterAll(() => rmSync(folder, { recursive: true }))

interface Said {
  readonly subject: Subject
  readonly sequence: number
  readonly type: string
}

const command = (name: string) => [join(root, 'test/store/stream.mjs'), join(folder, name)]

/** Lets it work until it has said so much, and kills it a little later. */
async function killedAfter(count: number, delayMs: number): Promise<Said[]> {
  const child = spawn(process.execPath, command('store'), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: Said[] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const texts = (rest + text).split('\n')
    rest = texts.pop() ?? ''
    for (const each of texts) said.push(JSON.parse(each))
    if (said.length >= count) setTimeout(() => child.kill('SIGKILL'), delayMs)
  })
  const signal = await new Promise((resolve) => child.on('close', (_, by) => resolve(by)))
  expect(signal).toBe('SIGKILL')
  return said
}

it('nothing that was acknowledged is missing after a kill', async () => {
  let acknowledged = 0
  for (let round = 0; round < 12; round++) {
    // Never at the same place: an operation has some ten calls in a few milliseconds, and the kill comes in one of the next.
    const said = await killedAfter(5 + 7 * round, round % 6)
    acknowledged += said.length
    const store = Store.open(join(folder, 'store'))
    for (const { subject, sequence, type } of said)
      expect(store.journal(subject)[sequence - 1]).toMatchObject({ sequence, type })
    for (const subject of store.subjects()) {
      for (const { number, blobs, admission } of store.versions(subject)) {
        if (blobs) expect(store.readModule(subject, number).length).toBeGreaterThan(1000)
        if (blobs && admission) expect(store.readMetered(subject, number).length).toBeGreaterThan(1000)
      }
    }
    store.close()
  }
  console.log(`${acknowledged} operations acknowledged`)
  expect(acknowledged).toBeGreaterThan(500)
}, 240_000)

it('a store in use is verified and backed up, again and again, with nothing wrong in it', async () => {
  const child = spawn(process.execPath, command('used'), { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise((resolve) => child.on('close', (_, by) => resolve(by)))
  try {
    const used = join(folder, 'used')
    const countOf = async () => (existsSync(used) ? verifyStore(used).entries : 0)
    // Beyond twenty versions every upload lets go of another: what is read goes away meanwhile.
    const begun = await eventually(countOf, (count) => count > 300, 60_000)
    let entries = begun
    for (let round = 0; round < 10; round++) {
      const checked = verifyStore(used)
      expect(checked.problems).toEqual([])
      expect(checked.entries).toBeGreaterThanOrEqual(entries)
      const copy = backupStore(used, join(folder, `copy-${round}`))
      expect(copy.problems).toEqual([])
      expect(copy.notes).toEqual([])
      expect(copy.entries).toBeGreaterThanOrEqual(checked.entries)
      entries = copy.entries
    }
    expect(entries).toBeGreaterThan(begun)
  } finally {
    child.kill('SIGKILL')
  }
  expect(await ended).toBe('SIGKILL')
}, 240_000)
