#!/usr/bin/env node
/**
 * The command `portcullis`. Commands translate arguments and print; what they do is in the files they call, which are loaded when
 * they are needed: a service that has lost its host waits for every one of them.
 */

import { platform, version } from '../paths.ts'
import { addAnalysisCommands } from './commands/analysis.ts'
import { addAuthorsCommands } from './commands/author.ts'
import { addHistoryCommands } from './commands/history.ts'
import { addHostCommands } from './commands/host.ts'
import { addInstallationCommands } from './commands/installation.ts'
import { addObservationCommands } from './commands/observation.ts'
import { addStoreCommands } from './commands/store.ts'
import { addTokenCommands } from './commands/token.ts'
import { addVersionsCommands } from './commands/versions.ts'
import { runCommand, topCommand } from './run-command.ts'

const top = topCommand('portcullis')
  .description('A WinRM authorization plug-in whose answers come from WebAssembly policies.')
  .version(`portcullis ${version} ${platform}`, '--version', 'show the version')

addAuthorsCommands(top)
addHostCommands(top)
addObservationCommands(top)
addVersionsCommands(top)
addStoreCommands(top)
addTokenCommands(top)
addAnalysisCommands(top)
addHistoryCommands(top)
addInstallationCommands(top)

await runCommand(top)
