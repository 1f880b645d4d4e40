// Hostile modules as tenants of a real host, asked through the compiled plug-in while another tenant is asked too. WinRM is told
// the right code for each, the other tenant gets its right answers at the same moment, and no evaluator dies of any of
// them. What fails before its first question, or is a bomb, never gets so far: admission itself says no.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { admit } from '../../host/admission/admission.ts'
import { win32 } from '../../host/winrm/codes.ts'
import type { Question } from '../../host/winrm/question.ts'
import { operation, quota, settled, type TenantSpec, Testbed, told, user } from '../support/testbed.ts'
import { reasonToSkip } from '../support/tools.ts'
import { corpus } from './corpus.ts'
import { mirrored } from './honest.ts'
import { type Answer, type Hostile, kinds } from './hostile.ts'

/** Admission takes two processes for each; so many at a time leave a host time to begin. */
const TENANTS = 30
const questions: Readonly<Record<(typeof kinds)[number], Question>> = { user, operation, quota }

const serving = corpus.filter(
  ({ must }) => must.result === 'harmless' || (must.result === 'stopped' && must.place !== 'start'),
)
/** Of the others those that are more than a question of form, which engine.test.ts asks. */
const refusing = corpus.filter(
  (member) =>
    !serving.includes(member) && (member.must.result === 'stopped' || member.name.startsWith('bomb-')),
)
const batches = Array.from({ length: Math.ceil(serving.length / TENANTS) }, (_, index) => {
  return serving.slice(index * TENANTS, (index + 1) * TENANTS)
})

let bed: Testbed

beforeAll(() => {
  bed = new Testbed()
})

afterAll(async () => {
  const violations = bed.winrm.violations()
  await bed.close()
  expect(violations).toEqual({})
})

function tenantOf({ name, bytes, settings }: Hostile): TenantSpec {
  const policyFile = join(bed.folder, `${name}.wasm`)
  writeFileSync(policyFile, bytes())
  if (settings === undefined) return { name, policy: name, policyFile }
  const settingsFile = join(bed.folder, `${name}.json`)
  writeFileSync(settingsFile, JSON.stringify(settings))
  return { name, policy: name, policyFile, settings: settingsFile }
}

/** What WinRM must be told. No redirect is allowed to these tenants, and a quota that is not given is the operator's. */
function codeFor(answer: Answer): { code: number; noAnswer: boolean } {
  if (answer === 'no such function') return { code: win32.NO_ERROR, noAnswer: false }
  const kind = typeof answer === 'string' ? 'no-answer' : answer.kind
  if (kind === 'no-answer') return { code: win32.INTERNAL_ERROR, noAnswer: true }
  const isDenied = kind === 'deny' || kind === 'redirect'
  return { code: isDenied ? win32.ACCESS_DENIED : win32.NO_ERROR, noAnswer: false }
}

let asked = 0

/** The other tenant, whose answer is known beforehand. */
async function askGood(good: number): Promise<void> {
  const senderName = `CONTOSO\\good-${asked++}`
  const isAllowed = mirrored('wsman/good', senderName).kind === 'allow'
  const completion = await bed.winrm.ask(good, { ...user, senderName })
  const code = isAllowed ? win32.NO_ERROR : win32.ACCESS_DENIED
  expect(told(completion), senderName).toEqual({ code, noAnswer: false })
}

async function askBad(bad: number, { name, must }: Hostile): Promise<void> {
  if (must.result === 'refused') throw new Error(`${name} is refused`)
  for (const kind of kinds) {
    const completion = await bed.winrm.ask(bad, questions[kind])
    expect(told(completion), `${name}: ${kind}`).toEqual(codeFor(must.answers[kind]))
  }
}

const skipped = reasonToSkip('wat2wasm')
describe.skipIf(skipped !== '')(`tenants with hostile policies${skipped}`, () => {
  it.each(batches.map((members) => [members.at(0)?.name, members.at(-1)?.name, members] as const))(
    'from %s to %s harm nobody else',
    async (_, __, members) => {
      const host = await bed.host([{ name: 'good', policy: 'mirror' }, ...members.map(tenantOf)])
      await settled(host)
      const good = bed.startup('good')
      for (const member of members) {
        const bad = bed.startup(member.name)
        await Promise.all([askBad(bad, member), askGood(good), askGood(good), askGood(good)])
      }
      const failures = host.entries.filter(({ event }) => event === 'evaluator-died' || event === 'gap')
      expect(failures).toEqual([])
      expect(await host.close()).toBe(0)
    },
    180_000,
  )

  it('never serve if they fail before their first question, or are bombs', async () => {
    expect(refusing.length).toBeGreaterThan(40)
    const codes = refusing.map(async ({ name, bytes, settings }) => {
      const admission = await admit(bytes(), settings && { settings })
      return [name, admission.admitted ? 'admitted' : admission.errors[0]?.code]
    })
    const expected = refusing.map(({ name, must }) => [name, must.result !== 'harmless' && must.code])
    expect(await Promise.all(codes)).toEqual(expected)
  }, 180_000)
})
