/**
 * `portcullis ask`: one question to a running host, as WinRM would ask it: the compiled plug-in is loaded into this
 * process, the double calls its entry points, and what is printed is what the completion said.
 */

import { askOnce } from '../double/ask-once.ts'
import type { Completion } from '../double/double.ts'
import { PortcullisError } from '../errors.ts'
import { ownAccount } from '../supervisor/account.ts'
import { endpointOwner, isServed } from '../supervisor/endpoint.ts'
import { applicationKey } from '../tenant/application-key.ts'
import { type Config, loadConfig } from '../tenant/config.ts'
import { checkQuestion, type Question, readQuestion } from '../winrm/question.ts'
import { callersPath } from './callers-path.ts'
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
  readonly group?: string[]
  readonly denyOnly?: string[]
  readonly action?: string
  readonly resource?: string
  readonly json?: boolean
}

function questionFrom(given: AskArguments): Question {
  const file: Partial<Question> =
    given.question === undefined ? {} : readQuestion(callersPath(given.question))
  const flags = {
    kind: given.kind,
    application: given.application,
    senderName: given.sender,
    authenticationMechanism: given.mechanism,
    httpUrl: given.url,
    userSid: given.userSid,
    groupSids: given.group,
    denyOnlySids: given.denyOnly,
    action: given.action,
    resourceUri: given.resource,
  }
  const set = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
  const source = given.question ?? 'the options'
  const question = checkQuestion({ authenticationMechanism: 'Negotiate', ...file, ...set }, source)
  for (const [member, option] of neededOptions(question)) {
    if (question[member] !== undefined) continue
    throw new PortcullisError(
      'ERR_QUESTION_FILE',
      `${source}: ${member} is missing; give it in the file, or ${option}`,
    )
  }
  return question
}

/** What the plug-in turns a question down for by itself, without a word of the host. */
function neededOptions({ kind }: Question): [keyof Question, string][] {
  const operation: [keyof Question, string][] = [
    ['action', '--action'],
    ['resourceUri', '--resource'],
  ]
  return [['senderName', '--sender'], ...(kind === 'operation' ? operation : [])]
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

/** Why nobody answered, as far as it can be told from here; a question that a host has seen is in its log. */
async function hintFor({ endpoint, tenants }: Config, question: Question): Promise<string> {
  if (!(await isServed(endpoint))) return `no host serves ${endpoint}; start one with "portcullis serve"`
  const account = ownAccount()
  const key = applicationKey(account, question.application)
  const tenant = tenants.find(({ applications }) =>
    applications.some((allowed) => applicationKey(allowed.account, allowed.application) === key),
  )
  if (tenant === undefined) {
    return `the configuration has no tenant for the application "${question.application}" and the account ${account}`
  }
  if (question.userSid === undefined && !tenant.runAsPoolAccountWithoutToken) {
    return 'without --user-sid the question carries no token, and the tenant has no runAsPoolAccountWithoutToken'
  }
  return "the host's log has the reason under this id, unless the host was started with another configuration"
}

export async function ask(given: AskArguments): Promise<void> {
  const question = questionFrom(given)
  const config = loadConfig(callersPath(given.config))
  const completion = await askOnce(
    { endpoint: config.endpoint, owner: endpointOwner(config.endpoint) },
    question,
  )
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
  if (outcomeOf(completion).outcome === 'no-answer') {
    console.error(`hint: ${visible(await hintFor(config, question))}`)
  }
}
