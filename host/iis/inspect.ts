/**
 * Everything that can be said about Portcullis in one web.config, as far as it can be seen from here: what is configured, whether the
 * files are there and are what they should be, what IIS makes of the section, and who could change any of it.
 */

import { existsSync } from 'node:fs'
import { win32 } from 'node:path'

import { PortcullisError } from '../errors.ts'
import { describeWriter, type Writer, writersOf } from '../files/writers.ts'
import { pluginSettingsName } from '../tenant/plugin-settings.ts'
import { type Encoding, readConfig, webConfigBytesMax } from './config-text.ts'
import type { Element } from './config-xml.ts'
import { isKnownAttribute, isOurs } from './plan.ts'
import { pluginFileProblem } from './plugin-file.ts'
import { pathProblem } from './plugin-path.ts'
import { type Located, locate, pluginName } from './section.ts'
import {
  lockProblems,
  type Problem,
  poolProblems,
  type Surroundings,
  surroundingsOf,
} from './surroundings.ts'

export interface NamedPlugin {
  readonly name: string
  readonly filename: string
}

export interface ConfiguredPlugin extends NamedPlugin {
  readonly sdkVersion: string
  readonly supportsQuota: string
  /** Beside the plug-in's file. */
  readonly settings: string
  /** Null: the files are on another machine. */
  readonly hasSettings: boolean | null
}

export interface SiteReport {
  readonly webConfig: string
  readonly encoding: Encoding
  readonly plugin: ConfiguredPlugin | null
  readonly otherAuthorizationPlugins: readonly NamedPlugin[]
  readonly operationsPlugins: readonly NamedPlugin[]
  readonly surroundings: Surroundings | null
  /** Who may change a file, by its path. */
  readonly writers: Readonly<Record<string, readonly Writer[]>>
  readonly notChecked: readonly string[]
  /** What keeps Portcullis from deciding. */
  readonly problems: readonly Problem[]
  /** What lets somebody else decide. */
  readonly warnings: readonly Problem[]
}

function named({ attributes }: Element): NamedPlugin {
  return { name: attributes.Name ?? '', filename: attributes.Filename ?? '' }
}

/** Without any plug-in that does something there is nothing for WinRM to start. */
export const noOperations: Problem = {
  what: 'no plug-in is under OperationsPlugins, and without one IIS does not start the application',
  cure: 'configure one there, such as the shell plug-in of PowerShell',
}

/** Files that a web.config names are looked at only where it belongs: its paths mean nothing on another system. */
const seesFiles = process.platform === 'win32'

const applyAgain = 'apply again: "portcullis iis apply" puts it right'

function attributeProblems({ attributes, children }: Element): Problem[] {
  const problems: Problem[] = []
  const isWrong = (what: string, cure = applyAgain) => problems.push({ what, cure })
  for (const name of Object.keys(attributes)) {
    if (isKnownAttribute(name)) continue
    isWrong(`"${pluginName}" has an attribute "${name}", which IIS does not know`, `mend or remove "${name}"`)
  }
  if (children.length > 0)
    isWrong(`"${pluginName}" has something inside, which IIS does not know`, 'remove that')
  const { Name = '', Filename = '', SDKVersion = '', SupportsQuota = 'false' } = attributes
  if (Name === '') isWrong('the plug-in has no Name, and IIS does not start without')
  if (SDKVersion !== '1') isWrong(`SDKVersion is "${SDKVersion}" and must be "1"`)
  if (SupportsQuota.toLowerCase() !== 'true')
    isWrong('SupportsQuota is not "true": WinRM does not ask for quotas')
  const problem = pathProblem(Filename)
  if (problem !== undefined) isWrong(`Filename "${Filename}": ${problem}`)
  return problems
}

function inspectPlugin(element: Element): { plugin: ConfiguredPlugin; problems: Problem[] } {
  const problems = attributeProblems(element)
  const { Filename = '', SDKVersion = '', SupportsQuota = 'false' } = element.attributes
  const settings = win32.join(win32.dirname(Filename), pluginSettingsName)
  const isSeen = seesFiles && pathProblem(Filename) === undefined
  const hasSettings = isSeen ? existsSync(settings) : null
  if (isSeen) {
    const problem = pluginFileProblem(Filename)
    if (problem !== undefined) {
      problems.push({
        what: `${Filename}: ${problem}`,
        cure: 'apply again with the plug-in of an unpacked release',
      })
    }
  }
  if (hasSettings === false) problems.push(noSettings(settings))
  const plugin = {
    ...named(element),
    sdkVersion: SDKVersion,
    supportsQuota: SupportsQuota,
    settings,
    hasSettings,
  }
  return { plugin, problems }
}

