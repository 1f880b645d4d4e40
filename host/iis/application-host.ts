/**
 * What ApplicationHost.config says about a folder with a web.config: which sites and applications it belongs to, whether their pools
 * are 64-bit, and whether the section for WinRM is known and may be set in a web.config at all.
 */

import { applicationHostBytesMax, readConfig } from './config-text.ts'
import { type Element, parseConfig } from './config-xml.ts'
import { childrenOf, sectionName } from './section.ts'

/** Where IIS keeps it; undefined on other systems. */
export function defaultApplicationHost(): string | undefined {
  const { windir } = process.env
  if (process.platform !== 'win32' || windir === undefined) return undefined
  return `${windir}\\System32\\inetsrv\\config\\applicationHost.config`
}

export interface Application {
  /** As IIS names it in its configuration: the site's name and the path of the virtual directory. */
  readonly path: string
  readonly pool: string
  readonly is32Bit: boolean
}

export interface SectionLock {
  /** undefined: nobody has declared the section; IIS refuses a web.config that has it. */
  readonly isLocked: boolean | undefined
  /** Why, for people. */
  readonly because: string
}

/** Windows' names without regard to case, with variables of this process in place of `%NAME%`. */
function comparable(path: string): string {
  const variables = new Map(Object.entries(process.env).map(([name, value]) => [name.toLowerCase(), value]))
  const expanded = path.replace(
    /%([^%]+)%/g,
    (whole, name: string) => variables.get(name.toLowerCase()) ?? whole,
  )
  return expanded.replaceAll('/', '\\').replace(/\\+$/, '').toLowerCase()
}

function child(element: Element | undefined, name: string): Element | undefined {
  return element === undefined ? undefined : childrenOf(element, name)[0]
}

function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true'
}

function poolOf(pools: Element | undefined, name: string): Omit<Application, 'path'> {
  const pool = pools?.children.find(({ name: kind, attributes }) => {
    return kind === 'add' && attributes.name?.toLowerCase() === name.toLowerCase()
  })
  const usual = child(pools, 'applicationPoolDefaults')?.attributes.enable32BitAppOnWin64
  return { pool: name, is32Bit: isTrue(pool?.attributes.enable32BitAppOnWin64 ?? usual) }
}

/** All whose physical folder this is: several sites may share one. */
export function applicationsAt(root: Element, folder: string): Application[] {
  const host = child(root, 'system.applicationHost')
  const sites = child(host, 'sites')
  const pools = child(host, 'applicationPools')
  const found: Application[] = []
  for (const site of sites === undefined ? [] : childrenOf(sites, 'site')) {
    for (const application of childrenOf(site, 'application')) {
      for (const directory of childrenOf(application, 'virtualDirectory')) {
        const { physicalPath } = directory.attributes
        if (physicalPath === undefined || comparable(physicalPath) !== comparable(folder)) continue
        const usual = [site, sites].map(
          (each) => child(each, 'applicationDefaults')?.attributes.applicationPool,
        )
        const pool = [application.attributes.applicationPool, ...usual].find((name) => name !== undefined)
        const parts = [site.attributes.name, application.attributes.path, directory.attributes.path]
        const path = parts.map((part) => part?.replace(/^\/|\/$/g, '') ?? '').filter((part) => part !== '')
        found.push({ path: path.join('/'), ...poolOf(pools, pool ?? 'DefaultAppPool') })
      }
    }
  }
  return found
}

/** What a location says about the section, if it says anything: true for locked. */
function lockOfLocation({ attributes }: Element): boolean | undefined {
  const { overrideMode, allowOverride } = attributes
  if (overrideMode === 'Deny') return true
  if (overrideMode === 'Allow') return false
  if (overrideMode === undefined && allowOverride !== undefined) return !isTrue(allowOverride)
  return undefined
}

function hasSection(location: Element): boolean {
  return childrenOf(location, 'system.webServer').some((group) => childrenOf(group, sectionName).length > 0)
}

function declarationOf(root: Element): Element | undefined {
  return childrenOf(root, 'configSections')
    .flatMap((sections) => childrenOf(sections, 'sectionGroup'))
    .filter(({ attributes }) => attributes.name === 'system.webServer')
    .flatMap((group) => childrenOf(group, 'section'))
    .find(({ attributes }) => attributes.name === sectionName)
}

/** Sections of these kinds are not taken from the web.config of an application. */
const notInWebConfig = ['AppHostOnly', 'MachineOnly', 'MachineToRootWeb', 'MachineToWebRoot']

/** `path` is that of an application; without it, only what is said for all of them counts. */
export function sectionLock(root: Element, path = ''): SectionLock {
  const declaration = declarationOf(root)
  if (declaration === undefined) {
    return { isLocked: undefined, because: `ApplicationHost.config does not declare ${sectionName}` }
  }
  const { overrideModeDefault = 'Allow', allowDefinition = 'Everywhere' } = declaration.attributes
  if (notInWebConfig.includes(allowDefinition)) {
    return { isLocked: true, because: `its declaration says allowDefinition="${allowDefinition}"` }
  }
  let lock: SectionLock = {
    isLocked: overrideModeDefault === 'Deny',
    because: `its declaration says overrideModeDefault="${overrideModeDefault}"`,
  }
  const parents = path.toLowerCase().split('/')
  const isAbove = (of: string) => of === '' || `${parents.join('/')}/`.startsWith(`${of}/`)
  const applying = childrenOf(root, 'location')
    .filter(hasSection)
    .map((location) => ({ location, of: (location.attributes.path ?? '').toLowerCase().replace(/^\.$/, '') }))
    .filter(({ of }) => isAbove(of))
    .sort((one, other) => one.of.length - other.of.length) // the nearest has the last word
  for (const { location } of applying) {
    const isLocked = lockOfLocation(location)
    const { path: of = '' } = location.attributes
    if (isLocked !== undefined)
      lock = { isLocked, because: `<location path="${of}"> ${isLocked ? 'locks' : 'allows'} it` }
  }
  return lock
}

/** The root of a file. Throws ERR_IIS_UNREADABLE, ERR_IIS_ENCODING, ERR_IIS_XML. */
export function readApplicationHost(path: string): Element {
  return parseConfig(readConfig(path, applicationHostBytesMax))
}
