/** The commands about tokens of the admin API, as commander knows them. What they do is loaded when one of them runs. */

import { type Command, Option } from 'commander'

import { roles } from '../../admin/roles.ts'
import { lifetimeOf, reasonOf } from '../subject.ts'

const help = `
A running host does it, which is found by its configuration's endpoint, and asked as the account it runs as. Status 0: done;
1: refused, with the reason; 2: a file or an option cannot be used.`

export function addTokenCommands(top: Command): void {
  const token = top.command('token').description('make, list and revoke tokens of the admin API')
  const command = (name: string, description: string) =>
    token
      .command(name)
      .description(description)
      .requiredOption('--config <file>', "the running host's configuration file, which names the admin API")
      .option('--json', 'print JSON')
      .addHelpText('after', help)
  const reason = ['--reason <text>', 'why, for the log', reasonOf] as const

  command('create', 'make a token; it is shown once')
    .requiredOption('--name <name>', 'whose it is, as records will call them')
    .addOption(new Option('--role <role>', 'what it lets its bearer do').choices(roles).makeOptionMandatory())
    .option('--tenant <name>', 'the tenant, for the roles of one')
    .option('--expires <time>', 'how long it is valid, such as 12h or 30d (default: 90d)', lifetimeOf)
    .option('--output <file>', 'a new file to put it into, for its owner alone, instead of showing it')
    .option(...reason)
    .action(async (options) => (await import('../token.ts')).createToken(options))

  command('list', 'show the tokens, and what has become of each').action(async (options) =>
    (await import('../token.ts')).listTokens(options),
  )

  command('revoke', 'let nobody in by a token any more')
    .argument('<id>', 'its id')
    .option(...reason)
    .action(async (id, options) => (await import('../token.ts')).revokeToken(id, options))
}
