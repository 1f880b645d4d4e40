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
import { attributeNames, isOurs } from './plan.ts'
import { pluginFileProblem } from './plugin-file.ts'
import { pathProblem } from './plugin-path.ts'
import { type Located, locate, pluginName } from './section.ts'
import { lockProblems, poolProblems, type Surroundings, surroundingsOf } from './surroundings.ts'

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
  readonly problems: readonly string[]
  /** What lets somebody else decide. */
  readonly warnings: readonly string[]
}

function named({ attributes }: Element): NamedPlugin {
  return { name: attributes.Name ?? '', filename: attributes.Filename ?? '' }
}

/** Files that a web.config names are looked at only where it belongs: its paths mean nothing on another system. */
const seesFiles = process.platform === 'win32'

function attributeProblems({ attributes, children }: Element): string[] {
  const unknown = Object.keys(attributes).filter((name) => !attributeNames.some((known) => known === name))
  const problems = unknown.map(
    (name) => `"${pluginName}" has an attribute "${name}", which IIS does not know`,
  )
  if (children.length > 0) problems.push(`"${pluginName}" has something inside, which IIS does not know`)
  const { Name = '', Filename = '', SDKVersion, SupportsQuota } = attributes
  if (Name === '') problems.push('the plug-in has no Name, and IIS does not start without; apply again')
  if (SDKVersion !== '1') problems.push(`SDKVersion is "${SDKVersion ?? ''}" and must be "1"; apply again`)
  if (SupportsQuota?.toLowerCase() !== 'true') {
    problems.push('SupportsQuota is not "true": WinRM does not ask for quotas; apply again')
  }
  const problem = pathProblem(Filename)
  if (problem !== undefined)
    problems.push(`Filename "${Filename}": ${problem}; apply again with another path`)
  return problems
}

function inspectPlugin(element: Element): { plugin: ConfiguredPlugin; problems: string[] } {
  const problems = attributeProblems(element)
  const { Filename = '', SDKVersion = '', SupportsQuota = 'false' } = element.attributes
  const settings = win32.join(win32.dirname(Filename), pluginSettingsName)
  const isSeen = seesFiles && pathProblem(Filename) === undefined
  const hasSettings = isSeen ? existsSync(settings) : null
  if (isSeen) {
    const problem = pluginFileProblem(Filename)
    if (problem !== undefined) problems.push(`${Filename}: ${problem}`)
  }
  if (hasSettings === false) {
    problems.push(
      `${settings} is not there: every question is denied; "portcullis service install" writes it`,
    )
  }
  const plugin = {
    ...named(element),
    sdkVersion: SDKVersion,
    supportsQuota: SupportsQuota,
    settings,
    hasSettings,
  }
  return { plugin, problems }
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

/** Throws ERR_IIS_UNREADABLE, ERR_IIS_ENCODING, ERR_IIS_XML. */
export function inspectSite(webConfig: string, applicationHost?: string): SiteReport {
  const { located, encoding, problem } = locatedOrProblem(webConfig)
  const problems: string[] = problem === undefined ? [] : [problem]
  const warnings: string[] = []
  const notChecked: string[] = []

  const elements = located?.authorizationPlugins ?? []
  const ours = elements.filter(isOurs)
  const others = elements.filter((element) => !ours.includes(element)).map(named)
  const [element, second] = ours
  const inspected = element === undefined ? undefined : inspectPlugin(element)
  problems.push(...(inspected?.problems ?? []))
  if (inspected === undefined && located !== undefined)
    problems.push('Portcullis is not configured in this file')
  if (second !== undefined)
    problems.push('Portcullis is configured twice, and IIS takes one; remove and apply')
  for (const { name, filename } of others) {
    problems.push(`another authorization plug-in is configured: "${name}" (${filename})`)
  }
  const operationsPlugins = (located?.operationsPlugins ?? []).map(named)
  if (located !== undefined && operationsPlugins.length === 0) {
    problems.push('no plug-in is under OperationsPlugins, and without one IIS does not start the application')
  }

  const found = surroundingsOf(webConfig, applicationHost)
  if (typeof found === 'string') notChecked.push(found)
  else problems.push(...lockProblems(found), ...poolProblems(found))
  if (inspected !== undefined && inspected.plugin.hasSettings === null) {
    notChecked.push(`${inspected.plugin.filename}: it is looked at on the machine that runs IIS`)
  }

  const writers: Record<string, readonly Writer[]> = {}
  const addWriters = (path: string, harm: string): void => {
    try {
      writers[path] = writersOf(path)
      for (const writer of writers[path]) warnings.push(`${describeWriter(writer)} ${harm}`)
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error
      notChecked.push(`who may change ${path}: ${error.detail}`)
    }
  }
  addWriters(webConfig, 'may change web.config, and so take Portcullis out of it')
  if (seesFiles && inspected !== undefined && existsSync(inspected.plugin.filename)) {
    addWriters(inspected.plugin.filename, 'may change what IIS loads as the plug-in')
    if (inspected.plugin.hasSettings)
      addWriters(inspected.plugin.settings, 'may change whom the plug-in asks')
  }

  return {
    webConfig,
    encoding,
    plugin: inspected?.plugin ?? null,
    otherAuthorizationPlugins: others,
    operationsPlugins,
    surroundings: typeof found === 'string' ? null : found,
    writers,
    notChecked,
    problems,
    warnings,
  }
}
