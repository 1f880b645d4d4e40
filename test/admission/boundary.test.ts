// Whoever admits runs no policy: what admission loads, directly or not, has no part of the engine in it.
// Looked up in what was built, where an import is one that happens.

import { describe, expect, it } from 'vitest'

import { loadedBy } from '../support/loaded-by.ts'

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
