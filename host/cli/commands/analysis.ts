/** The commands of who wants to know what a change of policy means, as commander knows them. What they do is loaded when one of them runs. */

import { type Command, Option } from 'commander'

import { defaultSweepTime } from '../../replay/default-time.ts'

/** Options of `replay` that say something about the module of --with. */
const belongToWith = ['settings', 'tenant', 'guard']

export function addAnalysisCommands(top: Command): void {
  top
    .command('replay')
    .description(
      'answer recorded decisions again: with the same policies, or to see what another module changes',
    )
    .argument('<file>', "a recording's folder, or one decisions-*.jsonl in it")
    .option('--with <module>', 'ask this module in place of the recorded one')
    .option('--settings <file>', "the module's settings (default: the recorded ones)")
    .option('--tenant <name>', 'whose policy the module is in place of, if several tenants are recorded')
    .addOption(new Option('--guard', "the module is in place of the guard's").conflicts('tenant'))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Status 0: all answers are equal, or --with was given and it ran; 1: one is not; 2: a file cannot be used, or a host would
refuse the module. docs/reference/replay.md describes recordings.`,
    )
    .action(async (file, options, command: Command) => {
      const alone = belongToWith.find((name) => options.with === undefined && options[name] !== undefined)
      if (alone !== undefined) command.error(`error: option '--${alone}' needs '--with <module>'`)
      await (await import('../replay.ts')).replayRecording(file, options)
    })

  top
    .command('diff')
    .description(
      'say who may do what by one module and not by another, among people and resources that you name',
    )
    .argument('<a>', 'WebAssembly file')
    .argument('<b>', 'WebAssembly file')
    .requiredOption('--principals <file>', 'who asks: a line of JSON each')
    .requiredOption('--resources <file>', 'what is asked for: a line of JSON each')
    .option('--settings-a <file>', "the first module's settings")
    .option('--settings-b <file>', "the second module's settings")
    .option('--time <time>', 'when it is asked, ISO 8601', defaultSweepTime)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Each module answers alone, as "portcullis run" lets it. Status 0: no difference in rights, quotas or reasons; 1: there is one;
2: a file cannot be used, or a host would refuse a module. docs/reference/diff.md describes the files.`,
    )
    .action(async (a, b, options) => (await import('../diff.ts')).diff(a, b, options))
}
