/**
 * What a new policy can begin as: the small one that is made for it, and every example of this repository. A source
 * of a template is named NAME.template, so that the host's own compiler and linter pass it by.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { hostFile, root } from '../../paths.ts'

export const defaultTemplate = 'minimal'

/** Of an example everything else is about where it stands in this repository. */
const taken = /^(assembly\/.*|vectors\.jsonl|README\.md)$/

const parents = [hostFile('cli', 'templates'), join(root, 'policies', 'examples')]

function foldersIn(parent: string): string[] {
  const entries = readdirSync(parent, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

export function templateNames(): string[] {
  return parents.flatMap((parent) => foldersIn(parent).sort())
}

/** The files of a template: path in the project to content. */
export function templateFiles(template: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const parent of parents.filter((one) => foldersIn(one).includes(template))) {
    const folder = join(parent, template)
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      const name = path.slice(folder.length + 1).replace(/\.template$/, '')
      if (entry.isFile() && taken.test(name)) files.set(name, readFileSync(path, 'utf8'))
    }
  }
  return files
}
