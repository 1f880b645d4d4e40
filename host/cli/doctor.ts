/**
 * `portcullis doctor`: looks at every part of an installation and says what to do about what is not right. Status 0: no problem
 * was found, though there may be warnings; 1: there is one.
 */

import { existsSync } from 'node:fs'

import { pluginLibrary } from '../paths.ts'
import { type Config, loadConfig } from '../tenant/config.ts'
import { callersPath } from './callers-path.ts'
import { checks, type Finding, looked, ok, type State } from './doctor/finding.ts'
import { lookAtInstallation } from './doctor/installation.ts'
import { lookAtRights } from './doctor/rights.ts'
import { lookAtHost, lookAtNode } from './doctor/running-host.ts'
import { lookAtService } from './doctor/service.ts'
import { lookAtSettings, settingsPathOf } from './doctor/settings.ts'
import { askOwnHost, askRunningHost } from './doctor/test-question.ts'
import { lookAtWebConfig } from './doctor/web-config.ts'
import { visible } from './table.ts'

interface DoctorArguments {
  readonly config: string
  readonly plugin?: string
  readonly service: string
  readonly webConfig?: readonly string[]
  readonly applicationHost?: string
  readonly json?: boolean
}

/** What needs no configuration that can be read. */
async function examineInstallation(given: DoctorArguments, configPath: string): Promise<Finding[]> {
  const applicationHost = given.applicationHost === undefined ? undefined : callersPath(given.applicationHost)
  const sites = (given.webConfig ?? []).map((path) => lookAtWebConfig(callersPath(path), applicationHost))
  return [
    ...(await lookAtInstallation()),
    ...(await lookAtService(given.service, configPath)),
    ...(await Promise.all(sites)).flat(),
    ...(await askOwnHost()),
  ]
}

async function examineHost(config: Config, plugin: string): Promise<Finding[]> {
  const { findings, host } = await lookAtHost(config)
  return [
    lookAtNode(host),
    ...(await lookAtSettings(plugin, config)),
    ...findings,
    ...(host === undefined ? [] : await askRunningHost(config, settingsPathOf(plugin))),
  ]
}

async function examine(given: DoctorArguments): Promise<Finding[]> {
  const configPath = callersPath(given.config)
  const plugin = given.plugin === undefined ? pluginLibrary() : callersPath(given.plugin)
  let config: Config | undefined
  const findings = await looked('configuration', 'mend the file at the place that is named', () => {
    config = loadConfig(configPath)
    return [ok('configuration', `${configPath}: ${config.tenants.length} tenants`)]
  })
  findings.push(...(await examineInstallation(given, configPath)))
  findings.push(...(config === undefined ? [lookAtNode(undefined)] : await examineHost(config, plugin)))
  const decisive = [plugin, settingsPathOf(plugin)].filter((path) => existsSync(path))
  findings.push(...(await lookAtRights(configPath, config, decisive)))
  return findings.sort((a, b) => checks.indexOf(a.check) - checks.indexOf(b.check))
}

const STATE_WIDTH = 9
const CHECK_WIDTH = 15

function print({ check, state, what, cure }: Finding): void {
  const oneLine = (text: string) => visible(text.replaceAll(/\s*\n\s*/g, ' '))
  console.log(`${state.padEnd(STATE_WIDTH)}${check.padEnd(CHECK_WIDTH)}${oneLine(what)}`)
  if (cure !== undefined) console.log(`${' '.repeat(STATE_WIDTH + CHECK_WIDTH)}-> ${oneLine(cure)}`)
}

export async function doctor(given: DoctorArguments): Promise<void> {
  const findings = await examine(given)
  const counted = (state: State) => findings.filter((finding) => finding.state === state).length
  const isHealthy = counted('problem') === 0
  if (given.json) {
    console.log(JSON.stringify({ healthy: isHealthy, findings }))
  } else {
    for (const finding of findings) print(finding)
    console.log(
      `\n${counted('problem')} problems, ${counted('warning')} warnings, ${counted('skipped')} not looked at.`,
    )
  }
  if (!isHealthy) process.exitCode = 1
}
