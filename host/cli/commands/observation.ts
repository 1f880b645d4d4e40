/** The commands of who watches a running host, as commander knows them. What they do is loaded when one of them runs. */

import { type Command, InvalidArgumentError, Option } from 'commander'

import { errorTable } from '../../errors.ts'
import { decisionsTold, decisionsToldMax } from '../../limits.ts'
import { kindNumber } from '../../wire/layout.ts'
import { withHost } from './host-options.ts'

function limitOf(text: string): number {
  const limit = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= decisionsToldMax) return limit
  throw new InvalidArgumentError(`Give a number from 1 to ${decisionsToldMax}.`)
}

function errorOf(text: string): string {
  if (Object.hasOwn(errorTable, text)) return text
  throw new InvalidArgumentError('Give a code such as ERR_POLICY_FUEL; docs/reference/errors.md has all.')
}

function idOf(text: string): string {
  if (/^[0-9a-f]{32}$/.test(text)) return text
  throw new InvalidArgumentError('An id has 32 digits of 0-9 and a-f.')
}

export function addObservationCommands(top: Command): void {
  withHost(
    top.command('decisions').description('show what a running host has decided lately, the newest last'),
  )
    .option('--tenant <name>', 'of this tenant only')
    .addOption(
      new Option('--outcome <outcome>', 'of this outcome only').choices(['allow', 'deny', 'no-answer']),
    )
    .addOption(new Option('--kind <kind>', 'of this kind of question only').choices(Object.keys(kindNumber)))
    .option('--sender <text>', 'of callers whose name has this text in it, in whatever case')
    .option('--error <code>', 'without an answer for this reason only', errorOf)
    .option('--id <id>', 'the decision with this id, which the client was told', idOf)
    .option('--limit <number>', `at most so many; ${decisionsTold} if not given`, limitOf)
    .option('--follow', 'go on with what is decided from now on, until Ctrl+C')
    .option('--json', 'print JSON, one object a line')
    .addHelpText(
      'after',
      `
A host remembers what it has decided lately, each tenant's share of it. Status 0: told; 1: no host answers.
docs/reference/decisions.md describes every field.`,
    )
    .action(async (options) => (await import('../decisions.ts')).decisions(options))

  withHost(
    top.command('metrics').description('print what a running host counts of itself, as Prometheus reads it'),
  )
    .addHelpText(
      'after',
      `
Status 0: a host answers; 1: none does. docs/reference/metrics.md describes every metric.`,
    )
    .action(async (options) => (await import('../metrics.ts')).metrics(options))
}
