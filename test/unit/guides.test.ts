// What the guides say of the product is so, as far as a machine can tell: commands and options are there, metrics and codes exist, links
// lead somewhere, and so do their anchors.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'

import { allCommands } from '../../host/cli/commands/all.ts'
import { errorTable } from '../../host/errors.ts'
import { catalogue } from '../../host/metrics/catalogue.ts'
import { root } from '../../host/paths.ts'
import { leaves } from './cli-page.ts'

const folder = join(root, 'docs', 'guide')
const guides = readdirSync(folder).filter((name) => name.endsWith('.md'))
const commands = new Map(leaves(allCommands()))

const textOf = (path: string) => readFileSync(path, 'utf8')

/** What is to be typed: in a block, a line that begins with the command, or with a prompt; in the text, code that begins with it. */
function callsIn(page: string): string[] {
  const parts = page.split(/^ *```.*$/m)
  const blocks = parts.filter((_, index) => index % 2 === 1)
  const prose = parts.filter((_, index) => index % 2 === 0).join('\n')
  const lines = blocks
    .flatMap((block) => block.replace(/ \\\n\s*/g, ' ').split('\n'))
    .map((line) => line.trim().replace(/^(?:\$|PS>) /, ''))
    .filter((line) => line.startsWith('portcullis ') && !/^portcullis +</.test(line))
  const quoted = [...prose.matchAll(/`(portcullis [^`\n]+)`/g)].map(([, call = '']) => call)
  return [...lines, ...quoted]
}

/** A call's words, as a shell reads them, until its output goes elsewhere. */
function wordsOf(call: string): string[] {
  const [, ...words] = call.match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? []
  const end = words.findIndex((word) => /^(?:[>|&#]|\.\.\.$|…)/.test(word))
  return end === -1 ? words : words.slice(0, end)
}

/** The command of these words, and how many of them name it. */
function commandOf(words: readonly string[]): Command | undefined {
  return commands.get(words.slice(0, 2).join(' ')) ?? commands.get(words.slice(0, 1).join(' '))
}

/** What GitHub makes of the headings. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each(guides)('%s', (name) => {
  const page = textOf(join(folder, name))

  it('has only commands and options that there are', () => {
    for (const call of callsIn(page)) {
      const words = wordsOf(call)
      if (words.length === 0) continue
      const isGroup = [...commands.keys()].some((each) => each.startsWith(`${words[0]} `))
      if (isGroup && words.length === 1) continue // the whole of `portcullis store`
      const command = commandOf(words)
      expect(command, call).toBeDefined()
      const known = ['--help', ...(command?.options ?? []).map(({ long }) => long)]
      for (const word of words) if (/^--?[a-z]/.test(word)) expect(known, call).toContain(word.split('=')[0])
    }
  })

  it('has only codes of the table', () => {
    for (const [code] of page.matchAll(/\bERR_[A-Z_]+\b/g)) expect(errorTable).toHaveProperty(code)
  })

  it('has only metrics that there are', () => {
    const names = page.matchAll(/\bportcullis_[a-z_]+\b(?!\.exe)/g)
    for (const [metric] of names)
      if (!notMetrics.has(metric)) expect(Object.keys(catalogue)).toContain(metric)
  })

  it('has only links that lead somewhere', () => {
    for (const [, target = ''] of page.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? join(folder, name) : join(dirname(join(folder, name)), path)
      expect(existsSync(file), target).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(textOf(file)), target).toContain(anchor)
    }
  })
})

/** The native parts of the product have names of this form too. */
const notMetrics = new Set(['portcullis_io', 'portcullis_service'])

describe("the operator's guide", () => {
  const page = textOf(join(folder, 'operate.md'))

  it('has commands, codes, metrics and links to be looked at', () => {
    expect(callsIn(page).length).toBeGreaterThan(25)
    expect(new Set(page.match(/\bportcullis_[a-z_]+/g)).size).toBeGreaterThanOrEqual(8)
  })

  it('asks metrics only for labels that they have', () => {
    for (const [, name = '', matchers = ''] of page.matchAll(/\b(portcullis_[a-z_]+)\{([^}]*)\}/g)) {
      const { labels } = catalogue[name as keyof typeof catalogue]
      for (const [, label] of matchers.matchAll(/([a-z_]+)(?:=|!)/g)) expect(labels, name).toContain(label)
    }
  })
})
