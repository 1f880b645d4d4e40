/** Which running host a command is for, as commander knows it: --config, or --server with what belongs to it. */

import { type Command, Option } from 'commander'

import { namesHost, SERVER_VARIABLE, TOKEN_VARIABLE } from '../which-host.ts'

const help = `
The host is the one of --config, asked on its own machine as the account it runs as, or the one at --server, asked over its admin
API with a token. ${SERVER_VARIABLE} and ${TOKEN_VARIABLE} stand for --server and the token where neither is given.`

/** Of the two one has to be given. */
export function withHost(command: Command): Command {
  return command
    .option('--config <file>', "the running host's configuration file")
    .addOption(new Option('--server <url>', "its admin API's address instead").conflicts('config'))
    .addOption(new Option('--token-file <file>', 'file of the token for --server').conflicts('config'))
    .addOption(
      new Option(
        '--ca <file>',
        'PEM file of the authorities that certified it (default: those of Node)',
      ).conflicts('config'),
    )
    .addHelpText('after', help)
    .hook('preAction', (_, running) => {
      if (!namesHost(running.opts())) running.error("error: give '--config <file>' or '--server <url>'")
    })
}
