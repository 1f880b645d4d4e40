/** `portcullis activate`, `confirm` and `rollback`: which version of a subject answers. Each returns when it does, everywhere. */

import type { Activated, Expected } from '../supervisor/activations.ts'
import {
  type SignedOptions,
  type SubjectOptions,
  signature,
  subjectArguments,
  subjectOf,
  subjectText,
} from './subject.ts'
import { type HostOptions, nextCommand, tell } from './which-host.ts'

export interface ActivateOptions extends HostOptions, SubjectOptions, SignedOptions {
  /** Milliseconds. */
  readonly confirmWithin?: number
  readonly ifActive?: number | 'none'
  readonly json?: boolean
}

/** Through the admin API a tenant is not told of generations. */
type Answer = Omit<Activated, 'generation'> & Partial<Pick<Activated, 'generation'>>

function beforeText(previous: number | null): string {
  return previous === null ? 'nothing was active before' : `version ${previous} before`
}

/** Not what was taken back: a version that was never confirmed is not returned to. */
function nextText(previous: number | null): string {
  return previous === null
    ? 'there is nothing to roll back to now'
    : `another rollback goes to version ${previous}`
}

function print(options: ActivateOptions, done: string, answer: Answer, history = beforeText): void {
  if (options.json) return console.log(JSON.stringify(answer))
  const subject = subjectOf(options)
  const { version, previous, generation, changed, confirmByMs, milliseconds } = answer
  const what =
    version === null ? 'no version answers; every question is denied' : `version ${version} ${done}`
  const facts = [
    ...(generation === undefined ? [] : [`generation ${generation}`]),
    ...(changed ? [`after ${milliseconds} ms`] : []),
  ].join(', ')
  const how = changed ? `${history(previous)}; ${facts}` : facts
  console.log(`${subjectText(subject)}: ${what}${how === '' ? '' : ` (${how})`}`)
  if (confirmByMs === undefined) return
  const back = previous === null ? 'nothing is active again' : `version ${previous} answers again`
  console.log(
    `provisional: without "${nextCommand(options, 'confirm', subjectArguments(subject))}" by ${new Date(confirmByMs).toISOString()} ${back}`,
  )
}

function expected({ ifActive }: ActivateOptions): Expected {
  if (ifActive === undefined) return {}
  return { ifActive: ifActive === 'none' ? null : ifActive }
}

export async function activate(version: string, options: ActivateOptions): Promise<void> {
  const { confirmWithin } = options
  const answer = (await tell(options, {
    command: 'activate',
    subject: subjectOf(options),
    version,
    ...(confirmWithin !== undefined && { confirmWithinMs: confirmWithin }),
    ...expected(options),
    ...signature(options),
  })) as Answer
  print(options, answer.changed ? 'answers now' : 'answered already', answer)
}

export async function confirm(options: ActivateOptions): Promise<void> {
  const subject = subjectOf(options)
  const answer = (await tell(options, {
    command: 'confirm',
    subject,
    ...signature(options),
  })) as Answer
  print(options, 'is confirmed', answer)
}

export async function rollback(options: ActivateOptions): Promise<void> {
  const subject = subjectOf(options)
  const answer = (await tell(options, {
    command: 'rollback',
    subject,
    ...expected(options),
    ...signature(options),
  })) as Answer
  print(options, 'answers again', answer, nextText)
}