/** The plug-in denies by itself what it cannot ask anybody about. */
export function noSettings(path: string): Problem {
  return {
    what: `${path} is not there: every question is denied`,
    cure: '"portcullis service install" writes it',
  }
}

/** What is wrong with the section's place is reported and not thrown: the rest can be told all the same. */
function locatedOrProblem(webConfig: string): {
  located: Located | undefined
  encoding: Encoding
  problem?: string
} {
  const config = readConfig(webConfig, webConfigBytesMax)
  const { encoding } = config
  try {
    return { located: locate(config), encoding }
  } catch (error) {
    if (error instanceof PortcullisError && error.code === 'ERR_IIS_SECTION')
      return { located: undefined, encoding, problem: error.message }
    throw error
  }
}

function sectionProblems({ authorizationPlugins, operationsPlugins }: Located): Problem[] {
  const problems: Problem[] = []
  const ours = authorizationPlugins.filter(isOurs)
  if (ours.length === 0) {
    problems.push({
      what: 'Portcullis is not configured in this file',
      cure: '"portcullis iis apply" does that',
    })
  }
  if (ours.length > 1) {
    const cure = 'remove it with "portcullis iis remove", and apply again'
    problems.push({ what: 'Portcullis is configured twice, and WinRM asks one plug-in', cure })
  }
  for (const other of authorizationPlugins.filter((element) => !isOurs(element))) {
    const { name, filename } = named(other)
    const what = `another authorization plug-in is configured: "${name}" (${filename})`
    problems.push({ what, cure: 'remove it if it is no longer wanted: WinRM asks one' })
  }
  if (operationsPlugins.length === 0) problems.push(noOperations)
  return problems
}

/** Files, each with the harm that whoever may change it can do. */
function filesToProtect(webConfig: string, plugin: ConfiguredPlugin | undefined): [string, string][] {
  const files: [string, string][] = [[webConfig, 'may change web.config, and so take Portcullis out of it']]
  if (plugin === undefined || plugin.hasSettings === null) return files
  files.push([plugin.filename, 'may change what IIS loads as the plug-in'])
  if (plugin.hasSettings) files.push([plugin.settings, 'may change whom the plug-in asks'])
  return files
}

/** Throws ERR_IIS_UNREADABLE, ERR_IIS_ENCODING, ERR_IIS_XML. */
export function inspectSite(webConfig: string, applicationHost?: string): SiteReport {
  const { located, encoding, problem } = locatedOrProblem(webConfig)
  const notChecked: string[] = []
  const problems: Problem[] = []
  if (problem !== undefined) problems.push({ what: problem, cure: 'mend the file there, and look again' })

  const elements = located?.authorizationPlugins ?? []
  const [element] = elements.filter(isOurs)
  const inspected = element === undefined ? undefined : inspectPlugin(element)
  const plugin = inspected?.plugin
  problems.push(...(inspected?.problems ?? []), ...(located === undefined ? [] : sectionProblems(located)))
  if (plugin?.hasSettings === null) {
    notChecked.push(`${plugin.filename}: it is looked at on the machine that runs IIS`)
  }

  const found = surroundingsOf(webConfig, applicationHost)
  if (typeof found === 'string') notChecked.push(found)
  else problems.push(...lockProblems(found), ...poolProblems(found))

  const writers: Record<string, readonly Writer[]> = {}
  const warnings: Problem[] = []
  for (const [path, harm] of filesToProtect(webConfig, plugin)) {
    try {
      writers[path] = writersOf(path)
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      notChecked.push(`who may change ${path}: ${error.detail}`)
    }
    for (const writer of writers[path] ?? []) {
      const cure = 'take that right away, unless this account is trusted as much as an administrator'
      warnings.push({ what: `${describeWriter(writer)} ${harm}`, cure })
    }
  }

  return {
    webConfig,
    encoding,
    plugin: plugin ?? null,
    otherAuthorizationPlugins: elements.filter((each) => !isOurs(each)).map(named),
    operationsPlugins: (located?.operationsPlugins ?? []).map(named),
    surroundings: typeof found === 'string' ? null : found,
    writers,
    notChecked,
    problems,
    warnings,
  }
}
