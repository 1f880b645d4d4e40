// What an operator does with versions, by the real commands and a real host, and what WinRM's callers get meanwhile.

import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { tellHost } from '../../host/cli/operator-client.ts'
import { ownAccount } from '../../host/supervisor/account.ts'
import type { HostStatus } from '../../host/supervisor/status.ts'
import { runProgram } from '../support/command.ts'
import { configOf, eventually, policyPath, type TenantSpec, told, user } from '../support/testbed.ts'
import { StoreHost, tenant } from './store-host.ts'

let site: StoreHost

beforeEach(() => {
  site = new StoreHost()
})

afterEach(async () => {
  const violations = site.bed.winrm.violations()
  await site.close()
  expect(violations).toEqual({})
})

const run = (...args: string[]) => {
  const [command = '', ...rest] = args
  return runProgram('main', site.bed.folder, command, '--config', 'portcullis.json', ...rest)
}

const lastDecision = async () => site.host?.entries.findLast(({ event }) => event === 'decision')

const allowed = { code: 0, noAnswer: false }
const denied = { code: 5, noAnswer: false }

/** Ada is an administrator by version 1 and not by version 2. */
async function twoVersions(more: object = {}, tenants?: readonly TenantSpec[]): Promise<number> {
  await site.serve(more, tenants)
  await site.push(tenant, 'settings', { admins: ['ada'] })
  await site.push(tenant, 'settings', { admins: ['bob'] })
  return site.bed.startup('a')
}

const ask = (instance: number) => site.bed.winrm.ask(instance, { ...user, senderName: 'contains admins ada' })
const isAda = async (instance: number) => told(await ask(instance))

