// What a part of the host loads, looked up in what was built, where an import is one that happens.

import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

import { root } from '../../host/paths.ts'

const host = join(root, 'build', 'host')

/** All files that a built file of the host loads, itself included. */
export function loadedBy(...names: string[]): string[] {
  const found = new Set<string>()
  const visit = (path: string) => {
    if (found.has(path)) return
    found.add(path)
    for (const [, from = ''] of readFileSync(path, 'utf8').matchAll(/^(?:import|export)\b.*?'(\..*?)'/gm)) {
      visit(resolve(dirname(path), from))
    }
  }
  visit(join(host, ...names))
  return [...found].map((path) => relative(host, path))
}
