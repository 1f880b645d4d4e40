// The real DLL, loaded by its path and called by name, with no host around: what WinRM gets when it breaks the contract,
// and that a plug-in without a host denies every question with the code of what is wrong. Case numbers are those of the
// contract's list.

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import {
  type Ended,
  reasonToSkipWine,
  runWindows,
  startWine,
  windowsLibrary,
  windowsPath,
  wineAccount,
} from '../support/wine.ts'

const ACCESS_DENIED = 5
const INVALID_PARAMETER = 87
const BAD_CONFIGURATION = 1610

const folder = mkdtempSync(join(tmpdir(), 'portcullis-windows-'))
const plugin = join(folder, 'portcullis.dll')

function configure(settings: string | undefined): void {
  rmSync(join(folder, 'portcullis.settings'), { force: true })
  if (settings !== undefined) writeFileSync(join(folder, 'portcullis.settings'), settings)
}

/** Nobody serves it. */
const settings = `endpoint = portcullis-nobody-${process.pid}\nowner = ${wineAccount}\n`

/** The lines of a script, each of which says what it expects. */
async function play(...script: string[]): Promise<Ended & { answers: Record<string, unknown>[] }> {
  const ended = await runWindows(
    'portcullis_driver',
    ['script', windowsPath(plugin), '-'],
    `${script.join('\n')}\n`,
  )
  const lines = ended.stdout
    .trim()
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  expect(Object.values(lines.at(-1)?.violations as object).every((count) => count === 0)).toBe(true)
  return { ...ended, answers: lines.filter(({ kind }) => kind !== undefined) }
}

const user = String.raw`sender="DOMAIN\\Zo\u00eb" mechanism=Negotiate token=1`
const operation = `${user} operation=1 action="urn:example:get" resource="urn:example:resource"`

const skipped = reasonToSkipWine()

