/** The commands of who installs Portcullis, as commander knows them. What they do is loaded when one of them runs. */

import { type Command, InvalidArgumentError } from 'commander'

import { defaultName } from '../../iis/default-name.ts'
import { visible } from '../table.ts'
import { collect } from './collect.ts'

/** As what Windows knows the service where nobody says otherwise. */
const defaultService = 'Portcullis'

/** IIS shows names, and compares them; what cannot be seen does not belong into one. */
function pluginNameOf(value: string): string {
  if (value.trim() === value && value !== '' && value === visible(value)) return value
  throw new InvalidArgumentError(
    'It must not be empty, begin or end with a space, or have what cannot be seen.',
  )
}

const webConfigOption = ['--web-config <file>', "the web.config in the virtual directory's folder"] as const
const applicationHostOption = [
  '--application-host <file>',
  "IIS's ApplicationHost.config (default on Windows: the one in %windir%\\System32\\inetsrv\\config)",
] as const

function addIisCommands(top: Command): void {
  const iis = top.command('iis').description("configure the plug-in in a site's web.config")

  iis
    .command('apply')
    .description('make web.config name the plug-in; what else is in it stays byte for byte')
    .requiredOption(...webConfigOption)
    .option('--plugin <file>', "absolute path of portcullis.dll (default on Windows: this release's own)")
    .option(
      '--name <name>',
      `the plug-in's name in IIS (default: the one that is there, or ${defaultName})`,
      pluginNameOf,
    )
    .option(...applicationHostOption)
    .option('--dry-run', 'show what would change, and write nothing')
    .addHelpText(
      'after',
      `
What was there before is kept in web.config.portcullis-backup. Status 0: it is configured; 2: a file cannot be used.`,
    )
    .action(async (options) => (await import('../iis.ts')).applyToIis(options))

  iis
    .command('remove')
    .description('take the plug-in out of web.config')
    .requiredOption(...webConfigOption)
    .option('--dry-run', 'show what would change, and write nothing')
    .action(async (options) => (await import('../iis.ts')).removeFromIis(options))

  iis
    .command('show')
    .description('show what is configured in web.config, and what keeps it from working')
    .requiredOption(...webConfigOption)
    .option(...applicationHostOption)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nStatus 0: nothing keeps it from working; 1: a problem was found; 2: a file cannot be used.',
    )
    .action(async (options) => (await import('../iis.ts')).showIis(options))
}

function addServiceCommands(top: Command): void {
  const service = top.command('service').description('run the policy host as a service of Windows')
  const command = (name: string, description: string) =>
    service
      .command(name)
      .description(description)
      .option('--name <name>', "the service's name", defaultService)

  command('install', 'register the service, or set one that is there to this version and these files')
    .requiredOption('--config <file>', 'configuration file')
    .option('--log <folder>', 'folder of its log (default: "log" beside the configuration)')
    .option('--account <account>', 'a service account without a password (default: NT SERVICE\\<name>)')
    .option('--owner <sid>', "what the plug-in's settings name as owner (default: the account's SID)")
    .option('--node <file>', 'the node.exe that it runs (default: the one that runs this)')
    .option('--plugin-folder <folder>', "where the plug-in's DLL is (default: this installation's)")
    .addHelpText(
      'after',
      `
Loads the configuration first and refuses a wrong one. Writes portcullis.settings beside the plug-in's DLL. Run it as administrator.`,
    )
    .action(async (options) => (await import('../service.ts')).installService(options))
  command('uninstall', 'stop the service and take it away; configuration and log stay').action(
    async (options) => (await import('../service.ts')).uninstallService(options),
  )
  command('start', 'start the service and wait until its host serves').action(async (options) =>
    (await import('../service.ts')).startService(options),
  )
  command('stop', 'have the host finish what it has accepted, and wait until the service has ended').action(
    async (options) => (await import('../service.ts')).stopService(options),
  )
  command('status', 'show the service; status 0 only if it runs')
    .option('--json', 'print JSON')
    .action(async (options) => (await import('../service.ts')).showService(options))
}

/** The whole of it. */
export function addInstallationCommands(top: Command): void {
  addServiceCommands(top)
  addIisCommands(top)

  top
    .command('doctor')
    .description('look at every part of an installation, and say what to do about what is not right')
    .requiredOption('--config <file>', "the host's configuration file")
    .option('--plugin <file>', "the plug-in that is loaded (default: this installation's)")
    .option('--service <name>', "the service's name, on Windows", defaultService)
    .option('--web-config <file>', 'web.config of a site that loads the plug-in (repeatable)', collect)
    .option(...applicationHostOption)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nStatus 0: there is no problem, though there may be warnings; 1: there is one.')
    .action(async (options) => (await import('../doctor.ts')).doctor(options))
}
