/**
 * `portcullis ask`: one question to a running host, as WinRM would ask it: the compiled plug-in is loaded into this
 * process, the double calls its entry points, and what is printed is what the completion said.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type Completion, Double, installPlugin } from '../double/double.ts'
import { PortcullisError } from '../errors.ts'
import { endpointOwner } from '../supervisor/endpoint-folder.ts'
import { loadConfig } from '../tenant/config.ts'
import { checkQuestion, type Question, readQuestion } from '../winrm/question.ts'
import { outcomeOf } from './outcome.ts'
import { visible } from './table.ts'

export interface AskArguments {
  readonly config: string
  readonly question?: string
  readonly kind?: string
  readonly application?: string
  readonly sender?: string
  readonly mechanism?: string
  readonly url?: string
  readonly userSid?: string
  readonly group: string[]
  readonly denyOnly: string[]
  readonly action?: string
  readonly resource?: string
  readonly json?: boolean
}

function questionFrom(given: AskArguments): Question {
  const file: Partial<Question> = given.question === undefined ? {} : readQuestion(given.question)
  const flags = {
    kind: given.kind,
    application: given.application,
    senderName: given.sender,
    authenticationMechanism: given.mechanism,
    httpUrl: given.url,
    userSid: given.userSid,
    groupSids: given.group.length > 0 ? given.group : undefined,
    denyOnlySids: given.denyOnly.length > 0 ? given.denyOnly : undefined,
    action: given.action,
    resourceUri: given.resource,
  }
  const set = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
  const question = { authenticationMechanism: 'Negotiate', ...file, ...set }
  return checkQuestion(question, given.question ?? 'the options')
}

function describe(completion: Completion): object {
  const { outcome, code, id } = outcomeOf(completion)
  const { administrator, quota, extended, microseconds } = completion
  return {
    outcome,
    code,
    administrator,
    quota: quota ?? null,
    id: id ?? null,
    extended: extended ?? null,
    microseconds: Math.round(microseconds),
  }
}

/** Starts the plug-in for the question's application, asks, and shuts it down again. */
async function askOnce(endpoint: string, question: Question): Promise<Completion> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-ask-'))
  try {
    const winrm = new Double()
    winrm.load(installPlugin(folder, endpoint, endpointOwner(endpoint)))
    const { code, instance } = winrm.startup(question.application)
    if (instance === 0) throw new PortcullisError('ERR_CHANNEL', `WSManPluginStartup returned ${code}`)
    const completion = await winrm.ask(instance, question)
    await winrm.shutdown(instance)
    winrm.unload()
    return completion
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export async function ask(given: AskArguments): Promise<void> {
  const question = questionFrom(given)
  const completion = await askOnce(loadConfig(given.config).endpoint, question)
  const description = describe(completion)
  if (given.json) {
    console.log(JSON.stringify(description))
  } else {
    for (const [name, value] of Object.entries(description)) {
      const shown = value === null ? '-' : Array.isArray(value) ? value.join(', ') : visible(String(value))
      console.log(`${name.padEnd(14)}${shown}`)
    }
  }
  if (completion.code !== 0) process.exitCode = 1
}
