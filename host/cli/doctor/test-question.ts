/**
 * Questions through the compiled plug-in: to a host of the doctor's own, whose answers are known beforehand, and to the running one, if
 * the account that asks has a tenant there.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { askOnce } from '../../double/ask-once.ts'
import type { Completion } from '../../double/double.ts'
import { examplePolicy, repair } from '../../paths.ts'
import { ownAccount } from '../../supervisor/account.ts'
import type { Application, Config } from '../../tenant/config.ts'
import { type PluginSettings, readPluginSettings } from '../../tenant/plugin-settings.ts'
import type { Question } from '../../winrm/question.ts'
import { outcomeOf } from '../outcome.ts'
import { ServeProcess } from '../serve-process.ts'
import { type Finding, looked, ok, problem, skipped } from './finding.ts'

/** Nobody has this name and this SID. */
const stranger = {
  senderName: 'PORTCULLIS\\doctor',
  authenticationMechanism: 'Negotiate',
  userSid: 'S-1-5-21-1-2-3-1000',
} as const

/** The group that the example policy lets in. */
const auditors = 'S-1-5-21-2857422465-1465058494-1690550294-1105'

const application = 'portcullis/doctor'

const expected: readonly { question: Question; outcome: 'allow' | 'deny' }[] = [
  { question: { kind: 'user', application, ...stranger, groupSids: [auditors] }, outcome: 'allow' },
  { question: { kind: 'user', application, ...stranger }, outcome: 'deny' },
]

function shown(completion: Completion): string {
  const { outcome, code, id } = outcomeOf(completion)
  return `${outcome}, code ${code}${id === undefined ? '' : `, id ${id}`}`
}

/** A host of its own, with one tenant whose policy is an example. */
export function askOwnHost(): Promise<Finding[]> {
  return looked('question', repair, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-doctor-'))
    const endpoint =
      process.platform === 'win32' ? `portcullis-doctor-${process.pid}` : join(folder, 'endpoint')
    const owner = ownAccount()
    const tenant = {
      name: 'doctor',
      applications: [{ account: owner, application }],
      policy: examplePolicy('read-only-auditor'),
    }
    const configPath = join(folder, 'portcullis.json')
    writeFileSync(configPath, JSON.stringify({ endpoint, evaluators: 1, tenants: [tenant] }))
    const host = new ServeProcess(configPath)
    try {
      await host.serving()
      for (const { question, outcome } of expected) {
        const completion = await askOnce({ endpoint, owner }, question)
        if (outcomeOf(completion).outcome !== outcome) {
          const said = `a host of its own answered ${shown(completion)} where ${outcome} was due`
          return [problem('question', said, repair)]
        }
      }
      const said = 'a host of its own, asked through the plug-in, allowed and denied as its policy says'
      return [ok('question', said)]
    } finally {
      await host.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

/** The application that the account of this process may ask for; undefined if there is none. */
function ownApplication({ tenants }: Config): Application | undefined {
  const own = ownAccount()
  return tenants.flatMap(({ applications }) => applications).find(({ account }) => account === own)
}

/** The running host, as the plug-in's settings lead to it; where they do not, that is said of the settings. */
export function askRunningHost(config: Config, settingsPath: string): Promise<Finding[]> {
  return looked('question', 'see what "portcullis status" says', async () => {
    let settings: PluginSettings
    try {
      settings = readPluginSettings(settingsPath)
    } catch {
      return [skipped('question', `the running host was not asked: ${settingsPath} does not lead there`)]
    }
    const own = ownApplication(config)
    if (own === undefined) {
      const said = `the running host was not asked: no tenant is for ${ownAccount()}, which runs this`
      return [skipped('question', said)]
    }
    const question: Question = { kind: 'user', application: own.application, ...stranger }
    const completion = await askOnce(settings, question)
    if (outcomeOf(completion).outcome !== 'no-answer') {
      return [
        ok('question', `the running host, asked for "${own.application}", answered ${shown(completion)}`),
      ]
    }
    const said = `the running host, asked for "${own.application}", gave no answer (${shown(completion)})`
    return [problem('question', said, "the host's log has the reason under this id")]
  })
}
