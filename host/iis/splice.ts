/**
 * Where text is put into a configuration file or taken out of it, so that it looks as if it had been there and everything else stays
 * byte for byte. Into a PluginModules that was there, an element is put in such a way that taking it out restores
 * what was there: if that was empty, the element is written as that was, self-closed or as a pair of tags.
 */

import { strict as assert } from 'node:assert'

import { type Element, startTagOf } from './config-xml.ts'

export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

export function spliced(text: string, splices: readonly Splice[]): string {
  const ordered = [...splices].sort((one, other) => other.start - one.start)
  return ordered.reduce(
    (before, { start, end, text }) => before.slice(0, start) + text + before.slice(end),
    text,
  )
}

const LINE_END = /\r\n|\n|\r/
const STARTS_LINE = /^[ \t]*(?:\r\n|\n|\r)/
const ONE_LINE_END = /^(?:\r\n|\n|\r)[ \t]*$/
const DEFAULT_UNIT = '  '

/** Comments that end the line in which they begin. They are about what is before them. */
const COMMENTS_TO_LINE_END = /^(?:[ \t]*<!--(?:(?!--)[^\r\n])*-->)+(?=[ \t]*[\r\n])/

/** Where the spaces before this place begin, and whether they begin a line. */
function spacesBefore(text: string, offset: number): { start: number; beginLine: boolean } {
  let start = offset
  while (text[start - 1] === ' ' || text[start - 1] === '\t') start--
  return { start, beginLine: start === 0 || LINE_END.test(text[start - 1] ?? '') }
}

/** Undefined for an element that does not begin its line. */
function ownIndent(text: string, { start }: Element): string | undefined {
  const spaces = spacesBefore(text, start)
  return spaces.beginLine ? text.slice(spaces.start, start) : undefined
}

function lineIndent(text: string, { start }: Element): string {
  let lineStart = start
  while (lineStart > 0 && !LINE_END.test(text[lineStart - 1] ?? '')) lineStart--
  return /^[ \t]*/.exec(text.slice(lineStart, start))?.[0] ?? ''
}

/** What the first child that begins a line is indented by, beyond its parent. */
function unitOf(text: string, parent: Element): string | undefined {
  const own = lineIndent(text, parent)
  for (const child of parent.children) {
    const indent = ownIndent(text, child)
    if (indent !== undefined && indent.length > own.length && indent.startsWith(own))
      return indent.slice(own.length)
  }
  for (const child of parent.children) {
    const found = unitOf(text, child)
    if (found !== undefined) return found
  }
  return undefined
}

interface Layout {
  /** Empty in a file of one line. */
  readonly lineEnd: string
  readonly unit: string
}

function layoutOf(text: string, root: Element, near: Element): Layout {
  const lineEnd = LINE_END.exec(text.slice(near.start))?.[0] ?? LINE_END.exec(text)?.[0] ?? ''
  return { lineEnd, unit: unitOf(text, root) ?? DEFAULT_UNIT }
}

/** The innermost element inside those that are missing; all on one line in a layout that is all empty. */
function block(missing: readonly string[], innermost: string, indent: string, layout: Layout): string {
  const [name, ...rest] = missing
  if (name === undefined) return innermost
  const { lineEnd, unit } = layout
  const deeper = indent + unit
  return `<${name}>${lineEnd}${deeper}${block(rest, innermost, deeper, layout)}${lineEnd}${indent}</${name}>`
}

const noLayout: Layout = { lineEnd: '', unit: '' }

/** How the element is written: the spaces before its `/>`, or as a pair of tags. */
export type Style = { readonly kind: 'self-closed'; readonly spaces: string } | { readonly kind: 'pair' }

const plain: Style = { kind: 'self-closed', spaces: '' }

/** What a text ends with of what XML takes for white space, which is less than JavaScript's. */
function blankEnd(text: string): string {
  let start = text.length
  while (start > 0 && ' \t\r\n'.includes(text[start - 1] ?? '')) start--
  return text.slice(start)
}

