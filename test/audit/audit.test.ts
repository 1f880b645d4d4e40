// The audit log as the supervisor has it: on a real disk, with the thread that writes, and with one whose disk refuses or is slow.

import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { describe, expect, it } from 'vitest'

import type { Audit } from '../../host/audit/audit.ts'
import { Backlog, NO_ROOM } from '../../host/audit/backlog.ts'
import { realAuditDisk } from '../../host/audit/disk.ts'
import { fileName, fileNumbers, filePath } from '../../host/audit/files.ts'
import { NOT_CLOSED, openLog } from '../../host/audit/open-log.ts'
import { verifyLog } from '../../host/audit/verify.ts'
import { type StartWriter, startWriterThread, type WriterThread } from '../../host/audit/writer-thread.ts'
import type { Overtime } from '../../host/control/read-message.ts'
import { type ErrorCode, PortcullisError } from '../../host/errors.ts'
import { version } from '../../host/paths.ts'
import { decisionRecord, newFolder, opened, Remembering, refusingDisk, until, writerOn } from './worlds.ts'

function linesIn(folder: string): Record<string, unknown>[] {
  return (fileNumbers(realAuditDisk, folder) ?? []).flatMap((number) =>
    readFileSync(filePath(folder, number), 'utf8')
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line)])),
  )
}

async function codeOf(promise: Promise<unknown>): Promise<ErrorCode> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof PortcullisError) return error.code
  throw error ?? new Error('it was accepted')
}

function decide(audit: Audit, from: number, count: number): void {
  for (let number = from; number < from + count; number++) audit.decision(decisionRecord(number), 1)
}

const overtime: Overtime = {
  id: 'ef'.repeat(16),
  tenant: 'contoso',
  application: 'wsman/contoso',
  kind: 'operation',
  attempt: 1,
  phase: 'tenant',
  policy: 'ab'.repeat(32),
  processorMs: 103,
  wallMs: 110,
  sequence: 7,
}

