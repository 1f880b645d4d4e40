/**
 * What a new policy can begin as: the small one that is made for it, and every example of this repository that is
 * written in AssemblyScript. A source of a template is named NAME.template, so that the host's own compiler and linter pass it by.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'

import { exampleSources, hostFile } from '../../paths.ts'

export const defaultTemplate = 'minimal'

/** Of an example everything else is about where it stands in this repository. */
const taken = /^((assembly|test)\/.*|vectors\.jsonl|settings\.json|README\.md)$/

const parents = [hostFile('cli', 'templates'), exampleSources]

/** Those that `portcullis build` can compile. */
function foldersIn(parent: string): string[] {
  return readdirSync(parent).filter((name) => existsSync(join(parent, name, 'assembly')))
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
      const name = path
        .slice(folder.length + 1)
        .replaceAll(sep, '/')
        .replace(/\.template$/, '')
      if (entry.isFile() && taken.test(name)) files.set(name, readFileSync(path, 'utf8'))
    }
  }
  return files
}
