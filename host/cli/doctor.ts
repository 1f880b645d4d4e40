/**
 * `portcullis doctor`: looks at every part of an installation and says what to do about what is not right. Status 0: no problem
 * was found, though there may be warnings; 1: there is one.
 */

import { existsSync } from 'node:fs'

import { pluginLibrary } from '../paths.ts'
import { type Config, loadConfig } from '../tenant/config.ts'
import { readPluginSettings } from '../tenant/plugin-settings.ts'
import { callersPath } from './callers-path.ts'
import { type Finding, looked, ok, type State } from './doctor/finding.ts'
import { lookAtInstallation } from './doctor/installation.ts'
import { lookAtRights } from './doctor/rights.ts'
import { lookAtSettings, settingsPathOf } from './doctor/settings.ts'
import { askOwnHost, askRunningHost } from './doctor/test-question.ts'
import { visible } from './table.ts'

interface DoctorArguments {
  readonly config: string
  readonly json?: boolean
}

const CHECK_WIDTH = 14

function print({ check, state, what, cure }: Finding): void {
  const indented = (text: string) => visible(text.replaceAll('\n', ' '))
  console.log(`${state.padEnd(9)}${check.padEnd(CHECK_WIDTH)}${indented(what)}`)
  if (cure !== undefined) console.log(`${' '.repeat(9 + CHECK_WIDTH)}-> ${indented(cure)}`)
}

function counted(findings: readonly Finding[], state: State): number {
  return findings.filter((finding) => finding.state === state).length
}

async function examine({ config: path }: DoctorArguments): Promise<Finding[]> {
  const configPath = callersPath(path)
  let config: Config | undefined
  const findings: Finding[] = await lookAtInstallation()
  findings.push(
    ...(await looked('configuration', 'mend the file at the place that is named', () => {
      config = loadConfig(configPath)
      return [ok('configuration', `${configPath}: ${config.tenants.length} tenants`)]
    })),
  )
  const plugin = pluginLibrary()
  const settingsPath = settingsPathOf(plugin)
  if (config !== undefined) findings.push(...(await lookAtSettings(plugin, config)))
  findings.push(...(await lookAtRights(configPath, config, existsSync(settingsPath) ? [settingsPath] : [])))
  findings.push(...(await askOwnHost()))
  if (config !== undefined && existsSync(settingsPath)) {
    findings.push(...(await askRunningHost(config, readPluginSettings(settingsPath))))
  }
  return findings
}

export async function doctor(given: DoctorArguments): Promise<void> {
  const findings = await examine(given)
  const problems = counted(findings, 'problem')
  if (given.json) {
    console.log(JSON.stringify({ healthy: problems === 0, findings }))
  } else {
    for (const finding of findings) print(finding)
    const rest = `${counted(findings, 'warning')} warnings, ${counted(findings, 'skipped')} not looked at`
    console.log(`\n${problems === 0 ? 'No problem' : `${problems} problems`}; ${rest}.`)
  }
  if (problems > 0) process.exitCode = 1
}
