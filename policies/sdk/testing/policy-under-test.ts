/** A policy as its tests see it: typed functions over questions, and answers in the words of vectors.jsonl. */

import { existsSync, readFileSync } from 'node:fs'

import type { PolicyFunction } from '../../../host/engine/interface.ts'
import { policyFunctions } from '../../../host/engine/interface.ts'
import type { PolicyAnswer } from '../../../host/engine/policy-answer.ts'
import { PortcullisError } from '../../../host/errors.ts'
import { checkSettings, readSettings } from '../../../host/tenant/settings.ts'
import type { QuotaText } from '../../../host/winrm/description.ts'
import { quotaText } from '../../../host/winrm/description.ts'
import { checkQuestion, type Question } from '../../../host/winrm/question.ts'
import { questionBlock } from '../../../host/winrm/question-block.ts'
import { type Settings, writeSettings } from '../../../host/wire/settings-block.ts'
import { LoadedModule } from './loaded-module.ts'

/** A question as vectors.jsonl has it, whose kind is that of the function that it is given to. */
export type AskedQuestion = Omit<Question, 'kind'> & { readonly kind?: Question['kind'] }

export interface Answer {
  readonly outcome: 'allow' | 'deny' | 'no-answer'
  /** Why it was denied; null if it was not. */
  readonly reason: string | null
  /** Whether the user comes in as administrator. */
  readonly administrator: boolean
  readonly quota: QuotaText | null
  /** The URL to which a denied user is sent. */
  readonly redirect: string | null
  /** Why there is no answer: a code of docs/reference/errors.md. */
  readonly error: string | null
  /** Of an abort: the message, and in parentheses file, line and column. */
  readonly detail: string | null
}

export interface PolicyOptions {
  /** The compiled policy, seen from the folder in which the tests run; `build/policy.wasm` if left out. */
  readonly module?: string
  /** The policy's settings, or the name of a file that has them; without either member, `settings.json` if it is there. */
  readonly settings?: Settings | string
}

const nothing = { reason: null, administrator: false, quota: null, redirect: null, error: null, detail: null }

function toAnswer(answer: PolicyAnswer): Answer {
  switch (answer.kind) {
    case 'allow':
      return { ...nothing, outcome: 'allow', administrator: answer.administrator }
    case 'deny':
      return { ...nothing, outcome: 'deny', reason: answer.reason }
    case 'redirect':
      return { ...nothing, outcome: 'deny', reason: `redirect to ${answer.target}`, redirect: answer.target }
    case 'quota':
      return { ...nothing, outcome: 'allow', quota: quotaText(answer.quota) }
    case 'no-answer':
      return { ...nothing, outcome: 'no-answer', error: answer.error, detail: answer.detail }
  }
}

export class PolicyUnderTest {
  readonly #module: LoadedModule

  constructor(module: LoadedModule) {
    this.#module = module
  }

  /** Calls `authzUser` alone, in a fresh instance. Throws ERR_QUESTION_FILE for a question that cannot be asked. */
  authzUser(question: AskedQuestion): Answer {
    return this.#call('user', question)
  }

  /** Calls `authzOperation` alone: without the user question that a host asks before it. Throws as `authzUser`. */
  authzOperation(question: AskedQuestion): Answer {
    return this.#call('operation', question)
  }

  /** Calls `queryQuota`. Throws as `authzUser`, and if the policy has none: the operator's limits apply then. */
  queryQuota(question: AskedQuestion): Answer {
    if (!this.#module.has(policyFunctions.quota)) {
      throw new PortcullisError('ERR_MODULE_EXPORT', "it exports no queryQuota: the operator's limits apply")
    }
    return this.#call('quota', question)
  }

  /** Asks as a host does: an operation is allowed only if `authzUser` allows it first. Throws as `authzUser`. */
  decide(question: Question): Answer {
    // A test runner does not check types, so it may well be missing.
    if (question.kind === undefined) {
      throw new PortcullisError('ERR_QUESTION_FILE', 'the question needs "kind": user, operation or quota')
    }
    if (question.kind === 'quota') {
      return this.#module.has(policyFunctions.quota)
        ? this.queryQuota(question)
        : { ...nothing, outcome: 'allow' }
    }
    const user = this.#call('user', question, question.kind)
    if (question.kind === 'user' || user.outcome !== 'allow') return user
    return this.#call('operation', question)
  }

  #call(name: PolicyFunction, question: AskedQuestion, kind: Question['kind'] = name): Answer {
    const asked = checkQuestion({ ...question, kind }, 'the question')
    return toAnswer(this.#module.ask(name, questionBlock(asked, 'the question')))
  }
}

function settingsBlock(
  module: string | undefined,
  given: Settings | string | undefined,
): Uint8Array | undefined {
  const settings =
    given ?? (module === undefined && existsSync('settings.json') ? 'settings.json' : undefined)
  if (settings === undefined) return undefined
  return writeSettings(
    typeof settings === 'string' ? readSettings(settings) : checkSettings(settings, 'settings'),
  )
}

/**
 * Loads the project's policy, or what `module` names. Throws a PortcullisError that says what to do if there is no such file
 * (`portcullis build` makes it) or a host would refuse the module.
 */
export function loadPolicy({ module: named, settings }: PolicyOptions = {}): PolicyUnderTest {
  const module = named ?? 'build/policy.wasm'
  let bytes: Uint8Array
  try {
    bytes = readFileSync(module)
  } catch {
    throw new PortcullisError('ERR_MODULE_UNREADABLE', `${module} is not there; run "npm run build" first`)
  }
  return new PolicyUnderTest(new LoadedModule(bytes, settingsBlock(named, settings)))
}
