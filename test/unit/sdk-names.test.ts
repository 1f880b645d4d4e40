// Every public name of the SDK has a comment with its meaning and an example that compiles, and a row on the
// reference page. The names are read from the sources: from what index.ts exports, and from the members of it
// that are not private.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

import { AuthorProject } from '../support/author.ts'
import { referencePage, tableRows } from '../support/reference-page.ts'

const sdk = path.join(import.meta.dirname, '../../policies/sdk')

interface PublicName {
  name: string
  /** Enum members, fields and constructors; their class or enum has the example. */
  isPart: boolean
  /** The text of the comment, without its stars; empty when there is none. */
  comment: string
}

const exported = [
  ...readFileSync(path.join(sdk, 'index.ts'), 'utf8').matchAll(/^export \{ (.*) \} from '(.*)'$/gm),
].flatMap(([, names = '', file = '']) => names.split(', ').map((name) => ({ name, file: `${file}.ts` })))

const publicNames = exported.flatMap(({ name, file }) =>
  namesOf(name, readFileSync(path.join(sdk, file), 'utf8')),
)

/** The exported declaration `name` of a source file, then its public members. */
function namesOf(name: string, source: string): PublicName[] {
  const names: PublicName[] = []
  let comment: string[] = []
  let isInside = false
  for (const line of source.split('\n')) {
    const declaration = /^export (class|enum|namespace|function) (\w+)/.exec(line)
    const member = /^ {2}(export function |static |get |readonly )?(\w+)(?=[(:,]| =)/.exec(line)
    if (/^\s*(\/\*)?\*/.test(line)) {
      comment = line.includes('/**') ? [line] : [...comment, line]
    } else if (declaration) {
      isInside = declaration[2] === name
      if (isInside) names.push({ name, isPart: false, comment: textOf(comment) })
      comment = []
    } else if (line === '}') {
      isInside = false
    } else if (isInside && member && !['if', 'return', 'for'].includes(member[2] as string)) {
      const isPart = member[1] === undefined ? !/\): \w/.test(line) : member[1] === 'readonly '
      names.push({ name: `${name}.${member[2]}`, isPart, comment: textOf(comment) })
      comment = []
    } else if (!line.startsWith('@')) {
      comment = []
    }
  }
  return names
}

function textOf(lines: string[]): string {
  return lines
    .join('\n')
    .replace(/^\s*\/\*\*|\*\/$/gm, '')
    .replace(/^\s*\* ?/gm, '')
}

function examplesOf(text: string): string[] {
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1] as string)
}

describe('the public names of the SDK', () => {
  it('are read from its sources', () => {
    const names = publicNames.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(exported.map(({ name }) => name)))
    expect(names).toEqual(
      expect.arrayContaining(['UserRequest.inGroup', 'Quota.shells', 'Settings.first', 'Weekday.Sunday']),
    )
    for (const hidden of ['Decision.kind', 'UserRequest.holds', 'Resource.uri', 'Decision.constructor']) {
      expect(names).not.toContain(hidden)
    }
  })

  it('have a row each on the reference page, and nothing else has', () => {
    const rows = tableRows(referencePage('sdk')).filter(([name]) => name !== 'Name')
    expect(rows.map(([name]) => name).sort()).toEqual(publicNames.map(({ name }) => name).sort())
    for (const [, meaning] of rows) expect(meaning).toMatch(/\w/)
  })

  it.each(publicNames)('$name has a comment', ({ comment }) => {
    expect(comment).toMatch(/\w.*[.?]/s)
  })

  it.each(publicNames.filter(({ isPart }) => !isPart))('$name has an example', ({ comment }) => {
    expect(examplesOf(comment)).not.toEqual([])
  })

  it('have examples that compile', async () => {
    const readme = readFileSync(path.join(sdk, 'README.md'), 'utf8')
    const examples = [...publicNames.map(({ comment }) => comment), readme].flatMap(examplesOf)
    const project = await AuthorProject.create()
    try {
      await project.write('assembly/index.ts', [preamble, ...examples.map(exampleModule)].join('\n'))
      const { messages, wasm } = await project.compile()
      expect(messages).toBe('')
      expect(wasm).toBeDefined()
    } finally {
      await project.remove()
    }
  }, 60_000)
})

/** What examples take for granted. */
const preamble = `import { ${exported.map(({ name }) => name).join(', ')} } from 'portcullis'
const administrators = 'S-1-5-21-1004336348-1177238915-682003330-1601'
const helpdesk = 'S-1-5-21-1004336348-1177238915-682003330-1602'
const operators = 'S-1-5-21-1004336348-1177238915-682003330-1603'
const suspended = 'S-1-5-21-1004336348-1177238915-682003330-1666'
const resource = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service'
const ourAuthority = '925a8f8d2c6d04e0665f596aff22d863e8256f3f'
const contractEndMs: i64 = 1800000000000
`

/**
 * One example as exported functions, which the compiler checks whether or not they are called. An example that
 * is no whole function becomes the body of one. The number in the name tells which one an error is about.
 */
function exampleModule(example: string, index: number): string {
  if (example.includes('export function')) {
    return example
      .replace(/^import .*$/gm, '')
      .replace(/^const (\w+) =/gm, `const $1_${index} =`)
      .replaceAll(/^export function (\w+)/gm, `export function $1_${index}`)
  }
  return `export function example_${index}(user: UserRequest, request: OperationRequest): Decision {
${example}
return Decision.deny('')
}`
}
