/**
 * `portcullis iis`: puts the plug-in into a site's web.config, takes it out, and shows what is configured there. What it changes and why it
 * refuses is in docs/reference/iis.md.
 */

import { existsSync } from 'node:fs'
import { win32 } from 'node:path'

import { PortcullisError } from '../errors.ts'
import { carryOut } from '../iis/change.ts'
import { readConfig, webConfigBytesMax } from '../iis/config-text.ts'
import { inspectSite, noOperations, noSettings, type SiteReport } from '../iis/inspect.ts'
import { lineDiff } from '../iis/line-diff.ts'
import { isOurs, type Plan, planApply, planRemove } from '../iis/plan.ts'
import { checkPluginFile } from '../iis/plugin-file.ts'
import { checkPluginPath } from '../iis/plugin-path.ts'
import { inWords, lockProblems, poolProblems, surroundingsOf } from '../iis/surroundings.ts'
import { pluginLibrary } from '../paths.ts'
import { pluginSettingsName } from '../tenant/plugin-settings.ts'
import { callersPath } from './callers-path.ts'
import { visible } from './table.ts'

const isWindows = process.platform === 'win32'

interface ChangeOptions {
  readonly webConfig: string
  readonly dryRun?: boolean
}

interface ApplyOptions extends ChangeOptions {
  readonly name?: string
  readonly plugin?: string
  readonly applicationHost?: string
}

interface ShowOptions {
  readonly webConfig: string
  readonly applicationHost?: string
  readonly json?: boolean
}

function say(text: string): void {
  console.log(visible(text))
}

function warn(text: string): void {
  console.error(`warning: ${visible(text)}`)
}

/** A tab is shown as one; what else could move a cursor is not. */
function sayLine(line: string): void {
  console.log(line.split('\t').map(visible).join('\t'))
}

const restart = 'IIS takes this up only after a restart of the site, which ends what is open there'

function finish(plan: Plan, isDry: boolean): void {
  const { config } = plan.before
  if (isDry) {
    for (const line of lineDiff(config.path, config.text, plan.text)) sayLine(line)
    say(`nothing was written; ${restart}`)
    return
  }
  const backup = carryOut(plan)
  for (const line of plan.done) say(`${config.path}: ${line}`)
  say(`what was there before is in ${backup}`)
  say(restart)
}

/** On Windows this release's own; elsewhere nobody knows where it will be. */
function pluginPath(given: string | undefined): string {
  if (given !== undefined) return given
  if (isWindows) return pluginLibrary()
  const cure = 'say with --plugin where portcullis.dll is on the machine that runs IIS'
  throw new PortcullisError('ERR_IIS_PLUGIN_PATH', `this system is not Windows; ${cure}`)
}

function warnOfFiles(plugin: string): void {
  if (!isWindows) {
    warn(`${plugin} is on another machine, and cannot be checked here`)
    return
  }
  checkPluginFile(plugin)
  const settings = win32.join(win32.dirname(plugin), pluginSettingsName)
  if (!existsSync(settings)) {
    warn(inWords(noSettings(settings)))
  }
}

function warnOfSurroundings(webConfig: string, applicationHost: string | undefined): void {
  const named = applicationHost === undefined ? undefined : callersPath(applicationHost)
  const surroundings = surroundingsOf(webConfig, named)
  if (typeof surroundings === 'string') {
    warn(`not checked: ${surroundings}`)
    return
  }
  const [problem] = poolProblems(surroundings)
  if (problem !== undefined) throw new PortcullisError('ERR_IIS_POOL', inWords(problem))
  for (const each of lockProblems(surroundings)) warn(inWords(each))
}

export function applyToIis({ webConfig, plugin: given, name, applicationHost, dryRun }: ApplyOptions): void {
  const plugin = pluginPath(given)
  checkPluginPath(plugin)
  const path = callersPath(webConfig)
  const plan = planApply(readConfig(path, webConfigBytesMax), { filename: plugin, name })
  warnOfFiles(plugin)
  warnOfSurroundings(path, applicationHost)
  if (plan.before.operationsPlugins.length === 0) {
    warn(inWords(noOperations))
  }
  if (plan.done.length === 0) say(`${path}: nothing to do; it names ${plugin}`)
  else finish(plan, dryRun === true)
}

export function removeFromIis({ webConfig, dryRun }: ChangeOptions): void {
  const path = callersPath(webConfig)
  const plan = planRemove(readConfig(path, webConfigBytesMax))
  for (const other of plan.before.authorizationPlugins.filter((element) => !isOurs(element))) {
    const { Name = '', Filename = '' } = other.attributes
    warn(`another authorization plug-in stays: "${Name}" (${Filename})`)
  }
  if (plan.done.length === 0) say(`${path}: nothing to do; Portcullis is not configured there`)
  else finish(plan, dryRun === true)
}

function printReport(report: SiteReport): void {
  const line = (head: string, text: string) => say(`${head.padEnd(20)}${text}`)
  const { plugin, surroundings } = report
  line('web.config', `${report.webConfig} (${report.encoding})`)
  line('plug-in', plugin === null ? 'not configured' : plugin.name)
  if (plugin !== null) {
    line('  Filename', plugin.filename)
    line('  SDKVersion', plugin.sdkVersion)
    line('  SupportsQuota', plugin.supportsQuota)
    if (plugin.hasSettings !== null) line('  settings', plugin.hasSettings ? plugin.settings : 'missing')
  }
  for (const { name, filename } of report.otherAuthorizationPlugins)
    line('other plug-in', `${name} (${filename})`)
  for (const { name, filename } of report.operationsPlugins)
    line('operations plug-in', `${name} (${filename})`)
  for (const { path, pool, is32Bit } of surroundings?.applications ?? []) {
    line('application', `${path} in the pool ${pool}, ${is32Bit ? '32-bit' : '64-bit'}`)
  }
  for (const { path, isLocked, because } of surroundings?.locks ?? []) {
    const state = isLocked === undefined ? 'unknown to IIS' : isLocked ? 'locked' : 'may be set'
    line('section', `${state}${path === '' ? '' : ` for ${path}`}: ${because}`)
  }
  for (const text of report.notChecked) line('not checked', text)
  for (const each of report.warnings) line('warning', inWords(each))
  for (const each of report.problems) line('problem', inWords(each))
}

export function showIis({ webConfig, applicationHost, json }: ShowOptions): void {
  const named = applicationHost === undefined ? undefined : callersPath(applicationHost)
  const report = inspectSite(callersPath(webConfig), named)
  if (json) console.log(JSON.stringify(report))
  else printReport(report)
  if (report.problems.length > 0) process.exitCode = 1
}