describe('an audit log', () => {
  it('has a record of each type, with what was told and nothing else', async () => {
    const folder = join(newFolder(), 'log')
    const audit = await opened({ folder }, new Remembering())
    audit.decision(decisionRecord(7), 3)
    audit.overtime(overtime, 2)
    const push = { module: 'AGFzbQEAAAA=', secret: 'pct_secret' }
    audit.act({
      command: 'push',
      via: 'api',
      result: 'refused',
      who: 'token deploy',
      why: 'ticket 7',
      subject: { tenant: 'contoso' },
      version: 'abcdef12',
      policy: 'cd'.repeat(32),
      token: { id: '0123456789ab', name: 'deploy', role: 'operator', ...push },
      code: 'ERR_VERSION_REFUSED',
      detail: 'x'.repeat(5_000),
      ...push,
    })
    audit.gap({ cause: 'an evaluator ended', lost: 3, evaluator: 2 })
    audit.pluginDenials({
      account: 'IIS APPPOOL\\contoso',
      tenant: 'contoso',
      processId: 77,
      denied: { busy: 4 },
    })
    audit.connectionRefused({ accepted: false, account: 'uid:7', error: 'ERR_CONNECTION_FOREIGN' })
    audit.quarantined({ tenant: 'contoso', policy: 'ab'.repeat(32), reason: 'died', id: 'ef'.repeat(16) })
    await audit.close()
    const lines = linesIn(folder)
    expect(lines.map(({ type }) => type)).toEqual([
      'opened',
      'started',
      'decision',
      'decision',
      'act',
      'gap',
      'plugin-denials',
      'connection-refused',
      'quarantined',
      'stopped',
    ])
    const [begun, started, decision, watchdogs, act] = lines
    expect(begun).toMatchObject({ sequence: 1, format: 1, file: 1 })
    expect(started).toMatchObject({ release: version, processId: process.pid })
    expect(decision).toMatchObject({ ...decisionRecord(7), evaluator: 3 })
    expect(watchdogs).toMatchObject({
      id: overtime.id,
      outcome: 'no-answer',
      error: 'ERR_POLICY_TIME',
      evaluator: 2,
    })
    expect(watchdogs).not.toHaveProperty('wallMs')
    expect(act).toMatchObject({ who: 'token deploy', token: { name: 'deploy' }, code: 'ERR_VERSION_REFUSED' })
    expect(act?.detail).toMatch(/^x{2048}… \(5000 units\)$/)
    const text = JSON.stringify(lines)
    expect(text).not.toContain(push.module)
    expect(text).not.toContain(push.secret)
    expect(verifyLog(folder, audit.status())).toMatchObject({
      problemCount: 0,
      gaps: { count: 1, lost: 3, lostDecisions: 3 },
    })
    expect(audit.status()).toMatchObject({ folder, sequence: 10, lag: 0, gaps: 1, lost: 3, isBehind: false })
  })

  it('takes any time that an evaluator says', async () => {
    const folder = newFolder()
    const audit = await opened({ folder }, new Remembering())
    for (const timeMs of [-5, 0, 1e300, -1e300, Number.MAX_SAFE_INTEGER, 2 ** 60]) {
      audit.decision(decisionRecord(1, { timeMs }), 1)
    }
    await audit.close()
    expect(verifyLog(folder, audit.status())).toMatchObject({ problemCount: 0, types: { decision: 6 } })
  })

  it('is safe soon after the last record, and says how far it is', async () => {
    const audit = await opened({ folder: newFolder() }, new Remembering())
    decide(audit, 1, 10)
    expect(audit.status().lag).toBe(10)
    await until(() => audit.status().lag === 0)
    const { sequence, head, lagMs, bytesWritten } = audit.status()
    expect([sequence, lagMs]).toEqual([12, 0])
    expect(head).toMatch(/^[0-9a-f]{64}$/)
    expect(bytesWritten).toBeGreaterThan(5_000)
  })

  it.runIf(process.platform !== 'win32')('is for its owner alone', async () => {
    const folder = join(newFolder(), 'log')
    await opened({ folder }, new Remembering())
    expect(statSync(folder).mode & 0o7777).toBe(0o700)
    expect(statSync(filePath(folder, 1)).mode & 0o7777).toBe(0o600)
  })

  it('says that it is open on the disk before anything else can be lost', async () => {
    const folder = newFolder()
    await (await opened({ folder }, new Remembering())).close()
    const disk = refusingDisk()
    const audit = await opened({ folder }, new Remembering(), writerOn(disk))
    disk.refuse = () => 'ENOSPC'
    decide(audit, 1, 3)
    // What the next host would find if this one were killed now.
    expect(openLog(realAuditDisk, folder, 1).gap).toMatchObject({ cause: NOT_CLOSED, lost: 'unknown' })
    disk.refuse = () => undefined
  })

  it('has nothing after its end, and what comes then is told of as lost', async () => {
    const folder = newFolder()
    const owner = new Remembering()
    const audit = await opened({ folder }, owner)
    decide(audit, 1, 1)
    const closed = audit.close()
    decide(audit, 2, 1)
    await closed
    decide(audit, 3, 1)
    expect([owner.told, owner.lost]).toEqual([['gap', 'gap'], 2])
    expect(linesIn(folder).map(({ type }) => type)).toEqual(['opened', 'started', 'decision', 'stopped'])
  })

  it('has one writer', async () => {
    const folder = newFolder()
    const audit = await opened({ folder }, new Remembering())
    expect(await codeOf(opened({ folder }, new Remembering()))).toBe('ERR_FILE_LOCKED')
    await audit.close()
    await audit.close()
    await opened({ folder }, new Remembering())
  })

  it('is not opened where there can be none, or where it is damaged; the lock is free then', async () => {
    const folder = newFolder()
    expect(await codeOf(opened({ folder: join(folder, 'a', 'b') }, new Remembering()))).toBe('ERR_AUDIT_OPEN')
    writeFileSync(join(folder, 'file'), '')
    expect(await codeOf(opened({ folder: join(folder, 'file') }, new Remembering()))).toBe('ERR_AUDIT_OPEN')
    writeFileSync(filePath(folder, 1), 'hello\n')
    const owner = new Remembering()
    for (let time = 0; time < 2; time++)
      expect(await codeOf(opened({ folder }, owner))).toBe('ERR_AUDIT_DAMAGED')
    expect(readFileSync(filePath(folder, 1), 'utf8')).toBe('hello\n')
    expect(owner.told).toEqual([])
  })

  it('goes on with other bounds, and in another file when the one is full', async () => {
    const folder = newFolder()
    const audit = await opened({ folder, fileBytes: 1e6 }, new Remembering())
    decide(audit, 1, 100)
    await until(() => audit.status().lag === 0)
    audit.reconfigure({ folder, fileBytes: 5_000, whenBehind: 'deny', files: 4 })
    decide(audit, 101, 100)
    await until(() => audit.status().lag === 0 && audit.status().filesRemoved > 2)
    await audit.close()
    expect(fileNumbers(realAuditDisk, folder)).toHaveLength(4)
    expect(verifyLog(folder, audit.status()).problemCount).toBe(0)
    expect(() => audit.reconfigure({ folder: dirname(folder), fileBytes: 1, whenBehind: 'deny' })).toThrow(
      'ERR_HOST_FAULT',
    )
  })
})

