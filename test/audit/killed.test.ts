// A real process that is killed while it writes: what it had said is safe is there, and its log goes on.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { verifyLog } from '../../host/audit/verify.ts'
import { root } from '../../host/paths.ts'
import { newFolder, opened, Remembering } from './worlds.ts'

const ROUNDS = 3

it('a process that is killed again and again loses nothing that was safe', async () => {
  const folder = newFolder()
  const heads: { head: string; sequence: number }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const child = spawn(process.execPath, [join(root, 'test', 'audit', 'stream.mjs'), folder])
    const printed: string[] = []
    child.stdout.on('data', (chunk: Buffer) => printed.push(chunk.toString()))
    while (printed.join('').split('\n').length < 3) await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'close')
    const [head = '', sequence] = printed.join('').split('\n').at(-2)?.split('@') ?? []
    heads.push({ head, sequence: Number(sequence) })
    for (const expected of heads) expect(verifyLog(folder, expected).problems).toEqual([])
  }
  const audit = await opened({ folder }, new Remembering())
  await audit.close()
  const { gaps, problems, types } = verifyLog(folder, audit.status())
  expect(problems).toEqual([])
  expect(gaps).toMatchObject({ count: ROUNDS, unknown: ROUNDS })
  expect(types.started).toBe(ROUNDS + 1)
})
