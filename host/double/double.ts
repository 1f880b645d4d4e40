/**
 * The WsmSvc double as TypeScript sees it: a library that plays WinRM to the compiled plug-in, one plug-in for each
 * process. The commands `ask` and `demo` and the tests put their questions through it, so that what they show went
 * through the plug-in's real entry points and completions. Layouts: native/double/double.h.
 */

import { copyFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

import koffi from 'koffi'

import { PortcullisError } from '../errors.ts'
import { nativeLibrary } from '../paths.ts'
import { pluginSettingsName, writePluginSettings } from '../tenant/plugin-settings.ts'
import type { Question } from '../winrm/question.ts'
import { kindNumber } from '../wire/layout.ts'

/** What the double does with a context that a completion reports; see double.h. */
export const release = { keep: 0, inside: 1, otherThread: 2, after: 3, late: 4 } as const

/** What it does inside the completion. Bits; see double.h. */
export const inside = { askAgain: 1, return87: 2, sleep: 4 } as const

/** What a test may set beyond what a question file can say. */
export interface AskOptions {
  readonly flags?: number
  readonly release?: number
  readonly inside?: number
  readonly noSender?: boolean
  /** The certificate pointer must not be followed. */
  readonly certificateUnreadable?: boolean
}

export interface Completion {
  readonly completions: number
  readonly code: number
  readonly administrator: boolean
  /** 0 NULL, 1 the sender's own token, 2 something else. */
  readonly tokenPassed: number
  readonly hasContext: boolean
  readonly context: bigint | null
  readonly quota: readonly number[] | undefined
  readonly sameThread: boolean
  readonly microseconds: number
  /** undefined if it was NULL. */
  readonly extended: string | undefined
}

export type Violations = Readonly<Record<string, number>>

const EXTENDED_UNITS_MAX = 2048

const violationNames = [
  'no_completion',
  'double_completion',
  'wrong_kind',
  'unknown_sender',
  'after_shutdown',
  'bad_flags',
  'quota_missing',
  'quota_zero',
  'grant_with_text',
  'failure_with_grant',
  'extended_malformed',
  'foreign_token',
  'caller_changed',
  'lock_held',
] as const

const QuestionStruct = koffi.struct('wsmd_question', {
  kind: 'uint32_t',
  flags: 'uint32_t',
  sender_name: 'const char16_t *',
  authentication_mechanism: 'const char16_t *',
  has_certificate: 'uint32_t',
  has_token: 'uint32_t',
  certificate_subject: 'const char16_t *',
  certificate_issuer_name: 'const char16_t *',
  certificate_issuer_thumbprint: 'const char16_t *',
  certificate_subject_name: 'const char16_t *',
  http_url: 'const char16_t *',
  user_sid: 'const char *',
  group_sids: 'const char *',
  deny_only_sids: 'const char *',
  operation: 'uint32_t',
  release: 'uint32_t',
  action: 'const char16_t *',
  resource_uri: 'const char16_t *',
  inside: 'uint32_t',
  no_sender: 'uint32_t',
})

const AnswerStruct = koffi.struct('wsmd_answer', {
  completions: 'uint32_t',
  error_code: 'uint32_t',
  administrator: 'uint32_t',
  token_passed: 'uint32_t',
  context: 'void *',
  has_quota: 'uint32_t',
  quota: koffi.array('uint32_t', 4),
  same_thread: 'uint32_t',
  nanoseconds: 'uint64_t',
  has_extended: 'uint32_t',
  extended_units: 'uint32_t',
  extended: koffi.array('uint16_t', EXTENDED_UNITS_MAX),
})

const ViolationsStruct = koffi.struct(
  'wsmd_violations',
  Object.fromEntries(violationNames.map((name) => [name, 'uint32_t'])),
)

type AskFunction = (target: unknown, question: object, answer: object) => Promise<number>

function bind() {
  void [QuestionStruct, AnswerStruct, ViolationsStruct] // named in the declarations below
  const library = koffi.load(nativeLibrary('WsmSvc'))
  const ask = library.func(
    'int wsmd_ask(uint32_t instance, const wsmd_question *question, _Out_ wsmd_answer *answer)',
  )
  const askRaw = library.func(
    'int wsmd_ask_raw(void *plugin_context, const wsmd_question *question, _Out_ wsmd_answer *answer)',
  )
  return {
    load: library.func('int wsmd_load(const char *path, uint8_t *error, size_t error_size)'),
    unload: library.func('int wsmd_unload()'),
    startup: library.func(
      'uint32_t wsmd_startup(const char16_t *application, uint32_t flags, _Out_ uint32_t *instance)',
    ),
    shutdown: promisify(library.func('uint32_t wsmd_shutdown(uint32_t instance, uint32_t reason)').async),
    shutdownRaw: library.func('uint32_t wsmd_shutdown_raw(void *context, uint32_t flags, uint32_t reason)'),
    context: library.func('void *wsmd_plugin_context(uint32_t instance)'),
    ask: promisify(ask.async) as unknown as AskFunction,
    askRaw: promisify(askRaw.async) as unknown as AskFunction,
    release: library.func('void wsmd_release(void *context)'),
    releaseKept: library.func('uint32_t wsmd_release_kept(uint32_t instance)'),
    releaseDrain: promisify(library.func('void wsmd_release_drain()').async),
    violations: library.func('void wsmd_violations_read(_Out_ wsmd_violations *violations)'),
  }
}

function nativeQuestion(question: Question, options: AskOptions): object {
  const { certificate } = question
  return {
    kind: kindNumber[question.kind],
    flags: options.flags ?? 0,
    sender_name: question.senderName ?? null,
    authentication_mechanism: question.authenticationMechanism ?? null,
    has_certificate: options.certificateUnreadable ? 2 : certificate ? 1 : 0,
    has_token: question.userSid === undefined ? 0 : 1,
    certificate_subject: certificate?.subject ?? null,
    certificate_issuer_name: certificate?.issuerName ?? null,
    certificate_issuer_thumbprint: certificate?.issuerThumbprint ?? null,
    certificate_subject_name: certificate?.subjectName ?? null,
    http_url: question.httpUrl ?? null,
    user_sid: question.userSid ?? null,
    group_sids: (question.groupSids ?? []).join(';'),
    deny_only_sids: (question.denyOnlySids ?? []).join(';'),
    operation: question.operation ?? 0,
    release: options.release ?? release.after,
    action: question.action ?? null,
    resource_uri: question.resourceUri ?? null,
    inside: options.inside ?? 0,
    no_sender: options.noSender ? 1 : 0,
  }
}

/** Settings file and library in one folder, as an operator installs them. Returns the library's path. */
export function installPlugin(folder: string, endpoint: string, owner: string): string {
  const library = nativeLibrary('portcullis')
  const path = join(folder, basename(library))
  copyFileSync(library, path)
  writeFileSync(join(folder, pluginSettingsName), writePluginSettings({ endpoint, owner }))
  return path
}

export class Double {
  readonly #native = bind()

  /** Loads the plug-in at `path`. One at a time in a process. */
  load(path: string): void {
    const error = Buffer.alloc(512)
    if (this.#native.load(path, error, error.length) === 0) return
    throw new PortcullisError('ERR_NATIVE_MISSING', error.toString('utf8', 0, error.indexOf(0)))
  }

  unload(): boolean {
    return this.#native.unload() === 0
  }

  /** WSManPluginStartup. `instance` is 0 if it failed. */
  startup(application: string | null, flags = 0): { code: number; instance: number } {
    const instance = [0]
    const code = this.#native.startup(application, flags, instance)
    return { code, instance: instance[0] ?? 0 }
  }

  /** WSManPluginShutdown; reason 3: the IIS host stops. */
  shutdown(instance: number, reason = 3): Promise<number> {
    return this.#native.shutdown(instance, reason)
  }

  shutdownRaw(context: bigint | null, reason = 3): number {
    return this.#native.shutdownRaw(context, 0, reason)
  }

  pluginContext(instance: number): bigint | null {
    return this.#native.context(instance)
  }

  /** Asks on a thread of its own; resolves when the entry point has returned. */
  async ask(instance: number, question: Question, options: AskOptions = {}): Promise<Completion> {
    return this.#ask(this.#native.ask, instance, question, options)
  }

  /** The same with a plug-in context of the test's choosing. */
  async askRaw(context: bigint | null, question: Question, options: AskOptions = {}): Promise<Completion> {
    return this.#ask(this.#native.askRaw, context, question, options)
  }

  async #ask(
    call: AskFunction,
    target: unknown,
    question: Question,
    options: AskOptions,
  ): Promise<Completion> {
    // biome-ignore lint/suspicious/noExplicitAny: koffi fills it in, by the layout above
    const answer: any = {}
    if ((await call(target, nativeQuestion(question, options), answer)) !== 0) {
      throw new PortcullisError('ERR_QUESTION_FILE', 'the question cannot be put; is a SID malformed?')
    }
    return {
      completions: answer.completions,
      code: answer.error_code,
      administrator: answer.administrator !== 0,
      tokenPassed: answer.token_passed,
      hasContext: answer.context !== null,
      context: answer.context,
      quota: answer.has_quota ? [...answer.quota] : undefined,
      sameThread: answer.same_thread !== 0,
      microseconds: Number(answer.nanoseconds) / 1000,
      extended: answer.has_extended
        ? String.fromCharCode(...answer.extended.slice(0, answer.extended_units))
        : undefined,
    }
  }

  release(context: bigint | null): void {
    this.#native.release(context)
  }

  /** WSManPluginAuthzReleaseContext for every context that was kept; how many there were. */
  releaseKept(instance: number): number {
    return this.#native.releaseKept(instance)
  }

  releaseDrain(): Promise<void> {
    return this.#native.releaseDrain()
  }

  /** Every breach of WinRM's contract that the plug-in has committed, by name; empty is right. */
  violations(): Violations {
    const counts: Record<string, number> = {}
    this.#native.violations(counts)
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
  }
}