it('a log is sound whenever it is looked at, while lines are added, files filled and files removed', async () => {
  const folder = newFolder()
  const audit = await opened({ folder, fileBytes: 40_000, files: 6 }, new Remembering())
  const heads = [audit.status()]
  for (let round = 0; round < 40; round++) {
    decide(audit, 1 + round * 100, 100)
    await new Promise((resolve) => setTimeout(resolve, 5))
    const { problems } = verifyLog(folder, round < 3 ? heads[round] : undefined)
    expect([round, problems]).toEqual([round, []])
    heads.push(audit.status())
  }
  await audit.close()
  expect(audit.status().filesRemoved).toBeGreaterThan(10)
  expect(verifyLog(folder, audit.status())).toMatchObject({ problemCount: 0, files: 6 })
})

it('a log is read again for as long as files go that it had', async () => {
  const folder = newFolder()
  const audit = await opened({ folder }, new Remembering())
  await audit.close()
  let gone = 20
  const look = (path: string) => {
    if (gone-- > 0) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT', errno: -2 })
    return realAuditDisk.look(path)
  }
  expect(verifyLog(folder, audit.status(), { ...realAuditDisk, look }).problems).toEqual([])
  gone = Number.POSITIVE_INFINITY
  expect(() => verifyLog(folder, undefined, { ...realAuditDisk, look })).toThrow('ERR_AUDIT_OPEN')
})

