/** Whether the settings beside a plug-in lead to this configuration's host. */

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { endpointOwner, servedBy } from '../../supervisor/endpoint.ts'
import type { Config } from '../../tenant/config.ts'
import { type PluginSettings, pluginSettingsName, readPluginSettings } from '../../tenant/plugin-settings.ts'
import { type Finding, looked, ok, problem, skipped } from './finding.ts'

const isWindows = process.platform === 'win32'

export function settingsPathOf(plugin: string): string {
  return join(dirname(plugin), pluginSettingsName)
}

const cure = isWindows
  ? '"portcullis service install" writes it; the plug-in notices by itself'
  : 'write "endpoint = ..." and "owner = ..." into it; the plug-in notices by itself'

const accountForm = isWindows ? /^S-1-\d+(-\d+)+$/ : /^uid:\d+$/
const accountExample = isWindows ? 'a SID, such as S-1-5-19' : 'such as uid:1000'

/**
 * Undefined if nothing tells. On Windows nobody but the host itself can say as whom it runs; Linux knows it of the folder too, which
 * may be there without a host.
 */
function ownerOf(endpoint: string): string | undefined {
  const tells = !isWindows && existsSync(endpoint)
  return servedBy(endpoint) ?? (tells ? endpointOwner(endpoint) : undefined)
}

function compared(path: string, settings: PluginSettings, config: Config): Finding[] {
  const owner = ownerOf(config.endpoint)
  const wrong: string[] = []
  const isWrong = (name: keyof PluginSettings, due: string) =>
    wrong.push(`${name} is "${settings[name]}" and should be ${due}`)
  if (settings.endpoint !== config.endpoint) isWrong('endpoint', `"${config.endpoint}"`)
  if (owner !== undefined && settings.owner !== owner) isWrong('owner', `"${owner}"`)
  else if (!accountForm.test(settings.owner)) isWrong('owner', accountExample)
  if (wrong.length > 0) return [problem('settings', `${path}: ${wrong.join(', ')}`, cure)]
  const unknown = owner === undefined ? '; whether that is the owner, a running host would show' : ''
  return [ok('settings', `${path} leads to ${settings.endpoint} of ${settings.owner}${unknown}`)]
}

/** `config` is undefined if it cannot be read. */
export function lookAtSettings(plugin: string, config: Config | undefined): Promise<Finding[]> {
  const path = settingsPathOf(plugin)
  return looked('settings', cure, () => {
    if (!existsSync(plugin)) {
      const todo = 'name the plug-in that is loaded with --plugin, or put it there'
      return [problem('settings', `the plug-in ${plugin} is not there`, todo)]
    }
    const settings = readPluginSettings(path)
    if (config !== undefined) return compared(path, settings, config)
    return [
      skipped('settings', `${path} leads to ${settings.endpoint}; what the configuration says is not known`),
    ]
  })
}
