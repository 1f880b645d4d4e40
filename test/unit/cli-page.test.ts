// The page of the command line is what the commands say of themselves, and they say enough.

import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { allCommands } from '../../host/cli/commands/all.ts'
import { routes } from '../../host/cli/remote-routes.ts'
import { root } from '../../host/paths.ts'
import { referencePage } from '../support/reference-page.ts'
import { leaves, pageOf } from './cli-page.ts'

const all = leaves(allCommands())

describe('the page of the command line', () => {
  it('is what the commands make of it; `npm run cli-page` writes it', async () => {
    await expect(pageOf(allCommands())).toMatchFileSnapshot(join(root, 'docs', 'reference', 'cli.md'))
  })

  it('has every command, argument and option', () => {
    const page = referencePage('cli')
    for (const [words, { options, registeredArguments }] of all) {
      const [, section = ''] = page.split(`\n## portcullis ${words}\n`)
      const [own = ''] = section.split('\n## ')
      expect(section, words).not.toBe('')
      for (const { flags } of options) expect(own, words).toContain(`| \`${flags}\` |`)
      for (const argument of registeredArguments) expect(own, words).toContain(argument.name())
    }
  })
})

describe('a command', () => {
  it.each(all)('%s says what it and each of its options is for', (_, command) => {
    expect(command.description()).not.toBe('')
    for (const { flags, description } of command.options) expect(description, flags).not.toBe('')
    for (const argument of command.registeredArguments) expect(argument.description).not.toBe('')
  })

  it('can be put to a host elsewhere if the admin API has a route for it, and only then', () => {
    const named = all.filter(([, { options }]) => options.some(({ long }) => long === '--server'))
    const remote = named.map(([words]) => words.replace(' head', ''))
    // Lifting is an option of quarantine; of "audit" only its head is asked of a host.
    expect([...remote, 'lift'].sort()).toEqual(Object.keys(routes).sort())
  })
})
