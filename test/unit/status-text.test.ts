// What `portcullis status` prints for people: at a glance, with what to do, and nothing that a terminal would act on.

import { describe, expect, it } from 'vitest'

import type { AuditStatus } from '../../host/audit/audit.ts'
import { ageText, statusText } from '../../host/cli/status.ts'
import type { PlugIn } from '../../host/supervisor/plug-ins.ts'
import { type HostStatus, nodeRemark } from '../../host/supervisor/status.ts'

const nowMs = Date.UTC(2026, 10, 22, 12)

const connected = (processId: number): PlugIn => ({
  account: 'uid:1',
  processId,
  application: 'wsman/contoso',
  tenant: 'contoso',
  pluginVersion: '0.1.0',
  wireVersion: 1,
  connections: 2,
  seenMs: nowMs - 3_600_000,
  denied: { BUSY: 2, UNREACHABLE: 30 },
})

const refused = (processId: number, version: number): PlugIn => {
  const { wireVersion: _, ...facts } = connected(processId)
  const offered = { lowest: version, highest: version }
  const error = 'ERR_CONNECTION_VERSION'
  return { ...facts, pluginVersion: `${version}.0.0`, connections: 0, seenMs: nowMs - 3_000, error, offered }
}

function statusOf(list: readonly PlugIn[], more: Partial<HostStatus> = {}): HostStatus {
  const since = nowMs - 7_200_000
  return {
    version: '0.1.0',
    wire: { lowest: 1, highest: 1 },
    node: { version: 'v22.11.0' },
    processId: 4242,
    sinceMs: since,
    endpoint: '/run/portcullis',
    state: 'running',
    generation: 1,
    evaluators: {
      configured: 1,
      processes: [
        { processId: 2, state: 'ready' },
        { number: 0, processId: 1, state: 'serving', servingSinceMs: since, restarts: 3 },
      ],
    },
    quarantined: 0,
    audit: null,
    tenants: { count: 1, list: [{ name: 'contoso', applications: 1, connections: 2, decisions: 9 }] },
    plugIns: { forgotten: 0, list },
    ...more,
  }
}

const textOf = (list: readonly PlugIn[], more: Partial<HostStatus> = {}) =>
  statusText(statusOf(list, more), nowMs)

describe('the status for people', () => {
  it('says that nobody is connected, and when somebody will be', () => {
    expect(textOf([])).toMatch(/No plug-in is connected. One connects when its application starts/)
  })

  it('has a line for each connected plug-in, what it denied most first', () => {
    const text = textOf([connected(4711)])
    expect(text).toMatch(/^plug-ins +1 connected, 0 refused$/m)
    expect(text).toMatch(
      /^ +4711 +wsman\/contoso +contoso +uid:1 +0\.1\.0 +1 +2 +now +UNREACHABLE 30, BUSY 2$/m,
    )
    expect(text).not.toContain('Refused')
  })

  it('says how many are of another release than the host, after an upgrade', () => {
    const old = { ...connected(4711), pluginVersion: '0.0.9' }
    expect(textOf([old, connected(4712)])).toMatch(
      /^plug-ins +2 connected \(1 of another release\), 0 refused$/m,
    )
  })

  it('says of a newer plug-in that the host is to be upgraded, and of an older one that it is', () => {
    const text = textOf([refused(4711, 2), refused(4712, 2), refused(4713, 0)])
    expect(text).toMatch(/^plug-ins +0 connected, 3 refused$/m)
    expect(text).toMatch(/process 4711, wsman\/contoso and 1 more:\n +plug-in 2\.0\.0 speaks wire version 2/)
    expect(text).toMatch(/\[ERR_CONNECTION_VERSION\]\n +Upgrade the host to 2\.0\.0 or later/)
    expect(text).toMatch(/process 4713.*\n.*\n +Give the application the plug-in of 0\.1\.0/)
  })

  it('says why another connection was refused, also if nobody knows whose it was', () => {
    const facts = { account: 'uid:7', connections: 0, seenMs: nowMs, denied: {} }
    expect(textOf([{ ...facts, error: 'ERR_CONNECTION_SILENT' }])).toMatch(
      /uid:7:\n +the connection did not finish what it had begun to send \[ERR_CONNECTION_SILENT\]/,
    )
  })

  it('shows 30 plug-ins as 30 lines, and of a thousand the first and how many there are', () => {
    const many = (count: number) => textOf(Array.from({ length: count }, (_, i) => connected(10_000 + i)))
    expect(many(30).match(/^ +1\d{4} /gm)).toHaveLength(30)
    expect(many(1000).match(/^ +1\d{4} /gm)).toHaveLength(40)
    expect(many(1000)).toContain('... and 960 more')
    expect(many(1000).split('\n').length).toBeLessThan(80)
  })

  it('shows what comes from outside as escapes', () => {
    const evil = '\u001b[2J\nplug-ins  0 refused\u202e'
    const text = textOf([{ ...refused(1, 2), application: evil, account: evil, tenant: evil }])
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(text).toContain('\\u001b[2J\\u000aplug-ins')
  })

  it('says how the audit log stands, and what to keep of it', () => {
    expect(textOf([])).toMatch(/^audit +none$/m)
    const audit: AuditStatus = {
      folder: '/var/audit',
      head: 'ab'.repeat(32),
      sequence: 7,
      lag: 0,
      lagMs: 0,
      gaps: 0,
      lost: 0,
      isBehind: false,
      whenBehind: 'deny',
      bytesWritten: 100,
      filesRemoved: 0,
    }
    const text = textOf([], { audit })
    expect(text).toMatch(/^audit +no gaps, all on the disk, \/var\/audit$/m)
    expect(text).toMatch(/^audit head +(ab){32}@7$/m)
    const error = { code: 'ERR_AUDIT_WRITE', detail: 'no space' } as const
    const worst = { ...audit, error, isBehind: true, gaps: 1, lost: 30, lag: 9, lagMs: 4_000 }
    expect(textOf([], { audit: worst })).toMatch(
      /^audit +BEHIND, every question is denied, no space \[ERR_AUDIT_WRITE\], 1 gap, 30 records known to be lost, 9 records not on the disk, for 4 s, \/var\/audit$/m,
    )
    expect(textOf([], { audit: { ...worst, whenBehind: 'spill' } })).toMatch(/^audit +BEHIND, no space/m)
  })

  it('says what is quarantined and what is missing', () => {
    const processes = [{ processId: 1, state: 'loading' }] as const
    const text = textOf([], { quarantined: 2, evaluators: { configured: 4, processes } })
    expect(text).toMatch(/^quarantined +2 policies; "portcullis quarantine" says which and why$/m)
    expect(text).toMatch(/^evaluators +0 of 4 serve$/m)
  })
})

describe('a remark on Node', () => {
  it.each([
    ['v20.19.0', 'Iron', /install 22/],
    ['v22.11.0', 'Jod', undefined],
    ['v23.4.0', undefined, /no LTS line/],
    ['v24.0.0', undefined, /no LTS line/],
    ['v24.11.0', 'Krypton', undefined],
  ])('on %s (%s): %s', (version, lts, remark) => {
    if (remark === undefined) expect(nodeRemark(version, lts)).toBeUndefined()
    else expect(nodeRemark(version, lts)).toMatch(remark)
  })
})

it.each([
  [-5, '0 s'],
  [119_000, '119 s'],
  [121_000, '2 min'],
  [7_300_000, '2 h'],
  [3 * 86_400_000, '3 d'],
])('an age of %d ms is %s', (ms, text) => {
  expect(ageText(ms)).toBe(text)
})
