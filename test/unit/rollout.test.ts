// One change of the table on all evaluators, with evaluators that only note what they are sent.

import { describe, expect, it } from 'vitest'

import type { DecisionRecord, ToEvaluator } from '../../host/control/messages.ts'
import { PortcullisError } from '../../host/errors.ts'
import { LiveTable } from '../../host/supervisor/live-table.ts'
import type { Participant } from '../../host/supervisor/rollout.ts'
import { noTable, type Table } from '../../host/supervisor/table.ts'
import type { Tenant } from '../../host/tenant/config.ts'

class Noted implements Participant {
  isLoading = false
  killed = false
  readonly sent: ToEvaluator[] = []

  send(message: ToEvaluator): void {
    this.sent.push(message)
  }

  async sendAll(messages: Iterable<ToEvaluator>): Promise<void> {
    for (const message of messages) this.send(message)
  }

  kill(): void {
    this.killed = true
  }

  get types(): string[] {
    return this.sent.map(({ type }) => type)
  }
}

const digest = 'aa'.repeat(32)
const tenantOf = (name: string, policy?: string) =>
  ({ name, applications: [], ...(policy && { policy }), fuelPerDecision: 1 }) as unknown as Tenant

function tableOf(policies: Readonly<Record<string, string>>): Table {
  const module = {
    bytes: Buffer.from('metered'),
    digest: 'bb'.repeat(32),
    upload: () => Buffer.from('upload'),
  }
  return {
    ...noTable,
    tenants: new Map(Object.entries(policies).map(([name, policy]) => [name, tenantOf(name, policy)])),
    modules: new Map(Object.values(policies).map((policy) => [policy, module])),
  }
}

function scene(count = 2, begun = true) {
  const all = Array.from({ length: count }, () => new Noted())
  const announced: number[] = []
  const live = new LiveTable(
    () => all,
    ({ generation }) => announced.push(generation),
  )
  if (begun) live.begin({ ...tableOf({ a: digest }), generation: 1 })
  let durable = 0
  const change = (to = tableOf({ a: 'cc'.repeat(32) }), makeDurable = () => void durable++) =>
    live.change(async () => ({ to, makeDurable }))
  return { all, live, announced, change, durable: () => durable }
}

