/** The commands about the store, as commander knows them. What they do is loaded when one of them runs. */

import type { Command } from 'commander'

export function addStoreCommands(top: Command): void {
  const store = top
    .command('store')
    .description('check the store of uploaded versions, copy it, put a copy in its place')
  const command = (name: string, description: string) =>
    store
      .command(name)
      .description(description)
      .requiredOption('--config <file>', 'configuration file that names the store')
      .option('--json', 'print JSON')

  command('verify', 'read every journal and every blob, and say what is not as it was stored')
    .addHelpText(
      'after',
      `
Changes nothing, and a host may be running. Status 0: everything is as it was stored; 1: there is a problem; 2: there is no store.`,
    )
    .action(async (options) => (await import('../store.ts')).verify(options))

  command('backup', 'copy the store into a new folder, and check the copy')
    .argument('<dir>', 'the new folder; those above it have to be there')
    .addHelpText(
      'after',
      `
A host may be running. The folder is there whole or not at all. Status 0: the copy is there and good; 1: it failed, or the store
has a problem; 2: the folder cannot be used.`,
    )
    .action(async (dir, options) => (await import('../store.ts')).backup(dir, options))

  command('restore', 'check a backup, and put a copy of it in place of an absent or empty store')
    .argument('<dir>', 'folder of the backup')
    .addHelpText(
      'after',
      `
The host has to be stopped, and the store's folder moved away if there is something in it. The store is there whole or not at all.
Status 0: it is there; 1: it failed, or the backup has a problem; 2: a folder cannot be used.`,
    )
    .action(async (dir, options) => (await import('../store.ts')).restore(dir, options))
}
