// Whoever replays or sweeps runs no policy: what their own process loads of host/replay has no part of the engine in it.

import { describe, expect, it } from 'vitest'

import { loadedBy } from '../support/loaded-by.ts'

describe.each(['replay.js', 'sweep.js', 'recorder.js'])('what replay/%s loads', (name) => {
  it('has no part of the engine, of an evaluator or of the processes', () => {
    const loaded = loadedBy('replay', name)
    expect(loaded).toContain('limits.js')
    expect(loaded.filter((path) => /^(engine|evaluator)\/|-(step|main)\.js$/.test(path))).toEqual([])
  })
})
