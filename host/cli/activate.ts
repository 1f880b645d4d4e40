/** `portcullis activate`, `confirm` and `rollback`: which version of a subject answers. Each returns when it does, everywhere. */

import type { Activated } from '../supervisor/activations.ts'
import { loadConfig } from '../tenant/config.ts'
import { callersPath } from './callers-path.ts'
import { tellHost } from './operator-client.ts'
import {
  type SignedOptions,
  type SubjectOptions,
  signature,
  subjectArguments,
  subjectOf,
  subjectText,
} from './subject.ts'

export interface ActivateOptions extends SubjectOptions, SignedOptions {
  readonly config: string
  /** Milliseconds. */
  readonly confirmWithin?: number
  readonly json?: boolean
}

function print(options: ActivateOptions, done: string, answer: Activated): void {
  if (options.json) return console.log(JSON.stringify(answer))
  const subject = subjectOf(options)
  const { version, previous, generation, changed, confirmByMs, milliseconds } = answer
  const what =
    version === null ? 'no version answers; every question is denied' : `version ${version} ${done}`
  const before = previous === null ? 'nothing was active before' : `version ${previous} before`
  const how = changed
    ? `${before}; generation ${generation}, after ${milliseconds} ms`
    : `generation ${generation}`
  console.log(`${subjectText(subject)}: ${what} (${how})`)
  if (confirmByMs === undefined) return
  const back = previous === null ? 'nothing is active again' : `version ${previous} answers again`
  console.log(
    `provisional: without "portcullis confirm ${subjectArguments(subject)} --config ${options.config}" by ${new Date(confirmByMs).toISOString()} ${back}`,
  )
}

export async function activate(version: string, options: ActivateOptions): Promise<void> {
  const { endpoint } = loadConfig(callersPath(options.config))
  const { confirmWithin } = options
  const answer = (await tellHost(endpoint, {
    command: 'activate',
    subject: subjectOf(options),
    version,
    ...(confirmWithin !== undefined && { confirmWithinMs: confirmWithin }),
    ...signature(options),
  })) as Activated
  print(options, answer.changed ? 'answers now' : 'answered already', answer)
}

export async function confirm(options: ActivateOptions): Promise<void> {
  const { endpoint } = loadConfig(callersPath(options.config))
  const subject = subjectOf(options)
  const answer = (await tellHost(endpoint, {
    command: 'confirm',
    subject,
    ...signature(options),
  })) as Activated
  print(options, 'is confirmed', answer)
}

export async function rollback(options: ActivateOptions): Promise<void> {
  const { endpoint } = loadConfig(callersPath(options.config))
  const subject = subjectOf(options)
  const answer = (await tellHost(endpoint, {
    command: 'rollback',
    subject,
    ...signature(options),
  })) as Activated
  print(options, 'answers again', answer)
}
