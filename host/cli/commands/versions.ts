/** The commands of who changes what a running host decides by, as commander knows them. What they do is loaded when one runs. */

import { type Command, Option } from 'commander'

import { activeOf, durationOf, reasonOf } from '../subject.ts'
import { withHost } from './host-options.ts'

const subjectHelp = `
Status 0: done; 1: refused, with the reason; 2: a file or an option cannot be used.`

/** With --tenant or --guard. */
function subjectCommand(top: Command, name: string, description: string): Command {
  return withHost(top.command(name).description(description))
    .option('--tenant <name>', 'the tenant')
    .addOption(new Option('--guard', "the provider's guard").conflicts('tenant'))
    .option('--json', 'print JSON')
    .addHelpText('after', subjectHelp)
}

/** One of the two has to be given. */
function changeCommand(top: Command, name: string, description: string): Command {
  return subjectCommand(top, name, description).hook('preAction', (command) => {
    const { tenant, guard } = command.opts()
    if (tenant === undefined && !guard) command.error("error: give '--tenant <name>' or '--guard'")
  })
}

export function addVersionsCommands(top: Command): void {
  const ifActive = [
    '--if-active <version>',
    'only if this one is active; "none": nothing is',
    activeOf,
  ] as const
  const wanted = ['<version>', "its number, or the first 8 digits or more of its module's SHA-256"] as const
  const reason = ['--reason <text>', 'why, for the journal and the log', reasonOf] as const

  changeCommand(top, 'push', 'take a compiled policy into the store of a running host, and have it admitted')
    .argument('<module>', 'WebAssembly file')
    .option('--settings <file>', "the policy's settings, JSON: key to list of texts")
    .option('--vectors <file>', 'questions with the answers that are expected (a line of JSON each)')
    .option(...reason)
    .action(async (module, options) => (await import('../push.ts')).push(module, options))

  changeCommand(top, 'activate', 'make a version answer, everywhere at once and without a restart')
    .argument(...wanted)
    .addOption(
      new Option(
        '--confirm-within <time>',
        'return to the one before unless it is confirmed in time, such as 10m',
      ).argParser(durationOf),
    )
    .option(...ifActive)
    .option(...reason)
    .action(async (version, options) => (await import('../activate.ts')).activate(version, options))

  changeCommand(top, 'confirm', 'keep a version that was activated with --confirm-within')
    .option(...reason)
    .action(async (options) => (await import('../activate.ts')).confirm(options))

  changeCommand(top, 'rollback', 'make the version answer again that did before')
    .option(...ifActive)
    .option(...reason)
    .action(async (options) => (await import('../activate.ts')).rollback(options))

  subjectCommand(
    top,
    'versions',
    'show the versions in the store of a running host (default: of everybody)',
  ).action(async (options) => (await import('../versions.ts')).versions(options))

  changeCommand(top, 'retire', "let go of a version's bytes, so that it can never be activated again")
    .argument(...wanted)
    .option(...reason)
    .action(async (version, options) => (await import('../retire.ts')).retire(version, options))

  changeCommand(top, 'download', 'get a version as it was uploaded')
    .argument(...wanted)
    .option(
      '--output <file>',
      'a new file for the module (default: <tenant>-<number>.wasm); its settings and vectors go beside it',
    )
    .option(...reason)
    .action(async (version, options) => (await import('../download.ts')).download(version, options))

  changeCommand(top, 'report', 'show what admission says of a version today')
    .argument(...wanted)
    .action(async (version, options) => (await import('../report.ts')).report(version, options))

  withHost(
    top
      .command('reload')
      .description('have a running host read its configuration again, and decide by it without a restart'),
  )
    .option(...reason)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
It goes live whole, or the host goes on with the one it has and this says what is wrong. Status 0: live; 1: refused; 2: the
file cannot be used.`,
    )
    .action(async (options) => (await import('../reload.ts')).reload(options))
}
