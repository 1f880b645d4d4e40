#!/usr/bin/env node
/**
 * The command `portcullis`. Commands translate arguments and print; what they do is in the files they call, which are loaded when
 * they are needed: a service that has lost its host waits for every one of them.
 */

import { allCommands } from './commands/all.ts'
import { runCommand } from './run-command.ts'

await runCommand(allCommands())