describe('a tenant of the store', () => {
  it('is denied while nothing is active, and answered by what is activated, rolled back and activated again', async () => {
    const instance = await twoVersions()
    expect(await isAda(instance)).toMatchObject({ noAnswer: true })
    const record = await site.host?.entry(({ event }) => event === 'decision', 5_000)
    expect(record).toMatchObject({ error: 'ERR_POLICY_NONE', outcome: 'no-answer' })
    const push = run('push', policyPath('settings'), '--tenant', 'a')
    expect(push).toMatchObject({ status: 0, stderr: '' })
    expect(push.stdout).toMatch(/^a, version 3: admitted; \d+ bytes, SHA-256 [0-9a-f]{64}\n/)
    const activate = run('activate', '1', '--tenant', 'a', '--reason', 'the first')
    expect(activate.stdout).toMatch(/^a: version 1 answers now \(nothing was active before; generation 2, /)
    expect(await isAda(instance)).toEqual(allowed)
    expect(run('activate', '2', '--tenant', 'a').stdout).toMatch(
      /^a: version 2 answers now \(version 1 before; generation 3/,
    )
    expect(await isAda(instance)).toEqual(denied)
    expect(run('activate', '2', '--tenant', 'a').stdout).toBe(
      'a: version 2 answered already (generation 3)\n',
    )
    expect(run('rollback', '--tenant', 'a').stdout).toMatch(
      /^a: version 1 answers again \(another rollback goes to version 2; generation 4/,
    )
    expect(await isAda(instance)).toEqual(allowed)
    expect(run('versions', '--tenant', 'a').stdout).toMatch(
      /^a: version 1 is active\n(?:.*\n)*? +2 .* retired /,
    )
    expect(site.journal).toContain('"why":"the first"')
    await eventually(lastDecision, (decision) => decision?.generation === 4 && decision.version === 1)
  })

  it('is served by the same version when the host starts again, without another admission', async () => {
    await twoVersions()
    await site.activate(tenant, 2)
    await site.host?.close()
    const host = await site.serve()
    expect(await isAda(site.bed.startup('a'))).toEqual(denied)
    expect(host.entries.filter(({ event }) => event === 'policy-admitted')).toEqual([])
    await eventually(lastDecision, (decision) => decision?.version === 2)
  })

  it('is admitted again if another rewriter or profile has admitted it, and denied alone if it is not what it was', async () => {
    await twoVersions()
    await site.activate(tenant, 1)
    await site.host?.close()
    const host = await site.serve({}, [{ name: 'a', fuelPerDecision: 999 }])
    expect(host.entries.filter(({ event }) => event === 'policy-admitted')).toMatchObject([{ version: 1 }])
    await host.close()
    const folder = join(site.bed.folder, 'store', 'tenants', 't-a')
    const { admission } = (await versions()).versions[0] ?? {}
    writeFileSync(join(folder, 'blobs', admission?.metered ?? ''), 'something else')
    const damaged = await site.serve({}, [
      { name: 'a', fuelPerDecision: 999 },
      { name: 'b', policy: 'mirror' },
    ])
    expect(damaged.entries.find(({ event }) => event === 'policy-refused')).toMatchObject({
      code: 'ERR_STORE_DIGEST',
    })
    expect(await isAda(site.bed.startup('a'))).toMatchObject({ noAnswer: true })
    expect(told(await site.bed.winrm.ask(site.bed.startup('b'), user))).toEqual(allowed)
  })

  it('keeps its quarantine when the host starts again', async () => {
    await site.serve({}, [{ name: 'a', fuelPerDecision: 2 ** 30 }])
    await site.push(tenant, 'endless')
    await site.activate(tenant, 1)
    const first = site.bed.startup('a')
    const forEver = { ...user, senderName: 'endless' }
    expect(told(await site.bed.winrm.ask(first, forEver))).toMatchObject({ noAnswer: true })
    const quarantined = () => tellHost(site.bed.endpoint, { command: 'quarantine' }) as Promise<unknown[]>
    await eventually(quarantined, ({ length }) => length === 1)
    await site.bed.winrm.shutdown(first)
    await site.host?.close()
    await site.serve({}, [{ name: 'a', fuelPerDecision: 2 ** 30 }])
    expect(await quarantined()).toMatchObject([{ tenant: 'a', reason: 'processor time' }])
    await expect(site.activate(tenant, 1)).resolves.toMatchObject({ changed: false })
    expect(run('quarantine', '--lift', 'a').status).toBe(0)
    expect(await quarantined()).toEqual([])
  })
})

async function versions() {
  // From the journal: the host is not there.
  const lines = site.journal.trimEnd().split('\n')
  const metered = lines.map((line) => JSON.parse(line)).findLast(({ type }) => type === 'admitted')
    ?.metered as string
  return { versions: [{ admission: { metered } }] }
}

describe('a provisional activation', () => {
  it('is taken back by a rollback, which says where another one would go', async () => {
    const instance = await twoVersions()
    await site.activate(tenant, 1)
    run('activate', '2', '--tenant', 'a', '--confirm-within', '10m')
    expect(run('rollback', '--tenant', 'a').stdout).toMatch(
      /^a: version 1 answers again \(there is nothing to roll back to now; generation 4, /,
    )
    expect(await isAda(instance)).toEqual(allowed)
    expect(run('rollback', '--tenant', 'a').stderr).toMatch(
      /nothing was active before.*\[ERR_VERSION_UNKNOWN\]/,
    )
  })

  it('returns by itself if it is not confirmed, and stays if it is', async () => {
    const instance = await twoVersions()
    await site.activate(tenant, 1)
    const provisional = run('activate', '2', '--tenant', 'a', '--confirm-within', '1s')
    expect(provisional.stdout).toMatch(
      /\nprovisional: without "portcullis confirm --tenant a --config portcullis.json" by .* version 1 answers again\n$/,
    )
    expect(await isAda(instance)).toEqual(denied)
    await expect(site.activate(tenant, 1)).rejects.toThrow(
      /confirm it or roll it back first \[ERR_ACTIVATION_PENDING\]/,
    )
    await eventually(
      () => isAda(instance),
      ({ code }) => code === 0,
    )
    expect(site.host?.entries.findLast(({ event }) => event === 'version-activated')).toMatchObject({
      version: 1,
      who: 'host',
      why: 'it was not confirmed in time',
    })
    await site.activate(tenant, 2, 60_000)
    expect(run('confirm', '--tenant', 'a').stdout).toMatch(/^a: version 2 is confirmed /)
    expect(run('confirm', '--tenant', 'a')).toMatchObject({ status: 1 })
    expect(await isAda(instance)).toEqual(denied)
  })

  it('returns also if its time is up while the host is away, or after it has started again', async () => {
    await twoVersions()
    await site.activate(tenant, 1)
    await site.activate(tenant, 2, 300)
    await site.host?.close()
    await new Promise((resolve) => setTimeout(resolve, 400))
    await site.serve()
    const instance = site.bed.startup('a')
    expect(await isAda(instance)).toEqual(allowed)
    await site.activate(tenant, 2, 3_000)
    site.host?.kill('SIGKILL')
    await site.host?.ended()
    await site.serve()
    await eventually(
      () => isAda(instance),
      ({ code, noAnswer }) => code === 0 && !noAnswer,
      30_000,
    )
    expect(site.host?.entries.filter(({ event }) => event === 'version-activated')).toMatchObject([
      { version: 1, who: 'host' },
    ])
  })

  it('that was the first returns to nothing', async () => {
    const instance = await twoVersions()
    await site.activate(tenant, 1, 500)
    expect(await isAda(instance)).toEqual(allowed)
    await eventually(
      () => isAda(instance),
      ({ noAnswer }) => noAnswer,
    )
  })
})

describe('an activation', () => {
  const line = (sender: string) =>
    JSON.stringify({
      name: `${sender} stays in`,
      question: { kind: 'user', application: 'wsman/a', senderName: `contains admins ${sender}` },
      expect: { outcome: 'allow' },
    })

  it('after which somebody would be denied who must stay allowed is refused with the line, and changes nothing', async () => {
    writeFileSync(join(site.bed.folder, 'stay.jsonl'), `\n${line('ada')}\n`)
    const instance = await twoVersions({}, [{ name: 'a', breakGlass: 'stay.jsonl' }])
    await site.activate(tenant, 1)
    const refused = run('activate', '2', '--tenant', 'a')
    expect(refused.status).toBe(1)
    expect(refused.stderr).toMatch(
      /stay\.jsonl, "ada stays in" \(line 2\): a would answer "deny".* \[ERR_ACTIVATION_BREAK_GLASS\]\n$/,
    )
    expect(await isAda(instance)).toEqual(allowed)
    expect(site.journal.match(/"activated"/g)).toHaveLength(1)
  })

  it('of a guard that would deny one of those is refused too', async () => {
    writeFileSync(join(site.bed.folder, 'stay.jsonl'), line('ada'))
    await twoVersions({ guard: {} }, [{ name: 'a', breakGlass: 'stay.jsonl' }])
    await site.push('guard', 'settings', { admins: ['ada'] })
    await site.push('guard', 'settings', { admins: [] })
    // While the guard has no version nobody is allowed, and a tenant's takes nothing away.
    await site.activate(tenant, 1)
    await site.activate('guard', 1)
    await expect(site.activate('guard', 2)).rejects.toThrow(
      /the guard would answer "deny".* \[ERR_ACTIVATION_BREAK_GLASS\]/,
    )
  })

  it('too many of one tenant in a minute are refused, but never a rollback', async () => {
    const instance = await twoVersions({ activationsPerMinute: 2 })
    await site.activate(tenant, 1)
    await site.activate(tenant, 2)
    await expect(site.activate(tenant, 1)).rejects.toThrow(
      /2 in a minute .*; try again in \d+ s \[ERR_ACTIVATION_RATE\]/,
    )
    await site.tell('rollback')
    expect(await isAda(instance)).toEqual(allowed)
  })

  it('of what is not there, or not the store’s, or not admitted, is refused', async () => {
    await twoVersions({}, [{ name: 'a' }, { name: 'b', policy: 'mirror' }])
    const wrong: [string[], string][] = [
      [['activate', '7', '--tenant', 'a'], 'ERR_VERSION_UNKNOWN'],
      [['activate', '1', '--tenant', 'nobody'], 'ERR_VERSION_SUBJECT'],
      [['activate', '1', '--tenant', 'b'], 'ERR_VERSION_SUBJECT'],
      [['activate', '1', '--guard'], 'ERR_VERSION_SUBJECT'],
      [['rollback', '--tenant', 'a'], 'ERR_VERSION_UNKNOWN'],
      [['confirm', '--tenant', 'a'], 'ERR_ACTIVATION_PENDING'],
    ]
    for (const [args, code] of wrong) {
      const { status, stderr } = run(...args)
      expect([status, stderr.match(/\[(\w+)\]/)?.[1]]).toEqual([1, code])
    }
    expect(run('activate', '1')).toMatchObject({ status: 2 })
    expect(run('activate', '1', '--tenant', 'a', '--guard')).toMatchObject({ status: 2 })
    expect(run('activate', '1', '--tenant', 'a', '--confirm-within', '10')).toMatchObject({ status: 2 })
    writeFileSync(join(site.bed.folder, 'bad.wasm'), 'no module')
    const bad = run('push', 'bad.wasm', '--tenant', 'a')
    expect([bad.status, bad.stderr]).toEqual([
      1,
      expect.stringMatching(/version 3: .*\[ERR_VERSION_REFUSED\]/),
    ])
    await expect(site.activate(tenant, 3)).rejects.toThrow(/ERR_VERSION_REFUSED/)
  })
})

describe('a reload', () => {
  const write = (tenants: readonly TenantSpec[], more: object = {}) =>
    writeFileSync(
      site.bed.configPath,
      JSON.stringify(configOf(tenants, { endpoint: site.bed.endpoint, store: 'store', ...more })),
    )

  it('adds and takes away tenants and changes others, while those that stay are answered all the time', async () => {
    const stays = { name: 'stays', policy: 'slow' }
    await site.serve({}, [stays, { name: 'goes', policy: 'slow' }])
    const [staying, going] = [site.bed.startup('stays'), site.bed.startup('goes')]
    expect(told(await site.bed.winrm.ask(going, user))).toEqual(allowed)
    let goesOn = true
    const answers: unknown[] = []
    const asking = (async () => {
      while (goesOn) answers.push(told(await site.bed.winrm.ask(staying, user)))
    })()
    write([stays, { name: 'comes', policy: 'slow', showReasons: true }])
    const { status, stdout } = run('reload', '--reason', 'a customer more')
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^the configuration is live \(generation 2, after \d+ ms\)\nadded 1 tenant: comes\nremoved 1 tenant: goes\n$/,
      ),
    ])
    expect(told(await site.bed.winrm.ask(site.bed.startup('comes'), user))).toEqual(allowed)
    const ceiling = {
      concurrentShells: 5,
      concurrentOperations: 5,
      timeslotSeconds: 5,
      operationsPerTimeslot: 5,
    }
    const comes = { name: 'comes', policy: 'slow', showReasons: true }
    write([{ ...stays, quotaCeiling: ceiling, accounts: [ownAccount(), 'uid:12345'] }, comes])
    expect(run('reload').stdout).toMatch(/\nchanged 1 tenant: stays\n$/)
    goesOn = false
    await asking
    expect(answers.length).toBeGreaterThan(0)
    expect(answers).toEqual(answers.map(() => allowed))
    expect(told(await site.bed.winrm.ask(going, user))).toMatchObject({ noAnswer: true })
    write([{ ...stays, runAsPoolAccountWithoutToken: true }])
    expect(run('reload').stdout).toMatch(/removed 1 tenant: comes\nchanged 1 tenant: stays\n$/)
    const { userSid: _, groupSids: __, ...nobody } = user
    expect(told(await site.bed.winrm.ask(staying, nobody))).toEqual(allowed)
  })

  it('that has evaluators compile for seconds denies nobody meanwhile', async () => {
    const stays = { name: 'stays', policy: 'mirror' }
    await site.serve({}, [stays])
    const instance = site.bed.startup('stays')
    const many = Array.from({ length: 1_900 }, (_, index) => ({ name: `t${index}`, policy: 'sdk-helpers' }))
    write([stays, ...many])
    let goesOn = true
    const callers = Array.from({ length: 4 }, async () => {
      const answers: ReturnType<typeof told>[] = []
      while (goesOn) answers.push(told(await site.bed.winrm.ask(instance, user)))
      return answers
    })
    await tellHost(site.bed.endpoint, { command: 'reload', who: 'test' })
    goesOn = false
    const answers = (await Promise.all(callers)).flat()
    expect(answers.length).toBeGreaterThan(100)
    expect(answers.filter(({ noAnswer }) => noAnswer)).toEqual([])
  })

  it('of a wrong configuration says where it is wrong, and changes nothing', async () => {
    await site.serve({}, [{ name: 'a', policy: 'mirror' }])
    const instance = site.bed.startup('a')
    const broken = join(site.bed.folder, 'broken.wasm')
    copyFileSync(policyPath('mirror'), broken)
    write([
      { name: 'a', policy: 'trap' },
      { name: 'b', policyFile: broken, policy: 'mirror' },
    ])
    writeFileSync(broken, readFileSync(broken).subarray(0, 100))
    const refused = run('reload')
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/at \/tenants\/1\/policy .*ERR_CONFIG_POLICY/),
    ])
    write([{ name: 'a', policy: 'trap' }], { evaluators: 3 })
    expect(run('reload').stderr).toMatch(/"evaluators" was 2 and would be 3; .*\[ERR_RELOAD\]/)
    write([{ name: 'a', policy: 'trap', unknown: 1 } as TenantSpec])
    expect(run('reload')).toMatchObject({ status: 2 })
    expect(told(await site.bed.winrm.ask(instance, user))).toEqual(allowed)
    const { generation } = (await tellHost(site.bed.endpoint, { command: 'status' })) as HostStatus
    expect(generation).toBe(1)
  })

  it('lets other accounts in, and out again', async () => {
    await site.serve({}, [{ name: 'a', policy: 'mirror' }])
    const instance = site.bed.startup('a')
    const mode = () => statSync(join(site.bed.endpoint, 'evaluator-0.sock')).mode & 0o777
    expect(mode()).toBe(0o600)
    const own = (
      configOf([{ name: 'a', policy: 'mirror' }]) as { tenants: { applications: { account: string }[] }[] }
    ).tenants[0]?.applications[0]?.account
    write([{ name: 'a', policy: 'mirror', accounts: [own ?? '', 'uid:12345'] }])
    expect(run('reload').status).toBe(0)
    await eventually(
      async () => mode(),
      (now) => now === 0o666,
    )
    write([{ name: 'a', policy: 'mirror' }])
    expect(run('reload').status).toBe(0)
    await eventually(
      async () => mode(),
      (now) => now === 0o600,
    )
    expect(told(await site.bed.winrm.ask(instance, user))).toEqual(allowed)
  })
})

describe('a recording', () => {
  it('has every decision with what it was made by, and is answered again to the last bit', async () => {
    const instance = await twoVersions({ recording: 'recording', guard: {} })
    await site.push('guard', 'settings', { admins: ['ada'] })
    await site.activate('guard', 1)
    await site.activate(tenant, 1)
    for (let count = 0; count < 20; count++) await ask(instance)
    await site.activate(tenant, 2)
    for (let count = 0; count < 20; count++) await ask(instance)
    await site.host?.close()
    const { status, stdout, stderr } = runProgram('main', site.bed.folder, 'replay', 'recording', '--json')
    expect([status, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({ decisions: 40, equal: 40 })
  })
})
