// Whoever admits runs no policy: what admission loads, directly or not, has no part of the engine in it.
// Looked up in what was built, where an import is one that happens.

import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

import { describe, expect, it } from 'vitest'

import { root } from '../../host/paths.ts'

const host = join(root, 'build', 'host')

/** All files that a built file of the host loads, itself included. */
function loadedBy(...names: string[]): string[] {
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

describe('what admission loads', () => {
  const loaded = loadedBy('admission', 'admission.js')

  it('is found', () => {
    expect(loaded).toContain('admission/disposable-process.js')
    expect(loaded).toContain('winrm/vectors.js')
    expect(loadedBy('admission', 'try-step.js')).toContain('engine/policy.js')
  })

  it('has no part of the engine, of an evaluator or of the steps', () => {
    expect(loaded.filter((path) => /^(engine|evaluator)\/|-step\.js$/.test(path))).toEqual([])
  })
})
