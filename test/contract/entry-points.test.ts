// WinRM's contract at the six entry points: wrong, missing and over-long arguments, exactness, contexts, shutdown. The
// case numbers (C6, F7, ...) are those of the project's list of conformance cases. The host is a real one.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import type { ServeProcess } from '../../host/cli/serve-process.ts'
import { inside, release } from '../../host/double/double.ts'
import type { Question } from '../../host/winrm/question.ts'
import { operation, quota, Testbed, told, user } from '../support/testbed.ts'

let bed: Testbed
let host: ServeProcess
let allows: number
let reports: number

beforeAll(async () => {
  bed = new Testbed()
  host = await bed.host(
    [
      { name: 'allows', policy: 'slow' },
      { name: 'reports', policy: 'report' },
      { name: 'shows', policy: 'report', showReasons: true },
      { name: 'pool', policy: 'slow', runAsPoolAccountWithoutToken: true },
      { name: 'roles', policy: 'examples/role-by-group', allowAdministrator: true },
      { name: 'roles-without-switch', policy: 'examples/role-by-group' },
    ],
    {},
  )
  allows = bed.startup('allows')
  reports = bed.startup('reports')
})

afterEach(() => expect(bed.winrm.violations()).toEqual({}))

afterAll(() => bed.close())

/** What the host recorded about a question that was not allowed. */
async function recordOf(extended: string | undefined) {
  const id = /id="([0-9a-f]{32})"/.exec(extended ?? '')?.[1]
  return host.entry((entry) => entry.event === 'decision' && entry.id === id, 2_000)
}

/** Asks the reporting policy; its reason spells every field that it saw. */
async function seen(question: Question): Promise<string> {
  const { extended } = await bed.winrm.ask(reports, question)
  return String((await recordOf(extended))?.reason)
}

describe('a question that is allowed', () => {
  it('passes the client token on and reports a context, no text, no administrator (C1, C26)', async () => {
    const completion = await bed.winrm.ask(allows, user)
    expect(completion).toMatchObject({
      completions: 1,
      code: 0,
      tokenPassed: 1,
      hasContext: true,
      administrator: false,
      sameThread: true,
      extended: undefined,
    })
  })

  it('as an operation reports a context too (D7)', async () => {
    expect(await bed.winrm.ask(allows, operation)).toMatchObject({
      completions: 1,
      code: 0,
      hasContext: true,
    })
  })

  it('as a quota question without queryQuota gets the ceiling and no context (E3)', async () => {
    const completion = await bed.winrm.ask(allows, quota)
    expect(completion).toMatchObject({ code: 0, hasContext: false, quota: Array(4).fill(0xffffffff) })
  })

  it("makes an administrator only with the operator's switch (C22)", async () => {
    const administrator = { ...user, groupSids: ['S-1-5-21-1004336348-1177238915-682003330-1601'] }
    const withSwitch = await bed.winrm.ask(bed.startup('roles'), administrator)
    const without = await bed.winrm.ask(bed.startup('roles-without-switch'), administrator)
    expect([withSwitch.code, withSwitch.administrator]).toEqual([0, true])
    expect([without.code, without.administrator]).toEqual([0, false])
  })
})

describe('a question that is denied', () => {
  it('carries no context, token or administrator, and a text without names (C2, D8, D11)', async () => {
    for (const question of [user, operation]) {
      const completion = await bed.winrm.ask(reports, question)
      expect(completion).toMatchObject({ code: 5, tokenPassed: 0, hasContext: false, administrator: false })
      expect(completion.extended).toMatch(
        /^<portcullis outcome="denied" id="[0-9a-f]{32}">Access is denied\.<\/portcullis>$/,
      )
    }
  })

  it('shows its reason, escaped, where the operator lets clients see reasons (C25)', async () => {
    const shows = bed.startup('shows')
    const { extended } = await bed.winrm.ask(shows, { ...user, senderName: 'A<b>&"\ud800' })
    expect(extended).toContain('&lt;b&gt;&amp;&quot;\ufffd')
  })
})