/** Where an element's end tag begins. */
function endTagStart(text: string, { end }: Element): number {
  return text.lastIndexOf('</', end - 1)
}

/**
 * Puts an element into the last of `chain`, inside new elements with the names `missing`. With none missing it becomes the first child,
 * otherwise the new elements become the last.
 */
export function insertion(
  text: string,
  chain: readonly Element[],
  missing: readonly string[],
  render: (style: Style) => string,
): Splice {
  const [root] = chain
  const parent = chain.at(-1)
  assert(root !== undefined && parent !== undefined)
  const layout = layoutOf(text, root, parent)
  const { lineEnd, unit } = layout
  const indent = lineIndent(text, parent)
  const firstIndent = parent.children.map((child) => ownIndent(text, child)).find((own) => own !== undefined)
  const childIndent = firstIndent ?? indent + unit
  const inLine = (style: Style) => block(missing, render(style), '', noLayout)
  const asLine = (style: Style) =>
    `${lineEnd}${childIndent}${block(missing, render(style), childIndent, layout)}`
  const tag = startTagOf(text, parent)
  const isDirect = missing.length === 0

  if (tag.isSelfClosed) {
    const spaces = text.slice(tag.bodyEnd, tag.end - '/>'.length)
    const style: Style = isDirect ? { kind: 'self-closed', spaces } : plain
    const content = lineEnd === '' ? inLine(style) : `${asLine(style)}${lineEnd}${indent}`
    return { start: tag.bodyEnd, end: tag.end, text: `>${content}</${parent.name}>` }
  }

  const contentEnd = endTagStart(text, parent)
  const content = text.slice(tag.end, contentEnd)
  const blank = blankEnd(content)
  const isBlank = blank === content
  if (isDirect || isBlank) {
    const start = tag.end + (COMMENTS_TO_LINE_END.exec(content)?.[0].length ?? 0)
    const style: Style = isDirect && isBlank ? { kind: 'pair' } : plain
    const opensLine = STARTS_LINE.test(text.slice(start, contentEnd))
    if (opensLine) return { start, end: start, text: asLine(style) }
    const makesLine = !isDirect && content === '' && lineEnd !== ''
    return { start, end: start, text: makesLine ? `${asLine(style)}${lineEnd}${indent}` : inLine(style) }
  }

  if (LINE_END.test(blank)) {
    const start = contentEnd - blank.length
    return { start, end: start, text: asLine(plain) }
  }
  const isOneLine = !LINE_END.test(content)
  return {
    start: contentEnd,
    end: contentEnd,
    text: isOneLine ? inLine(plain) : `${asLine(plain)}${lineEnd}${indent}`,
  }
}

/** Takes a child out of its parent: with its line if it has one to itself, and with the parent's end tag if `insertion` has made that. */
export function removal(text: string, parent: Element, child: Element): Splice {
  const tag = startTagOf(text, parent)
  const contentEnd = endTagStart(text, parent)
  const childTag = startTagOf(text, child)
  const before = text.slice(tag.end, child.start)
  const after = text.slice(child.end, contentEnd)
  const isAlone = before === '' && after === ''
  const isAloneInLine = ONE_LINE_END.test(before) && ONE_LINE_END.test(after)
  if (childTag.isSelfClosed && (isAlone || isAloneInLine)) {
    const spaces = text.slice(childTag.bodyEnd, childTag.end - '/>'.length)
    return { start: tag.bodyEnd, end: parent.end, text: `${spaces}/>` }
  }
  const spaces = spacesBefore(text, child.start)
  if (!spaces.beginLine || !(after === '' || STARTS_LINE.test(after))) {
    return { start: child.start, end: child.end, text: '' }
  }
  const lineEndLength = text.slice(spaces.start - 2, spaces.start) === '\r\n' ? 2 : 1
  return { start: spaces.start - lineEndLength, end: child.end, text: '' }
}