describe('a disk that refuses', () => {
  it.each(['ENOSPC', 'EIO'])(
    '(%s) is told once; with deny, decisions are not to be made until it is well',
    async (code) => {
      for (const call of ['write', 'sync']) {
        const folder = newFolder()
        const disk = refusingDisk()
        const owner = new Remembering()
        const audit = await opened({ folder }, owner, writerOn(disk))
        decide(audit, 1, 10)
        await until(() => audit.status().lag === 0)
        let refusals = 0
        disk.refuse = (name) => {
          if (name !== call) return undefined
          refusals++
          return code
        }
        decide(audit, 11, 10)
        await until(() => refusals >= 3)
        decide(audit, 21, 10)
        expect(owner.told).toEqual(['failed ERR_AUDIT_WRITE', 'behind'])
        expect(audit.status()).toMatchObject({ isBehind: true, lag: 20, error: { code: 'ERR_AUDIT_WRITE' } })
        expect(audit.status().error?.detail).toContain(fileName(1))
        disk.refuse = () => undefined
        await until(() => audit.status().lag === 0)
        expect(owner.told).toEqual(['failed ERR_AUDIT_WRITE', 'behind', 'recovered', 'not behind'])
        expect(audit.status()).toMatchObject({ isBehind: false, gaps: 0, lost: 0 })
        expect(audit.status()).not.toHaveProperty('error')
        await audit.close()
        const verified = verifyLog(folder, audit.status())
        expect(verified).toMatchObject({ problemCount: 0, types: { decision: 30 }, gaps: { count: 0 } })
      }
    },
  )

  it('with spill, decisions go on, and what has no room is in the log with its number', async () => {
    const folder = newFolder()
    const disk = refusingDisk()
    const owner = new Remembering()
    const backlog = new Backlog({ records: 50, units: 1e9, reserve: 2 })
    const audit = await opened({ folder, whenBehind: 'spill' }, owner, writerOn(disk), backlog)
    await until(() => audit.status().lag === 0)
    disk.refuse = () => 'ENOSPC'
    decide(audit, 1, 200)
    audit.act({ command: 'reload', via: 'endpoint', result: 'done', who: 'me' })
    audit.gap({ cause: 'an evaluator ended', lost: 9 })
    await until(() => owner.told.length > 0)
    expect(owner.told).toEqual(['failed ERR_AUDIT_WRITE'])
    expect(audit.status()).toMatchObject({ isBehind: true, lag: 51, gaps: 1, lost: 159 })
    disk.refuse = () => undefined
    await until(() => audit.status().lag === 0 && owner.lost > 0)
    decide(audit, 201, 10)
    await audit.close()
    expect(owner.told).toEqual(['failed ERR_AUDIT_WRITE', 'recovered', 'gap'])
    expect(owner.lost).toBe(159)
    const { types, gaps, problemCount } = verifyLog(folder, audit.status())
    expect(problemCount).toBe(0)
    expect(gaps).toMatchObject({ count: 1, lost: 159, lostDecisions: 159 })
    expect(gaps.told).toMatchObject([{ cause: NO_ROOM, lost: 159, types: { decision: 159 } }])
    expect(types).toMatchObject({ decision: 60, act: 1 })
    expect(60 + 159, 'records and gaps are all that was decided').toBe(210 + 9)
  })

  it('to take files away is told, and nothing is denied for it', async () => {
    const folder = newFolder()
    const disk = refusingDisk()
    const owner = new Remembering()
    disk.refuse = (call) => (call === 'unlink' ? 'EACCES' : undefined)
    const audit = await opened({ folder, fileBytes: 5_000, files: 2 }, owner, writerOn(disk))
    decide(audit, 1, 60)
    await until(() => owner.told.length > 0 && audit.status().lag === 0)
    expect(owner.told).toEqual(['failed ERR_AUDIT_WRITE'])
    expect(audit.status()).toMatchObject({
      isBehind: false,
      filesRemoved: 0,
      error: { code: 'ERR_AUDIT_WRITE' },
    })
    disk.refuse = () => undefined
    decide(audit, 61, 1)
    await until(() => audit.status().filesRemoved > 0)
    await until(() => owner.told.length === 2)
    expect(owner.told).toEqual(['failed ERR_AUDIT_WRITE', 'recovered'])
    await audit.close()
    expect(fileNumbers(realAuditDisk, folder)).toHaveLength(2)
    expect(verifyLog(folder, audit.status()).problemCount).toBe(0)
  })

  it('until the end has its records told of as lost, and its log says that it was not closed', async () => {
    const folder = newFolder()
    const disk = refusingDisk()
    const owner = new Remembering()
    let audit = await opened({ folder }, owner, writerOn(disk))
    await until(() => audit.status().lag === 0)
    disk.refuse = () => 'ENOSPC'
    decide(audit, 1, 5)
    await audit.close()
    expect([owner.told.at(-1), owner.lost]).toEqual(['gap', 5])
    audit = await opened({ folder }, new Remembering())
    await audit.close()
    expect(linesIn(folder)).toContainEqual(expect.objectContaining({ type: 'gap', cause: NOT_CLOSED }))
    expect(verifyLog(folder, audit.status())).toMatchObject({ problemCount: 0, gaps: { unknown: 1 } })
  }, 30_000)

  it('is a real one: the next file cannot be made', async () => {
    const folder = newFolder()
    const owner = new Remembering()
    const audit = await opened({ folder, fileBytes: 5_000 }, owner)
    await until(() => audit.status().lag === 0)
    mkdirSync(filePath(folder, 2))
    decide(audit, 1, 60)
    await until(() => owner.told.length === 2)
    expect(audit.status().error?.detail).toContain(fileName(2))
    rmdirSync(filePath(folder, 2))
    await until(() => audit.status().lag === 0)
    expect(owner.told).toEqual(['failed ERR_AUDIT_WRITE', 'behind', 'recovered', 'not behind'])
    await audit.close()
    expect(verifyLog(folder, audit.status())).toMatchObject({ problemCount: 0, types: { decision: 60 } })
  })
})

