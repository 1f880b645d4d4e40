/** The commands of who runs a host and talks to it, as commander knows them. What they do is loaded when one of them runs. */

import { type Command, Option } from 'commander'

import { reasonOf } from '../subject.ts'
import { collect } from './collect.ts'
import { withHost } from './host-options.ts'

/** As pino knows them. */
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

export function addHostCommands(top: Command): void {
  top
    .command('serve')
    .description('run the policy host until it is told to end')
    .requiredOption('--config <file>', 'configuration file')
    .addOption(new Option('--log-level <level>', 'what to log').choices(logLevels).default('info'))
    .option('--supervised', 'end in order when standard input ends: for service managers, which hold it open')
    .action(async (options) => (await import('../serve.ts')).serve(options))

  top
    .command('ask')
    .description('put one question to a running host, through the compiled plug-in and a double of WinRM')
    .requiredOption('--config <file>', "the running host's configuration file")
    .option('--question <file>', 'question file (JSON); the options below override its members')
    .option('--kind <kind>', 'user, operation or quota')
    .option('--application <name>', 'application identification, such as wsman/contoso')
    .option('--sender <name>', 'sender name, such as CONTOSO\\alice')
    .option('--mechanism <name>', 'authentication mechanism, such as Negotiate')
    .option('--url <url>', 'HTTP URL of the request')
    .option('--user-sid <sid>', 'SID of the user; without it the question carries no token')
    .option('--group <sid>', 'SID of an enabled group (repeatable)', collect)
    .option('--deny-only <sid>', 'SID of a deny-only group (repeatable)', collect)
    .option('--action <uri>', 'action URI of an operation')
    .option('--resource <uri>', 'resource URI of an operation')
    .option('--json', 'print JSON')
    .action(async (options) => (await import('../ask.ts')).ask(options))

  withHost(
    top
      .command('status')
      .description('show what a running host serves, and which plug-ins are connected to it or refused'),
  )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Status 0: a host answers; 1: none does. docs/reference/status.md describes every field.`,
    )
    .action(async (options) => (await import('../status.ts')).status(options))

  withHost(
    top
      .command('quarantine')
      .description('show which policies a running host does not ask any more, and why'),
  )
    .addOption(new Option('--tenant <name>', 'of this tenant alone').conflicts('lift'))
    .option('--lift <tenant>', "let this tenant's policies be asked again")
    .option('--reason <text>', 'why it is lifted, in your words', reasonOf)
    .option('--json', 'print JSON')
    .action(async (options) => (await import('../quarantine.ts')).quarantine(options))

  withHost(
    top.command('config').description('show what a running host decides by, every default spelled out'),
  )
    .option('--tenant <name>', 'of this tenant alone')
    .option('--json', 'print JSON in one line')
    .action(async (options) => (await import('../config.ts')).config(options))

  top
    .command('stop')
    .description('have a running host finish what it has accepted, and end')
    .requiredOption('--config <file>', "the running host's configuration file")
    .action(async (options) => (await import('../stop.ts')).stop(options))

  top
    .command('demo')
    .description(
      'start a host with three tenants, ask it documented questions, and change a policy while it serves',
    )
    .option('--stay', 'keep serving afterwards, until Ctrl+C')
    .action(async (options) => (await import('../demo.ts')).demo(options))
}
