// What becomes of a provisional activation when the host around it changes meanwhile, and of what is active and cannot be asked.
// With a real store and no evaluators.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { AuditAct } from '../../host/audit/audit.ts'
import { rewriter } from '../../host/engine/wasm/versions.ts'
import { activationWindowMs, confirmWithinMsMax, operatorReplyBytesMax } from '../../host/limits.ts'
import { Store } from '../../host/store/store.ts'
import { Activations } from '../../host/supervisor/activations.ts'
import { Blame } from '../../host/supervisor/blame.ts'
import { checkBreakGlass } from '../../host/supervisor/break-glass.ts'
import { LiveTable } from '../../host/supervisor/live-table.ts'
import { PolicySource } from '../../host/supervisor/policy-source.ts'
import { noTable, type Table } from '../../host/supervisor/table.ts'
import type { BreakGlass, Config, Guard, Tenant } from '../../host/tenant/config.ts'
import { eventually } from '../support/testbed.ts'

const subject = { tenant: 'a' } as const
const by = { who: 'test' }
const fuel = 1000
const profile = `fuel ${fuel}, v8 ${process.versions.v8}`
const stored = { name: 'a', applications: [], fuelPerDecision: fuel } as unknown as Tenant

let folder: string
let store: Store
let config: Config
let live: LiveTable
let activations: Activations
let logged: Record<string, unknown>[]
let acts: AuditAct[]

function configOf(tenants: readonly Tenant[], breakGlass = new Map<string, BreakGlass>()): Config {
  return { tenants, guard: undefined, breakGlass, activationsPerMinute: 100 } as unknown as Config
}

/** A host that has just begun. */
function begin(): void {
  store = Store.open(join(folder, 'store'))
  live = new LiveTable(
    () => [],
    () => {},
  )
  const write = (line: string) => void logged.push(JSON.parse(line))
  const log = pino({}, { write })
  const source = new PolicySource(store, log)
  const chronicle = { acted: (act: AuditAct) => void acts.push(act) }
  const blame = new Blame()
  activations = new Activations(store, { config: () => config, live, source, blame, chronicle, log })
  activations.resume()
  const number = store.active(subject)?.number ?? undefined
  const version =
    number === undefined ? {} : { policy: store.version(subject, number).policy, version: number }
  const tenants = new Map(config.tenants.map((tenant) => [tenant.name, { ...tenant, ...version }]))
  live.begin({ ...noTable, generation: 1, tenants })
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-test-'))
  logged = []
  acts = []
  config = configOf([stored])
  begin()
  for (const text of ['first', 'second']) {
    const { number } = store.upload(subject, { module: Buffer.from(text) }, by, Date.now())
    store.admitted(
      subject,
      number,
      { metered: Buffer.from(`${text} metered`), rewriter, profile },
      Date.now(),
    )
  }
})

afterEach(() => {
  activations.close()
  store.close()
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
})

const activate = (number: number, withinMs?: number) =>
  activations.activate(subject, `${number}`, by, withinMs === undefined ? {} : { confirmWithinMs: withinMs })
const answers = () => live.now.tenants.get('a')?.version
const isActive = (number: number | null) =>
  eventually(
    async () => store.active(subject),
    (active) => active?.number === number && active.confirmByMs === undefined,
  )

/** Another change is under way, until it is let go on. */
function hold(): Promise<() => void> {
  return new Promise((begun) => {
    void live.change(() => new Promise((resolve) => begun(() => resolve(undefined))))
  })
}

function damage(number: number): void {
  const digest = store.version(subject, number).admission?.metered ?? ''
  writeFileSync(join(folder, 'store', 'tenants', 't-a', 'blobs', digest), 'something else')
}