describe('a disk that is slow', () => {
  it('puts the log behind when half of the room is full, until three quarters are free', async () => {
    const folder = newFolder()
    const owner = new Remembering()
    let isSlow = false
    const backlog = new Backlog({ records: 40, units: 1e9, reserve: 2 })
    const audit = await opened(
      { folder },
      owner,
      writerOn(realAuditDisk, () => isSlow),
      backlog,
    )
    await until(() => audit.status().lag === 0)
    isSlow = true
    decide(audit, 1, 20)
    expect(owner.told).toEqual([])
    decide(audit, 21, 1)
    expect(owner.told).toEqual(['behind'])
    expect(audit.status()).toMatchObject({ isBehind: true, lag: 21 })
    audit.reconfigure({ folder, fileBytes: 1e6, whenBehind: 'spill' })
    audit.reconfigure({ folder, fileBytes: 1e6, whenBehind: 'deny' })
    expect(owner.told).toEqual(['behind', 'not behind', 'behind'])
    isSlow = false
    await until(() => audit.status().lag === 0)
    expect(owner.told.slice(3)).toEqual(['not behind'])
    await audit.close()
    expect(verifyLog(folder, audit.status())).toMatchObject({ problemCount: 0, types: { decision: 21 } })
  })
})

describe('the thread that writes', () => {
  it('is started again when it ends, and the log says that something may be missing', async () => {
    const folder = newFolder()
    const owner = new Remembering()
    const threads: WriterThread[] = []
    const audit = await opened({ folder }, owner, (data, itsOwner) => {
      const thread = startWriterThread(data, itsOwner)
      threads.push(thread)
      return thread
    })
    decide(audit, 1, 10)
    await until(() => audit.status().lag === 0)
    threads[0]?.destroy()
    await until(() => owner.told.length === 2)
    decide(audit, 11, 10)
    await until(() => audit.status().lag === 0)
    expect(owner.told).toEqual(['failed ERR_AUDIT_WRITE', 'behind', 'recovered', 'not behind'])
    expect(threads).toHaveLength(2)
    await audit.close()
    expect(verifyLog(folder, audit.status())).toMatchObject({
      problemCount: 0,
      types: { decision: 20, started: 1, stopped: 1 },
      gaps: { unknown: 1, told: [{ cause: NOT_CLOSED }] },
    })
  })

  it('has what waited for it on the disk, if the end comes while it is started again', async () => {
    const folder = newFolder()
    const threads: WriterThread[] = []
    const audit = await opened({ folder }, new Remembering(), (data, itsOwner) => {
      const thread = startWriterThread(data, itsOwner)
      threads.push(thread)
      return thread
    })
    threads[0]?.destroy()
    await until(() => audit.status().error !== undefined)
    decide(audit, 1, 5)
    await until(() => threads.length === 2)
    await audit.close()
    const lines = linesIn(folder)
    expect(lines.map(({ type }) => type)).toEqual([
      'opened',
      'started',
      'gap',
      ...new Array(5).fill('decision'),
      'stopped',
    ])
  })

  it('that ends while a file could not be taken away has the next one say whether it is still so', async () => {
    const folder = newFolder()
    const owner = new Remembering()
    const threads: { end: () => void }[] = []
    const disk = refusingDisk()
    const audit = await opened({ folder, fileBytes: 2_000, files: 1 }, owner, (data, itsOwner) => {
      const writer = writerOn(threads.length === 0 ? disk : realAuditDisk)(data, itsOwner)
      threads.push({ end: () => writer.destroy() })
      return writer
    })
    disk.refuse = (call) => (call === 'unlink' ? 'EBUSY' : undefined)
    decide(audit, 1, 10)
    await until(() => audit.status().lag === 0)
    expect(audit.status().error).toBeDefined()
    threads[0]?.end()
    await until(() => threads.length === 2 && audit.status().isBehind === false)
    expect(audit.status().error).toBeUndefined()
    expect(owner.told.at(-1)).toBe('not behind')
  })

  it('that ends when there is no room has what was lost recorded by the next', async () => {
    const folder = newFolder()
    const owner = new Remembering()
    const threads: WriterThread[] = []
    const start: StartWriter = (data, itsOwner) => {
      const thread = startWriterThread(data, itsOwner)
      threads.push(thread)
      return thread
    }
    const audit = await opened({ folder }, owner, start, new Backlog({ records: 5, units: 1e9, reserve: 0 }))
    await until(() => audit.status().lag === 0)
    decide(audit, 1, 12)
    await new Promise((resolve) => setImmediate(resolve))
    threads[0]?.destroy()
    await until(() => threads.length === 2 && owner.lost > 0)
    decide(audit, 13, 1)
    await audit.close()
    expect(owner.lost).toBe(7)
    const { gaps, problemCount, types } = verifyLog(folder, audit.status())
    expect([problemCount, gaps.lost, gaps.unknown]).toEqual([0, 7, 1])
    expect(types.decision).toBeGreaterThanOrEqual(1)
  })
})
