/**
 * `portcullis doctor`: looks at every part of an installation and says what to do about what is not right. Status 0: no problem
 * was found, though there may be warnings; 1: there is one.
 */

import { existsSync } from 'node:fs'

import type { ErrorCode } from '../errors.ts'
import { essentialParts } from '../paths.ts'
import { type Config, loadConfig } from '../tenant/config.ts'
import { callersPath } from './callers-path.ts'
import { checks, type Finding, looked, ok, type State, skipped } from './doctor/finding.ts'
import { lookAtInstallation } from './doctor/installation.ts'
import { presentParts } from './doctor/parts.ts'
import { lookAtRights } from './doctor/rights.ts'
import { lookAtHost, lookAtNode, plugInsUnknown } from './doctor/running-host.ts'
import { lookAtService } from './doctor/service.ts'
import { lookAtSettings, settingsPathOf } from './doctor/settings.ts'
import { askOwnHost, askRunningHost } from './doctor/test-question.ts'
import { lookAtWebConfig } from './doctor/web-config.ts'
import { count, visible } from './table.ts'

interface DoctorArguments {
  readonly config: string
  readonly plugin?: string
  readonly service: string
  readonly webConfig?: readonly string[]
  readonly applicationHost?: string
  readonly json?: boolean
}

function cureOfConfiguration(code: ErrorCode | undefined): string {
  if (code === 'ERR_CONFIG_UNREADABLE') return 'name the file that the host is started with, with --config'
  if (code === 'ERR_CONFIG_POLICY') return 'put the policy there, or mend its path in the configuration'
  return 'mend the file at the place that is named'
}

async function examineSites(
  { webConfig, applicationHost }: DoctorArguments,
  plugin: string,
  config: Config | undefined,
): Promise<Finding[]> {
  if (webConfig === undefined) {
    // Only Windows has IIS.
    return process.platform === 'win32' ? [skipped('web.config', 'none was named with --web-config')] : []
  }
  const hostPath = applicationHost === undefined ? undefined : callersPath(applicationHost)
  const looks = webConfig.map((path) => lookAtWebConfig(callersPath(path), hostPath, plugin, config))
  return (await Promise.all(looks)).flat()
}

/** `config` is undefined if it cannot be read: then nothing says where the host is. */
async function examineHost(config: Config | undefined, plugin: string): Promise<Finding[]> {
  const settings = await lookAtSettings(plugin, config)
  if (config === undefined) {
    const unknown = skipped('host', 'only a configuration that can be read says where it is')
    return [lookAtNode(undefined), ...settings, unknown, plugInsUnknown]
  }
  const { findings, host } = await lookAtHost(config)
  const leadThere = settings.every(({ state }) => state === 'ok')
  return [
    ...settings,
    ...findings,
    ...(host === undefined ? [] : await askRunningHost(config, settingsPathOf(plugin), leadThere)),
  ]
}

async function examine(given: DoctorArguments): Promise<Finding[]> {
  const configPath = callersPath(given.config)
  const plugin = given.plugin === undefined ? (essentialParts[0] as string) : callersPath(given.plugin)
  let config: Config | undefined
  const findings = await looked('configuration', cureOfConfiguration, () => {
    config = loadConfig(configPath)
    return [ok('configuration', `${configPath}: ${count(config.tenants.length, 'tenant')}`)]
  })
  findings.push(...(await lookAtInstallation()))
  findings.push(...(await lookAtService(given.service, configPath)))
  findings.push(...(await askOwnHost()))
  findings.push(...(await examineHost(config, plugin)))
  findings.push(...(await examineSites(given, plugin, config)))
  // The Node is the one that runs this. What is not there is told by the check that wants it.
  const others = [process.execPath, configPath, ...(config?.files ?? []), plugin, settingsPathOf(plugin)]
  const decisive = [...presentParts(), ...others.filter((path) => existsSync(path))]
  findings.push(...(await lookAtRights([...new Set(decisive)])))
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
    const sums = [count(counted('problem'), 'problem'), count(counted('warning'), 'warning')]
    console.log(`\n${sums.join(', ')}, ${counted('skipped')} not looked at.`)
  }
  if (!isHealthy) process.exitCode = 1
}