beforeAll(() => {
  if (skipped !== '') return
  startWine()
  copyFileSync(windowsLibrary('portcullis'), plugin)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(skipped !== '')(`the DLL under Wine${skipped}`, () => {
  it('starts and stops, again and again, with every flag and reason there is (B1, B2, B11, B14, B18)', async () => {
    configure(settings)
    const cycle = [
      'startup A application="wsman/A"',
      'startup B application="wsman/B" flags=1',
      'startup C application="wsman/A" flags=2',
      'shutdown A reason=1',
      `ask B user ${user} expect=${ACCESS_DENIED} expect-outcome=no-answer`,
      'shutdown B reason=4',
      'shutdown C reason=99',
    ]
    await play(...cycle, ...cycle, ...cycle)
  })

  it('refuses what breaks the contract at Startup, and then needs no Shutdown (B3, B5)', async () => {
    await play(
      `startup A application="wsman/A" flags=3 expect=${INVALID_PARAMETER}`,
      `startup A application="wsman/A" flags=0x80000000 expect=${INVALID_PARAMETER}`,
      `startup A expect=${INVALID_PARAMETER}`,
      `startup A application="" expect=${INVALID_PARAMETER}`,
      `startup A application=*70000:x expect=${INVALID_PARAMETER}`,
    )
  })

  it('knows a context that is none, or not any more (B15, B16, C8, F7)', async () => {
    await play(
      'startup A application="wsman/A"',
      'startup B application="wsman/B"',
      'shutdown A',
      `shutdown A context=stale expect=${INVALID_PARAMETER}`,
      `shutdown B context=null expect=${INVALID_PARAMETER}`,
      `shutdown B context=garbage expect=${INVALID_PARAMETER}`,
      ...['null', 'garbage'].map(
        (context) => `ask B user ${user} context=${context} expect=${ACCESS_DENIED}`,
      ),
      `ask A operation ${operation} context=stale expect=${ACCESS_DENIED}`,
      'release null',
      'release garbage',
      `ask B quota ${user} expect=${ACCESS_DENIED}`,
    )
  })

  it('answers each kind of question with one denial while nobody serves (C5, D8, E7)', async () => {
    const { answers } = await play(
      'startup A application="wsman/A"',
      `ask A user ${user} expect=${ACCESS_DENIED} expect-outcome=no-answer`,
      `ask A operation ${operation} expect=${ACCESS_DENIED} expect-outcome=no-answer`,
      `ask A quota ${user} expect=${ACCESS_DENIED} expect-outcome=no-answer`,
      `ask A user ${user} again=1 refuse=1 expect=${ACCESS_DENIED}`,
      `ask A user ${user} denyOnly=S-1-5-32-544 expect=${ACCESS_DENIED}`,
    )
    for (const answer of answers) {
      expect(answer).toMatchObject({
        completions: 1,
        administrator: 0,
        token: 0,
        context: false,
        quota: null,
      })
    }
  })

  it('denies at once while nobody serves, whatever the question weighs (C5, C20, D5)', async () => {
    const within = 'within=900'
    await play(
      'startup A application="wsman/A"',
      'sleep 300',
      `ask A user ${user} ${within} expect=${ACCESS_DENIED}`,
      `ask A user ${user} url=*2097152:u ${within} expect=${ACCESS_DENIED}`,
      `ask A operation ${user} action=*1048576:a resource=r ${within} expect=${ACCESS_DENIED}`,
    )
  })

  it('denies what is incomplete, and looks at nothing that must not be looked at (C6, C7, C9, C10, C16, C17)', async () => {
    const { answers } = await play(
      'startup A application="wsman/A"',
      'ask A user noSender=1 expect-outcome=none',
      `ask A user ${user} flags=1 expect=${INVALID_PARAMETER}`,
      `ask A user expect=${ACCESS_DENIED}`,
      `ask A user sender="" mechanism=Negotiate expect=${ACCESS_DENIED}`,
      `ask A user sender=x mechanism=clientcertificate expect=${ACCESS_DENIED}`,
      `ask A user sender=x mechanism=Negotiate certificate=garbage token=1 expect=${ACCESS_DENIED}`,
      `ask A operation ${user} operation=1 expect=${ACCESS_DENIED}`,
    )
    expect(answers[0]).toMatchObject({ completions: 0 })
    for (const answer of answers.slice(1)) expect(answer).toMatchObject({ completions: 1 })
  })

  it('says what is wrong with its settings by the code, and heals when they are mended (B8)', async () => {
    for (const wrong of [undefined, '', 'endpoint = a\n', 'endpoint = a\nowner = b\nother = c\n']) {
      configure(wrong)
      await play(
        'startup A application="wsman/A"',
        `ask A user ${user} expect=${BAD_CONFIGURATION} expect-outcome=no-answer within=900`,
        'shutdown A',
      )
    }
    configure(settings)
    await play('startup A application="wsman/A"', `ask A user ${user} expect=${ACCESS_DENIED}`)
  })

  it('takes no endpoint that is a path to something else', async () => {
    for (const path of ['\\\\elsewhere\\pipe\\portcullis', '..\\portcullis', 'a/b']) {
      configure(`endpoint = ${path}\nowner = ${wineAccount}\n`)
      await play('startup A application="wsman/A"', `ask A user ${user} expect=${ACCESS_DENIED} within=900`)
    }
  })

  it('is loaded and unloaded a hundred times over (A4, A6, B19)', async () => {
    const ended = await runWindows('portcullis_driver', ['reload', windowsPath(plugin), '--count', '100'])
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const { fdCountStart, threadsStart } = JSON.parse(ended.stdout)
    expect(Math.min(fdCountStart, threadsStart)).toBeGreaterThan(0) // Wine tells both
  })

  it('is looked at by a driver that fails when it is told to, so that a green run means something', async () => {
    expect(await runWindows('portcullis_driver', ['fail'])).toMatchObject({ status: 1 })
  })
})
