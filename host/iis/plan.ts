/**
 * What `apply` and `remove` make of a configuration file's text. Pure: nothing is read or written. Another authorization plug-in is never
 * replaced: whoever put it there relied on its answers, and WinRM asks only one.
 */

import { strict as assert } from 'node:assert'

import { PortcullisError } from '../errors.ts'
import type { ConfigText } from './config-text.ts'
import { type Element, escapeValue, lineOf, startTagOf } from './config-xml.ts'
import { defaultName } from './default-name.ts'
import { isPluginFile } from './plugin-path.ts'
import { chainNames, type Located, locate, pluginName, refuseElement } from './section.ts'
import { insertion, removal, type Splice, type Style, spliced } from './splice.ts'

/** In the schema's order and spelling. */
export const attributeNames = ['Name', 'Filename', 'SDKVersion', 'SupportsQuota'] as const

export type PluginAttributes = Readonly<Record<(typeof attributeNames)[number], string>>

/** What apply is asked for. Without a name, the one that is there stays. */
export interface Wanted {
  readonly filename: string
  readonly name?: string | undefined
}

function attributesFor({ filename, name }: Wanted, element: Element | undefined): PluginAttributes {
  const Name = name ?? (element?.attributes.Name || defaultName)
  return { Name, Filename: filename, SDKVersion: '1', SupportsQuota: 'true' }
}

export interface Plan {
  readonly before: Located
  /** Equal to the text before if there is nothing to do. */
  readonly text: string
  /** What was done, for people. Empty if there is nothing to do. */
  readonly done: readonly string[]
}

/** By the name of its file. A name in IIS anybody may give; without a file it is all that there is. */
export function isOurs({ attributes }: Element): boolean {
  const { Name, Filename, FileName } = attributes
  const file = Filename ?? FileName
  return file === undefined ? Name === defaultName : isPluginFile(file)
}

function render(attributes: PluginAttributes, style: Style): string {
  const pairs = attributeNames.map((name) => ` ${name}="${escapeValue(attributes[name], '"')}"`)
  const end = style.kind === 'pair' ? `></${pluginName}>` : `${style.spaces}/>`
  return `<${pluginName}${pairs.join('')}${end}`
}

function describe({ attributes }: Element): string {
  return `"${attributes.Name ?? ''}" (${attributes.Filename ?? 'no Filename'})`
}

/** IIS's schema has four, and some that lock any element of its configuration. */
export function isKnownAttribute(name: string): boolean {
  return attributeNames.some((known) => known === name) || /^lock[A-Z]/.test(name)
}

function checkAttributes(config: ConfigText, element: Element): void {
  for (const name of Object.keys(element.attributes)) {
    if (isKnownAttribute(name)) continue
    const meant = attributeNames.find((known) => known.toLowerCase() === name.toLowerCase())
    const cure = meant === undefined ? 'remove it' : `write "${meant}", as IIS's schema does`
    refuseElement(config, element, `"${pluginName}" has no attribute "${name}" in IIS's schema; ${cure}`)
  }
  if (element.children.length > 0) {
    const inside = element.children[0]?.name
    refuseElement(
      config,
      element,
      `"${pluginName}" has nothing inside in IIS's schema, here "${inside}"; remove that`,
    )
  }
}

function same(name: string, value: string | undefined, wanted: string): boolean {
  return name === 'SupportsQuota' ? value?.toLowerCase() === wanted : value === wanted
}

/** What makes these attributes of an element what is wanted; its others, and its form, stay. */
function attributeSplices(
  text: string,
  element: Element,
  names: readonly (keyof PluginAttributes)[],
  wanted: PluginAttributes,
): Splice[] {
  const tag = startTagOf(text, element)
  const splices: Splice[] = []
  let added = ''
  for (const name of names) {
    const attribute = tag.attributes.find((each) => each.name === name)
    if (attribute === undefined) added += ` ${name}="${escapeValue(wanted[name], '"')}"`
    else {
      const { valueStart: start, valueEnd: end, quote } = attribute
      splices.push({ start, end, text: escapeValue(wanted[name], quote) })
    }
  }
  return [...splices, { start: tag.bodyEnd, end: tag.bodyEnd, text: added }]
}

/** What was written is read again: a mistake of ours must not reach a file that IIS stops over. */
function checkResult(config: ConfigText, text: string, wanted: PluginAttributes): void {
  const { authorizationPlugins } = locate({ ...config, text })
  assert.equal(authorizationPlugins.length, 1)
  const [element] = authorizationPlugins
  for (const name of attributeNames) assert(same(name, element?.attributes[name], wanted[name]))
}

/** Throws ERR_IIS_XML, ERR_IIS_SECTION, ERR_IIS_OTHER_PLUGIN. */
export function planApply(config: ConfigText, asked: Wanted): Plan {
  const before = locate(config)
  const { chain, authorizationPlugins } = before
  const other = authorizationPlugins.find((element) => !isOurs(element))
  if (other !== undefined) {
    const place = `${config.path}, line ${lineOf(config.text, other.start)}`
    const cure = 'WinRM asks one for each virtual directory: remove that element, if it is no longer wanted'
    throw new PortcullisError(
      'ERR_IIS_OTHER_PLUGIN',
      `${place}: ${describe(other)}; ${cure}, and apply again`,
    )
  }
  const [element, second] = authorizationPlugins
  if (second !== undefined) {
    refuseElement(config, second, `"${pluginName}" is there twice for Portcullis; remove one of them`)
  }
  const wanted = attributesFor(asked, element)
  if (element === undefined) {
    const splice = insertion(config.text, chain, chainNames.slice(chain.length), (style) =>
      render(wanted, style),
    )
    const text = spliced(config.text, [splice])
    checkResult(config, text, wanted)
    return { before, text, done: [`"${wanted.Name}" was added: ${wanted.Filename}`] }
  }
  checkAttributes(config, element)
  const names = attributeNames.filter((name) => !same(name, element.attributes[name], wanted[name]))
  const text = spliced(config.text, attributeSplices(config.text, element, names, wanted))
  checkResult(config, text, wanted)
  const done = names.map((name) => {
    const value = element.attributes[name]
    return `${name} was ${value === undefined ? 'missing' : `"${value}"`} and is "${wanted[name]}"`
  })
  return { before, text, done }
}

/** Takes out what is ours, be it misspelt or there twice; another plug-in stays. Throws ERR_IIS_XML, ERR_IIS_SECTION. */
export function planRemove(config: ConfigText): Plan {
  const before = locate(config)
  const done: string[] = []
  let { text } = config
  for (let located = before; ; located = locate({ ...config, text })) {
    const element = located.authorizationPlugins.find(isOurs)
    const modules = located.chain[chainNames.length - 1]
    if (element === undefined || modules === undefined) break
    text = spliced(text, [removal(text, modules, element)])
    done.push(`${describe(element)} was removed`)
  }
  return { before, text, done }
}
