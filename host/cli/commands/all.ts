/** Every command of `portcullis`, as commander knows them. The reference page of the command line is made of this. */

import type { Command } from 'commander'

import { platform, version } from '../../paths.ts'
import { topCommand } from '../run-command.ts'
import { addAnalysisCommands } from './analysis.ts'
import { addAuditCommands } from './audit.ts'
import { addAuthorsCommands } from './author.ts'
import { addHistoryCommands } from './history.ts'
import { addHostCommands } from './host.ts'
import { addInstallationCommands } from './installation.ts'
import { addObservationCommands } from './observation.ts'
import { addStoreCommands } from './store.ts'
import { addTokenCommands } from './token.ts'
import { addVersionsCommands } from './versions.ts'

export function allCommands(): Command {
  const top = topCommand('portcullis')
    .description('A WinRM authorization plug-in whose answers come from WebAssembly policies.')
    .version(`portcullis ${version} ${platform}`, '--version', 'show the version')
  addAuthorsCommands(top)
  addHostCommands(top)
  addObservationCommands(top)
  addVersionsCommands(top)
  addStoreCommands(top)
  addAuditCommands(top)
  addTokenCommands(top)
  addAnalysisCommands(top)
  addHistoryCommands(top)
  addInstallationCommands(top)
  return top
}
