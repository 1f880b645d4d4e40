// What the supervisor remembers of plug-ins: sums, ends, and that nobody can fill its memory or push all others out.

import { beforeEach, describe, expect, it } from 'vitest'

import type { ConnectionRecord } from '../../host/control/messages.ts'
import { plugInKeptMs, plugInsMax } from '../../host/limits.ts'
import { PlugIns } from '../../host/supervisor/plug-ins.ts'

const evaluators = [{}, {}] as const
const [one, other] = evaluators

const accepted = (processId: number, more: Partial<ConnectionRecord> = {}): ConnectionRecord => ({
  accepted: true,
  account: 'uid:1',
  application: 'wsman/a',
  tenant: 'a',
  processId,
  pluginVersion: '0.1.0',
  wireVersion: 1,
  ...more,
})

const refused = (processId: number, more: Partial<ConnectionRecord> = {}): ConnectionRecord => ({
  accepted: false,
  account: 'uid:1',
  application: 'wsman/a',
  processId,
  pluginVersion: '2.0.0',
  error: 'ERR_CONNECTION_VERSION',
  offered: { lowest: 2, highest: 2 },
  ...more,
})

let plugIns: PlugIns
let nowMs: number

beforeEach(() => {
  plugIns = new PlugIns()
  nowMs = 1_000_000
})

const rows = () => plugIns.list(nowMs).rows
const row = (processId: number) => rows().find((one) => one.processId === processId)

describe('a plug-in', () => {
  it('has one row, whichever evaluators it is connected to, until its last connection has gone', () => {
    plugIns.accepted(one, 1, accepted(7), nowMs)
    plugIns.accepted(other, 1, accepted(7), nowMs)
    expect(rows()).toMatchObject([{ processId: 7, connections: 2 }])
    plugIns.closed(one, 1, nowMs)
    plugIns.closed(one, 1, nowMs) // twice: an evaluator may say anything
    plugIns.closed(one, 99, nowMs)
    expect(row(7)).toMatchObject({ connections: 1 })
    plugIns.evaluatorGone(other, nowMs)
    expect(row(7)).toMatchObject({ connections: 0 })
    nowMs += plugInKeptMs + 1
    expect(rows()).toEqual([])
  })

  it('whose connections have the same number after a message was lost is counted once', () => {
    plugIns.accepted(one, 1, accepted(7), nowMs)
    plugIns.accepted(one, 1, accepted(8), nowMs)
    expect([row(7), row(8)]).toMatchObject([{ connections: 0 }, { connections: 1 }])
  })

  it('has a row for each application', () => {
    plugIns.accepted(one, 1, accepted(7), nowMs)
    plugIns.accepted(one, 2, accepted(7, { application: 'wsman/b', tenant: 'b' }), nowMs)
    expect(rows()).toHaveLength(2)
    expect([...plugIns.connectionsByTenant()]).toEqual([
      ['a', 1],
      ['b', 1],
    ])
  })

  it('has its denials added up as they are told, and those of refused hellos, which repeat them, once', () => {
    const accept = (connection: number, denied: Record<string, number>) =>
      plugIns.accepted(one, connection, accepted(7, { denied }), nowMs)
    expect(accept(1, { BUSY: 2 })).toEqual({ BUSY: 2 })
    expect(accept(2, { BUSY: 3 })).toEqual({ BUSY: 3 })
    expect(row(7)?.denied).toEqual({ BUSY: 5 })
    const news = [4, 0, 6].map((VERSION) => plugIns.refused(refused(7, { denied: { VERSION } }), nowMs))
    expect(news).toEqual([{ VERSION: 4 }, { VERSION: 0 }, { VERSION: 2 }])
    expect(row(7)?.denied).toEqual({ BUSY: 5, VERSION: 6 })
    expect(accept(3, { VERSION: 8 })).toEqual({ VERSION: 2 })
    expect(row(7)?.denied).toEqual({ BUSY: 5, VERSION: 8 })
  })

  it('that is refused is told of first, and as accepted when it has been accepted', () => {
    plugIns.refused(refused(7), nowMs)
    plugIns.accepted(one, 1, accepted(8), nowMs + 1)
    expect(rows()).toMatchObject([{ processId: 7, error: 'ERR_CONNECTION_VERSION' }, { processId: 8 }])
    plugIns.accepted(one, 2, accepted(7), nowMs + 2)
    expect(row(7)).not.toHaveProperty('error')
    expect(row(7)).not.toHaveProperty('offered')
  })
})

describe('more plug-ins than there is room for', () => {
  it('leave the newest, and are counted', () => {
    for (let id = 0; id < plugInsMax + 5; id++) plugIns.accepted(one, 1 + id, accepted(id), nowMs + id)
    const { rows, forgotten } = plugIns.list(nowMs)
    expect([rows.length, forgotten]).toEqual([plugInsMax, 5])
    expect(rows.at(-1)).toMatchObject({ processId: 5 })
    // What was forgotten can still go.
    plugIns.closed(one, 1, nowMs)
    expect(plugIns.connectionsByTenant().get('a')).toBe(plugInsMax + 4)
  })

  it('of one account push out that account alone, those that have gone before those that are connected', () => {
    plugIns.accepted(other, 1, accepted(1, { account: 'uid:2' }), nowMs)
    plugIns.accepted(other, 2, accepted(2), nowMs)
    for (let id = 10; id < 5_000; id++) plugIns.refused(refused(id), nowMs)
    expect(rows()).toHaveLength(plugInsMax)
    expect([row(1), row(2)]).toMatchObject([{ connections: 1 }, { connections: 1 }])
  })
})
