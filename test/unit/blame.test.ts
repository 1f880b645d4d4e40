// Whose doing an evaluator's end was: proof puts a version into quarantine, a single end is a suspicion that passes, and what was
// ended from outside is nobody's doing.

import { describe, expect, it } from 'vitest'

import type { Running } from '../../host/control/read-message.ts'
import { suspectMs } from '../../host/limits.ts'
import { Blame, isConfigured } from '../../host/supervisor/blame.ts'

const policy = 'aa'.repeat(32)
const guard = 'bb'.repeat(32)
const id = '01'.repeat(16)
const other = '02'.repeat(16)

const running: Omit<Running, 'overtimeMs'> = {
  tenant: 'contoso',
  application: 'wsman/contoso',
  policy,
  guard,
  id,
  kind: 'user',
  attempt: 1,
  phase: 'tenant',
}

describe('an evaluator that ended', () => {
  it('by processor time is proof', () => {
    const blame = new Blame()
    expect(blame.judge(running, 'processor time', 1000)).toEqual({
      version: { tenant: 'contoso', policy },
      verdict: 'processor time',
    })
    expect(blame.quarantined).toEqual([
      { tenant: 'contoso', policy, reason: 'processor time', sinceMs: 1000 },
    ])
  })

  it('by itself is a suspicion, and proof the second time, of the same version only', () => {
    const blame = new Blame()
    expect(blame.judge(running, 'crash', 0).verdict).toBe('suspected')
    expect(blame.judge({ ...running, tenant: 'fabrikam' }, 'crash', 0).verdict).toBe('suspected')
    expect(blame.judge({ ...running, policy: guard }, 'crash', 0).verdict).toBe('suspected')
    expect(blame.quarantined).toEqual([])
    expect(blame.judge(running, 'crash', 99_000).verdict).toBe('deaths')
    expect(blame.quarantined).toMatchObject([{ tenant: 'contoso', policy, reason: 'deaths' }])
  })

  it.each(['wall time', 'from outside'] as const)('by %s is never proof', (end) => {
    const blame = new Blame()
    for (let round = 0; round < 10; round++) blame.judge(running, end, round)
    expect(blame.quarantined).toEqual([])
  })

  it('while the guard ran is the guard, as that tenant has it', () => {
    const blame = new Blame()
    blame.judge({ ...running, phase: 'guard' }, 'processor time', 0)
    expect(blame.quarantined).toMatchObject([{ tenant: 'contoso', policy: guard }])
  })

  it('while nobody ran is no version, however often', () => {
    const blame = new Blame()
    for (let round = 0; round < 10; round++) {
      expect(blame.judge({ ...running, phase: 'host' }, 'crash', round)).toEqual({
        version: undefined,
        verdict: 'suspected',
      })
    }
    expect(blame.quarantined).toEqual([])
  })
})

describe('a question that comes a second time', () => {
  it('is not asked while its tenant is suspected, and is asked afterwards', () => {
    const blame = new Blame()
    blame.judge(running, 'crash', 1000)
    expect(blame.clears(other, 'contoso', 1000 + suspectMs - 1)).toBe(false)
    expect(blame.clears(other, 'contoso', 1000 + suspectMs)).toBe(true)
  })

  it("is asked if it is another tenant's", () => {
    const blame = new Blame()
    blame.judge(running, 'crash', 1000)
    expect(blame.clears(other, 'fabrikam', 1000)).toBe(true)
  })

  it('is not asked if it is the one that an evaluator ended with, whoever ran', () => {
    const blame = new Blame()
    blame.judge({ ...running, phase: 'host' }, 'crash', 1000)
    expect(blame.clears(id, 'contoso', 1000)).toBe(false)
    expect(blame.clears(other, 'contoso', 1000)).toBe(true)
  })

  it('is asked if its evaluator was ended from outside', () => {
    const blame = new Blame()
    blame.judge(running, 'from outside', 1000)
    expect(blame.clears(id, 'contoso', 1000)).toBe(true)
  })
})

describe('a quarantine that is lifted', () => {
  it('is gone with the deaths that led to it, and says what it was', () => {
    const blame = new Blame()
    blame.judge(running, 'crash', 0)
    blame.judge(running, 'crash', 1)
    expect(blame.lift('fabrikam')).toEqual([])
    expect(blame.lift('contoso')).toMatchObject([{ tenant: 'contoso', policy }])
    expect(blame.quarantined).toEqual([])
    expect(blame.judge(running, 'crash', 2).verdict).toBe('suspected')
    blame.lift('contoso')
    expect(blame.judge(running, 'crash', 3).verdict).toBe('suspected')
  })
})

describe('what an evaluator says that it ran', () => {
  const config = {
    tenants: new Map([
      ['contoso', { name: 'contoso', policy }],
      ['fabrikam', { name: 'fabrikam', policy: 'cc'.repeat(32) }],
    ]),
    guard: { policy: guard, fuelPerDecision: 1 },
  } as unknown as Parameters<typeof isConfigured>[0]

  it('is believed if the configuration has it', () => {
    expect(isConfigured(config, running)).toBe(true)
    const { guard: _, ...withoutGuard } = running
    expect(isConfigured({ ...config, guard: undefined }, withoutGuard)).toBe(true)
  })

  it.each<[string, object]>([
    ['a tenant that does not exist', { tenant: 'northwind' }],
    ["another tenant's policy", { tenant: 'fabrikam' }],
    ['a policy that does not exist', { policy: 'dd'.repeat(32) }],
    ['another guard', { guard: 'dd'.repeat(32) }],
    ['no guard where there is one', { guard: undefined }],
  ])('is not believed with %s', (_, change) => {
    expect(isConfigured(config, { ...running, ...change })).toBe(false)
  })
})