describe('arguments that break the contract', () => {
  it('NULL sender details: no completion, no crash (C6)', async () => {
    const { completions } = await bed.winrm.ask(allows, user, { noSender: true })
    expect(completions).toBe(0)
  })

  it.each([user, operation, quota])(
    'flags that are not zero: denied with 87, completion flags 0 (C7)',
    async (question) => {
      expect(told(await bed.winrm.ask(allows, question, { flags: 1 }))).toEqual({ code: 87, noAnswer: true })
    },
  )

  it('a NULL, garbage or stale plug-in context: denied with 5 (C8)', async () => {
    const { instance } = bed.winrm.startup('wsman/allows')
    const stale = bed.winrm.pluginContext(instance)
    await bed.winrm.shutdown(instance)
    for (const context of [null, 1n, 0xdeadbeefdeadbeefn, stale]) {
      expect(told(await bed.winrm.askRaw(context, user))).toEqual({ code: 5, noAnswer: true })
    }
  })

  it('every string NULL: denied (C9)', async () => {
    for (const kind of ['user', 'operation', 'quota'] as const) {
      const empty: Question = { kind, application: '', userSid: 'S-1-5-18' }
      expect(told(await bed.winrm.ask(allows, empty))).toEqual({ code: 5, noAnswer: true })
    }
  })

  it('an empty sender name: denied (C10)', async () => {
    expect(told(await bed.winrm.ask(allows, { ...user, senderName: '' }))).toEqual({
      code: 5,
      noAnswer: true,
    })
  })

  it.each(['action', 'resourceUri'] as const)('a NULL, empty or endless %s: denied (D5)', async (member) => {
    for (const text of [undefined, '', 'x'.repeat(1024 * 1024)]) {
      const { [member]: _, ...rest } = operation
      const question = text === undefined ? rest : { ...rest, [member]: text }
      expect(told(await bed.winrm.ask(allows, question))).toEqual({ code: 5, noAnswer: true })
    }
  })

  it.each([65_536, 2 * 1024 * 1024])('a URL of %i units: denied, in bounded time (C20)', async (units) => {
    const completion = await bed.winrm.ask(allows, { ...user, httpUrl: 'u'.repeat(units) })
    expect(told(completion)).toEqual({ code: 5, noAnswer: true })
    expect(completion.microseconds).toBeLessThan(1_000_000)
  })

  it('more groups than a token can hold: denied, nothing truncated', async () => {
    const groups = (count: number) => Array.from({ length: count }, (_, index) => `S-1-5-21-1-2-3-${index}`)
    expect((await bed.winrm.ask(allows, { ...user, groupSids: groups(1024) })).code).toBe(0)
    const over = await bed.winrm.ask(allows, { ...user, groupSids: groups(1025) })
    expect(told(over)).toEqual({ code: 5, noAnswer: true })
  })

  it('Startup with unknown flags, or without application or room for the context: 87 (B3, B4, B5)', () => {
    expect(bed.winrm.startup('wsman/allows', 3)).toEqual({ code: 87, instance: 0 })
    expect(bed.winrm.startup('wsman/allows', 0x80000000)).toEqual({ code: 87, instance: 0 })
    expect(bed.winrm.startup(null)).toEqual({ code: 87, instance: 0 })
    expect(bed.winrm.startup('')).toEqual({ code: 87, instance: 0 })
    expect(bed.winrm.startup('x'.repeat(1025))).toEqual({ code: 87, instance: 0 })
  })
})

describe('what reaches the policy', () => {
  it.each([
    'CONTOSO\\Zoë',
    '管理者@contoso.example',
    'emoji \u{1f600} and \u{20bb7}',
    'high \ud83d alone',
    'low \udc00 alone',
    'CN="Doe, J.\nO=x"',
  ])('is the sender name to the unit: %j (C11, C12, C13)', async (senderName) => {
    expect(await seen({ ...user, senderName })).toContain(senderName)
  })

  it('keeps names apart that differ by case, a space or normalisation (C14)', async () => {
    const names = ['zoë', 'ZOË', 'zoe\u0308', 'zoë ']
    const reasons = await Promise.all(names.map((senderName) => seen({ ...user, senderName })))
    expect(new Set(reasons).size).toBe(names.length)
  })

  it('has all four certificate fields with ClientCertificate in any case (C15)', async () => {
    const certificate = { subject: 'CN=s', issuerName: 'CN=i', issuerThumbprint: 'ab12', subjectName: 'CN=n' }
    const reason = await seen({ ...user, authenticationMechanism: 'CLIENTcertificate', certificate })
    for (const field of Object.values(certificate)) expect(reason).toContain(field)
  })

  it('has absent certificate fields where WinRM gave NULL (C18)', async () => {
    const question = { ...user, authenticationMechanism: 'ClientCertificate' }
    const absent = await seen({ ...question, certificate: {} })
    const empty = await seen({ ...question, certificate: { subject: '', issuerName: '' } })
    expect(absent).not.toEqual(empty)
  })

  it('is nothing at all when the mechanism says certificate and there is none: denied (C16)', async () => {
    const completion = await bed.winrm.ask(reports, { ...user, authenticationMechanism: 'ClientCertificate' })
    expect(told(completion)).toEqual({ code: 5, noAnswer: true })
  })

  it('never comes from a certificate pointer with another mechanism (C17)', async () => {
    const completion = await bed.winrm.ask(allows, user, { certificateUnreadable: true })
    expect(completion.code).toBe(0)
  })

  it('does not depend on what the URL names (C21)', async () => {
    const { extended } = await bed.winrm.ask(reports, { ...user, httpUrl: 'https://host/wsman/allows' })
    expect(await recordOf(extended)).toMatchObject({ tenant: 'reports', application: 'wsman/reports' })
  })

  it('is a decision on its own data for a user that was never seen before (D7)', async () => {
    expect((await bed.winrm.ask(allows, { ...operation, senderName: 'NEW\\one' })).code).toBe(0)
  })
})

