/**
 * A configuration file as a tree of elements that knows where in the text each of them stands. What is not well-formed is refused
 * with line and column. A document type declaration is refused too: with it, the text does not say what it means.
 */

import { strict as assert } from 'node:assert'

import { parseXml, XmlDocumentType, XmlElement, XmlError } from '@rgrove/parse-xml'

import { PortcullisError } from '../errors.ts'
import type { ConfigText } from './config-text.ts'

export interface Element {
  readonly name: string
  /** Their values as they are meant, with references resolved. */
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  /** Where it begins, and where it ends. */
  readonly start: number
  readonly end: number
}

export interface Attribute {
  readonly name: string
  /** Between the quotes. */
  readonly valueStart: number
  readonly valueEnd: number
  readonly quote: string
}

/** What an element's text begins with, taken apart. */
export interface StartTag {
  readonly attributes: readonly Attribute[]
  /** After the name or the last attribute. */
  readonly bodyEnd: number
  /** After its `>`. */
  readonly end: number
  readonly isSelfClosed: boolean
}

/** From 1, as editors count; a line ends with CR LF, LF or CR. */
export function placeOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/)
  return `line ${lines.length}, column ${[...(lines.at(-1) ?? '')].length + 1}`
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split(/\r\n|\n|\r/).length
}

function malformed(path: string, cause: string): never {
  throw new PortcullisError('ERR_IIS_XML', `${path}, ${cause}`)
}

/** The parser counts characters, also those that take two units of a text. */
function unitsOf(text: string, characters: number): number {
  let at = 0
  for (let count = 0; count < characters && at < text.length; count++) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  }
  return at
}

/** What to do about it: the two mistakes of the documentation's own example in words, any other by its place. */
function cureOf(text: string, offset: number, words: string): string {
  const [, strayed] = /^<\/([^\s>]+)/.exec(text.slice(offset)) ?? []
  const [, open] = /^Missing end tag for element (.+)/.exec(words) ?? []
  if (open !== undefined && strayed !== undefined) {
    return `"</${strayed}>" stands where "${open}" is still open; remove it, or close "${open}" before it`
  }
  if (words === 'Attribute value expected') {
    return 'write name="value"; in the documentation\'s own example a "-" stands where "=" belongs'
  }
  return 'mend it in an editor that checks XML; IIS cannot read the file either'
}

function convert(element: XmlElement, length: number): Element {
  const { name, attributes, start, end, children } = element
  return {
    name,
    attributes,
    children: children.filter((node) => node instanceof XmlElement).map((child) => convert(child, length)),
    start,
    end: Math.min(end, length), // the parser says Infinity where the text ends with the element
  }
}

/** The root. */
export function parseConfig({ path, text }: ConfigText): Element {
  try {
    const document = parseXml(text, { includeOffsets: true, preserveDocumentType: true })
    const type = document.children.find((node) => node instanceof XmlDocumentType)
    if (type !== undefined) {
      malformed(
        path,
        `${placeOf(text, type.start)}: it has a DOCTYPE, which may change what the rest means; remove it`,
      )
    }
    assert(document.root !== null)
    return convert(document.root, text.length)
  } catch (error) {
    if (error instanceof RangeError) malformed(path, 'its elements are nested too deeply to be a web.config')
    if (!(error instanceof XmlError)) throw error
    const offset = unitsOf(text, error.pos)
    const words = error.message.split(' (line ')[0] ?? error.message
    return malformed(path, `${placeOf(text, offset)}: ${words}; ${cureOf(text, offset, words)}`)
  }
}

const ATTRIBUTE = /\s+([^\s=/>]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y
const TAG_END = /\s*(\/?)>/y

/** Takes a start tag apart, which the parser has found well-formed. */
export function startTagOf(text: string, { name, start }: Element): StartTag {
  const attributes: Attribute[] = []
  let at = start + 1 + name.length
  for (;;) {
    ATTRIBUTE.lastIndex = at
    const match = ATTRIBUTE.exec(text)
    if (match === null) break
    at = ATTRIBUTE.lastIndex
    const [, attribute = '', double, single] = match
    const value = double ?? single ?? ''
    attributes.push({
      name: attribute,
      valueStart: at - 1 - value.length,
      valueEnd: at - 1,
      quote: text[at - 1] ?? '',
    })
  }
  TAG_END.lastIndex = at
  const match = TAG_END.exec(text)
  assert(match !== null, 'a start tag ends where its attributes end')
  return { attributes, bodyEnd: at, end: TAG_END.lastIndex, isSelfClosed: match[1] === '/' }
}

/** The text of an attribute's value between quotes. */
export function escapeValue(value: string, quote: string): string {
  const escaped = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return quote === "'" ? escaped.replaceAll("'", '&apos;') : escaped.replaceAll('"', '&quot;')
}