describe('a provisional activation', () => {
  it('returns in the store also if its tenant has been taken away, or is served from a file', async () => {
    for (const tenants of [[], [{ ...stored, policy: 'aa'.repeat(32) }]]) {
      config = configOf([stored])
      await activate(1)
      await activate(2, 50)
      config = configOf(tenants)
      await isActive(1)
    }
    expect(logged.filter(({ event }) => event === 'return-failed')).toEqual([])
    const { policy } = store.version(subject, 1)
    const act = { command: 'return', via: 'host', subject, version: 1, policy, result: 'done' }
    expect(acts).toEqual([act, act].map((one) => ({ ...one, why: 'it was not confirmed in time' })))
  })

  it('whose version before is damaged ends with nobody to ask, as it does when the host starts again', async () => {
    await activate(1)
    await activate(2, 50)
    damage(1)
    await isActive(1)
    await eventually(
      async () => answers(),
      (version) => version === undefined,
    )
    expect(live.now.tenants.get('a')?.policy).toBeUndefined()
    expect(logged.filter(({ event }) => event === 'policy-refused')).toMatchObject([
      { code: 'ERR_STORE_DIGEST' },
    ])
  })

  it('whose version before has been refused meanwhile ends with nothing active, and keeps no host from its start', async () => {
    await activate(1)
    await activate(2, 50)
    activations.close()
    store.refused(subject, 1, { code: 'ERR_ADMISSION_VECTOR', message: 'by another profile' }, Date.now())
    store.close()
    await new Promise((resolve) => setTimeout(resolve, 60))
    begin()
    expect(store.active(subject)).toMatchObject({ number: null, previous: 1 })
    expect(answers()).toBeUndefined()
  })

  it('that was the first returns to nothing also where somebody must stay allowed', async () => {
    await activate(1, 50)
    config = configOf(
      [stored],
      new Map([['a', { file: 'stay.jsonl', vectors: [{}] } as unknown as BreakGlass]]),
    )
    await isActive(null)
    expect(answers()).toBeUndefined()
  })

  it('is confirmed in its turn, and never while its return is under way', async () => {
    await activate(1)
    await activate(2, 60_000)
    const goOn = await hold()
    const rollback = activations.rollback(subject, by)
    const confirmation = activations.confirm(subject, by)
    confirmation.catch(() => {})
    goOn()
    expect(await rollback).toMatchObject({ version: 1 })
    await expect(confirmation).rejects.toThrow(/ERR_ACTIVATION_PENDING/)
  })

  it('is waited for no longer than it may last, whatever the clock says', async () => {
    await activate(1)
    await activate(2, 60_000)
    activations.close()
    store.close()
    const timers = vi.spyOn(globalThis, 'setTimeout')
    vi.spyOn(Date, 'now').mockReturnValue(0) // set back by decades
    begin()
    expect(timers.mock.calls.map(([, ms]) => ms)).toEqual([confirmWithinMsMax])
  })

  it('that cannot return while the host closes leaves no timer behind', async () => {
    await activate(1)
    await activate(2, 20)
    const goOn = await hold()
    await new Promise((resolve) => setTimeout(resolve, 40)) // its time is up, and it waits for its turn
    activations.close()
    store.close()
    const timers = vi.spyOn(globalThis, 'setTimeout')
    goOn()
    await eventually(
      async () => logged.filter(({ event }) => event === 'return-failed').length,
      (count) => count === 1,
    )
    expect(acts).toMatchObject([{ command: 'return', result: 'refused', code: expect.any(String) }])
    expect(timers.mock.calls.filter(([, ms]) => ms === activationWindowMs)).toEqual([])
  })
})

describe('a version that is active and cannot be asked', () => {
  it('can be activated again when it has been mended', async () => {
    await activate(1)
    await activate(2)
    live.begin({ ...noTable, generation: 7, tenants: new Map([['a', stored]]) }) // as a start with damaged bytes
    expect(await activate(2)).toMatchObject({ changed: true, version: 2, previous: 1 })
    expect(answers()).toBe(2)
    expect(await activate(2)).toMatchObject({ changed: false })
  })
})

describe('versions', () => {
  it('are named by eight digits of their digest or more, and not by fewer that happen to fit', async () => {
    const { policy } = store.version(subject, 1)
    for (const few of [policy.slice(0, 1), policy.slice(0, 7)].filter((text) => !/^\d+$/.test(text))) {
      await expect(activations.activate(subject, few, by)).rejects.toThrow(/ERR_VERSION_UNKNOWN/)
    }
    expect(await activations.activate(subject, policy.slice(0, 8), by)).toMatchObject({ version: 1 })
  })

  it('fit into an answer, however many there are: the earliest are left out', { timeout: 60_000 }, () => {
    for (let count = 0; count < 300; count++) {
      const { number } = store.upload(subject, { module: Buffer.from(`more ${count}`) }, by, 1)
      store.refused(subject, number, { code: 'ERR_ADMISSION_VECTOR', message: 'x'.repeat(16_000) }, 1)
    }
    const answer = activations.versions(undefined) as { omitted: number; versions: { number: number }[] }[]
    expect(JSON.stringify(answer).length).toBeLessThan(operatorReplyBytesMax / 2)
    const [{ omitted, versions } = { omitted: 0, versions: [] }] = answer
    expect(versions.at(-1)?.number).toBe(302)
    expect(versions[0]?.number).toBe(omitted + 1)
  })
})

describe('who must stay allowed', () => {
  const silent: Guard = { fuelPerDecision: fuel }
  const lists = new Map([['a', { file: 'stay.jsonl', vectors: [{ line: 1 }] } as unknown as BreakGlass]])
  const tableOf = (tenants: readonly Tenant[], guard: Guard | undefined): Table => ({
    ...noTable,
    guard,
    tenants: new Map(tenants.map((tenant) => [tenant.name, tenant])),
  })
  const speaking = { ...stored, policy: 'aa'.repeat(32) }

  it('is not asked of who neither had a version nor has one, so that a new installation can begin', async () => {
    const silence = tableOf([stored], silent)
    await checkBreakGlass(silence, silence, lists)
    await checkBreakGlass(noTable, tableOf([stored], undefined), lists)
  })

  it('is refused when a version goes, or a guard comes that has none', async () => {
    const refused = /would have no active version \[ERR_ACTIVATION_BREAK_GLASS\]/
    await expect(
      checkBreakGlass(tableOf([speaking], undefined), tableOf([stored], undefined), lists),
    ).rejects.toThrow(refused)
    await expect(
      checkBreakGlass(tableOf([stored], undefined), tableOf([stored], silent), lists),
    ).rejects.toThrow(refused)
  })
})
