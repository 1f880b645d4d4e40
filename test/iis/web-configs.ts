// Well-formed web.config files at random: white space, comments, attributes, line ends, encodings, and as much of the section as
// happens to be there. No authorization plug-in is in them.

import fc from 'fast-check'

import type { Encoding } from '../../host/iis/config-text.ts'

const spaces = fc.stringMatching(/^[ \t]{0,3}$/)
const lineEnds = fc.constantFrom('\r\n', '\n', '\r')
const words = fc.constantFrom(
  'a',
  'PluginModules',
  'é',
  '管理者',
  '🔑',
  '&amp;',
  '&#x1F511;',
  '</PluginModules',
)

const comment = fc
  .array(fc.constantFrom(...['AuthorizationPlugin', '🔑', '<PluginModules/>', ' ', '\n', 'x']), {
    maxLength: 4,
  })
  .map((parts) => `<!--${parts.join('')}-->`)

const cdata = words.map((word) => `<![CDATA[${word}<AuthorizationPlugin/>]]>`)

const attributes = fc
  .uniqueArray(fc.constantFrom('name', 'value', 'x-é', 'key'), { maxLength: 3 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc
          .tuple(fc.stringMatching(/^[ \t\n]{1,2}$/), words, fc.constantFrom('"', "'"), spaces)
          .map(
            ([before, word, quote, around]) =>
              `${before}${name}${around}=${around}${quote}${word.replace('<', '&lt;')}>${quote}`,
          ),
      ),
    ),
  )
  .map((all) => all.join(''))

/** What may stand between elements: a new line mostly. */
const gap = fc.oneof(
  { weight: 4, arbitrary: spaces.map((indent) => `\n${indent}`) },
  { weight: 1, arbitrary: spaces },
  { weight: 1, arbitrary: fc.tuple(spaces, comment, spaces).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.tuple(spaces, comment, spaces).map((parts) => `${parts.join('')}\n`) },
  { weight: 1, arbitrary: fc.constant('<?note AuthorizationPlugin?>') },
)

function element(name: string, content: fc.Arbitrary<string | undefined>, named = attributes) {
  return fc
    .tuple(named, spaces, content, spaces)
    .map(([attributes, before, content, after]) =>
      content === undefined
        ? `<${name}${attributes}${before}/>`
        : `<${name}${attributes}${before}>${content}</${name}${after}>`,
    )
}

const leaf = element(
  'other',
  fc.option(
    fc.oneof(
      gap,
      cdata,
      words.filter((word) => !word.startsWith('<')),
    ),
    { nil: undefined },
  ),
)

/** Children with gaps around them, or nothing. */
function content(...children: fc.Arbitrary<string>[]): fc.Arbitrary<string | undefined> {
  const full = fc
    .tuple(gap, ...children.map((child) => fc.tuple(child, gap).map((parts) => parts.join(''))))
    .map((parts) => parts.join(''))
  return fc.oneof(
    { weight: 5, arbitrary: full },
    { weight: 1, arbitrary: fc.constantFrom(undefined, '', ' ') },
  )
}

const some = fc.array(leaf, { maxLength: 2 }).map((leaves) => leaves.join('\n'))
const none = fc.constant('')
const noAttributes = none

const operations = element(
  'OperationsPlugins',
  content(element('Plugin', fc.constant(undefined), fc.constant(' Name="Shell"'))),
)
const modules = element('PluginModules', content(fc.oneof(operations, operations, none, some)), noAttributes)
const section = (has: fc.Arbitrary<string>) =>
  element(
    'system.management.wsmanagement.config',
    content(element('OperationsConfiguration', fc.constant(undefined)), has),
    noAttributes,
  )
const group = (has: fc.Arbitrary<string>) =>
  element('system.webServer', content(some, has, some), noAttributes)
const root = (has: fc.Arbitrary<string>) =>
  element(
    'configuration',
    content(some, has),
    fc.constantFrom('', ' xmlns="http://schemas.microsoft.com/.NetConfiguration/v2.0"'),
  )

const declaration = fc.constantFrom(
  '',
  '<?xml version="1.0"?>\n',
  '<?xml version="1.0" encoding="ENCODING"?>\n',
  '<?xml version="1.0" encoding=\'ENCODING\' standalone="yes" ?>',
)

const encodings = fc.constantFrom<[Encoding, boolean, string]>(
  ['UTF-8', false, 'utf-8'],
  ['UTF-8', true, 'UTF-8'],
  ['UTF-16, little-endian', true, 'utf-16'],
  ['UTF-16, big-endian', true, 'UTF-16'],
)

export interface DrawnFile {
  readonly bytes: Buffer
  readonly text: string
  readonly hasModules: boolean
}

function bytesOf(text: string, encoding: Encoding, hasMark: boolean): Buffer {
  const marked = hasMark ? `\ufeff${text}` : text
  if (encoding === 'UTF-8') return Buffer.from(marked)
  const bytes = Buffer.from(marked, 'utf16le')
  return encoding === 'UTF-16, big-endian' ? bytes.swap16() : bytes
}

const trees = fc.oneof(
  root(group(section(modules))),
  root(group(section(none))),
  root(group(some)),
  root(some),
)

export const webConfigs: fc.Arbitrary<DrawnFile> = fc
  .tuple(
    declaration,
    gap.filter((text) => !text.includes('<?')),
    trees,
    gap,
    lineEnds,
    encodings,
  )
  .map(([declaration, before, tree, after, lineEnd, [encoding, hasMark, name]]) => {
    // Without a declaration a file may begin with anything; with one, only with that.
    const written = `${declaration.replace('ENCODING', name)}${before}${tree}${after}`
    const text = written.replaceAll('\n', lineEnd)
    return {
      bytes: bytesOf(text, encoding, hasMark),
      text,
      hasModules: /<PluginModules[\s>/]/.test(stripped(text)),
    }
  })

/** Without what only looks like elements. */
function stripped(text: string): string {
  return text.replace(/<!--.*?-->|<!\[CDATA\[.*?\]\]>/gs, '')
}
