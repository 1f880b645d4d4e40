/** The commands of who wants to know what a change of policy means, as commander knows them. What they do is loaded when one of them runs. */

import type { Command } from 'commander'

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
    .option('--guard', "the module is in place of the guard's")
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Status 0: all answers are equal, or --with was given and it ran; 1: one is not; 2: a file cannot be used, or a host would
refuse the module. docs/reference/replay.md describes recordings.`,
    )
    .action(async (file, options) => (await import('../replay.ts')).replayRecording(file, options))
}
