// What the recorder leaves on disk: files that each can be read by itself, no more of them than it may keep, for this account only,
// and every module that one of them names.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { Recorder } from '../../host/replay/recorder.ts'
import { decisionsPath, fileNumbers, modulePath } from '../../host/replay/recording-format.ts'
import { replay } from '../../host/replay/replay.ts'
import { moduleOf, RecordingHost, sha256, temporaryFolder } from './recorded.ts'

const question = {
  kind: 'user',
  senderName: 'CONTOSO\\ada',
  authenticationMechanism: 'Negotiate',
  userSid: 'S-1-5-21-1-2-3-1001',
} as const
const roles = { name: 'roles', policy: 'examples/role-by-group' }
const auditor = { name: 'auditor', policy: 'examples/read-only-auditor' }
const guard = { policy: 'examples/provider-guard' }
const digests = Object.fromEntries(
  [roles, auditor, guard].map(({ policy }) => [policy, sha256(moduleOf(policy))]),
)
const bounds = { fileBytes: 4096, files: 3 }

let folder: string
beforeEach(() => {
  folder = join(temporaryFolder(), 'recording')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

const modules = () => readdirSync(join(folder, 'modules')).map((name) => name.slice(0, 64))
const ask = (host: RecordingHost, name: string, count: number) => {
  for (let index = 0; index < count; index++) host.ask(name, question)
}

describe('a recorder', () => {
  it('makes its folder and files for this account only', () => {
    ask(new RecordingHost([roles], guard, folder), 'roles', 1)
    const modes = [folder, join(folder, 'modules'), decisionsPath(folder, 1)]
    modes.push(modulePath(folder, digests[roles.policy] as string))
    expect(modes.map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700, 0o600, 0o600])
  })

  it('begins a new file when one is full, and each can be replayed by itself', async () => {
    const host = new RecordingHost([roles], guard, folder, { ...bounds, files: 100 })
    ask(host, 'roles', 20)
    const numbers = fileNumbers(readdirSync(folder))
    expect(numbers.length).toBeGreaterThan(3)
    const all = await Promise.all(numbers.map((number) => replay(decisionsPath(folder, number))))
    expect(all.reduce((sum, { equal }) => sum + equal, 0)).toBe(20)
    expect(await replay(folder)).toMatchObject({ decisions: 20, equal: 20 })
  })

  it('keeps so many files, and the modules that they name or that are in use', () => {
    const host = new RecordingHost([roles, auditor], guard, folder, bounds)
    ask(host, 'auditor', 1)
    ask(host, 'roles', 40)
    const numbers = fileNumbers(readdirSync(folder))
    expect(numbers.length).toBe(3)
    expect(numbers[0]).toBeGreaterThan(3)
    expect(modules()).toContain(digests[auditor.policy])
    host.recorder.current([digests[roles.policy] as string, digests[guard.policy] as string])
    ask(host, 'roles', 40)
    expect(modules().sort()).toEqual([digests[roles.policy], digests[guard.policy]].sort())
  })

  it('begins a new file after a restart, and keeps the modules that older files name', async () => {
    ask(new RecordingHost([auditor], undefined, folder, bounds), 'auditor', 1)
    const host = new RecordingHost([roles], undefined, folder, bounds)
    ask(host, 'roles', 1)
    expect(fileNumbers(readdirSync(folder))).toEqual([1, 2])
    expect(await replay(folder)).toMatchObject({ decisions: 2, equal: 2 })
    ask(host, 'roles', 6)
    expect(fileNumbers(readdirSync(folder)).length).toBe(3)
  })

  it('looks at one file of an earlier run at a time, and lets a module go when all have been looked at', () => {
    const earlier = new RecordingHost([auditor, roles], undefined, folder, bounds)
    ask(earlier, 'auditor', 1)
    while (fileNumbers(readdirSync(folder)).length < 3) ask(earlier, 'roles', 1)
    const later = new RecordingHost([roles], undefined, folder, bounds)
    const rotate = () => {
      const newest = () => Math.max(...fileNumbers(readdirSync(folder)))
      for (const before = newest(); newest() === before; ) ask(later, 'roles', 1)
    }
    rotate() // the file that names it has gone, and one of two that are left has been searched
    expect(modules()).toContain(digests[auditor.policy])
    rotate()
    expect(modules()).toEqual([digests[roles.policy]])
  })

  it('writes a module once, and none that is another', () => {
    const recorder = new Recorder(folder)
    const bytes = moduleOf('trap')
    recorder.module(sha256(bytes), bytes)
    const { mtimeMs } = statSync(modulePath(folder, sha256(bytes)))
    recorder.module(sha256(bytes), bytes)
    expect(statSync(modulePath(folder, sha256(bytes))).mtimeMs).toBe(mtimeMs)
    expect(() => recorder.module('0'.repeat(64), bytes)).toThrow(/another digest/)
    expect(existsSync(modulePath(folder, '0'.repeat(64)))).toBe(false)
  })

  it('says that it cannot write, and begins anew when it can', () => {
    const host = new RecordingHost([roles], undefined, folder)
    rmSync(folder, { recursive: true })
    expect(() => ask(host, 'roles', 1)).toThrow(/ERR_RECORDING_WRITE/)
    mkdirSync(folder)
    ask(host, 'roles', 1)
    expect(readFileSync(decisionsPath(folder, 1), 'utf8').split('\n').length).toBe(3)
  })

  it('says that a folder cannot be made', () => {
    mkdirSync(join(folder, '..'), { recursive: true })
    writeFileSync(folder, '')
    expect(() => new Recorder(folder)).toThrow(/the recording cannot be written.*ERR_RECORDING_WRITE/)
  })

  it("takes no decision of another's tenant", () => {
    const host = new RecordingHost([roles, auditor], undefined, folder)
    ask(host, 'roles', 1)
    const [record] = host.records
    const other = { ...record, tenant: 'auditor' } as never
    const tenant = { name: 'roles' } as never
    expect(() => host.recorder.decision(other, '', tenant, undefined)).toThrow(/ERR_HOST_FAULT/)
  })
})
