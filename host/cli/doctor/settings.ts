/** Whether the settings beside a plug-in lead to this configuration's host. */

import { dirname, join } from 'node:path'

import { endpointOwner, servedBy } from '../../supervisor/endpoint.ts'
import type { Config } from '../../tenant/config.ts'
import { pluginSettingsName, readPluginSettings } from '../../tenant/plugin-settings.ts'
import { type Finding, looked, ok, problem } from './finding.ts'

const isWindows = process.platform === 'win32'

export function settingsPathOf(plugin: string): string {
  return join(dirname(plugin), pluginSettingsName)
}

const cure = isWindows
  ? 'write it again with "portcullis service install"; the plug-in notices by itself'
  : 'write "endpoint = ..." and "owner = ..." into it; the plug-in notices by itself'

/** On Windows nobody but the host itself can say as whom it runs; Linux knows it of the folder too. */
function ownerOf(endpoint: string): string | undefined {
  return servedBy(endpoint) ?? (isWindows ? undefined : endpointOwner(endpoint))
}

export function lookAtSettings(plugin: string, config: Config): Promise<Finding[]> {
  const path = settingsPathOf(plugin)
  return looked('settings', cure, () => {
    const settings = readPluginSettings(path)
    const due = { endpoint: config.endpoint, owner: ownerOf(config.endpoint) ?? settings.owner }
    const wrong = (['endpoint', 'owner'] as const).filter((name) => settings[name] !== due[name])
    if (wrong.length === 0) return [ok('settings', `${path} leads to ${due.endpoint} of ${due.owner}`)]
    const words = wrong.map((name) => `${name} is "${settings[name]}" and should be "${due[name]}"`)
    return [problem('settings', `${path}: ${words.join(', ')}`, cure)]
  })
}
