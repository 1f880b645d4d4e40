/** The commands about the audit log, as commander knows them. What they do is loaded when one of them runs. */

import { type Command, InvalidArgumentError } from 'commander'

import type { Expected } from '../../audit/verify.ts'
import { withHost } from './host-options.ts'

function expectedOf(value: string): Expected {
  const [, head, sequence] = /^([0-9a-f]{12,64})(?:@(\d{1,16}))?$/.exec(value) ?? []
  if (head === undefined) {
    throw new InvalidArgumentError(
      'It must be a head, as "portcullis audit head" prints it, or its first 12 digits or more; or HEAD@RECORD.',
    )
  }
  return sequence === undefined ? { head } : { head, sequence: Number(sequence) }
}

export function addAuditCommands(top: Command): void {
  const audit = top.command('audit').description('look at the audit log')
  audit
    .command('verify')
    .description('read an audit log from end to end, and say what is not as a host wrote it')
    .argument('<folder>', 'the folder of the log')
    .option(
      '--expect <head[@record]>',
      'a head that was kept in another place, and that must be there',
      expectedOf,
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Changes nothing, and a host may be writing. Without --expect nobody can say whether the end was cut off. Status 0: everything is as it
was written; 1: there is a problem; 2: there is no log, or it cannot be read.`,
    )
    .action(async (folder, options) => (await import('../audit.ts')).verify(folder, options))

  withHost(
    audit
      .command('head')
      .description("print the end of a running host's audit log: its head and its last record"),
  )
    .option('--json', 'print JSON: all that "portcullis status" has of it')
    .addHelpText(
      'after',
      `
Keep it where the host cannot write: "portcullis audit verify --expect" holds a log against it. Status 0: printed; 1: no host
answers; 2: it keeps no audit log.`,
    )
    .action(async (options) => (await import('../audit-head.ts')).head(options))
}
