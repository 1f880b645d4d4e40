// A real process on a real disk, killed with SIGKILL in the middle of its work, again and again: whatever it said was done is there.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, it } from 'vitest'

import { root } from '../../host/paths.ts'
import { Store, type Subject } from '../../host/store/store.ts'

const folder = mkdtempSync(join(tmpdir(), 'portcullis-store-'))

afterAll(() => rmSync(folder, { recursive: true }))

interface Said {
  readonly subject: Subject
  readonly sequence: number
  readonly type: string
}

/** Lets it work until it has said so much, and kills it. */
async function killedAfter(count: number): Promise<Said[]> {
  const child = spawn(process.execPath, [join(root, 'test/store/stream.mjs'), join(folder, 'store')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: Said[] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const texts = (rest + text).split('\n')
    rest = texts.pop() ?? ''
    for (const each of texts) said.push(JSON.parse(each))
    if (said.length >= count) child.kill('SIGKILL')
  })
  const signal = await new Promise((resolve) => child.on('close', (_, by) => resolve(by)))
  expect(signal).toBe('SIGKILL')
  return said
}

it('nothing that was acknowledged is missing after a kill', async () => {
  let acknowledged = 0
  for (let round = 0; round < 12; round++) {
    // Never at the same place: an operation has some ten calls, and the kill comes while one of the next runs.
    const said = await killedAfter(5 + 7 * round)
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
})
