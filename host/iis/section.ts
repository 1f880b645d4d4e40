/**
 * Finds the section that configures WinRM for a virtual directory, and what stands in its way: a section that is there twice, elsewhere,
 * misspelt or out of reach. Nothing here judges whose plug-in is configured; change.ts does.
 */

import { PortcullisError } from '../errors.ts'
import type { ConfigText } from './config-text.ts'
import { type Element, lineOf, parseConfig } from './config-xml.ts'

export const sectionName = 'system.management.wsmanagement.config'
export const modulesName = 'PluginModules'
export const pluginName = 'AuthorizationPlugin'

export interface Located {
  readonly config: ConfigText
  /** What is there of configuration, system.webServer, the section and PluginModules, from the outside in. */
  readonly chain: readonly Element[]
  readonly authorizationPlugins: readonly Element[]
  readonly operationsPlugins: readonly Element[]
}

/** From the root to where plug-ins are named. */
export const chainNames = ['configuration', 'system.webServer', sectionName, modulesName] as const

const TRANSFORMATION = 'http://schemas.microsoft.com/XML-Document-Transform'

export function refuseElement(config: ConfigText, { start }: Element, cause: string): never {
  throw new PortcullisError('ERR_IIS_SECTION', `${config.path}, line ${lineOf(config.text, start)}: ${cause}`)
}

export function childrenOf({ children }: Element, name: string): Element[] {
  return children.filter((child) => child.name === name)
}

/** The names that IIS's schema knows inside the section; its documentation's text spells some of them otherwise. */
const spellings = [...chainNames.slice(1), 'OperationsConfiguration', pluginName, 'OperationsPlugins']

function checkSpelling(config: ConfigText, parent: Element): void {
  for (const child of parent.children) {
    const local = child.name.replace(/^.*:/, '')
    const known = spellings.find((name) => name.toLowerCase() === local.toLowerCase())
    if (known !== undefined && known !== child.name) {
      refuseElement(config, child, `"${child.name}" is "${known}" in IIS's schema; write it like that`)
    }
  }
}

function checkInReach(config: ConfigText, element: Element): void {
  const { name, attributes, children } = element
  if (attributes.configSource !== undefined) {
    const cause = `"${name}" is kept in another file (configSource="${attributes.configSource}")`
    refuseElement(config, element, `${cause}; move it into this one`)
  }
  const isEncrypted = children.some((child) => child.name === 'EncryptedData')
  if (attributes.configProtectionProvider !== undefined || isEncrypted) {
    refuseElement(config, element, `"${name}" is encrypted; decrypt it first`)
  }
  if (name !== 'configuration' && attributes.xmlns !== undefined) {
    refuseElement(config, element, `"${name}" has a namespace, which IIS's schema has not; remove xmlns`)
  }
}

function checkRoot(config: ConfigText, root: Element): void {
  if (root.name !== 'configuration') {
    refuseElement(
      config,
      root,
      `it is no web.config: its root is "${root.name}" and not "configuration"; name the web.config`,
    )
  }
  if (Object.values(root.attributes).includes(TRANSFORMATION)) {
    refuseElement(config, root, 'it is a transformation, which IIS does not read; name the web.config itself')
  }
  if (childrenOf(root, 'system.applicationHost').length > 0) {
    refuseElement(
      config,
      root,
      'it is ApplicationHost.config, which is for all sites; name the web.config of one',
    )
  }
}

function descendants(element: Element): Element[] {
  return element.children.flatMap((child) => [child, ...descendants(child)])
}

/** IIS takes a section for a path from a location; which of the two it would use for this folder depends on the path. */
function checkLocations(config: ConfigText, root: Element): void {
  for (const location of childrenOf(root, 'location')) {
    const found = descendants(location).find(({ name }) => name === sectionName)
    if (found === undefined) continue
    const { path = '' } = location.attributes
    const cure = `move it out of the location, into the web.config of the folder that it is for`
    refuseElement(config, found, `"${sectionName}" is inside <location path="${path}">; ${cure}`)
  }
}

/** The only one of these, or undefined. IIS refuses to start with two. */
function only(config: ConfigText, found: readonly Element[]): Element | undefined {
  const [first, second] = found
  if (first !== undefined && second !== undefined) {
    const line = lineOf(config.text, first.start)
    const cause = `"${second.name}" is there twice, first in line ${line}`
    refuseElement(config, second, `${cause}; IIS takes it once: join the two`)
  }
  return first
}

function checkPlaces(config: ConfigText, section: Element, placed: readonly Element[]): void {
  const misplaced = descendants(section).find(
    (element) => element.name === pluginName && !placed.includes(element),
  )
  if (misplaced !== undefined) {
    refuseElement(
      config,
      misplaced,
      `"${pluginName}" belongs directly into "${modulesName}"; move it there, or remove it`,
    )
  }
}

/** Throws ERR_IIS_XML, ERR_IIS_SECTION. */
export function locate(config: ConfigText): Located {
  const root = parseConfig(config)
  checkRoot(config, root)
  checkLocations(config, root)
  checkSpelling(config, root)
  // Groups may be there more than once, a section may not.
  const groups = childrenOf(root, 'system.webServer')
  for (const group of groups) checkSpelling(config, group)
  const sections = groups.flatMap((group) => childrenOf(group, sectionName))
  const section = only(config, sections)
  const group = groups.find(({ children }) => section === undefined || children.includes(section))
  if (section !== undefined) checkSpelling(config, section)
  const modules = only(config, section === undefined ? [] : childrenOf(section, modulesName))
  if (modules !== undefined) checkSpelling(config, modules)
  const chain = [root, group, section, modules].filter((element) => element !== undefined)
  for (const element of chain) checkInReach(config, element)
  const authorizationPlugins = modules === undefined ? [] : childrenOf(modules, pluginName)
  if (section !== undefined) checkPlaces(config, section, authorizationPlugins)
  const lists = modules === undefined ? [] : childrenOf(modules, 'OperationsPlugins')
  const operationsPlugins = lists.flatMap((list) => childrenOf(list, 'Plugin'))
  return { config, chain, authorizationPlugins, operationsPlugins }
}