describe('a question without a token', () => {
  const { userSid: _, groupSids: __, ...anonymous } = user

  it('is denied by default, whatever the policy says (C19)', async () => {
    const completion = await bed.winrm.ask(allows, anonymous)
    expect(told(completion)).toEqual({ code: 5, noAnswer: true })
  })

  it("is allowed with the operator's switch, and runs as the pool account (C19)", async () => {
    const completion = await bed.winrm.ask(bed.startup('pool'), anonymous)
    expect(completion).toMatchObject({ code: 0, tokenPassed: 0 })
  })
})

describe('a completion', () => {
  it('that WinRM does not accept is not repeated, and its context is dropped (C27)', async () => {
    const completion = await bed.winrm.ask(allows, user, { inside: inside.return87 })
    expect(completion.completions).toBe(1)
  })

  it('may re-enter the entry point on the same stack', async () => {
    for (const question of [user, operation, quota]) {
      const completion = await bed.winrm.ask(allows, question, { inside: inside.askAgain })
      expect(completion).toMatchObject({ completions: 1, code: 0 })
    }
  })
})

describe('a context', () => {
  it.each(Object.entries(release))('may be released %s (F1, F3, F4, F8)', async (_, when) => {
    const instance = bed.startup('allows')
    for (let i = 0; i < 20; i++) {
      const completion = await bed.winrm.ask(instance, user, { release: when })
      expect(completion).toMatchObject({ code: 0, hasContext: true })
    }
    await bed.winrm.releaseDrain()
    expect(bed.winrm.releaseKept(instance)).toBe(when === release.keep ? 20 : 0)
  })

  it('is a new one for each grant, and none is valid twice (F5, F7)', async () => {
    const first = await bed.winrm.ask(allows, user, { release: release.after })
    const second = await bed.winrm.ask(allows, user, { release: release.after })
    expect(first.context).not.toEqual(second.context)
    for (const value of [null, 1n, 0xffffffffffffffffn, first.context]) bed.winrm.release(value)
  })

  it('may be released after its instance has shut down (F9)', async () => {
    const { instance } = bed.winrm.startup('wsman/allows')
    await bed.winrm.ask(instance, user, { release: release.keep })
    expect(await bed.winrm.shutdown(instance)).toBe(0)
  })
})

describe('Startup and Shutdown', () => {
  it('may come many times for one application; each success has its own Shutdown (B7, B11)', async () => {
    const [first, second] = [bed.winrm.startup('wsman/allows'), bed.winrm.startup('wsman/allows')]
    expect(await bed.winrm.shutdown(first.instance)).toBe(0)
    expect((await bed.winrm.ask(second.instance, user)).code).toBe(0)
    expect(await bed.winrm.shutdown(second.instance)).toBe(0)
  })

  it('runs out of room after 1,024 instances, and harms none of them', async () => {
    const kept = await bed.winrm.ask(allows, user, { release: release.keep })
    const started: number[] = []
    let last = bed.winrm.startup('wsman/other')
    while (last.code === 0) {
      started.push(last.instance)
      last = bed.winrm.startup('wsman/other')
    }
    expect(last.code).toBe(8)
    expect(started.length).toBeGreaterThan(900)
    const contexts = [kept.context]
    for (let i = 0; i < 8; i++)
      contexts.push((await bed.winrm.ask(allows, user, { release: release.keep })).context)
    expect(new Set(contexts).size).toBe(contexts.length)
    for (const instance of started) expect(await bed.winrm.shutdown(instance)).toBe(0)
    bed.winrm.releaseKept(allows)
  })

  it('accepts every flag that WinRM defines and every reason (B2, B14)', async () => {
    for (const [flags, reason] of [
      [0, 1],
      [1, 2],
      [2, 3],
      [0, 4],
      [0, 99],
    ] as const) {
      const { code, instance } = bed.winrm.startup('wsman/allows', flags)
      expect(code).toBe(0)
      expect(await bed.winrm.shutdown(instance, reason)).toBe(0)
    }
  })

  it('refuses a context that is not that of a running instance (B15, B16)', async () => {
    const { instance } = bed.winrm.startup('wsman/allows')
    const context = bed.winrm.pluginContext(instance)
    await bed.winrm.shutdown(instance)
    for (const value of [context, null, 12345n]) expect(bed.winrm.shutdownRaw(value)).toBe(87)
    expect((await bed.winrm.ask(allows, user)).code).toBe(0)
  })

  it('answers every question that waits, exactly once, before Shutdown returns (B13)', async () => {
    const { instance } = bed.winrm.startup('wsman/allows')
    await bed.winrm.ask(instance, user)
    const slow = { ...user, senderName: 'CONTOSO\\slow' }
    const asked = Array.from({ length: 60 }, () => bed.winrm.ask(instance, slow))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await bed.winrm.shutdown(instance)).toBe(0)
    const codes = (await Promise.all(asked)).map(({ code, completions }) => `${completions}x${code}`)
    expect(codes.filter((code) => code !== '1x0' && code !== '1x1115')).toEqual([])
    expect(codes).toContain('1x1115')
  })
})