/** Lets what has been decided happen. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('a change of the table', () => {
  it('is prepared by all before it lasts, lasts before any flips, and is acknowledged when all have flipped', async () => {
    const { all, live, announced, change, durable } = scene()
    const [one, two] = all as [Noted, Noted]
    let acknowledged = false
    const done = change().then(() => {
      acknowledged = true
    })
    await turn()
    expect(one.types).toEqual(['policy', 'tenant', 'table'])
    live.did(one, 'prepared', 2)
    await turn()
    expect([durable(), two.types.includes('flip'), live.now.generation]).toEqual([0, false, 1])
    live.did(two, 'prepared', 2)
    await turn()
    expect([durable(), one.types.at(-1), two.types.at(-1), announced]).toEqual([1, 'flip', 'flip', [1, 2]])
    live.did(one, 'flipped', 2)
    await turn()
    expect(acknowledged).toBe(false)
    live.did(two, 'flipped', 2)
    await done
    expect(live.now).toMatchObject({ generation: 2 })
  })

  it('that one evaluator cannot prepare changes nothing, and says why', async () => {
    const { all, live, change, durable } = scene()
    const [one, two] = all as [Noted, Noted]
    const done = change()
    done.catch(() => {})
    await turn()
    live.did(two, 'prepared', 2)
    live.unprepared(one, 2, new PortcullisError('ERR_POLICY_START', 'no memory'))
    await expect(done).rejects.toThrow(/no memory \[ERR_POLICY_START\]/)
    expect([durable(), live.now.generation]).toEqual([0, 1])
    for (const evaluator of all) {
      expect(evaluator.types).not.toContain('flip')
      expect(evaluator.sent.at(-1)).toEqual({ type: 'abandon', generation: 2 })
    }
  })

  it('that cannot be made to last changes nothing', async () => {
    const { all, live, change } = scene(1)
    const done = change(tableOf({ a: 'cc'.repeat(32) }), () => {
      throw new PortcullisError('ERR_STORE_WRITE', 'full')
    })
    done.catch(() => {})
    await turn()
    live.did(all[0] as Noted, 'prepared', 2)
    await expect(done).rejects.toThrow(/ERR_STORE_WRITE/)
    expect(live.now.generation).toBe(1)
    expect(all[0]?.types).not.toContain('flip')
  })

  it('over which an evaluator crashes changes nothing; one that is ended from outside keeps nobody waiting', async () => {
    for (const crashed of [true, false]) {
      const { all, live, change } = scene()
      const [one, two] = all as [Noted, Noted]
      const done = change()
      done.catch(() => {})
      await turn()
      live.did(two, 'prepared', 2)
      live.gone(one, crashed)
      if (crashed) {
        await expect(done).rejects.toThrow(/crashed while it prepared/)
        continue
      }
      await turn()
      live.did(two, 'flipped', 2)
      live.gone(one, false) // its flip counts as done once it is gone
      expect((await done).generation).toBe(2)
    }
  })

  it('that lasts is not failed by who crashes or says no after that, and is acknowledged when all others have flipped', async () => {
    for (const crashes of [true, false]) {
      const { all, live, change, durable } = scene()
      const [one, two] = all as [Noted, Noted]
      let acknowledged = false
      const done = change().then((table) => {
        acknowledged = true
        return table
      })
      await turn()
      for (const evaluator of all) live.did(evaluator, 'prepared', 2)
      await turn()
      expect([durable(), one.types.at(-1)]).toEqual([1, 'flip'])
      if (crashes) live.gone(one, true)
      else live.unprepared(one, 2, new PortcullisError('ERR_POLICY_START', 'too late'))
      live.did(two, 'prepared', 2) // one that joined late has only prepared
      await turn()
      expect(acknowledged).toBe(false)
      live.did(one, 'flipped', 2)
      live.did(two, 'flipped', 2)
      expect(await done).toMatchObject({ generation: 2 })
    }
  })

  it('is never taken for one that failed before it: its number is another', async () => {
    const { all, live, change, durable } = scene()
    const [one, two] = all as [Noted, Noted]
    const first = change()
    first.catch(() => {})
    const second = change()
    await turn()
    live.unprepared(one, 2, new PortcullisError('ERR_POLICY_START', ''))
    await expect(first).rejects.toThrow()
    await turn()
    live.did(two, 'prepared', 2) // it was still at the one that failed
    live.did(one, 'prepared', 3)
    await turn()
    expect(durable()).toBe(0)
    live.did(two, 'prepared', 3)
    await turn()
    for (const evaluator of all) live.did(evaluator, 'flipped', 3)
    expect(await second).toMatchObject({ generation: 3 })
  })

  it('waits for the first table', async () => {
    const { live, change, durable } = scene(0, false)
    const done = change()
    await turn()
    expect([durable(), live.now.generation]).toEqual([0, 0])
    live.begin({ ...tableOf({ a: digest }), generation: 1 })
    expect(await done).toMatchObject({ generation: 2 })
  })

  it('reaches an evaluator that begins in the middle: the old table, and what is on its way, in this order', async () => {
    const { all, live, change } = scene(1)
    const done = change()
    await turn()
    const late = new Noted()
    late.isLoading = true
    all.push(late)
    live.equip(late)
    expect(late.sent).toMatchObject([
      { type: 'policy', digest },
      { type: 'tenant' },
      { type: 'table', generation: 1 },
      { type: 'flip', generation: 1 },
      { type: 'policy', digest: 'cc'.repeat(32) },
      { type: 'tenant' },
      { type: 'table', generation: 2 },
    ])
    live.did(all[0] as Noted, 'prepared', 2)
    await turn()
    expect(late.sent.at(-1)).toEqual({ type: 'flip', generation: 2 })
    live.did(all[0] as Noted, 'flipped', 2)
    await done // it is not waited for: it serves nobody before it has flipped
  })

  it('waits for the one before, and one that fails does not keep the next from its turn', async () => {
    const { all, live, change } = scene(1)
    const [one] = all as [Noted]
    const first = change()
    first.catch(() => {})
    const second = change(tableOf({ a: digest, b: digest }))
    await turn()
    expect(one.types.filter((type) => type === 'table')).toHaveLength(1)
    live.unprepared(one, 2, new PortcullisError('ERR_POLICY_START', ''))
    await expect(first).rejects.toThrow()
    await turn()
    live.did(one, 'prepared', 3)
    await turn()
    live.did(one, 'flipped', 3)
    expect([...(await second).tenants.keys()]).toEqual(['a', 'b'])
  })

  it('sends only what differs, and takes away what is gone', async () => {
    const { all, live, change } = scene(1)
    const [one] = all as [Noted]
    void change(tableOf({ b: digest }))
    await turn()
    expect(one.sent).toMatchObject([
      { type: 'tenant', tenant: { name: 'b' } },
      { type: 'absent', tenant: 'a' },
      { type: 'table', generation: 2 },
    ])
    live.did(one, 'prepared', 2)
    await turn()
    live.did(one, 'flipped', 2)
    await turn()
    expect(live.checkTenant('a')).toBe('a') // an answer by the table before may still be told
    expect(() => live.checkTenant('c')).toThrow(/ERR_CHANNEL/)
  })

  it('tells by which table a decision was made, and takes none that no table would have made', async () => {
    const { live, change } = scene(0)
    await change()
    const record = (generation: number, policy: string, more: object = {}) =>
      ({ tenant: 'a', generation, policy, ...more }) as DecisionRecord
    expect(live.madeBy(record(1, digest)).generation).toBe(1)
    expect(live.madeBy(record(2, 'cc'.repeat(32))).generation).toBe(2)
    const lies = [
      record(2, digest),
      record(3, digest),
      record(1, digest, { version: 1 }),
      record(1, digest, { guard: digest }),
      record(1, digest, { tenant: 'b' }),
    ]
    for (const lie of lies) expect(() => live.madeBy(lie)).toThrow(/ERR_CHANNEL/)
  })
})
