/**
 * Questions through the compiled plug-in: to a host of the doctor's own, whose answers are known beforehand, and to the running one, if
 * the account that asks has a tenant there.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { askOnce } from '../../double/ask-once.ts'
import type { Completion } from '../../double/double.ts'
import { PortcullisError } from '../../errors.ts'
import { examplePolicy, repair } from '../../paths.ts'
import { ownAccount } from '../../supervisor/account.ts'
import type { Application, Config } from '../../tenant/config.ts'
import { readPluginSettings } from '../../tenant/plugin-settings.ts'
import type { Question } from '../../winrm/question.ts'
import { outcomeOf } from '../outcome.ts'
import { ServeProcess } from '../serve-process.ts'
import { type Finding, looked, ok, problem, skipped } from './finding.ts'
import { missingParts } from './parts.ts'

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

/** Of a host that does not serve: the end of its log, without what everything around it says too. */
function whyNotServing({ entries }: ServeProcess): string {
  const last = entries.findLast(({ event }) => event === 'failed') ?? entries.at(-1)
  if (last === undefined) return 'it ended without a word'
  const { code, detail, msg } = last
  return `${detail ?? msg}${code === undefined ? '' : ` [${code}]`}`
}

/** A host of its own, with one tenant whose policy is an example. */
export function askOwnHost(): Promise<Finding[]> {
  return looked('question', repair, async () => {
    if (missingParts().length > 0) {
      return [skipped('question', 'no host of its own was asked: a part of this installation is missing')]
    }
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
    const host = new ServeProcess({ quietly: configPath })
    try {
      try {
        await host.serving()
      } catch (error) {
        if (!(error instanceof PortcullisError) || error.code !== 'ERR_EVALUATOR_START') throw error
        return [problem('question', `a host of its own does not serve: ${whyNotServing(host)}`, repair)]
      }
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

/**
 * The running host, as the plug-in's settings lead to it. `leadThere`: whether they do has been looked at, and is told of the settings.
 */
export async function askRunningHost(
  config: Config,
  settingsPath: string,
  leadThere: boolean,
): Promise<Finding[]> {
  if (!leadThere) {
    return [skipped('question', `the running host was not asked: ${settingsPath} does not lead there`)]
  }
  return looked('question', 'see what "portcullis status" says', async () => {
    const own = ownApplication(config)
    if (own === undefined) {
      const said = `the running host was not asked: no tenant is for ${ownAccount()}, which runs this`
      return [skipped('question', said)]
    }
    const question: Question = { kind: 'user', application: own.application, ...stranger }
    const completion = await askOnce(readPluginSettings(settingsPath), question)
    const said = `the running host, asked for "${own.application}",`
    if (outcomeOf(completion).outcome !== 'no-answer') {
      return [ok('question', `${said} answered ${shown(completion)}`)]
    }
    const what = `${said} gave no answer (${shown(completion)})`
    return [problem('question', what, "the host's log has the reason, under the id if there is one")]
  })
}
