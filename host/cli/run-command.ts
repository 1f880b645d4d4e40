/**
 * Runs a command line to its exit code: 0 done, 1 the answer is no or something failed, 2 wrong usage, or an input that
 * cannot be used.
 */

import { Command, CommanderError } from 'commander'

import { PortcullisError } from '../errors.ts'
import { hintFor } from './author/hints.ts'
import { visible } from './table.ts'

const USAGE = 2

const usageErrors =
  /^ERR_(CONFIG_|QUESTION_|SETTINGS_|PLUGIN_SETTINGS|VECTORS_|HISTORY_|STORE_FOLDER|AUDIT_OPEN|PROJECT_|MODULE_UNREADABLE|SERVER_OPTION|SERVICE_(ARGUMENT|SYSTEM)|IIS_(?!CHANGED))/

/**
 * Prints what went wrong and returns the exit code for it.
 * Commander's own complaints are usage errors, and so are a configuration and a question that cannot be used: a script
 * must not take a mistake of its own for a denial. Asking for help is none.
 */
export function reportError(error: unknown, name: string): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
  if (error instanceof PortcullisError) {
    console.error(`${name}: ${error.message.split('\n').map(visible).join('\n')}`)
    const hint = hintFor(error.code, error.detail)
    if (hint !== undefined) console.error(`hint: ${hint}`)
    if (usageErrors.test(error.code)) return USAGE
  } else {
    console.error(error)
  }
  return 1
}

/** Subcommands inherit what is set here. */
export function topCommand(name: string): Command {
  return new Command(name).showHelpAfterError(`(see "${name} --help")`).exitOverride()
}

export async function runCommand(command: Command): Promise<void> {
  try {
    await command.parseAsync()
  } catch (error) {
    process.exitCode = reportError(error, command.name())
  }
}
